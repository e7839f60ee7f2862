package main

import "testing"

// TestHeapGrowth checks how far the heap may grow, by what the last collection
// found.
func TestHeapGrowth(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		name        string
		live, waste float64 // MB, share
		want        int
	}{
		{"small heap", 10, 1, mostGrowth},
		{"all garbage", 256, 1, 8},
		{"half garbage", 256, 0.5, 15},
		{"nearly none", 256, 0.01, 15},
		{"none, large heap", 1 << 12, 0, leastGrowth},
	} {
		if got := growth(heapSlack, uint64(c.live*mb), c.waste); got != c.want {
			t.Errorf("%s: %d %%, want %d", c.name, got, c.want)
		}
	}
}

// TestHeapMeter follows a heap whose allocations stay first and go then.
func TestHeapMeter(t *testing.T) {
	m := newHeapMeter(heapSlack)
	for _, c := range []struct {
		cycle, live, allocs uint64
		want                float64
	}{
		{1, 100, 1000, 1},
		{2, 190, 1100, 0.1},
		{2, 190, 1500, 0.1}, // no collection since
		{3, 100, 1600, 1},
		{4, 100, 1600, 1}, // nothing was allocated
	} {
		m.seen(c.cycle, c.live, c.allocs)
		if d := m.waste - c.want; d > 1e-9 || d < -1e-9 {
			t.Errorf("cycle %d: waste %v, want %v", c.cycle, m.waste, c.want)
		}
	}
}
