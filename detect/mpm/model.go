package mpm

import (
	"math"
	"sync"
)

// A model estimates how often a window of folded bytes (or-ed with 0x20) occurs
// in traffic: by counts of the windows of four bytes in a sample, and by the
// order-1 chain of the sample for what was not in it.
type model struct {
	byte [256]float32 // share of each byte, not folded
	// by kind of traffic, the share of each byte, of the bytes with the same low
	// six bits, of those with the same low and the same high half
	whole     [256]shareByKind
	six       [64]shareByKind
	low, high [16]shareByKind
	uni       [256]float32      // log2 of the share of each folded byte
	bi        [256][256]float32 // log2 of the share of a folded byte behind another
	gram      []float32         // share of the folded windows of four, by gramIndex
}

// gramBits sizes the sketch of four-byte windows.
const gramBits = 16

func gramIndex(x uint32) uint32 { return fold4(x) * 0x9E3779B1 >> (32 - gramBits) }

// traffic returns the model of ordinary traffic. It is made when first used,
// from the sample that sample.go describes.
var traffic = sync.OnceValue(func() *model { return train(sample()) })

const (
	byteFloor = 1e-5 // share of a byte that the sample does not have
	doubt     = 2e-4 // weight of the order-0 estimate in a row of the chain
	unseen    = 0.2  // of the chain's estimate, for windows of four or more: most of what it expects was in the sample, if it exists
)

// train counts the texts, each with the same weight.
func train(texts []text) *model {
	m := &model{gram: make([]float32, 1<<gramBits)}
	var uni [256]float64
	bi := make([]float64, 1<<16)
	var per [kinds]float32 // texts of each kind
	for _, x := range texts {
		per[x.kind]++
	}
	for _, x := range texts {
		t := x.b
		w := 1 / float64(len(t)*len(texts))
		each := 1 / (float32(len(t)) * per[x.kind])
		for i, b := range t {
			m.byte[b] += float32(w)
			m.whole[b][x.kind] += each
			b |= 0x20
			uni[b] += w
			if i > 0 {
				bi[int(t[i-1]|0x20)<<8|int(b)] += w
			}
			if i+4 <= len(t) {
				m.gram[gramIndex(loadUp(t, i))] += float32(w)
			}
		}
	}
	for c := range 256 {
		m.six[c&63].add(&m.whole[c])
		m.low[c&15].add(&m.whole[c])
		m.high[c>>4].add(&m.whole[c])
		m.byte[c] += byteFloor
		uni[c] = (uni[c] + byteFloor) / (1 + 256*byteFloor)
		m.uni[c] = float32(math.Log2(uni[c]))
	}
	for a := range 256 {
		sum := doubt
		for c := range 256 {
			sum += bi[a<<8|c]
		}
		for c := range 256 {
			m.bi[a][c] = float32(math.Log2((bi[a<<8|c] + doubt*uni[c]) / sum))
		}
	}
	return m
}

// shares appends the estimated share of positions of traffic at which each
// window of w bytes of t stands.
func (m *model) shares(dst []float32, t []byte, w int) []float32 {
	n := len(t) - w + 1
	if n <= 0 {
		return dst
	}
	chain := float32(0) // sum behind the window's first byte
	for i := 1; i < w-1; i++ {
		chain += m.bi[t[i-1]|0x20][t[i]|0x20]
	}
	for o := range n {
		if w > 1 {
			chain += m.bi[t[o+w-2]|0x20][t[o+w-1]|0x20]
		}
		p := exp2(m.uni[t[o]|0x20] + chain)
		if w >= 4 {
			g := m.gram[gramIndex(loadUp(t, o))]
			for i := 1; i+4 <= w && g > 0; i++ {
				g = min(g, m.gram[gramIndex(loadUp(t, o+i))])
			}
			p = g + unseen*p
		}
		dst = append(dst, p)
		if w > 1 {
			chain -= m.bi[t[o]|0x20][t[o+1]|0x20]
		}
	}
	return dst
}

// exp2 is 2 to the x within 7 %, for x from -120 to 0.
func exp2(x float32) float32 {
	return math.Float32frombits(uint32((max(x, -120) + 127) * (1 << 23)))
}

// rarest returns the offset of the n bytes of t that are rarest in traffic, and
// their share.
func (m *model) rarest(t []byte, n int) (int, float32) {
	var buf [maxOffsets]float32
	best, at := float32(math.Inf(1)), 0
	for o, p := range m.shares(buf[:0], t[:min(len(t), maxOffsets+n-1)], n) {
		if p < best {
			best, at = p, o
		}
	}
	return at, best
}

// check returns the offset of the four bytes of t that tell most beside the
// span bytes at off, -1 if t has not four bytes.
func (m *model) check(t []byte, off, span int) int {
	var buf [maxOffsets]float32
	best, at := float32(math.Inf(1)), -1
	for o, p := range m.shares(buf[:0], t[:min(len(t), maxOffsets+3)], 4) {
		if o > off-4 && o < off+span {
			p *= 100 // overlaps what is already known to match
		}
		if p < best {
			best, at = p, o
		}
	}
	return at
}
