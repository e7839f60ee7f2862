// Package buffer keeps byte buffers by size class, for what waits in pieces of many
// sizes: streams behind a hole, bodies before they are inspected.
package buffer

import "math/bits"

// Pool holds buffers that wait for use. It belongs to one goroutine. There are
// eight classes from one power of two to the next: 256, 288, 320 and so on to 512, 576
// bytes and so on.
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
	numClasses = 160
	maxIdle    = 6 << 20 // bytes of buffers that are kept
)

// class returns the smallest class that holds n bytes.
func class(n int) int {
	if n <= Smallest {
		return 0
	}
	top := bits.Len(uint(n-1)) - 1 // of the power of two below
	return 8*(top-8) + (n-1-1<<top)>>(top-3) + 1
}

// size returns the bytes of a class.
func size(c int) int { return (8 + c%8) << (c/8 + 5) }

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

// Append appends more to b, which is of the pool; b may change places. It grows by
// an eighth at least, not to the double: such buffers wait in thousands. A nil pool
// takes memory of its own.
func (p *Pool) Append(b, more []byte) []byte {
	n := len(b) + len(more)
	if p == nil || n <= cap(b) {
		return append(b, more...)
	}
	grown := append(p.Get(max(n, cap(b)+cap(b)/8)), b...)
	p.Put(b)
	return append(grown, more...)
}

// Free takes a buffer of Append back and returns what to go on with, which is
// empty: nothing, or without a pool the same memory.
func (p *Pool) Free(b []byte) []byte {
	if p == nil {
		return b[:0]
	}
	p.Put(b)
	return nil
}
