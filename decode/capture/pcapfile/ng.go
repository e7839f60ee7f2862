package pcapfile

import (
	"encoding/binary"
	"io"
	"math/bits"

	"weir/decode/packet"
)

// Block types of pcapng.
const (
	blockSHB = magicNG
	blockIDB = 1
	blockPB  = 2 // obsolete
	blockSPB = 3
	blockEPB = 6
)

const byteOrderMagic = 0x1a2b3c4d

// maxInterfaces bounds the interface descriptions kept of a section.
const maxInterfaces = 4096

// nextNG reads one block; it adds at most one frame.
func (r *Reader) nextNG(b *Batch) error {
	h := r.buf.need(12)
	if len(h) < 12 {
		if len(h) == 0 && r.buf.err == io.EOF {
			return io.EOF
		}
		return r.short()
	}
	if binary.BigEndian.Uint32(h) == blockSHB {
		if err := r.section(h); err != nil {
			return err
		}
	} else if r.order == nil {
		return r.fail("pcapng block before the section header")
	}
	kind, total := r.order.Uint32(h), r.order.Uint32(h[4:])
	if total < 12 || total%4 != 0 {
		return r.fail("pcapng block of %d bytes: want at least 12 and a multiple of 4", total)
	}
	switch kind {
	case blockSHB, blockIDB, blockPB, blockSPB, blockEPB:
	default:
		if !r.buf.skip(int64(total)) {
			return r.short()
		}
		return nil
	}
	if total > maxRecord {
		return r.fail("pcapng block of %d bytes: want at most %d", total, maxRecord)
	}
	block := r.buf.need(int(total))
	if len(block) < int(total) {
		return r.short()
	}
	body := block[8 : total-4]
	var err error
	switch kind {
	case blockIDB:
		err = r.describe(body)
	case blockEPB:
		err = r.enhanced(b, body)
	case blockSPB:
		err = r.simple(b, body)
	case blockPB:
		err = r.obsolete(b, body)
	}
	if err != nil {
		return err
	}
	r.buf.take(int(total))
	return nil
}

// section starts a new section: its byte order, and no interfaces yet.
func (r *Reader) section(h []byte) error {
	switch {
	case binary.LittleEndian.Uint32(h[8:]) == byteOrderMagic:
		r.order = binary.LittleEndian
	case binary.BigEndian.Uint32(h[8:]) == byteOrderMagic:
		r.order = binary.BigEndian
	default:
		return r.fail("pcapng section: byte order mark % x", h[8:12])
	}
	r.base += uint16(len(r.ifaces))
	r.ifaces = r.ifaces[:0]
	return nil
}

// describe reads an interface description block.
func (r *Reader) describe(b []byte) error {
	if len(b) < 8 {
		return r.fail("pcapng interface description of %d bytes: want at least 8", len(b))
	}
	if len(r.ifaces) >= maxInterfaces {
		return r.fail("pcapng section with more than %d interfaces", maxInterfaces)
	}
	i := iface{link: packet.LinkType(r.order.Uint16(b)), snap: r.order.Uint32(b[4:]), exp: 6}
	for o := b[8:]; len(o) >= 4; {
		code, n := r.order.Uint16(o), int(r.order.Uint16(o[2:]))
		if code == 0 || 4+n > len(o) {
			break
		}
		v := o[4 : 4+n]
		switch {
		case code == 9 && n >= 1: // if_tsresol
			i.exp, i.binary = v[0]&0x7f, v[0]&0x80 != 0
		case code == 14 && n >= 8: // if_tsoffset
			i.offset = int64(r.order.Uint64(v))
		}
		next := 4 + (n+3)&^3
		if next > len(o) {
			break
		}
		o = o[next:]
	}
	r.ifaces = append(r.ifaces, i)
	return nil
}

// time converts a time stamp of the interface to ns since the Unix epoch. What
// does not fit is cut at the bounds.
func (i *iface) time(v uint64) int64 {
	var sec, ns uint64
	if i.binary {
		e := min(uint(i.exp), 63)
		sec = v >> e
		hi, lo := bits.Mul64(v&(1<<e-1), 1e9)
		ns = hi<<(64-e) | lo>>e
		if e == 0 {
			ns = 0
		}
	} else {
		unit := uint64(1)
		for range min(i.exp, 19) {
			unit *= 10
		}
		sec = v / unit
		hi, lo := bits.Mul64(v%unit, 1e9)
		ns, _ = bits.Div64(hi, lo, unit)
	}
	const maxSec = 1 << 33 // beyond the year 2242 ns no longer fit
	s := min(int64(min(sec, maxSec))+max(min(i.offset, maxSec), -maxSec), maxSec)
	return max(s, 0)*1e9 + int64(ns)
}

// iface returns the description of interface n.
func (r *Reader) iface(n uint32) (*iface, error) {
	if int64(n) >= int64(len(r.ifaces)) {
		return nil, r.fail("pcapng packet of interface %d: the section describes %d", n, len(r.ifaces))
	}
	return &r.ifaces[n], nil
}

// enhanced reads an enhanced packet block.
func (r *Reader) enhanced(b *Batch, body []byte) error {
	if len(body) < 20 {
		return r.fail("pcapng packet block of %d bytes: want at least 20", len(body))
	}
	n := r.order.Uint32(body)
	i, err := r.iface(n)
	if err != nil {
		return err
	}
	ts := uint64(r.order.Uint32(body[4:]))<<32 | uint64(r.order.Uint32(body[8:]))
	return r.frame(b, body[20:], r.order.Uint32(body[12:]), r.order.Uint32(body[16:]), n, i, i.time(ts))
}

// obsolete reads a packet block of the first drafts.
func (r *Reader) obsolete(b *Batch, body []byte) error {
	if len(body) < 20 {
		return r.fail("pcapng packet block of %d bytes: want at least 20", len(body))
	}
	n := uint32(r.order.Uint16(body))
	i, err := r.iface(n)
	if err != nil {
		return err
	}
	ts := uint64(r.order.Uint32(body[4:]))<<32 | uint64(r.order.Uint32(body[8:]))
	return r.frame(b, body[20:], r.order.Uint32(body[12:]), r.order.Uint32(body[16:]), n, i, i.time(ts))
}

// simple reads a simple packet block: no time of its own, interface 0.
func (r *Reader) simple(b *Batch, body []byte) error {
	if len(body) < 4 {
		return r.fail("pcapng simple packet block of %d bytes: want at least 4", len(body))
	}
	i, err := r.iface(0)
	if err != nil {
		return err
	}
	wire := r.order.Uint32(body)
	n := min(wire, uint32(len(body)-4))
	if i.snap > 0 {
		n = min(n, i.snap)
	}
	return r.frame(b, body[4:], n, wire, 0, i, r.last)
}

// frame adds the first n bytes of data as a frame.
func (r *Reader) frame(b *Batch, data []byte, n, wire, index uint32, i *iface, t int64) error {
	if int64(n) > int64(len(data)) {
		return r.fail("pcapng packet of %d bytes in a block that holds %d", n, len(data))
	}
	r.add(b, packet.Frame{
		Data: data[:n:n], Time: t, Wire: max(wire, n), Iface: r.base + uint16(index), Link: i.link,
	})
	return nil
}
