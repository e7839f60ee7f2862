package pcapfile

import (
	"io"
	"sync"
	"sync/atomic"

	"weir/decode/packet"
)

const (
	// blockSize is how much is read at once, bytes.
	blockSize = 1 << 18
	// maxRecord bounds one record; a longer one is an error, not an allocation.
	maxRecord = 1 << 24
	// BatchFrames is the most frames of one batch.
	BatchFrames = 1024
)

// block is memory that frames alias. It is used again when nobody refers to it.
type block struct {
	b    []byte
	refs atomic.Int32
}

var blocks = sync.Pool{New: func() any { return &block{b: make([]byte, blockSize)} }}

func newBlock(atLeast int) *block {
	k := blocks.Get().(*block)
	if len(k.b) < atLeast {
		k.b = make([]byte, atLeast)
	}
	k.refs.Store(1)
	return k
}

func (k *block) release() {
	if k.refs.Add(-1) == 0 {
		blocks.Put(k)
	}
}

// Batch is a run of frames. The frames are valid until Release.
type Batch struct {
	Frames []packet.Frame
	blocks []*block
}

// Release gives the frames' memory back. The batch can be filled again.
func (b *Batch) Release() {
	for i, k := range b.blocks {
		k.release()
		b.blocks[i] = nil
	}
	b.blocks, b.Frames = b.blocks[:0], b.Frames[:0]
}

// hold makes the batch keep k alive.
func (b *Batch) hold(k *block) {
	if n := len(b.blocks); n > 0 && b.blocks[n-1] == k {
		return
	}
	k.refs.Add(1)
	b.blocks = append(b.blocks, k)
}

// buffer reads a stream in blocks and gives out contiguous pieces of it.
type buffer struct {
	r      io.Reader
	cur    *block
	lo, hi int   // bytes of cur read and not taken
	offset int64 // of lo in the stream
	err    error // of the last read; io.EOF at the end
}

// need makes n bytes contiguous and returns them without taking them. Fewer
// come back only at the end of the stream or on a read error, b.err says which.
func (b *buffer) need(n int) []byte {
	for b.hi-b.lo < n && b.err == nil {
		b.fill(n)
	}
	return b.cur.b[b.lo:min(b.hi, b.lo+n)]
}

// fill reads once, into a new block if n bytes do not fit behind lo.
func (b *buffer) fill(n int) {
	if b.cur == nil {
		b.cur = newBlock(n)
	}
	if b.lo+n > len(b.cur.b) {
		k := newBlock(n)
		b.hi = copy(k.b, b.cur.b[b.lo:b.hi])
		b.lo = 0
		b.cur.release()
		b.cur = k
	}
	m, err := b.r.Read(b.cur.b[b.hi:])
	b.hi += m
	if m == 0 && err == nil {
		err = io.ErrNoProgress
	}
	b.err = err
}

// buffered reports whether n bytes are there without reading.
func (b *buffer) buffered(n int) bool { return b.hi-b.lo >= n }

// take moves on by n bytes, which must have been made contiguous.
func (b *buffer) take(n int) {
	b.lo += n
	b.offset += int64(n)
}

// skip moves on by n bytes, reading as it goes. It reports false at the end.
func (b *buffer) skip(n int64) bool {
	for n > 0 {
		have := int64(b.hi - b.lo)
		if have == 0 {
			if b.err != nil {
				return false
			}
			b.fill(1)
			continue
		}
		m := min(have, n)
		b.take(int(m))
		n -= m
	}
	return true
}

func (b *buffer) close() {
	if b.cur != nil {
		b.cur.release()
		b.cur = nil
	}
}
