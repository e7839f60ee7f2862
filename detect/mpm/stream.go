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
	sc.fit(s)
	sc.out = sc.out[:0]
	if offset != st.next {
		st.carry = st.carry[:0]
	}
	joined := 0 // bytes of the chunk scanned together with the carry
	if n := len(st.carry); n > 0 && (len(chunk) > 0 || end && s.anyEnd) {
		joined = min(len(chunk), s.maxLen-1)
		sc.join = append(append(sc.join[:0], st.carry...), chunk[:joined]...)
		c := call{
			b: sc.join, base: offset - uint64(n), minEnd: n, sc: sc,
			atEnd: end && joined == len(chunk),
		}
		if joined == 0 {
			c.minEnd, c.endNow = 0, true
		}
		s.run(&c)
	}
	if len(chunk) > joined || joined == 0 && len(chunk) > 0 {
		c := call{b: chunk, base: offset, atEnd: end, sc: sc}
		s.run(&c)
	}
	st.keep(chunk, s.maxLen)
	st.next = offset + uint64(len(chunk))
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
