// Package buffer keeps byte buffers by size class, for what waits in pieces of many
// sizes: streams behind a hole, bodies before they are inspected.
package buffer

import "math/bits"

// Pool holds buffers that wait for use. It belongs to one goroutine. There are
// four classes from one power of two to the next: 256, 320, 384, 448, 512, 640 bytes and so on.
type Pool struct {
	free [numClasses][][]byte
	// InUse counts the bytes given out; a user may add what it holds besides.
	InUse uint64
	Limit uint64 // of InUse for Fits; 0: none
	idle  int    // bytes in free
}

const (
	// Smallest is the size of the first class, bytes.
	Smallest   = 256
	numClasses = 80
	maxIdle    = 2 << 20 // bytes of buffers that are kept
)

// class returns the smallest class that holds n bytes.
func class(n int) int {
	if n <= Smallest {
		return 0
	}
	top := bits.Len(uint(n-1)) - 1 // of the power of two below
	return 4*(top-8) + (n-1-1<<top)>>(top-2) + 1
}

// size returns the bytes of a class.
func size(c int) int { return (4 + c%4) << (c/4 + 6) }

// Fits reports whether n bytes more stay below the limit.
func (p *Pool) Fits(n int) bool { return p.Limit == 0 || p.InUse+uint64(n) <= p.Limit }

// Get returns an empty buffer for n bytes at least.
func (p *Pool) Get(n int) []byte {
	c := class(n)
	p.InUse += uint64(size(c))
	if l := p.free[c]; len(l) > 0 {
		b := l[len(l)-1]
		p.free[c] = l[:len(l)-1]
		p.idle -= size(c)
		return b[:0]
	}
	return make([]byte, 0, size(c))
}

// Put takes a buffer of Get back.
func (p *Pool) Put(b []byte) {
	if cap(b) == 0 {
		return
	}
	c := class(cap(b))
	p.InUse -= uint64(size(c))
	if p.idle < maxIdle {
		p.idle += size(c)
		p.free[c] = append(p.free[c], b)
	}
}
