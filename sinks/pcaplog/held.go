package pcaplog

import (
	"slices"

	"weir/decode/packet"
)

// Bounds of Held, bytes.
const (
	maxHeld     = 64 << 20 // of all connections
	maxHeldFlow = 1 << 20  // of one
)

// Held keeps the frames of connections that may yet be wanted: those whose
// payload their streams still hold. It serves one goroutine.
type Held struct {
	flows map[int64]*conversation
	size  int // bytes
}

// conversation is what is held of one connection.
type conversation struct {
	segments []segment // as they came
	size     int       // bytes
	taken    bool
}

// segment is a frame with the place of its payload.
type segment struct {
	frame packet.Frame
	dir   int
	end   uint32 // sequence number behind the payload
}

// Add holds a copy of a frame, unless there is too much already, or its
// connection was taken.
func (h *Held) Add(flow int64, dir int, end uint32, f *packet.Frame) {
	c := h.flows[flow]
	if c == nil {
		if h.flows == nil {
			h.flows = map[int64]*conversation{}
		}
		c = &conversation{}
		h.flows[flow] = c
	}
	n := len(f.Data)
	if c.taken || c.size+n > maxHeldFlow || h.size+n > maxHeld {
		return
	}
	s := segment{*f, dir, end}
	s.frame.Data = slices.Clone(f.Data)
	c.segments = append(c.segments, s)
	c.size += n
	h.size += n
}

// Prune forgets what ends at or before from, by direction.
func (h *Held) Prune(flow int64, from [2]uint32) {
	c := h.flows[flow]
	if c == nil || len(c.segments) == 0 {
		return
	}
	h.size -= c.size
	c.segments = slices.DeleteFunc(c.segments, func(s segment) bool {
		gone := int32(from[s.dir]-s.end) >= 0
		if gone {
			c.size -= len(s.frame.Data)
		}
		return gone
	})
	h.size += c.size
}

// Take gives what is held of a connection to fn, once: from then on nothing of it
// is held any more.
func (h *Held) Take(flow int64, fn func(f *packet.Frame)) {
	c := h.flows[flow]
	if c == nil {
		if h.flows == nil {
			h.flows = map[int64]*conversation{}
		}
		h.flows[flow] = &conversation{taken: true}
		return
	}
	for i := range c.segments {
		fn(&c.segments[i].frame)
	}
	h.size -= c.size
	*c = conversation{taken: true}
}

// Drop forgets a connection.
func (h *Held) Drop(flow int64) {
	if c := h.flows[flow]; c != nil {
		h.size -= c.size
		delete(h.flows, flow)
	}
}
