package mpm

// A StreamState is what one direction of a stream carries from chunk to chunk:
// at most MaxLen bytes. The zero value is ready; it serves one set at a time.
type StreamState struct {
	next  uint64 // stream offset behind the last chunk
	carry []byte // the bytes before next
}

// Reset forgets the stream and keeps the memory.
func (st *StreamState) Reset() { st.next, st.carry = 0, st.carry[:0] }

// ScanStream returns the ids of the patterns that end in this chunk of a
// stream, each once, in no order; those that begin in earlier chunks too. The
// chunk lies at offset; when that is not where the last one ended, nothing can
// span the gap. With end set the stream ends behind the chunk, which may be
// empty. The slice is valid until the next call with sc.
func (s *Set) ScanStream(chunk []byte, offset uint64, end bool, st *StreamState, sc *Scratch) []uint32 {
	if len(s.lits) == 0 {
		return nil
	}
	if cap(sc.out) < len(s.ids) {
		sc.fit(s)
	}
	sc.out = sc.out[:0]
	if offset != st.next {
		st.carry = st.carry[:0]
	}
	joined := 0 // bytes of the chunk scanned together with the carry
	if n := len(st.carry); n > 0 && (len(chunk) > 0 && s.maxLen > 1 || len(chunk) == 0 && end && s.anyEnd) {
		joined = min(len(chunk), s.maxLen-1)
		sc.join = append(append(sc.join[:0], st.carry...), chunk[:joined]...)
		sc.b, sc.base, sc.minEnd = sc.join, offset-uint64(n), n
		sc.atEnd, sc.endNow = end && joined == len(chunk), false
		if joined == 0 {
			sc.minEnd, sc.endNow = 0, true
		}
		s.run(sc)
	}
	if len(chunk) > joined {
		sc.b, sc.base, sc.minEnd, sc.atEnd, sc.endNow = chunk, offset, 0, end, false
		s.run(sc)
	}
	st.keep(chunk, s.maxLen)
	st.next = offset + uint64(len(chunk))
	return s.finish(sc)
}

// ScanFrom returns what ScanStream would for the chunk buf[from:], to who still
// has the bytes before it: buf lies at offset, and what ends at from or earlier
// was reported. It reads at most MaxLen bytes before from.
func (s *Set) ScanFrom(buf []byte, from int, offset uint64, end bool, sc *Scratch) []uint32 {
	fresh := from < len(buf)
	if len(s.lits) == 0 || len(buf) == 0 || !fresh && !(end && s.anyEnd) {
		return nil
	}
	if cap(sc.out) < len(s.ids) {
		sc.fit(s)
	}
	sc.out = sc.out[:0]
	start := max(from-s.maxLen, 0)
	sc.b, sc.base, sc.minEnd = buf[start:], offset+uint64(start), from-start
	sc.atEnd, sc.endNow = end, !fresh
	if !fresh {
		sc.minEnd = 0
	}
	s.run(sc)
	return s.finish(sc)
}

// keep carries the last n bytes of what was carried and the chunk.
func (st *StreamState) keep(chunk []byte, n int) {
	if len(chunk) >= n {
		st.carry = append(st.carry[:0], chunk[len(chunk)-n:]...)
		return
	}
	if drop := len(st.carry) + len(chunk) - n; drop > 0 {
		st.carry = st.carry[:copy(st.carry, st.carry[drop:])]
	}
	st.carry = append(st.carry, chunk...)
}
