//go:build race

// Package race tells tests whether the race detector is on: it drops what is put
// into a sync.Pool at random, so that allocations cannot be counted.
package race

// Enabled is true.
const Enabled = true
