package decompress

import "math/bits"

const (
	maxCodeLen = 15
	// fastBits is the width of the table that decodes most codes in one step.
	fastBits = 10
)

// huffman is a canonical prefix code (RFC 1951 section 3.2.2).
type huffman struct {
	// fast holds symbol<<4 | length by the next fastBits bits; 0 for codes that
	// are longer, or are none.
	fast [1 << fastBits]uint16
	// Longer codes are found by length: first code, its place in syms, count.
	first [maxCodeLen + 1]uint16
	place [maxCodeLen + 1]uint16
	count [maxCodeLen + 1]uint16
	syms  [maxLit]uint16
}

// build makes the code of the lengths by symbol. It returns false if there are
// too many codes, or too few: a single code of one bit, or none, will do if
// sparse is set.
func (h *huffman) build(lens []uint8, sparse bool) bool {
	h.count = [maxCodeLen + 1]uint16{}
	longest := 0
	for _, l := range lens {
		h.count[l]++
		longest = max(longest, int(l))
	}
	h.count[0] = 0
	left := 1
	for l := 1; l <= maxCodeLen; l++ {
		if left = left<<1 - int(h.count[l]); left < 0 {
			return false
		}
	}
	if left > 0 && longest > 0 && (!sparse || longest != 1) {
		return false
	}
	var next [maxCodeLen + 1]uint16
	code, place := uint16(0), uint16(0)
	for l := 1; l <= maxCodeLen; l++ {
		code <<= 1
		h.first[l], h.place[l], next[l] = code, place, code
		code += h.count[l]
		place += h.count[l]
	}
	h.fast = [1 << fastBits]uint16{}
	for sym, l := range lens {
		if l == 0 {
			continue
		}
		c := next[l]
		next[l]++
		h.syms[h.place[l]+c-h.first[l]] = uint16(sym)
		if l > fastBits {
			continue
		}
		entry := uint16(sym)<<4 | uint16(l)
		for i := int(bits.Reverse16(c) >> (16 - l)); i < len(h.fast); i += 1 << l {
			h.fast[i] = entry
		}
	}
	return true
}

// decode returns the symbol at the low end of b and the length of its code; 0 if
// there is none.
func (h *huffman) decode(b uint64) (sym, length uint) {
	if e := h.fast[b&(1<<fastBits-1)]; e != 0 {
		return uint(e >> 4), uint(e & 15)
	}
	return h.decodeLong(b)
}

func (h *huffman) decodeLong(b uint64) (sym, length uint) {
	code := uint16(bits.Reverse16(uint16(b)) >> (16 - fastBits))
	b >>= fastBits
	for l := fastBits + 1; l <= maxCodeLen; l++ {
		code = code<<1 | uint16(b&1)
		b >>= 1
		if i := code - h.first[l]; code >= h.first[l] && i < h.count[l] {
			return uint(h.syms[h.place[l]+i]), uint(l)
		}
	}
	return 0, 0
}
