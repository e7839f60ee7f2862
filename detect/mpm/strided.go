package mpm

import (
	"math/bits"
	"unsafe"
)

// strided finds literals that put step consecutive windows in a blocked Bloom
// filter: a window is three bits of one 32-bit word. Only each step-th position
// of a buffer has to be probed.
type strided struct {
	step   int // 4 or 2
	shift  uint32
	filter []uint32
	*windows
}

// A laneHit is a block of probes with hits: lane i stands for index pos+4*i of
// the bytes scanned, or pos+i with buckets.
type laneHit struct {
	mask uint64
	pos  int
}

// Sizes of a filter in bits: at least one cache line, at most what leaves room
// in the second-level cache; between them filterBits for a window.
const (
	minFilterLog = 10
	maxFilterLog = 21
	filterBits   = 40
)

// filterMask returns the three bits of a hash.
func filterMask(h uint32) uint32 {
	return bits.RotateLeft32(1, int(h)) | bits.RotateLeft32(1, int(h>>5)) | bits.RotateLeft32(1, int(h>>10))
}

// newStrided makes the filter and table of a placement.
func (s *Set) newStrided(pl *placement, w, step int) *strided {
	size := minFilterLog
	for size < maxFilterLog && 1<<size < filterBits*pl.keys {
		size++
	}
	t := &strided{step: step, shift: uint32(32 - (size - 5)), filter: make([]uint32, 1<<(size-5))}
	t.windows = s.windows(pl, w, step)
	for _, sl := range t.slots {
		if sl.ref != 0 {
			t.filter[sl.hash>>t.shift] |= filterMask(sl.hash)
		}
	}
	return t
}

func (t *strided) memory() int {
	return int(unsafe.Sizeof(*t)+unsafe.Sizeof(*t.windows)) + len(t.filter)*4 + t.windows.memory()
}

// blockBytes is how much one kernel call scans: its hits stay in the
// first-level cache, and the goroutine can be stopped between two calls.
const blockBytes = 4096

// maxHits bounds the hits of one kernel call: two phases of each 32 bytes, those
// of a last, partial block, and one pair of scratch.
const maxHits = 2*(blockBytes/32+2) + 1

// scanStrided probes v.
func (s *Set) scanStrided(t *strided, v []byte, sc *Scratch) {
	for base := 0; base+t.w <= len(v); base += blockBytes {
		b := v[base:min(len(v), base+blockBytes+t.w-1)]
		if s.cpu == AVX512 {
			n := strided512(unsafe.Pointer(unsafe.SliceData(b)), len(b), t.w, t.step,
				unsafe.Pointer(unsafe.SliceData(t.filter)), uint64(t.shift), uint64(t.mask), &sc.lanes[0])
			s.lanes(t, sc.lanes[:n], base, len(v), sc)
			continue
		}
		s.strided256(t, b, base, sc)
	}
}

// strided256 probes b, which lies at index base. The kernel takes whole blocks:
// the rest is copied to where it may read on.
func (s *Set) strided256(t *strided, b []byte, base int, sc *Scratch) {
	filter := unsafe.Pointer(unsafe.SliceData(t.filter))
	n, done := strided256(unsafe.Pointer(unsafe.SliceData(b)), len(b), t.w, t.step,
		filter, uint64(t.shift), uint64(t.mask), &sc.lanes[0])
	s.lanes(t, sc.lanes[:n], base, base+done, sc)
	left := len(b) - done - t.w + 1 // positions
	if left <= 0 {
		return
	}
	pad := sc.pad(b[done:])
	n, _ = strided256(unsafe.Pointer(pad), (left+31)/32*32+36+t.w-4, t.w, t.step,
		filter, uint64(t.shift), uint64(t.mask), &sc.lanes[0])
	s.lanes(t, sc.lanes[:n], base+done, base+done+left, sc)
}

// padBytes holds the rest of a buffer, under two blocks of 32, and what the
// kernels read behind it.
const padBytes = 160

// pad copies b to the pad, zero behind.
func (sc *Scratch) pad(b []byte) *[padBytes]byte {
	n := copy(sc.padded[:], b)
	clear(sc.padded[n:])
	return &sc.padded
}

// lanes looks up the hits of one kernel call below index end.
func (s *Set) lanes(t *strided, hits []laneHit, base, end int, sc *Scratch) {
	for _, h := range hits {
		for m := h.mask; m != 0; m &= m - 1 {
			if i := base + h.pos + bits.TrailingZeros64(m)*4; i < end {
				s.look(t.windows, i, sc)
			}
		}
	}
}
