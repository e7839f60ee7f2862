// Package decompress undoes content codings of bodies as their bytes come in:
// gzip (RFC 1952), zlib (RFC 1950), deflate (RFC 1951), brotli (RFC 7932) and
// LZMA.
//
// Decoders take input in pieces of any size and hand on what it decodes to at
// once, in pieces of their own. They hold no input but what one symbol needs, and
// a window: 32 KiB (deflate), up to 16 MiB (brotli) or the dictionary allowed
// (LZMA). They read what browsers read: a coding that says one thing and is
// another is recognised where it can be.
package decompress

import (
	"errors"
	"sync"
)

// Errors of decoders. What was decoded before is right.
var (
	ErrData = errors.New("compressed data is broken")
	// ErrChecksum: all was decoded, but is not what was packed.
	ErrChecksum = errors.New("checksum differs")
	ErrMemory   = errors.New("dictionary is larger than allowed")
)

// Sink takes decoded bytes, which are valid for the call only. It returns false
// if it wants no more.
type Sink interface {
	Decoded(b []byte) bool
}

// Decoder undoes one coding.
type Decoder interface {
	// Write decodes the next bytes of input. After an error, or after the end of
	// the coded data, it takes no more.
	Write(in []byte, out Sink) error
	// Finish decodes what was held back; the input ends here.
	Finish(out Sink) error
	// Started reports whether anything was decoded.
	Started() bool
	// Release gives the decoder back for reuse.
	Release()
}

var (
	flates  spareFlates
	brotlis = sync.Pool{New: func() any { return new(Brotli) }}
	lzmas   = sync.Pool{New: func() any { return new(LZMA) }}
)

// maxSpare bounds the decoders that wait for use; each keeps its window, 64 KiB at
// most.
const maxSpare = 32

// spareFlates holds decoders for reuse by any worker. In contrast to sync.Pool it
// outlives collections, which come often while bodies end in numbers. The windows
// of the other codings may be large: theirs do not wait longer than that.
type spareFlates struct {
	mu   sync.Mutex
	free []*Flate
}

func (s *spareFlates) get() *Flate {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		f := s.free[n-1]
		s.free = s.free[:n-1]
		return f
	}
	return new(Flate)
}

func (s *spareFlates) put(f *Flate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < maxSpare {
		s.free = append(s.free, f)
	}
}

// NewFlate returns a decoder for gzip, zlib and bare deflate, told apart by their
// first bytes.
func NewFlate() *Flate {
	f := flates.get()
	f.reset()
	return f
}

// NewRaw returns a decoder for bare deflate. It goes on behind whole blocks for as
// long as none says that it is the last.
func NewRaw() *Flate {
	f := flates.get()
	f.reset()
	f.phase = inData
	return f
}

// NewBrotli returns a decoder for brotli.
func NewBrotli() *Brotli {
	b := brotlis.Get().(*Brotli)
	b.reset()
	return b
}

// NewLZMA returns a decoder for the LZMA file format, with a dictionary of at
// most limit bytes.
func NewLZMA(limit uint32) *LZMA {
	l := lzmas.Get().(*LZMA)
	l.reset(limit)
	return l
}
