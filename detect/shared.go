package detect

import "sync"

// Shared is what the workers of one run share: counters of thresholds and bits
// that belong to addresses, not to flows. Workers touch it in the order of the
// capture, see Worker.SetTurn.
type Shared struct {
	thresholds thresholdTable
	quarantine quarantine

	mu   sync.Mutex
	bits map[xbitKey]int64  // until when, s of the packet clock
	tags map[[16]byte][]tag // of hosts
}

// NewShared returns what a run begins with; thresholds may take up to memcap
// bytes.
func NewShared(memcap uint64) *Shared {
	return &Shared{thresholds: newThresholdTable(memcap), bits: map[xbitKey]int64{}, tags: map[[16]byte][]tag{}}
}

// maxBits bounds what is held. Beyond it, what is outdated goes; then no more
// come.
const maxBits = 1 << 20

// SharesState reports whether any rule counts or remembers across flows.
func (e *Engine) SharesState() bool { return e.shares }

// SetTurn implements decode.Sequenced.
func (w *Worker) SetTurn(turn func()) { w.turnOf, w.match.turn = turn, turn }

// turn waits until all that comes earlier in the capture has been inspected.
func (w *Worker) turn() {
	if w.turnOf != nil {
		w.turnOf()
	}
}

func (s *Shared) hasBit(k xbitKey, now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.bits[k]
	return ok && until >= now
}

// setBit sets a bit; one that is set lasts no longer for it.
func (s *Shared) setBit(k xbitKey, until, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.bits[k]; ok && old >= now {
		return
	}
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
