package packet

import "encoding/binary"

// ICMPv4 types (IANA "Internet Control Message Protocol (ICMP) Parameters").
const (
	icmpEchoReply    = 0
	icmpUnreachable  = 3
	icmpSourceQuench = 4
	icmpRedirect     = 5
	icmpEcho         = 8
	icmpRouterAdv    = 9
	icmpRouterSol    = 10
	icmpTimeExceeded = 11
	icmpParameter    = 12
	icmpTimestamp    = 13
	icmpTimestampRep = 14
	icmpInfoReq      = 15
	icmpInfoRep      = 16
	icmpAddrMaskReq  = 17
	icmpAddrMaskRep  = 18
)

// icmp4Codes is the largest code of each known type.
var icmp4Codes = map[uint8]uint8{
	icmpEchoReply: 0, icmpUnreachable: 15, icmpSourceQuench: 0, icmpRedirect: 3, icmpEcho: 0, icmpRouterAdv: 255,
	icmpRouterSol: 0, icmpTimeExceeded: 1, icmpParameter: 2, icmpTimestamp: 0, icmpTimestampRep: 0, icmpInfoReq: 0,
	icmpInfoRep: 0, icmpAddrMaskReq: 0, icmpAddrMaskRep: 0,
}

// icmp4 decodes RFC 792.
func (d *Decoder) icmp4(p *Packet, b []byte, off int) {
	if len(b) < 8 {
		p.invalid(EvICMPv4PktTooSmall)
		return
	}
	p.L4, p.L4Len = uint16(off), 8
	p.Pay, p.PayLen = uint16(off+8), uint16(len(b)-8)
	if d.opt.Checksums && sum(b, 0) != 0xffff {
		p.Flags |= BadChecksum
	}
	m := &p.ICMP
	m.Type, m.Code = b[0], b[1]
	if top, ok := icmp4Codes[m.Type]; !ok {
		p.AddEvent(EvICMPv4UnknownType)
	} else if m.Code > top {
		p.AddEvent(EvICMPv4UnknownCode)
		return
	}
	switch m.Type {
	case icmpEchoReply, icmpEcho, icmpTimestamp, icmpTimestampRep, icmpInfoReq, icmpInfoRep, icmpAddrMaskReq, icmpAddrMaskRep:
		m.HasID, m.ID, m.Seq = true, binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
		if m.Type == icmpTimestamp || m.Type == icmpTimestampRep {
			p.extendICMP(len(b), timestamps)
		}
	case icmpRouterAdv:
		p.extendICMP(len(b), int(b[4])*int(b[5])*4)
	case icmpUnreachable:
		if m.Code == 4 {
			m.MTU = uint32(binary.BigEndian.Uint16(b[6:]))
		}
		p.quoted4(b[8:])
	case icmpSourceQuench, icmpRedirect, icmpTimeExceeded, icmpParameter:
		p.quoted4(b[8:])
	}
}

// timestamps is the size of the three of a timestamp message, bytes.
const timestamps = 12

// extendICMP makes n bytes behind the first eight part of the header, if the
// message, which has size bytes, has so many.
func (p *Packet) extendICMP(size, n int) {
	if 8+n <= size {
		p.L4Len = uint16(8 + n)
		p.Pay, p.PayLen = p.L4+p.L4Len, uint16(size-8-n)
	}
}

// quoted4 reads the start of the packet that an ICMP error is about.
func (p *Packet) quoted4(b []byte) {
	if len(b) < 20 {
		if len(b) > 0 {
			p.malformed(EvICMPv4IPv4TruncPkt)
		}
		return
	}
	if b[0]>>4 != 4 {
		p.malformed(EvICMPv4IPv4UnknownVer)
		return
	}
	var q Packet
	q.setIPv4(b)
	p.quote(&q, b[9], b, int(b[0]&15)*4)
}

// quote notes the quoted packet, whose transport header stands at off of b.
func (p *Packet) quote(q *Packet, proto uint8, b []byte, off int) {
	m := &p.ICMP
	m.Quoted, m.QuotedProto, m.QuotedSrc, m.QuotedDst = true, proto, q.Src, q.Dst
	switch proto {
	case ProtoTCP, ProtoUDP, ProtoSCTP:
		header := 8
		if proto == ProtoTCP {
			header = 20
		}
		m.QuotedWhole = len(b) >= off+header
		if len(b) >= off+4 {
			m.QuotedSPort, m.QuotedDPort = binary.BigEndian.Uint16(b[off:]), binary.BigEndian.Uint16(b[off+2:])
		}
	}
}

// ICMPv6 types (IANA "Internet Control Message Protocol version 6 (ICMPv6)
// Parameters").
const (
	icmp6Unreachable  = 1
	icmp6TooBig       = 2
	icmp6TimeExceeded = 3
	icmp6Parameter    = 4
	icmp6Echo         = 128
	icmp6EchoReply    = 129
	icmp6MLDQuery     = 130
	icmp6MLDReport    = 131
	icmp6MLDDone      = 132
	icmp6Renumbering  = 138
	icmp6MLDv2Report  = 143
)

// icmp6 decodes RFC 4443.
func (d *Decoder) icmp6(p *Packet, b []byte, off int) {
	if len(b) < 8 {
		p.invalid(EvICMPv6PktTooSmall)
		return
	}
	p.L4, p.L4Len = uint16(off), 8
	p.Pay, p.PayLen = uint16(off+8), uint16(len(b)-8)
	m := &p.ICMP
	m.Type, m.Code = b[0], b[1]
	top := -1
	switch t := m.Type; t {
	case icmp6Unreachable:
		top = 7
		p.quoted6(b[8:])
	case icmp6TooBig:
		top = 0
		m.MTU = binary.BigEndian.Uint32(b[4:])
		p.quoted6(b[8:])
	case icmp6TimeExceeded:
		top = 1
		p.quoted6(b[8:])
	case icmp6Parameter:
		top = 2
		p.quoted6(b[8:])
	case icmp6Echo, icmp6EchoReply:
		top = 0
		m.HasID, m.ID, m.Seq = true, binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	case icmp6MLDQuery, icmp6MLDReport, icmp6MLDDone:
		top = 0
		if p.TTL != 1 {
			p.AddEvent(EvICMPv6MLDMessageWithInvalidHL)
		}
	case icmp6MLDv2Report, 133, 134, 135, 136, 137, 141, 142, 145, 146, 147, 148, 149, 151, 152, 153, 154, 155, 156, 157, 158:
		top = 255
		if t >= 133 && t <= 137 {
			top = 0
		}
	case icmp6Renumbering:
		// A command, a result, or a reset of the sequence number.
		if top = 1; m.Code == 255 {
			top = 255
		}
	case 139, 140:
		top = 2
	case 100, 101, 150, 200, 201:
		top = 255
		p.AddEvent(EvICMPv6ExperimentationType)
	default:
		if t >= 4 && t < 100 || t >= 102 && t < 127 || t >= 160 && t < 200 || t >= 202 {
			p.AddEvent(EvICMPv6UnassignedType)
		} else {
			p.AddEvent(EvICMPv6UnknownType)
		}
		return
	}
	if int(m.Code) > top {
		p.AddEvent(EvICMPv6UnknownCode)
	}
	if d.opt.Checksums && p.transportSum(b) != 0xffff {
		p.Flags |= BadChecksum
	}
}

// quoted6 reads the start of the packet that an ICMPv6 error is about.
func (p *Packet) quoted6(b []byte) {
	if len(b) < 40 {
		p.malformed(EvICMPv6IPv6TruncPkt)
		return
	}
	if b[0]>>4 != 6 {
		p.malformed(EvICMPv6IPv6UnknownVersion)
		return
	}
	var q Packet
	copy(q.Src[:], b[8:24])
	copy(q.Dst[:], b[24:40])
	p.quote(&q, b[6], b, 40)
}
