package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much garbage the heap may hold before it is collected: a share of what
// lives, percent, and bytes. Packets leave almost none, so collections are rare;
// what lives is mostly bytes of streams, which are not looked at.
const (
	heapGrowth = 40
	heapSlack  = 48 << 20
)

// boundHeap keeps the heap small until ctx ends, unless the environment variable
// GOGC decides.
func boundHeap(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(heapGrowth)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for percent := heapGrowth; ; {
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
	return int(min(heapGrowth, heapSlack*100/max(live, 1)+1))
}
