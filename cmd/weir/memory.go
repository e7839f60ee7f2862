package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// heapSlack is how much garbage the heap may hold before it is collected, bytes.
// Packets leave almost none, and what lives is mostly bytes of streams, which
// are not looked at: a small heap saves more time in the caches than its
// collections cost.
const heapSlack = 32 << 20

// The bounds of what that may be of the heap, percent.
const (
	leastGrowth = 8
	mostGrowth  = 100
)

// boundHeap keeps the heap small until ctx ends, unless the environment variable
// GOGC decides.
func boundHeap(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(mostGrowth)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for percent := mostGrowth; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			metrics.Read(live)
			if p := growth(live[0].Value.Uint64()); p != percent {
				debug.SetGCPercent(p)
				percent = p
			}
		}
	}()
}

// growth returns the percentage for so many live bytes.
func growth(live uint64) int {
	return int(min(max(heapSlack*100/max(live, 1), leastGrowth), mostGrowth))
}
