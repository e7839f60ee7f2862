//go:build !race

package detect

// slower is how many times as long things may take: the race detector is off.
const slower = 1
