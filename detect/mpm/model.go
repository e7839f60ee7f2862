package mpm

import (
	_ "embed"
	"math"
	"sync"
)

// A model estimates how often a window of folded bytes (or-ed with 0x20) occurs
// in traffic: by counts of the windows of four bytes in a sample, and by the
// order-1 chain of the sample for what was not in it.
type model struct {
	uni  [256]float32      // log2 of the share of each folded byte
	bi   [256][256]float32 // log2 of the share of a byte behind another
	gram []float32         // share of the folded windows of four, by gramIndex
}

// gramBits sizes the sketch of four-byte windows.
const gramBits = 16

func gramIndex(x uint32) uint32 { return fold4(x) * 0x9E3779B1 >> (32 - gramBits) }

func load4(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// traffic returns the model of ordinary traffic. It is made when first used,
// from the sample that sample.go describes.
var traffic = sync.OnceValue(func() *model { return train(sample()) })

// train counts the texts, each with the same weight.
func train(texts [][]byte) *model {
	m := &model{gram: make([]float32, 1<<gramBits)}
	uni := make([]float64, 256)
	bi := make([]float64, 1<<16)
	for _, t := range texts {
		w := 1 / float64(len(t)*len(texts))
		for i, b := range t {
			b |= 0x20
			uni[b] += w
			if i > 0 {
				bi[int(t[i-1]|0x20)<<8|int(b)] += w
			}
			if i+4 <= len(t) {
				m.gram[gramIndex(load4(t[i:]))] += float32(w)
			}
		}
	}
	const floor = 1e-5 // share of a byte that the sample does not have
	const doubt = 2e-4 // weight of the order-0 estimate in a row of the chain
	for c := range 256 {
		uni[c] = (uni[c] + floor) / (1 + 256*floor)
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

// share estimates the share of positions of traffic where w stands.
func (m *model) share(w []byte) float64 {
	l := m.uni[w[0]|0x20]
	for i := 1; i < len(w); i++ {
		l += m.bi[w[i-1]|0x20][w[i]|0x20]
	}
	return m.mix(w, l)
}

// mix joins the chain's estimate (log2) and what was counted.
func (m *model) mix(w []byte, l float32) float64 {
	p := math.Exp2(float64(l))
	if len(w) < 4 {
		return p
	}
	g := m.gram[gramIndex(load4(w))]
	for i := 1; i+4 <= len(w); i++ {
		g = min(g, m.gram[gramIndex(load4(w[i:]))])
	}
	return float64(g) + unseen*p
}

// unseen is how much of the chain's estimate holds for a window of four or
// more: most of what the chain expects was in the sample, if it exists.
const unseen = 0.2

// rarest returns the offset of the n bytes of t that are rarest in traffic.
func (m *model) rarest(t []byte, n int) int {
	best, at := math.Inf(1), 0
	for o := 0; o+n <= len(t); o++ {
		if p := m.share(t[o : o+n]); p < best {
			best, at = p, o
		}
	}
	return at
}

// check returns the offset of the four bytes of t that tell most beside the
// window of w bytes at off, -1 if t has not four bytes.
func (m *model) check(t []byte, off, w int) int {
	best, at := math.Inf(1), -1
	for o := 0; o+4 <= len(t); o++ {
		p := m.share(t[o : o+4])
		if o > off-4 && o < off+w {
			p *= 100 // overlaps what is already known to match
		}
		if p < best {
			best, at = p, o
		}
	}
	return at
}
