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
	if len(pat) == 0 {
		return 0
	}
	var keys findKeys
	keys.set(pat, nocase, 0, len(pat)-1)
	return find(buf, pat, nocase, &keys)
}

// A Finder looks for one literal. It is immutable.
type Finder struct {
	pat    []byte // in lower case with nocase
	nocase bool
	keys   findKeys // of the bytes that are rarest in traffic
}

// findKeys are two bytes of a literal, which the kernels compare as
// b|fold == key, and their places in it.
type findKeys struct {
	first, firstFold, second, secondFold byte
	at, at2                              int
}

// set takes the bytes at the two places of pat. It fills in place: a copy of
// bytes just stored one by one would have to wait for them.
func (k *findKeys) set(pat []byte, nocase bool, at, at2 int) {
	k.at, k.at2 = at, at2
	k.first, k.second = pat[at], pat[at2]
	k.firstFold, k.secondFold = 0, 0
	if nocase && isLetter(k.first) {
		k.firstFold = 0x20
	}
	if nocase && isLetter(k.second) {
		k.secondFold = 0x20
	}
}

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
	at, at2 := f.rarest()
	f.keys.set(f.pat, nocase, at, at2)
	return f
}

// rarest returns the places of the two bytes that are rarest in traffic, the
// same of a literal of one byte.
func (f *Finder) rarest() (at, at2 int) {
	m := traffic()
	a, b := float32(math.Inf(1)), float32(math.Inf(1))
	for i, c := range f.pat {
		p := m.byte[c]
		if f.nocase && isLetter(c) {
			p += m.byte[c^0x20]
		}
		switch {
		case p < a:
			b, at2 = a, at
			a, at = p, i
		case p < b:
			b, at2 = p, i
		}
	}
	return at, at2
}

func (f *Finder) memory() int { return int(unsafe.Sizeof(*f)) + len(f.pat) }

// Index returns the index of the first match in buf, -1 if there is none.
func (f *Finder) Index(buf []byte) int {
	if len(f.pat) == 0 {
		return 0
	}
	return find(buf, f.pat, f.nocase, &f.keys)
}

// find returns the index of the first pat in buf; pat is not empty.
func find(buf, pat []byte, nocase bool, keys *findKeys) int {
	places := len(buf) - len(pat) + 1
	switch {
	case places <= 0:
		return -1
	case best == AVX512:
		return index512(buf, pat, nocase, places, keys)
	case best == AVX2 && places >= 32:
		return index256(buf, pat, nocase, places, keys)
	case !nocase:
		return bytes.Index(buf, pat)
	}
	for i, c := range buf[keys.at : keys.at+places] {
		if c|keys.firstFold == keys.first && equalLower(buf[i:i+len(pat)], pat) {
			return i
		}
	}
	return -1
}

func index512(buf, pat []byte, nocase bool, places int, keys *findKeys) int {
	p := unsafe.Pointer(unsafe.SliceData(buf))
	for at := 0; at < places; at += 64 {
		mask, base := find512(unsafe.Add(p, at), places-at, keys)
		at += base
		for ; mask != 0; mask &= mask - 1 {
			if i := at + bits.TrailingZeros64(mask); equal(buf[i:i+len(pat)], pat, nocase) {
				return i
			}
		}
	}
	return -1
}

func index256(buf, pat []byte, nocase bool, places int, keys *findKeys) int {
	p := unsafe.Pointer(unsafe.SliceData(buf))
	for at := 0; at < places; at += 32 {
		at = min(at, places-32) // the last block may look again
		mask, base := find256(unsafe.Add(p, at), places-at, keys)
		at += base
		for ; mask != 0; mask &= mask - 1 {
			if i := at + bits.TrailingZeros64(mask); equal(buf[i:i+len(pat)], pat, nocase) {
				return i
			}
		}
	}
	return -1
}

// equal reports whether b is p, with nocase in lower case. They have one length.
func equal(b, p []byte, nocase bool) bool {
	if nocase {
		return equalLower(b, p)
	}
	return string(b) == string(p)
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
