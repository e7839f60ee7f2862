package decompress

// The methods here are the range decoder of LZMA: bits of a probability that
// adapts, trees of them, and bits of even probability.

// normalize keeps the range wide enough; beyond the input it reads zeros.
func (d *LZMA) normalize() {
	if d.rng < 1<<24 {
		d.rng <<= 8
		c := byte(0)
		if d.at < len(d.in) {
			c = d.in[d.at]
		}
		d.code = d.code<<8 | uint32(c)
		d.at++
	}
}

// bit decodes one bit and adapts its probability.
func (d *LZMA) bit(p *uint16) uint {
	d.normalize()
	bound := (d.rng >> 11) * uint32(*p)
	if d.code < bound {
		d.rng = bound
		*p += (1<<11 - *p) >> 5
		return 0
	}
	d.rng -= bound
	d.code -= bound
	*p -= *p >> 5
	return 1
}

// tree decodes n bits, the highest first.
func (d *LZMA) tree(p []uint16, n uint) uint {
	m := uint(1)
	for range n {
		m = m<<1 | d.bit(&p[m])
	}
	return m - 1<<n
}

// reverse decodes n bits, the lowest first.
func (d *LZMA) reverse(p []uint16, n uint) uint32 {
	m, v := uint(1), uint32(0)
	for i := range n {
		b := d.bit(&p[m])
		m = m<<1 | b
		v |= uint32(b) << i
	}
	return v
}

// direct decodes n bits of even probability.
func (d *LZMA) direct(n uint) uint32 {
	v := uint32(0)
	for range n {
		d.normalize()
		d.rng >>= 1
		d.code -= d.rng
		t := 0 - d.code>>31
		d.code += d.rng & t
		v = v<<1 + t + 1
	}
	return v
}

// length decodes the length of a match, less two.
func (d *LZMA) length(c *lzmaLength, pos uint) uint {
	if d.bit(&c.choice) == 0 {
		return d.tree(c.low[pos][:], 3)
	}
	if d.bit(&c.choice2) == 0 {
		return 8 + d.tree(c.mid[pos][:], 3)
	}
	return 16 + d.tree(c.high[:], 8)
}
