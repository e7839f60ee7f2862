package decompress

// windowSize is how far back deflate refers, bytes (RFC 1951 section 2).
const windowSize = 32 << 10

// The decoder's memory grows from minWindow to maxWindow, bytes: the window and
// as much of new output before it slides. Both exceed the longest match (258).
const (
	minWindow = 4 << 10
	maxWindow = 2 * windowSize
)

// inflate decodes deflate. The bit buffer keeps what of the input is not a
// whole symbol yet: the longest, a length with its distance, has 48 bits.
type inflate struct {
	bits  uint64
	nbits uint

	state inflateState
	final bool // the block in work is the last one

	stored       int // bytes of a stored block to come
	hlit, hdist  int
	hclen, index int
	lens         [maxLit + maxDist]uint8

	lit, dist huffman
	fixed     bool // lit and dist hold the fixed codes

	// win holds the last decoded bytes up to pos; from on are those not handed
	// on yet. It grows with what is decoded, for most bodies are small and many
	// are open at a time.
	win       []byte
	pos, from int
	total     uint64
}

type inflateState uint8

const (
	blockHeader inflateState = iota
	storedHeader
	storedData
	dynHeader
	dynCodeLens
	dynLens
	symbols
	finished
)

const (
	maxLit  = 288
	maxDist = 32
)

// codeLenOrder is the order of the lengths of the code for code lengths (RFC
// 1951 section 3.2.7).
var codeLenOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// Lengths and distances: base values and extra bits (RFC 1951 section 3.2.5).
var (
	lenBase   = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lenExtra  = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase  = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

func (z *inflate) reset() {
	z.bits, z.nbits, z.state, z.final = 0, 0, blockHeader, false
	z.pos, z.from, z.total = 0, 0, 0
}

// run decodes in and returns what of it is left behind the end of the data.
// stop is set if the sink wants no more.
func (z *inflate) run(in []byte, out Sink) (rest []byte, stop bool, err error) {
	for {
		switch z.state {
		case blockHeader:
			if in = z.need(3, in); z.nbits < 3 {
				return nil, !z.flush(out), nil
			}
			z.final = z.take(1) == 1
			switch z.take(2) {
			case 0:
				z.take(z.nbits & 7)
				z.state = storedHeader
			case 1:
				z.fixedCodes()
				z.state = symbols
			case 2:
				z.state = dynHeader
			default:
				z.flush(out)
				return nil, false, ErrData
			}
		case storedHeader:
			if in = z.need(32, in); z.nbits < 32 {
				return nil, !z.flush(out), nil
			}
			n, inv := z.take(16), z.take(16)
			if n != inv^0xffff {
				z.flush(out)
				return nil, false, ErrData
			}
			z.stored, z.state = int(n), storedData
		case storedData:
			var more bool
			if in, more, stop = z.copyStored(in, out); more || stop {
				return nil, stop || !z.flush(out), nil
			}
			z.endBlock()
		case dynHeader, dynCodeLens, dynLens:
			var more bool
			if in, more, err = z.dynamicCodes(in); more || err != nil {
				return nil, !z.flush(out), err
			}
		case symbols:
			var more bool
			if in, more, stop, err = z.symbols(in, out); more || stop || err != nil {
				return nil, !z.flush(out) || stop, err
			}
			z.endBlock()
		case finished:
			stop = !z.flush(out)
			// Whole bytes in the bit buffer belong to what follows; they are at
			// most 7, and taken by trailer.
			return in, stop, nil
		}
	}
}

func (z *inflate) endBlock() {
	z.state = blockHeader
	if z.final {
		z.take(z.nbits & 7)
		z.state = finished
	}
}

// need fills the bit buffer until it has n bits, n at most 56, or in is empty.
func (z *inflate) need(n uint, in []byte) []byte {
	for z.nbits < n && len(in) > 0 {
		z.bits |= uint64(in[0]) << z.nbits
		z.nbits += 8
		in = in[1:]
	}
	return in
}

// take removes n bits, which are there.
func (z *inflate) take(n uint) uint32 {
	v := uint32(z.bits & (1<<n - 1))
	z.bits >>= n
	z.nbits -= n
	return v
}

// flush hands on what was decoded. It returns false if the sink wants no more.
func (z *inflate) flush(out Sink) bool {
	ok := true
	if z.pos > z.from {
		z.total += uint64(z.pos - z.from)
		ok = out.Decoded(z.win[z.from:z.pos])
	}
	z.from = z.pos
	return ok
}

// room makes place for n bytes in the window.
func (z *inflate) room(n int, out Sink) bool {
	if z.pos+n <= len(z.win) {
		return true
	}
	if have := len(z.win); have < maxWindow {
		z.win = append(z.win, make([]byte, max(have, minWindow))...)
		return true
	}
	ok := z.flush(out)
	copy(z.win, z.win[z.pos-windowSize:z.pos])
	z.pos, z.from = windowSize, windowSize
	return ok
}

// copyStored copies the bytes of a stored block.
func (z *inflate) copyStored(in []byte, out Sink) (rest []byte, more, stop bool) {
	for z.stored > 0 {
		if !z.room(1, out) {
			return nil, false, true
		}
		if z.nbits >= 8 {
			z.win[z.pos] = byte(z.take(8))
			z.pos++
			z.stored--
			continue
		}
		n := copy(z.win[z.pos:], in[:min(z.stored, len(in))])
		if n == 0 {
			return nil, true, false
		}
		z.pos += n
		z.stored -= n
		in = in[n:]
	}
	return in, false, false
}

// dynamicCodes reads the codes of a block (RFC 1951 section 3.2.7).
func (z *inflate) dynamicCodes(in []byte) (rest []byte, more bool, err error) {
	if z.state == dynHeader {
		if in = z.need(14, in); z.nbits < 14 {
			return nil, true, nil
		}
		z.hlit, z.hdist, z.hclen = int(z.take(5))+257, int(z.take(5))+1, int(z.take(4))+4
		if z.hlit > 286 || z.hdist > 30 {
			return nil, false, ErrData
		}
		z.lens = [maxLit + maxDist]uint8{}
		z.index, z.state = 0, dynCodeLens
	}
	if z.state == dynCodeLens {
		for ; z.index < z.hclen; z.index++ {
			if in = z.need(3, in); z.nbits < 3 {
				return nil, true, nil
			}
			z.lens[codeLenOrder[z.index]] = uint8(z.take(3))
		}
		z.fixed = false
		if !z.lit.build(z.lens[:19], false) {
			return nil, false, ErrData
		}
		z.lens = [maxLit + maxDist]uint8{}
		z.index, z.state = 0, dynLens
	}
	for n := z.hlit + z.hdist; z.index < n; {
		in = z.need(14, in)
		sym, used := z.lit.decode(z.bits)
		if used > z.nbits {
			return nil, true, nil
		}
		if used == 0 {
			return nil, z.nbits < 15 && len(in) == 0, ErrData
		}
		if sym < 16 {
			z.take(used)
			z.lens[z.index] = uint8(sym)
			z.index++
			continue
		}
		extra := [3]uint{2, 3, 7}[sym-16]
		if used+extra > z.nbits {
			return nil, true, nil
		}
		z.take(used)
		count := int(z.take(extra)) + [3]int{3, 3, 11}[sym-16]
		value := uint8(0)
		if sym == 16 {
			if z.index == 0 {
				return nil, false, ErrData
			}
			value = z.lens[z.index-1]
		}
		if z.index+count > n {
			return nil, false, ErrData
		}
		for range count {
			z.lens[z.index] = value
			z.index++
		}
	}
	if z.lens[256] == 0 || !z.lit.build(z.lens[:z.hlit], true) || !z.dist.build(z.lens[z.hlit:z.hlit+z.hdist], true) {
		return nil, false, ErrData
	}
	z.state = symbols
	return in, false, nil
}

// fixedCodes sets the fixed codes (RFC 1951 section 3.2.6).
func (z *inflate) fixedCodes() {
	if z.fixed {
		return
	}
	for i := range maxLit {
		switch {
		case i < 144, i >= 280:
			z.lens[i] = 8
		case i < 256:
			z.lens[i] = 9
		default:
			z.lens[i] = 7
		}
	}
	z.lit.build(z.lens[:maxLit], true)
	for i := range maxDist {
		z.lens[i] = 5
	}
	z.dist.build(z.lens[:maxDist], true)
	z.fixed = true
}

// symbols decodes literals and copies up to the end of the block.
func (z *inflate) symbols(in []byte, out Sink) (rest []byte, more, stop bool, err error) {
	bits, nbits := z.bits, z.nbits
	save := func() { z.bits, z.nbits = bits, nbits }
	for {
		for nbits < 49 && len(in) > 0 {
			bits |= uint64(in[0]) << nbits
			nbits += 8
			in = in[1:]
		}
		sym, used := z.lit.decode(bits)
		switch {
		case used > nbits, used == 0 && nbits < maxCodeLen && len(in) == 0:
			save()
			return nil, true, false, nil
		case used == 0 || sym > 285:
			save()
			return nil, false, false, ErrData
		}
		if sym < 256 {
			bits >>= used
			nbits -= used
			if z.pos == len(z.win) && !z.room(1, out) {
				save()
				return nil, false, true, nil
			}
			z.win[z.pos] = byte(sym)
			z.pos++
			continue
		}
		if sym == 256 {
			bits >>= used
			nbits -= used
			save()
			return in, false, false, nil
		}
		// Nothing is taken before all of the symbol is there.
		extra := uint(lenExtra[sym-257])
		length := int(lenBase[sym-257]) + int(bits>>used&(1<<extra-1))
		used += extra
		d, n := z.dist.decode(bits >> used)
		if n == 0 && used+maxCodeLen > nbits && len(in) == 0 {
			save()
			return nil, true, false, nil
		}
		if n == 0 || d > 29 {
			save()
			return nil, false, false, ErrData
		}
		used += n
		extra = uint(distExtra[d])
		distance := int(distBase[d]) + int(bits>>used&(1<<extra-1))
		if used += extra; used > nbits {
			save()
			return nil, true, false, nil
		}
		bits >>= used
		nbits -= used
		if !z.room(length, out) {
			save()
			return nil, false, true, nil
		}
		if distance > z.pos {
			save()
			return nil, false, false, ErrData
		}
		z.copyBack(distance, length)
	}
}

// copyBack repeats length bytes from distance bytes back; they may overlap what
// they make.
func (z *inflate) copyBack(distance, length int) {
	dst := z.win[z.pos : z.pos+length]
	src := z.win[z.pos-distance:]
	if distance >= length {
		copy(dst, src[:length])
	} else {
		for i := range dst {
			dst[i] = src[i]
		}
	}
	z.pos += length
}
