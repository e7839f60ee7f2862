package mpm

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

// Index returns the index of the first pat in buf, -1 if there is none. With
// nocase, ASCII letters match in either case and pat must be in lower case.
// Who looks for the same bytes often keeps a Finder.
func Index(buf, pat []byte, nocase bool) int {
	n := len(pat)
	if n == 0 {
		return 0
	}
	f := Finder{pat: pat, nocase: nocase, second: n - 1}
	f.set(pat[0], pat[n-1])
	return f.Index(buf)
}

// A Finder looks for one literal. It is immutable.
type Finder struct {
	pat    []byte // in lower case with nocase
	nocase bool
	keys   findKeys
	first  int // place in pat of the byte keys.first
	second int
}

// findKeys are the two bytes that the kernels compare: b|fold == key.
type findKeys struct{ first, firstFold, second, secondFold byte }

// NewFinder returns a Finder for a copy of pat.
func NewFinder(pat []byte, nocase bool) *Finder {
	f := &Finder{pat: bytes.Clone(pat), nocase: nocase}
	if nocase {
		for i, c := range f.pat {
			f.pat[i] = lower(c)
		}
	}
	if len(pat) == 0 {
		return f
	}
	f.pick()
	f.set(f.pat[f.first], f.pat[f.second])
	return f
}

// pick chooses the two bytes that are rarest in traffic, at different places.
func (f *Finder) pick() {
	m := traffic()
	share := func(c byte) float32 {
		if f.nocase && isLetter(c) {
			return m.byte[c] + m.byte[c^0x20]
		}
		return m.byte[c]
	}
	a, b := float32(math.Inf(1)), float32(math.Inf(1))
	for i, c := range f.pat {
		switch p := share(c); {
		case p < a:
			b, f.second = a, f.first
			a, f.first = p, i
		case p < b:
			b, f.second = p, i
		}
	}
	if len(f.pat) == 1 {
		f.second = f.first
	}
}

func (f *Finder) set(first, second byte) {
	f.keys = findKeys{first: first, second: second}
	if f.nocase && isLetter(first) {
		f.keys.firstFold = 0x20
	}
	if f.nocase && isLetter(second) {
		f.keys.secondFold = 0x20
	}
}

func (f *Finder) memory() int { return int(unsafe.Sizeof(*f)) + len(f.pat) }

// Index returns the index of the first match in buf, -1 if there is none.
func (f *Finder) Index(buf []byte) int {
	n := len(f.pat)
	places := len(buf) - n + 1
	switch {
	case places <= 0:
		return -1
	case n == 0:
		return 0
	case best == AVX512:
		return f.index512(buf, places)
	case best == AVX2 && places >= 32:
		return f.index256(buf, places)
	}
	return f.portable(buf, places)
}

// portable compares where the first key is.
func (f *Finder) portable(buf []byte, places int) int {
	n := len(f.pat)
	if !f.nocase {
		return bytes.Index(buf, f.pat)
	}
	k, fold := f.keys.first, f.keys.firstFold
	for i, c := range buf[f.first : f.first+places] {
		if c|fold == k && equalLower(buf[i:i+n], f.pat) {
			return i
		}
	}
	return -1
}

func (f *Finder) index512(buf []byte, places int) int {
	p := unsafe.Pointer(unsafe.SliceData(buf))
	for at := 0; at < places; at += 64 {
		mask, base := find512(unsafe.Add(p, at), places-at, f.first, f.second, &f.keys)
		at += base
		for ; mask != 0; mask &= mask - 1 {
			if i := at + bits.TrailingZeros64(mask); f.equal(buf[i:]) {
				return i
			}
		}
	}
	return -1
}

func (f *Finder) index256(buf []byte, places int) int {
	p := unsafe.Pointer(unsafe.SliceData(buf))
	for at := 0; at < places; at += 32 {
		at = min(at, places-32) // the last block may look again
		mask, base := find256(unsafe.Add(p, at), places-at, f.first, f.second, &f.keys)
		at += base
		for ; mask != 0; mask &= mask - 1 {
			if i := at + bits.TrailingZeros64(mask); f.equal(buf[i:]) {
				return i
			}
		}
	}
	return -1
}

// equal reports whether b begins with the pattern.
func (f *Finder) equal(b []byte) bool {
	b = b[:len(f.pat)]
	if f.nocase {
		return equalLower(b, f.pat)
	}
	return string(b) == string(f.pat)
}

// equalLower reports whether b in lower case is p. They have one length.
func equalLower(b, p []byte) bool {
	n := len(p)
	b = b[:n]
	if n < 8 {
		for i, c := range b {
			if lower(c) != p[i] {
				return false
			}
		}
		return true
	}
	for i := 0; i+8 < n; i += 8 {
		if lower8(binary.LittleEndian.Uint64(b[i:])) != binary.LittleEndian.Uint64(p[i:]) {
			return false
		}
	}
	return lower8(binary.LittleEndian.Uint64(b[n-8:])) == binary.LittleEndian.Uint64(p[n-8:])
}

// lower8 is lower of eight bytes.
func lower8(x uint64) uint64 {
	const ones = 0x0101010101010101
	low := x & (0x7F * ones)
	upper := (low + (0x80-'A')*ones) &^ (low + (0x7F-'Z')*ones) &^ x & (0x80 * ones)
	return x | upper>>2
}
