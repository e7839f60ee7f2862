package packettest

import (
	"encoding/binary"
	"net/netip"

	"weir/decode/packet"
)

// IP is an IPv4 or IPv6 header; the version is that of Src.
type IP struct {
	Src, Dst string
	Proto    uint8 // set by TCP, UDP and the like; the next header of IPv6
	TTL      uint8 // 64 if 0
	TOS      uint8
	ID       uint16 // of IPv4
	Frag     uint16 // flags and offset of IPv4 as they stand in the header
	Opts     []byte // of IPv4; a multiple of four bytes
}

// Wrap returns payload behind the header.
func (h IP) Wrap(payload []byte) []byte {
	src, dst := netip.MustParseAddr(h.Src), netip.MustParseAddr(h.Dst)
	if h.TTL == 0 {
		h.TTL = 64
	}
	if src.Is6() {
		b := make([]byte, 40, 40+len(payload))
		b[0], b[1] = 0x60|h.TOS>>4, h.TOS<<4
		binary.BigEndian.PutUint16(b[4:], uint16(len(payload)))
		b[6], b[7] = h.Proto, h.TTL
		copy(b[8:], src.AsSlice())
		copy(b[24:], dst.AsSlice())
		return append(b, payload...)
	}
	n := 20 + len(h.Opts)
	b := make([]byte, n, n+len(payload))
	b[0], b[1] = 0x40|byte(n/4), h.TOS
	binary.BigEndian.PutUint16(b[2:], uint16(n+len(payload)))
	binary.BigEndian.PutUint16(b[4:], h.ID)
	binary.BigEndian.PutUint16(b[6:], h.Frag)
	b[8], b[9] = h.TTL, h.Proto
	copy(b[12:], src.AsSlice())
	copy(b[16:], dst.AsSlice())
	copy(b[20:], h.Opts)
	binary.BigEndian.PutUint16(b[10:], ^sum(b))
	return append(b, payload...)
}

// transport returns a packet of proto whose checksum, at offset at of b, covers
// the pseudo header too (RFC 9293 section 3.1, RFC 8200 section 8.1).
func (h IP) transport(proto uint8, b []byte, at int) []byte {
	h.Proto = proto
	src, dst := netip.MustParseAddr(h.Src), netip.MustParseAddr(h.Dst)
	pseudo := append(src.AsSlice(), dst.AsSlice()...)
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(b)))
	pseudo = append(pseudo, 0, 0, 0, proto)
	binary.BigEndian.PutUint16(b[at:], ^sum(append(pseudo, b...)))
	return h.Wrap(b)
}

// TCP is a segment.
type TCP struct {
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	Flags            uint8
	Window           uint16 // 65535 if 0
	Urgent           uint16
	Opts             []byte // a multiple of four bytes
	Data             []byte
}

// TCP returns an IP packet with a segment.
func (h IP) TCP(t TCP) []byte {
	n := 20 + len(t.Opts)
	b := make([]byte, n, n+len(t.Data))
	binary.BigEndian.PutUint16(b, t.SrcPort)
	binary.BigEndian.PutUint16(b[2:], t.DstPort)
	binary.BigEndian.PutUint32(b[4:], t.Seq)
	binary.BigEndian.PutUint32(b[8:], t.Ack)
	b[12], b[13] = byte(n/4)<<4, t.Flags
	if t.Window == 0 {
		t.Window = 65535
	}
	binary.BigEndian.PutUint16(b[14:], t.Window)
	binary.BigEndian.PutUint16(b[18:], t.Urgent)
	copy(b[20:], t.Opts)
	return h.transport(packet.ProtoTCP, append(b, t.Data...), 16)
}

// UDP returns an IP packet with a datagram.
func (h IP) UDP(sport, dport uint16, data []byte) []byte {
	b := make([]byte, 8, 8+len(data))
	binary.BigEndian.PutUint16(b, sport)
	binary.BigEndian.PutUint16(b[2:], dport)
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(data)))
	return h.transport(packet.ProtoUDP, append(b, data...), 6)
}

// ICMP returns an IP packet with a message: type, code, the four bytes of the
// rest of the header, data.
func (h IP) ICMP(typ, code uint8, rest uint32, data []byte) []byte {
	b := append([]byte{typ, code, 0, 0}, 0, 0, 0, 0)
	binary.BigEndian.PutUint32(b[4:], rest)
	b = append(b, data...)
	if netip.MustParseAddr(h.Src).Is6() {
		return h.transport(packet.ProtoICMPv6, b, 2)
	}
	binary.BigEndian.PutUint16(b[2:], ^sum(b))
	h.Proto = packet.ProtoICMP
	return h.Wrap(b)
}

// Fragments cuts a packet of IP into fragments of at most n bytes of payload, a
// multiple of eight. id is that of the datagram.
func Fragments(b []byte, id uint32, n int) [][]byte {
	if b[0]>>4 == 6 {
		return fragments6(b, id, n)
	}
	header := int(b[0]&15) * 4
	var all [][]byte
	for off := 0; off < len(b)-header; off += n {
		end := min(off+n, len(b)-header)
		f := append([]byte(nil), b[:header]...)
		f = append(f, b[header+off:header+end]...)
		bits := uint16(off / 8)
		if end < len(b)-header {
			bits |= 0x2000
		}
		binary.BigEndian.PutUint16(f[2:], uint16(len(f)))
		binary.BigEndian.PutUint16(f[4:], uint16(id))
		binary.BigEndian.PutUint16(f[6:], bits)
		f[10], f[11] = 0, 0
		binary.BigEndian.PutUint16(f[10:], ^sum(f[:header]))
		all = append(all, f)
	}
	return all
}

// fragments6 is Fragments of IPv6 (RFC 8200 section 4.5).
func fragments6(b []byte, id uint32, n int) [][]byte {
	const header = 40
	var all [][]byte
	for off := 0; off < len(b)-header; off += n {
		end := min(off+n, len(b)-header)
		f := append([]byte(nil), b[:header]...)
		f = append(f, FragmentHeader(b[6], off, end < len(b)-header, id)...)
		f = append(f, b[header+off:header+end]...)
		f[6] = 44
		binary.BigEndian.PutUint16(f[4:], uint16(len(f)-header))
		all = append(all, f)
	}
	return all
}

// FragmentHeader returns a fragment header of IPv6.
func FragmentHeader(next uint8, off int, more bool, id uint32) []byte {
	bits := uint16(off)
	if more {
		bits |= 1
	}
	b := binary.BigEndian.AppendUint16([]byte{next, 0}, bits)
	return binary.BigEndian.AppendUint32(b, id)
}

// sum adds 16-bit words in ones' complement (RFC 1071).
func sum(b []byte) uint16 {
	var acc uint32
	for i := 0; i+1 < len(b); i += 2 {
		acc += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		acc += uint32(b[len(b)-1]) << 8
	}
	for acc > 0xffff {
		acc = acc&0xffff + acc>>16
	}
	return uint16(acc)
}
