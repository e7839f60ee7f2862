package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The heap's bounds, bytes. heapSlack is how much garbage it may hold when it is
// collected. Packets leave almost none, and what lives is mostly bytes of
// streams, which are not looked at. While a capture's connections pile up, most
// of what is allocated stays: a collection would look at everything and find
// little. So the heap may grow by as much as holds heapSlack of garbage, judged
// by the last collection, up to twice of it. On live traffic a collection takes the
// processor from a worker that may have no time to lose: liveSlack is what is
// cheaper than that.
const (
	heapSlack = 20 << 20
	liveSlack = 96 << 20
)

// The bounds of what that may be of the heap, percent.
const (
	leastGrowth = 8
	mostGrowth  = 100
)

// boundHeap keeps the heap's garbage to about slack bytes until ctx ends, unless the
// environment variable GOGC decides.
func boundHeap(ctx context.Context, slack float64) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(mostGrowth)
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		m := newHeapMeter(slack)
		for percent := mostGrowth; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if p := m.growth(); p != percent {
				debug.SetGCPercent(p)
				percent = p
			}
		}
	}()
}

// heapMeter follows the collections of the heap.
type heapMeter struct {
	slack   float64 // bytes
	samples []metrics.Sample
	cycle   uint64
	live    uint64  // found by the last collection, bytes
	allocs  uint64  // bytes allocated in all, when it was seen
	waste   float64 // share of what was allocated before the last collection that it freed
}

func newHeapMeter(slack float64) *heapMeter {
	return &heapMeter{slack: slack, waste: 1, samples: []metrics.Sample{
		{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"},
	}}
}

// growth returns by how many percent the heap may grow until the next
// collection.
func (m *heapMeter) growth() int {
	metrics.Read(m.samples)
	m.seen(m.samples[0].Value.Uint64(), m.samples[1].Value.Uint64(), m.samples[2].Value.Uint64())
	return growth(m.slack, m.live, m.waste)
}

// seen notes the counters of the heap.
func (m *heapMeter) seen(cycle, live, allocs uint64) {
	if cycle == m.cycle {
		return
	}
	if made := float64(allocs - m.allocs); m.cycle > 0 && made > 0 {
		m.waste = min(max(1-(float64(live)-float64(m.live))/made, 0), 1)
	}
	m.cycle, m.live, m.allocs = cycle, live, allocs
}

// growth returns the percentage for so many live bytes, where that share of what
// is allocated is soon garbage.
func growth(slack float64, live uint64, waste float64) int {
	slack = min(slack/max(waste, 0.01), 2*slack)
	return int(min(max(slack*100/float64(max(live, 1)), leastGrowth), mostGrowth))
}
