package stream

import "weir/decode/buffer"

import "sort"

// span is where a segment stands.
type span struct{ off, end uint64 }

const (
	spanSize = 16 // bytes of a span
	// maxSegment is the longest payload of a segment, bytes.
	maxSegment = 1 << 16
)

// spans are the segments of a direction, sorted by offset and end. Policies
// decide by them which copy of a byte stays.
type spans struct {
	list []span
	head int // of list, dropped
}

func (s *spans) less(a, b span) bool { return a.off < b.off || a.off == b.off && a.end < b.end }

// push adds the segment behind all others.
func (s *spans) push(p *buffer.Pool, x span) {
	if len(s.list) == cap(s.list) && s.head > len(s.list)/2 {
		s.list = s.list[:copy(s.list, s.list[s.head:])]
		s.head = 0
	}
	s.list = append(s.list, x)
	p.InUse += spanSize
}

// find returns the place of x and whether it is there.
func (s *spans) find(x span) (i int, known bool) {
	i = s.head + sort.Search(len(s.list)-s.head, func(i int) bool { return !s.less(s.list[s.head+i], x) })
	return i, i < len(s.list) && s.list[i] == x
}

// insert adds x at place i.
func (s *spans) insert(p *buffer.Pool, i int, x span) {
	n := len(s.list) - i
	s.push(p, x)
	if n > 0 {
		i = len(s.list) - 1 - n
		copy(s.list[i+1:], s.list[i:len(s.list)-1])
		s.list[i] = x
	}
}

// overlap reports whether a segment covers bytes of x, whose place is i.
func (s *spans) overlap(i int, x span) bool {
	if i < len(s.list) && s.list[i].off < x.end {
		return true
	}
	for i--; i >= s.head && s.list[i].off+maxSegment > x.off; i-- {
		if s.list[i].end > x.off {
			return true
		}
	}
	return false
}

// replace writes b, the bytes of segment x from offset off on, over held, but
// for those that a segment seen before keeps.
func (s *spans) replace(held, b []byte, off uint64, x span, policy Policy) {
	end := off + uint64(len(b))
	from := s.head + sort.Search(len(s.list)-s.head, func(i int) bool { return s.list[s.head+i].off+maxSegment > off })
	at := off // up to here it is done
	for _, old := range s.list[from:] {
		if old.off >= end {
			break
		}
		if old.end <= at || !policy.keepOld(old, x) {
			continue
		}
		if old.off > at {
			copy(held[at-off:old.off-off], b[at-off:])
		}
		if at = old.end; at >= end {
			return
		}
	}
	copy(held[at-off:], b[at-off:])
}

// dropBefore forgets segments at the front that end at off or before it. It
// returns the offset from which the rest needs its bytes, off at most.
func (s *spans) dropBefore(p *buffer.Pool, off uint64) uint64 {
	n := s.head
	for n < len(s.list) && s.list[n].end <= off {
		n++
	}
	p.InUse -= uint64(n-s.head) * spanSize
	s.head = n
	if n == len(s.list) {
		s.list, s.head = s.list[:0], 0
		return off
	}
	return min(off, s.list[n].off)
}

// release forgets all.
func (s *spans) release(p *buffer.Pool) {
	p.InUse -= uint64(len(s.list)-s.head) * spanSize
	s.list, s.head = s.list[:0], 0
}
