package decompress

import (
	"hash/adler32"
	"hash/crc32"
)

// Flate decodes deflate in the wrappers of gzip and zlib, or bare: what is there
// counts, not what it was said to be.
type Flate struct {
	z      inflate
	wrap   wrapper
	phase  flatePhase
	head   []byte // header bytes not judged yet, at most maxHeader
	tail   []byte // trailer
	crc    uint32
	adler  uint32
	out    Sink
	decode bool // anything was handed on
	// retry is the input that was taken as the beginning of the data; if it is
	// none, it is read again without a header.
	retry   []byte
	retried bool
}

type wrapper uint8

const (
	wrapNone wrapper = iota
	wrapZlib
	wrapGzip
)

type flatePhase uint8

const (
	inHeader flatePhase = iota
	inData
	inTrailer
	atEnd
	failed
)

// maxHeader bounds the header of gzip with its names and comments, bytes.
const maxHeader = 4096

func (f *Flate) reset() {
	f.z.reset()
	f.wrap = wrapNone
	f.phase, f.crc, f.adler = inHeader, 0, 1
	f.head, f.tail, f.retry = f.head[:0], f.tail[:0], f.retry[:0]
	f.decode, f.retried = false, false
}

// Release implements Decoder.
func (f *Flate) Release() {
	f.out = nil
	flates.put(f)
}

// Ended reports whether the end of the coded data was seen.
func (f *Flate) Ended() bool { return f.phase == atEnd }

// Wrapped reports whether the data has the header of gzip or zlib.
func (f *Flate) Wrapped() bool { return f.wrap != wrapNone }

// Started implements Decoder.
func (f *Flate) Started() bool { return f.decode }

// Decoded implements Sink for the inner decoder: it keeps the checksum.
func (f *Flate) Decoded(b []byte) bool {
	f.decode = true
	switch f.wrap {
	case wrapGzip:
		f.crc = crc32.Update(f.crc, crc32.IEEETable, b)
	case wrapZlib:
		f.adler = updateAdler(f.adler, b)
	}
	return f.out.Decoded(b)
}

// Write implements Decoder.
func (f *Flate) Write(in []byte, out Sink) error {
	f.out = out
	if f.phase == inHeader {
		f.head = append(f.head, in...)
		n, ok := f.header(f.head)
		if !ok {
			return nil
		}
		f.retry = append(f.retry[:0], f.head...)
		f.phase = inData
		in = f.retry[n:]
	} else if f.phase == inData && !f.decode && len(f.retry) > 0 && len(f.retry)+len(in) <= maxHeader {
		f.retry = append(f.retry, in...)
	}
	if f.phase == inData {
		rest, stop, err := f.z.run(in, f)
		switch {
		case err != nil && !f.decode && !f.retried && len(f.retry) > 0:
			return f.bare()
		case err != nil:
			f.phase = failed
			return err
		case stop:
			f.phase = atEnd
			return nil
		}
		if f.decode {
			f.retry = f.retry[:0]
		}
		if f.z.state != finished {
			return nil
		}
		for f.z.nbits >= 8 {
			f.tail = append(f.tail, byte(f.z.take(8)))
		}
		f.phase, in = inTrailer, rest
	}
	if f.phase == inTrailer {
		return f.trailer(in)
	}
	return nil
}

// bare reads the data again from its first byte as deflate without a header.
func (f *Flate) bare() error {
	f.retried = true
	f.z.reset()
	f.wrap, f.phase = wrapNone, inData
	in := append([]byte(nil), f.retry...)
	f.retry = f.retry[:0]
	return f.Write(in, f.out)
}

// Finish implements Decoder.
func (f *Flate) Finish(out Sink) error {
	if f.phase == inHeader && len(f.head) > 0 {
		f.phase = failed
		return ErrData
	}
	return nil
}

// header looks at the beginning of the data: which wrapper it has and how long
// its header is. ok is false if more is needed.
func (f *Flate) header(b []byte) (n int, ok bool) {
	if len(b) < 2 {
		return 0, false
	}
	switch {
	case b[0] == 0x1f && b[1] == 0x8b:
		if n, ok = gzipHeader(b); !ok {
			return 0, false
		}
		f.wrap = wrapGzip
		return n, true
	case b[0]&15 == 8 && b[0]>>4 <= 7 && (uint(b[0])<<8|uint(b[1]))%31 == 0 && b[1]&0x20 == 0:
		f.wrap = wrapZlib
		return 2, true
	}
	f.wrap = wrapNone
	return 0, true
}

// Flags of a gzip header (RFC 1952 section 2.3.1).
const (
	gzipCRC     = 1 << 1
	gzipExtra   = 1 << 2
	gzipName    = 1 << 3
	gzipComment = 1 << 4
)

// gzipHeader returns the length of the header of gzip; ok is false if it is not
// whole.
func gzipHeader(b []byte) (n int, ok bool) {
	if len(b) < 10 {
		return 0, false
	}
	flags := b[3]
	n = 10
	if flags&gzipExtra != 0 {
		if len(b) < n+2 {
			return 0, false
		}
		n += 2 + int(b[n]) + int(b[n+1])<<8
	}
	for _, bit := range [...]byte{gzipName, gzipComment} {
		if flags&bit == 0 {
			continue
		}
		for {
			if n >= len(b) {
				return min(n, len(b)), len(b) > maxHeader
			}
			n++
			if b[n-1] == 0 {
				break
			}
		}
	}
	if flags&gzipCRC != 0 {
		n += 2
	}
	if n > len(b) {
		return len(b), len(b) > maxHeader
	}
	return n, true
}

// trailer checks the checksum behind the data.
func (f *Flate) trailer(in []byte) error {
	want := [...]int{wrapNone: 0, wrapZlib: 4, wrapGzip: 8}[f.wrap]
	if n := want - len(f.tail); n > 0 {
		f.tail = append(f.tail, in[:min(n, len(in))]...)
	}
	if len(f.tail) < want {
		return nil
	}
	f.phase = atEnd
	t := f.tail
	switch f.wrap {
	case wrapGzip:
		crc := uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 | uint32(t[3])<<24
		size := uint32(t[4]) | uint32(t[5])<<8 | uint32(t[6])<<16 | uint32(t[7])<<24
		if crc != f.crc || size != uint32(f.z.total) {
			return ErrChecksum
		}
	case wrapZlib:
		if uint32(t[0])<<24|uint32(t[1])<<16|uint32(t[2])<<8|uint32(t[3]) != f.adler {
			return ErrChecksum
		}
	}
	return nil
}

// updateAdler continues an Adler-32 checksum.
func updateAdler(a uint32, b []byte) uint32 {
	const mod = 65521
	s1, s2 := a&0xffff, a>>16
	if s1 == 1 && s2 == 0 {
		return adler32.Checksum(b)
	}
	for len(b) > 0 {
		n := min(len(b), 5552)
		for _, c := range b[:n] {
			s1 += uint32(c)
			s2 += s1
		}
		s1 %= mod
		s2 %= mod
		b = b[n:]
	}
	return s2<<16 | s1
}
