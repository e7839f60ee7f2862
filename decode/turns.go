package decode

import (
	"runtime"
	"sync/atomic"
	"time"
)

// turns lets workers touch what they share in the order of the capture, so that
// the result does not depend on how many there are. A worker that wants to waits
// until all others are behind the packet, or the end of a flow, that it is at.
// The one that is first waits for nobody.
type turns struct{ at []position }

// position is what a worker is at, as its events are placed: see
// event.Publisher. It only moves on.
type position struct {
	num, sub atomic.Uint64
	_        [48]byte // a cache line to itself
}

func newTurns(workers int) *turns { return &turns{make([]position, workers)} }

// move notes that worker i is done with everything before num and sub. A reader
// between the two stores sees a position that lies before the new one, and that
// the worker has passed.
func (t *turns) move(i int, num, sub uint64) {
	if t == nil {
		return
	}
	t.at[i].sub.Store(sub)
	t.at[i].num.Store(num)
}

// spins is how often a waiting worker looks before it sleeps.
const spins = 200

// wait returns when nothing that comes before worker i's position is left to any
// other worker.
func (t *turns) wait(i int) {
	num, sub := t.at[i].num.Load(), t.at[i].sub.Load()
	for j := range t.at {
		if j == i {
			continue
		}
		for n := 0; ; n++ {
			at := t.at[j].num.Load()
			if at > num || at == num && t.at[j].sub.Load() > sub {
				break
			}
			if n < spins {
				runtime.Gosched()
			} else {
				time.Sleep(20 * time.Microsecond)
			}
		}
	}
}
