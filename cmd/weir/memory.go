package main

import (
	"os"
	"runtime/debug"
)

// heapGrowth is how much garbage the heap may hold before it is collected,
// percent of what lives. Packets leave almost none, so collections are rare, and
// a small heap saves more time in the caches than they cost.
const heapGrowth = 40

// boundHeap applies heapGrowth unless the environment variable GOGC decides.
func boundHeap() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
}
