package detect

import (
	"slices"
	"testing"
)

// TestQuarantineCounts: what is given up counts from the epoch behind on, in
// whatever order workers report it.
func TestQuarantineCounts(t *testing.T) {
	var q quarantine
	for _, epoch := range []uint64{3, 1, 3, 2, 7, 7, 7} {
		q.strike(5, epoch, 3)
	}
	q.strike(6, 1, 3)
	for epoch, want := range map[uint64][]int{0: nil, 1: nil, 2: nil, 3: nil, 4: {5}, 8: {5}} {
		if got := q.before(epoch, 3); !slices.Equal(got, want) {
			t.Errorf("before epoch %d: rules %v are out, want %v", epoch, got, want)
		}
	}
	for range 1000 {
		q.strike(5, 9, 3)
	}
	for e := range uint64(1000) {
		q.strike(5, 10+e, 3)
	}
	if n := len(q.counts[5]); n > 5 {
		t.Errorf("%d epochs are kept of a rule that is out", n)
	}
}
