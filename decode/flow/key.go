package flow

import (
	"encoding/binary"
	"hash/maphash"
	"unsafe"

	"weir/decode/packet"
)

// Key names a flow. But for ESP the sides are in order, so that both directions
// have the same key.
type Key struct {
	A, B [16]byte // A <= B as bytes; IPv4 as ::ffff:a.b.c.d
	// APort and BPort are ports; of ICMP the type that the side sends, of ESP
	// the lower and the upper half of the security parameter index.
	APort, BPort uint16
	VLAN         [3]uint16
	Proto        uint8
	Depth        uint8 // tunnel depth: inner and outer flows stay apart
}

// tracked reports whether a packet may belong to a flow: whole IP packets with
// the header of a transport that flows are kept for.
func (t *Table) tracked(p *packet.Packet) bool {
	if p.Version == 0 || p.Flags&(packet.Fragment|packet.Invalid) != 0 {
		return false
	}
	switch p.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoICMP, packet.ProtoICMPv6, packet.ProtoSCTP, packet.ProtoESP:
		return p.L4 != 0
	case packet.ProtoIPIP:
		return p.Version == 4 && t.opt.IPv4InIPv4 || p.Version == 6 && t.opt.IPv4InIPv6
	case packet.ProtoIPv6:
		return p.Version == 4 || t.opt.IPv6InIPv6
	}
	return false
}

// quotes reports whether p is an ICMP error that belongs to the flow of the
// packet it is about: destination unreachable, of TCP or UDP, with the whole
// header of it.
func quotes(p *packet.Packet) bool {
	const lastCode = 15 // RFC 1812 section 5.2.7.1
	return p.Proto == packet.ProtoICMP && p.ICMP.Type == 3 && p.ICMP.Code <= lastCode && p.ICMP.QuotedWhole &&
		(p.ICMP.QuotedProto == packet.ProtoTCP || p.ICMP.QuotedProto == packet.ProtoUDP)
}

// icmpError reports whether p is an ICMPv4 error (RFC 1122 section 3.2.2). Those
// start no flow of their own.
func icmpError(p *packet.Packet) bool {
	if p.Proto != packet.ProtoICMP {
		return false
	}
	switch p.ICMP.Type {
	case 3, 4, 5, 11, 12:
		return true
	}
	return false
}

// counterpart returns the ICMP type that answers t, or that t answers; 0 if
// there is none.
func counterpart(proto, t uint8) uint8 {
	if proto == packet.ProtoICMP {
		switch t {
		case 0: // echo, RFC 792
			return 8
		case 13, 15, 17: // time stamp, information, RFC 792; address mask, RFC 950
			return t + 1
		case 14, 16, 18:
			return t - 1
		case 9: // router discovery, RFC 1256
			return 10
		case 10:
			return 9
		}
		return 0
	}
	switch t {
	case 128, 133, 135, 139, 144, 146, 148: // RFC 4443, 4861, 4620, 6275, 3971
		return t + 1
	case 129, 134, 136, 140, 145, 147, 149:
		return t - 1
	case 130: // listener query and report, RFC 2710
		return 131
	case 131:
		return 130
	}
	return 0
}

// compare orders addresses as bytes: -1, 0 or 1.
func compare(a, b *[16]byte) int {
	x, y := binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8])
	if x == y {
		x, y = binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])
	}
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// makeKey writes the key of p, which is tracked, to t.key.
func (t *Table) makeKey(p *packet.Packet, quoted bool) {
	k := &t.key
	k.Proto, k.Depth, k.VLAN = p.Proto, 0, [3]uint16{}
	if t.opt.UseDepth {
		k.Depth = p.Depth
	}
	if t.opt.UseVLAN {
		for i := range p.VLANs {
			k.VLAN[i] = p.VLAN[i] & 0xfff
		}
	}
	src, dst, sport, dport := &p.Src, &p.Dst, uint16(0), uint16(0)
	switch p.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		sport, dport = p.SrcPort, p.DstPort
	case packet.ProtoICMP, packet.ProtoICMPv6:
		m := &p.ICMP
		if quoted {
			k.Proto = m.QuotedProto
			src, dst, sport, dport = &m.QuotedSrc, &m.QuotedDst, m.QuotedSPort, m.QuotedDPort
			break
		}
		sport, dport = uint16(m.Type), uint16(counterpart(p.Proto, m.Type))
	case packet.ProtoESP:
		// An index is the receiver's: each direction is a flow of its own.
		spi := binary.BigEndian.Uint32(p.Data[p.L4:])
		k.A, k.B, k.APort, k.BPort = p.Src, p.Dst, uint16(spi), uint16(spi>>16)
		return
	}
	if c := compare(src, dst); c > 0 || c == 0 && sport > dport {
		src, dst, sport, dport = dst, src, dport, sport
	}
	k.A, k.B, k.APort, k.BPort = *src, *dst, sport, dport
}

// hash is keyed by a random seed, so that who sends the packets cannot make many
// keys meet. Nothing that is written depends on its value.
func (t *Table) hash(k *Key) uint32 {
	return uint32(maphash.Bytes(t.seed, unsafe.Slice((*byte)(unsafe.Pointer(k)), unsafe.Sizeof(*k))))
}
