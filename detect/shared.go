package detect

import "sync"

// Shared is what the workers of one run share: counters of thresholds and bits
// that belong to addresses, not to flows. Workers touch it in the order of the
// capture, see Worker.SetTurn.
type Shared struct {
	mu       sync.Mutex
	counters map[thresholdKey]*counter
	bits     map[xbitKey]int64  // until when, s of the packet clock
	tags     map[[16]byte][]tag // of hosts
}

// NewShared returns what a run begins with.
func NewShared() *Shared {
	return &Shared{counters: map[thresholdKey]*counter{}, bits: map[xbitKey]int64{}, tags: map[[16]byte][]tag{}}
}

// Bounds of what is held. Beyond them, what is outdated goes; then, for bits, no
// more come, and counters begin anew.
const (
	maxBits     = 1 << 20
	maxCounters = 1 << 20
)

// SharesState reports whether any rule counts or remembers across flows.
func (e *Engine) SharesState() bool { return e.shares }

// SetTurn implements decode.Sequenced.
func (w *Worker) SetTurn(turn func()) { w.turnOf = turn }

// turn waits until all that comes earlier in the capture has been inspected.
func (w *Worker) turn() {
	if w.turnOf != nil {
		w.turnOf()
	}
}

// prune forgets the counters that are outdated at now, or all if none is.
func prune(table map[thresholdKey]*counter, now int64) {
	for k, c := range table {
		if c.until < now {
			delete(table, k)
		}
	}
	if len(table) >= maxCounters {
		clear(table)
	}
}

func (s *Shared) hasBit(k xbitKey, now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.bits[k]
	return ok && until >= now
}

func (s *Shared) setBit(k xbitKey, until, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bits) >= maxBits {
		for k, u := range s.bits {
			if u < now {
				delete(s.bits, k)
			}
		}
		if len(s.bits) >= maxBits {
			return
		}
	}
	s.bits[k] = until
}

func (s *Shared) dropBit(k xbitKey) {
	s.mu.Lock()
	delete(s.bits, k)
	s.mu.Unlock()
}
