package flow

import "unsafe"

const (
	// flowSize is what a flow takes, bytes: whole cache lines.
	flowSize   = (int64(unsafe.Sizeof(Flow{})) + 63) &^ 63
	chunkBits  = 13
	chunkFlows = 1 << chunkBits // flows that are mapped at once: about a large page
)

// slab holds flows at stable addresses outside the Go heap.
type slab struct {
	budget  *Budget
	chunks  []memory
	granted uint32 // flows that the budget has let us have
	used    uint32 // flows handed out at least once
	live    uint32 // flows in use
	free    uint32 // list through next, index plus one
}

// at returns the flow of an index.
func (s *slab) at(i uint32) *Flow {
	return (*Flow)(unsafe.Add(s.chunks[i>>chunkBits].base, int64(i&(chunkFlows-1))*flowSize))
}

// take returns a flow of which self and Gen alone are set, or nil if the budget
// is spent.
func (s *slab) take() *Flow {
	if s.free != 0 {
		f := s.at(s.free - 1)
		s.free = f.next
		*f = Flow{self: f.self, Gen: f.Gen}
		s.live++
		return f
	}
	if s.used == s.granted {
		room := chunkFlows - int64(s.granted&(chunkFlows-1))
		s.granted += uint32(s.budget.take(room, flowSize))
		if s.used == s.granted {
			return nil
		}
	}
	if int(s.used>>chunkBits) == len(s.chunks) {
		// The first one is for captures with few flows: small pages.
		s.chunks = append(s.chunks, mapMemory(chunkFlows*int(flowSize), len(s.chunks) > 0))
	}
	f := s.at(s.used)
	f.self = s.used
	s.used++
	s.live++
	return f
}

// give takes a flow back; its generation moves on.
func (s *slab) give(f *Flow) {
	f.Gen++
	f.next = s.free
	s.free = f.self + 1
	s.live--
}

// close unmaps the memory; no flow is valid after it.
func (s *slab) close() {
	for _, m := range s.chunks {
		m.unmap()
	}
	s.budget.give(int64(s.granted) * flowSize)
	*s = slab{budget: s.budget}
}
