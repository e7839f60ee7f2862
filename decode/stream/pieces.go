package stream

import "math/bits"

// pieces are buffers by size class that wait for use. There are four classes
// from one power of two to the next: 256, 320, 384, 448, 512, 640 bytes and so on.
type pieces struct {
	free  [numClasses][][]byte
	inUse uint64 // bytes given out, and those of segment lists
	limit uint64 // 0: none
	idle  int    // bytes in free
}

const (
	minPiece   = 256 // bytes
	numClasses = 80
	maxIdle    = 2 << 20 // bytes of buffers that are kept
)

// class returns the smallest class that holds n bytes.
func class(n int) int {
	if n <= minPiece {
		return 0
	}
	top := bits.Len(uint(n-1)) - 1 // of the power of two below
	return 4*(top-8) + (n-1-1<<top)>>(top-2) + 1
}

// size returns the bytes of a class.
func size(c int) int { return (4 + c%4) << (c/4 + 6) }

// fits reports whether n bytes more stay below the limit.
func (p *pieces) fits(n int) bool { return p.limit == 0 || p.inUse+uint64(n) <= p.limit }

// get returns an empty buffer for n bytes at least.
func (p *pieces) get(n int) []byte {
	c := class(n)
	p.inUse += uint64(size(c))
	if l := p.free[c]; len(l) > 0 {
		b := l[len(l)-1]
		p.free[c] = l[:len(l)-1]
		p.idle -= size(c)
		return b[:0]
	}
	return make([]byte, 0, size(c))
}

// put takes a buffer of get back.
func (p *pieces) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	c := class(cap(b))
	p.inUse -= uint64(size(c))
	if p.idle < maxIdle {
		p.idle += size(c)
		p.free[c] = append(p.free[c], b)
	}
}
