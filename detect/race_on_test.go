//go:build race

package detect

// slower is how many times as long things may take under the race detector.
const slower = 10
