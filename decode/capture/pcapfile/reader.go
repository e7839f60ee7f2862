package pcapfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"weir/decode/packet"
)

// ErrTruncated says that a capture ends in the middle of a record.
var ErrTruncated = errors.New("capture ends in the middle of a record")

// ErrDamaged says that behind good records comes one whose length cannot be: there
// is no way to find the next.
var ErrDamaged = errors.New("rest of the capture is damaged")

// Error is what is wrong with a capture, and where.
type Error struct {
	File   string
	Offset int64 // bytes from the start, unpacked
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: byte %d: %v", e.File, e.Offset, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Magic numbers, in the byte order of the writer.
const (
	magicMicro  = 0xa1b2c3d4
	magicNano   = 0xa1b23c4d
	magicNG     = 0x0a0d0d0a
	magicKuzn   = 0xa1b2cd34 // a variant with larger record headers
	magicNokia  = 0xa1b2c3d0
	magicModern = 0xa1e2cb12
)

// fileHeader is the length of the header of pcap, bytes.
const fileHeader = 24

// Reader reads one capture.
type Reader struct {
	Name string
	// Num is the number of the last frame; frames are numbered from Num+1 on.
	Num uint64

	buf   buffer
	order binary.ByteOrder
	ng    bool

	// pcap
	nano bool
	snap uint32 // bytes of a record that count; the writer meant to take no more
	link packet.LinkType

	// pcapng: interfaces of the section
	ifaces []iface
	base   uint16 // number of interfaces of the sections before
	last   int64  // time of the last frame; SPB has none of its own
}

// iface is an interface description of pcapng.
type iface struct {
	link packet.LinkType
	snap uint32
	// A time stamp counts units of 10^-exp or 2^-exp seconds, plus offset seconds.
	exp    uint8
	binary bool
	offset int64
}

// NewReader reads the file header from r. name is for errors.
func NewReader(name string, r io.Reader) (*Reader, error) {
	rd := &Reader{Name: name, buf: buffer{r: r}}
	if err := rd.header(); err != nil {
		rd.Close()
		return nil, err
	}
	return rd, nil
}

// Close gives back the reader's memory. It does not close the stream.
func (r *Reader) Close() { r.buf.close() }

// Offset returns how far the stream has been read, bytes, unpacked.
func (r *Reader) Offset() int64 { return r.buf.offset }

func (r *Reader) fail(format string, args ...any) error {
	return &Error{r.Name, r.buf.offset, fmt.Errorf(format, args...)}
}

// short is the error for a stream that ends where more must come.
func (r *Reader) short() error {
	if r.buf.err != nil && r.buf.err != io.EOF {
		return &Error{r.Name, r.buf.offset, r.buf.err}
	}
	return &Error{r.Name, r.buf.offset, ErrTruncated}
}

func (r *Reader) header() error {
	r.buf.fill(blockSize)
	b := r.buf.need(4)
	if len(b) < 4 {
		if len(b) == 0 && r.buf.err == io.EOF {
			return r.fail("file is empty")
		}
		if r.buf.err != io.EOF {
			return r.short()
		}
		return r.fail("not a capture: %d bytes only", len(b))
	}
	if binary.BigEndian.Uint32(b) == magicNG {
		r.ng = true
		return nil // the section header is the first block
	}
	for _, o := range [...]binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch o.Uint32(b) {
		case magicMicro, magicNano:
			r.order, r.nano = o, o.Uint32(b) == magicNano
		case magicKuzn, magicNokia, magicModern:
			return r.fail("capture of a modified pcap format, which is not read; convert it to pcapng")
		}
	}
	if r.order == nil {
		return r.fail("not a capture: it starts with % x", b)
	}
	h := r.buf.need(24)
	if len(h) < 24 {
		return r.short()
	}
	if major := r.order.Uint16(h[4:]); major != 2 {
		return r.fail("pcap version %d.%d: want 2.x", major, r.order.Uint16(h[6:]))
	}
	// The upper bits may tell the length of a frame check sequence.
	r.link = packet.LinkType(r.order.Uint32(h[20:]) & 0xffff)
	if r.snap = r.order.Uint32(h[16:]); r.snap == 0 {
		r.snap = maxRecord
	}
	r.buf.take(24)
	return nil
}

// Next fills b with at least one frame, unless the capture ends: io.EOF, or an
// *Error. Frames and an error may come together. b must have been released.
func (r *Reader) Next(b *Batch) error {
	for len(b.Frames) < BatchFrames {
		var err error
		if r.ng {
			err = r.nextNG(b)
		} else {
			err = r.next(b)
		}
		if err != nil {
			return err
		}
		// Do not wait for more when a source delivers slowly.
		if len(b.Frames) > 0 && !r.buf.buffered(16) {
			return nil
		}
	}
	return nil
}

// next reads one record of pcap.
func (r *Reader) next(b *Batch) error {
	h := r.buf.need(16)
	if len(h) < 16 {
		if len(h) == 0 && r.buf.err == io.EOF {
			return io.EOF
		}
		return r.short()
	}
	sec, frac := r.order.Uint32(h), r.order.Uint32(h[4:])
	capLen, wire := r.order.Uint32(h[8:]), r.order.Uint32(h[12:])
	if capLen > maxRecord {
		if r.buf.offset > fileHeader {
			return r.fail("record of %d bytes: %w", capLen, ErrDamaged)
		}
		return r.fail("record of %d bytes: want at most %d", capLen, maxRecord)
	}
	rec := r.buf.need(16 + int(capLen))
	if len(rec) < 16+int(capLen) {
		return r.short()
	}
	t := int64(sec) * 1e9
	if r.nano {
		t += int64(frac)
	} else {
		t += int64(frac) * 1000
	}
	n := min(capLen, r.snap)
	r.add(b, packet.Frame{Data: rec[16 : 16+n : 16+n], Time: t, Wire: max(wire, n), Link: r.link})
	r.buf.take(len(rec))
	return nil
}

// add numbers a frame and puts it into the batch.
func (r *Reader) add(b *Batch, f packet.Frame) {
	r.Num++
	f.Num = r.Num
	r.last = f.Time
	b.hold(r.buf.cur)
	b.Frames = append(b.Frames, f)
}
