package decompress

// LZMA decodes the LZMA file format ("LZMA alone"): properties, dictionary size
// and length in front of one range-coded stream, after Igor Pavlov's
// specification.
//
// A symbol takes at most lzmaMaxSymbol bytes of input; with fewer at hand they
// are held until more come or the input ends.
type LZMA struct {
	head  []byte
	held  []byte
	limit uint32

	lc, lp, pb uint
	size       uint64 // of the decoded data; all ones if unknown
	total      uint64

	rng, code uint32
	in        []byte
	at        int

	dict     []byte
	dictSize int
	pos      int // next byte of dict
	full     bool
	from     int // first byte not handed on

	state                      uint
	rep                        [4]uint32
	isMatch, isRep0Long        [12 << 4]uint16
	isRep, isRepG0, isG1, isG2 [12]uint16
	posSlot                    [4][64]uint16
	posSpecial                 [115]uint16
	align                      [16]uint16
	lenCoder, repLenCoder      lzmaLength
	literal                    []uint16
	phase                      lzmaPhase
	began                      bool
}

type lzmaPhase uint8

const (
	lzmaHeader lzmaPhase = iota
	lzmaData
	lzmaEnd
	lzmaFailed
)

const (
	lzmaHeaderLen = 13 + 5 // with the first bytes of the range coder
	lzmaMaxSymbol = 20
	probInit      = 1 << 10
	unknownSize   = ^uint64(0)
	minDict       = 4 << 10
)

// lzmaLength is the coder of match lengths.
type lzmaLength struct {
	choice, choice2 uint16
	low, mid        [16][8]uint16
	high            [256]uint16
}

func (c *lzmaLength) reset() {
	c.choice, c.choice2 = probInit, probInit
	for i := range c.low {
		fill(c.low[i][:])
		fill(c.mid[i][:])
	}
	fill(c.high[:])
}

func fill(p []uint16) {
	for i := range p {
		p[i] = probInit
	}
}

func (d *LZMA) reset(limit uint32) {
	d.head, d.held, d.limit = d.head[:0], d.held[:0], limit
	d.total, d.pos, d.from, d.full = 0, 0, 0, false
	d.phase, d.began = lzmaHeader, false
}

// Release implements Decoder.
func (d *LZMA) Release() {
	d.in = nil
	lzmas.Put(d)
}

// Started implements Decoder.
func (d *LZMA) Started() bool { return d.began }

// begin reads the header.
func (d *LZMA) begin() error {
	h := d.head
	props := uint(h[0])
	if props >= 9*5*5 || h[13] != 0 {
		return ErrData
	}
	d.lc, d.lp, d.pb = props%9, props/9%5, props/45
	dict := uint32(h[1]) | uint32(h[2])<<8 | uint32(h[3])<<16 | uint32(h[4])<<24
	if dict > d.limit {
		return ErrMemory
	}
	d.dictSize = max(int(dict), minDict)
	if cap(d.dict) < d.dictSize {
		d.dict = make([]byte, d.dictSize)
	}
	d.dict = d.dict[:d.dictSize]
	d.size = 0
	for i := range 8 {
		d.size |= uint64(h[5+i]) << (8 * i)
	}
	d.rng, d.code = 0xffffffff, 0
	for _, c := range h[14:18] {
		d.code = d.code<<8 | uint32(c)
	}
	d.state, d.rep = 0, [4]uint32{}
	fill(d.isMatch[:])
	fill(d.isRep0Long[:])
	fill(d.isRep[:])
	fill(d.isRepG0[:])
	fill(d.isG1[:])
	fill(d.isG2[:])
	for i := range d.posSlot {
		fill(d.posSlot[i][:])
	}
	fill(d.posSpecial[:])
	fill(d.align[:])
	d.lenCoder.reset()
	d.repLenCoder.reset()
	n := 0x300 << (d.lc + d.lp)
	if cap(d.literal) < n {
		d.literal = make([]uint16, n)
	}
	d.literal = d.literal[:n]
	fill(d.literal)
	d.phase = lzmaData
	return nil
}

// Write implements Decoder.
func (d *LZMA) Write(in []byte, out Sink) error {
	if d.phase == lzmaHeader {
		n := min(lzmaHeaderLen-len(d.head), len(in))
		d.head = append(d.head, in[:n]...)
		in = in[n:]
		if len(d.head) < lzmaHeaderLen {
			return nil
		}
		if err := d.begin(); err != nil {
			d.phase = lzmaFailed
			return err
		}
	}
	if d.phase != lzmaData {
		return nil
	}
	if len(d.held) > 0 {
		d.held = append(d.held, in...)
		err := d.run(d.held, len(d.held)-lzmaMaxSymbol, out)
		d.held = d.held[:copy(d.held, d.held[d.at:])]
		return err
	}
	err := d.run(in, len(in)-lzmaMaxSymbol, out)
	d.held = append(d.held, in[d.at:]...)
	return err
}

// Finish implements Decoder.
func (d *LZMA) Finish(out Sink) error {
	if d.phase != lzmaData || len(d.held) == 0 {
		return nil
	}
	// Zeros behind the end let the last symbols be decoded; those that would
	// need them are dropped.
	n := len(d.held)
	d.held = append(d.held, make([]byte, lzmaMaxSymbol)...)
	err := d.run(d.held, n-1, out)
	d.held = d.held[:0]
	return err
}

// run decodes b, beginning symbols up to the byte at last.
func (d *LZMA) run(b []byte, last int, out Sink) error {
	d.in, d.at = b, 0
	for d.phase == lzmaData && d.at <= last {
		if d.size != unknownSize && d.total >= d.size {
			d.phase = lzmaEnd
			break
		}
		if err := d.symbol(out); err != nil {
			d.phase = lzmaFailed
			d.flush(out)
			return err
		}
	}
	d.at = min(d.at, len(b))
	d.flush(out)
	return nil
}

// flush hands on what was decoded.
func (d *LZMA) flush(out Sink) {
	if d.pos > d.from {
		d.began = true
		if !out.Decoded(d.dict[d.from:d.pos]) {
			d.phase = lzmaEnd
		}
	}
	d.from = d.pos
}

// put appends a byte to the dictionary.
func (d *LZMA) put(c byte, out Sink) {
	d.dict[d.pos] = c
	d.pos++
	d.total++
	if d.pos == d.dictSize {
		d.flush(out)
		d.pos, d.from, d.full = 0, 0, true
	}
}

// back returns the byte n bytes back, from 1.
func (d *LZMA) back(n int) byte {
	i := d.pos - n
	if i < 0 {
		i += d.dictSize
	}
	return d.dict[i]
}

// symbol decodes a literal or a match.
func (d *LZMA) symbol(out Sink) error {
	pos := uint(d.total) & (1<<d.pb - 1)
	if d.bit(&d.isMatch[d.state<<4+pos]) == 0 {
		d.putLiteral(out)
		return nil
	}
	var n uint
	if d.bit(&d.isRep[d.state]) == 0 {
		d.rep[3], d.rep[2], d.rep[1] = d.rep[2], d.rep[1], d.rep[0]
		n = d.length(&d.lenCoder, pos)
		d.state = d.after(7, 10)
		if d.rep[0] = d.distance(n); d.rep[0] == 0xffffffff {
			d.phase = lzmaEnd
			return nil
		}
	} else {
		if d.total == 0 {
			return ErrData
		}
		short, err := d.repeat(pos, out)
		if short || err != nil {
			return err
		}
		n = d.length(&d.repLenCoder, pos)
		d.state = d.after(8, 11)
	}
	if !d.reachable(d.rep[0]) {
		return ErrData
	}
	n += 2
	if d.size != unknownSize {
		n = uint(min(uint64(n), d.size-d.total))
	}
	for range n {
		d.put(d.back(int(d.rep[0])+1), out)
	}
	return nil
}

// after returns the state behind a match: lit if it followed a literal.
func (d *LZMA) after(lit, match uint) uint {
	if d.state < 7 {
		return lit
	}
	return match
}

// reachable reports whether a distance, less one, leads into the dictionary.
func (d *LZMA) reachable(rep uint32) bool {
	return int64(rep) < int64(d.pos) || d.full && int64(rep) < int64(d.dictSize)
}

// repeat decodes which of the last distances is used again; short: one byte was
// copied and that is all.
func (d *LZMA) repeat(pos uint, out Sink) (short bool, err error) {
	if d.bit(&d.isRepG0[d.state]) == 0 {
		if d.bit(&d.isRep0Long[d.state<<4+pos]) != 0 {
			return false, nil
		}
		if !d.reachable(d.rep[0]) {
			return false, ErrData
		}
		d.state = d.after(9, 11)
		d.put(d.back(int(d.rep[0])+1), out)
		return true, nil
	}
	i := 1
	if d.bit(&d.isG1[d.state]) != 0 {
		i = 2 + int(d.bit(&d.isG2[d.state]))
	}
	rep := d.rep[i]
	copy(d.rep[1:i+1], d.rep[:i])
	d.rep[0] = rep
	return false, nil
}

// putLiteral decodes one byte.
func (d *LZMA) putLiteral(out Sink) {
	prev := uint(0)
	if d.total > 0 {
		prev = uint(d.back(1))
	}
	ctx := (uint(d.total)&(1<<d.lp-1))<<d.lc + prev>>(8-d.lc)
	p := d.literal[0x300*ctx:][:0x300]
	sym := uint(1)
	if d.state >= 7 && d.reachable(d.rep[0]) {
		match := uint(d.back(int(d.rep[0]) + 1))
		for sym < 0x100 {
			mb := match >> 7 & 1
			match <<= 1
			b := d.bit(&p[(1+mb)<<8+sym])
			sym = sym<<1 | b
			if mb != b {
				break
			}
		}
	}
	for sym < 0x100 {
		sym = sym<<1 | d.bit(&p[sym])
	}
	d.put(byte(sym), out)
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
}

// distance decodes how far back a match of that length, less two, lies, less
// one.
func (d *LZMA) distance(length uint) uint32 {
	slot := d.tree(d.posSlot[min(length, 3)][:], 6)
	if slot < 4 {
		return uint32(slot)
	}
	n := slot>>1 - 1
	dist := uint32(2|slot&1) << n
	if slot < 14 {
		return dist + d.reverse(d.posSpecial[dist-uint32(slot):], n)
	}
	dist += d.direct(n-4) << 4
	return dist + d.reverse(d.align[:], 4)
}
