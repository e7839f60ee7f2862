package decode

import (
	"math/rand"
	"slices"
	"sync"
	"testing"
)

// TestTurns has workers that take the numbers of a capture at random append them
// in turn.
func TestTurns(t *testing.T) {
	const workers, n = 4, 2000
	share := make([][]uint64, workers)
	for num := range uint64(n) {
		w := rand.Intn(workers)
		share[w] = append(share[w], num+1)
	}
	turns := newTurns(workers)
	var mu sync.Mutex
	var got []uint64
	var wg sync.WaitGroup
	for i, nums := range share {
		wg.Go(func() {
			for _, num := range nums {
				turns.move(i, num, ^uint64(0))
				if num%3 == 0 {
					turns.wait(i)
					mu.Lock()
					got = append(got, num)
					mu.Unlock()
				}
			}
			turns.move(i, ^uint64(0), ^uint64(0))
		})
	}
	wg.Wait()
	if len(got) != n/3 || !slices.IsSorted(got) {
		t.Errorf("%d turns, in order: %v", len(got), slices.IsSorted(got))
	}
}
