package defrag

import "math/bits"

// Copies of fragments stand in buffers of 64 bytes to 64 KiB, powers of two,
// which are used again.
const (
	minClass = 6
	maxClass = 16
	// perFragment is what keeping track of one fragment takes, bytes.
	perFragment = 96
	// keptFragments is how long lists of fragments may be to be used again.
	keptFragments = 64
)

// memory counts and reuses the buffers of a table.
type memory struct {
	used  int // bytes given out
	spare int // bytes kept in free
	cap   int // of used
	free  [maxClass - minClass + 1][][]byte
}

// class returns the place of buffers that hold n bytes.
func class(n int) int { return max(bits.Len(uint(max(n, 1)-1)), minClass) - minClass }

// fits reports whether n bytes more may be held.
func (m *memory) fits(n int) bool { return m.used+1<<(class(n)+minClass)+perFragment <= m.cap }

// take returns a buffer of n bytes, at most 64 KiB.
func (m *memory) take(n int) []byte {
	c := class(n)
	size := 1 << (c + minClass)
	m.used += size
	if last := len(m.free[c]) - 1; last >= 0 {
		b := m.free[c][last]
		m.free[c] = m.free[c][:last]
		m.spare -= size
		return b[:n]
	}
	return make([]byte, n, size)
}

// give takes a buffer back. No more than a quarter of the limit is kept.
func (m *memory) give(b []byte) {
	size := cap(b)
	m.used -= size
	if m.spare+size <= m.cap/4 {
		m.spare += size
		c := class(size)
		m.free[c] = append(m.free[c], b)
	}
}
