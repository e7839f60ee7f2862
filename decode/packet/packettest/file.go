package packettest

import (
	"bytes"
	"encoding/binary"

	"weir/decode/packet"
)

// Start is the time of the first frame of made captures: 2024-01-01, ns since
// the Unix epoch.
const Start = 1704067200e9

// Record is a frame of a capture file.
type Record struct {
	Time  int64  // ns since the Unix epoch
	Data  []byte // captured bytes
	Wire  uint32 // bytes on the wire; 0 is len(Data)
	Iface int    // of pcapng
}

// Every returns frames as records, step ns apart, from Start on.
func Every(step int64, frames ...[]byte) []Record {
	all := make([]Record, len(frames))
	for i, f := range frames {
		all[i] = Record{Time: Start + int64(i)*step, Data: f}
	}
	return all
}

// wire returns the length of a record on the wire.
func (r *Record) wire() uint32 {
	if r.Wire != 0 {
		return r.Wire
	}
	return uint32(len(r.Data))
}

// Pcap describes a file of the classic format (draft-ietf-opsawg-pcap).
type Pcap struct {
	Link packet.LinkType
	Big  bool   // byte order
	Nano bool   // time stamps in ns, not µs
	Snap uint32 // snap length; 262144 if 0
}

// File returns a capture file.
func (p Pcap) File(records []Record) []byte {
	var bo binary.AppendByteOrder = binary.LittleEndian
	if p.Big {
		bo = binary.BigEndian
	}
	magic, unit := uint32(0xa1b2c3d4), int64(1000)
	if p.Nano {
		magic, unit = 0xa1b23c4d, 1
	}
	if p.Snap == 0 {
		p.Snap = 262144
	}
	b := bo.AppendUint32(nil, magic)
	b = bo.AppendUint16(b, 2)
	b = bo.AppendUint16(b, 4)
	for _, v := range [...]uint32{0, 0, p.Snap, uint32(p.Link)} {
		b = bo.AppendUint32(b, v)
	}
	for i := range records {
		r := &records[i]
		for _, v := range [...]uint32{uint32(r.Time / 1e9), uint32(r.Time % 1e9 / unit), uint32(len(r.Data)), r.wire()} {
			b = bo.AppendUint32(b, v)
		}
		b = append(b, r.Data...)
	}
	return b
}

// Interface is an interface of a pcapng file.
type Interface struct {
	Link       packet.LinkType
	Resolution byte  // if_tsresol: a power of ten, or of two with the top bit set; 6 is the default
	Offset     int64 // if_tsoffset, s
}

// PcapNG returns a file of one section (draft-ietf-opsawg-pcapng) with a
// comment, the interfaces, and the records in enhanced packet blocks.
func PcapNG(big bool, ifaces []Interface, records []Record) []byte {
	var bo binary.AppendByteOrder = binary.LittleEndian
	if big {
		bo = binary.BigEndian
	}
	var out []byte
	block := func(typ uint32, body []byte) {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		n := uint32(12 + len(body))
		out = bo.AppendUint32(bo.AppendUint32(out, typ), n)
		out = bo.AppendUint32(append(out, body...), n)
	}
	option := func(b []byte, code uint16, v []byte) []byte {
		b = bo.AppendUint16(bo.AppendUint16(b, code), uint16(len(v)))
		b = append(b, v...)
		return append(b, make([]byte, -len(v)&3)...)
	}
	b := bo.AppendUint32(nil, 0x1a2b3c4d)
	b = bo.AppendUint16(bo.AppendUint16(b, 1), 0)
	b = append(b, bytes.Repeat([]byte{0xff}, 8)...) // section length is not known
	b = option(b, 1, []byte("made by mkcaptures"))
	block(0x0a0d0d0a, option(b, 0, nil))
	for _, i := range ifaces {
		b = bo.AppendUint16(bo.AppendUint16(nil, uint16(i.Link)), 0)
		b = bo.AppendUint32(b, 262144)
		if i.Resolution != 0 {
			b = option(b, 9, []byte{i.Resolution})
		}
		if i.Offset != 0 {
			b = option(b, 14, bo.AppendUint64(nil, uint64(i.Offset)))
		}
		block(1, option(b, 0, nil))
	}
	for i := range records {
		r := &records[i]
		t := ifaces[r.Iface].ticks(r.Time)
		b = bo.AppendUint32(nil, uint32(r.Iface))
		b = bo.AppendUint32(bo.AppendUint32(b, uint32(t>>32)), uint32(t))
		b = bo.AppendUint32(bo.AppendUint32(b, uint32(len(r.Data))), r.wire())
		block(6, append(b, r.Data...))
	}
	return out
}

// ticks returns a time in units of the interface.
func (i *Interface) ticks(ns int64) uint64 {
	s, rest := uint64(ns/1e9-i.Offset), uint64(ns%1e9)
	switch {
	case i.Resolution&0x80 != 0:
		shift := i.Resolution & 0x7f
		return s<<shift | rest<<shift/1e9
	case i.Resolution == 0:
		return s*1e6 + rest/1e3
	}
	unit := uint64(1)
	for range i.Resolution {
		unit *= 10
	}
	return s*unit + rest*unit/1e9
}
