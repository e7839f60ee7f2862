package packet

import "encoding/binary"

// transport decodes what IP carries, from off to end of p.Data, by p.Proto.
func (d *Decoder) transport(p *Packet, off, end int) {
	c := &d.Counters
	b := p.Data[off:end]
	p.Pay, p.PayLen = uint16(off), uint16(end-off)
	switch p.Proto {
	case ProtoTCP:
		c.TCP++
		d.tcp(p, b, off)
	case ProtoUDP:
		c.UDP++
		d.udp(p, b, off)
	case ProtoICMP:
		if p.Version == 6 {
			p.AddEvent(EvIPv6ICMPv4)
			return
		}
		c.ICMPv4++
		d.icmp4(p, b, off)
	case ProtoICMPv6:
		if p.Version == 4 {
			p.invalid(EvIPv4ICMPv6)
			return
		}
		c.ICMPv6++
		d.icmp6(p, b, off)
	case ProtoGRE:
		c.GRE++
		d.gre(p, off, end)
	case ProtoIPIP:
		d.ipInIP(p, off, end, 4)
	case ProtoIPv6:
		d.ipInIP(p, off, end, 6)
	case ProtoSCTP:
		c.SCTP++
		d.sctp(p, b, off)
	case ProtoIGMP:
		if p.Version == 6 {
			p.AddEvent(EvIPv6UnknownNextHeader)
			return
		}
		if d.opt.Version7 {
			return
		}
		c.IGMP++
		d.igmp(p, b, off)
	case ProtoESP:
		c.ESP++
		if len(b) < 8 {
			p.invalid(EvESPPktTooSmall)
			return
		}
		p.L4, p.L4Len = uint16(off), 8
		p.Pay, p.PayLen = uint16(off+8), uint16(len(b)-8)
	case ProtoAH:
		c.AH++
		d.ah(p, off, end)
	case nhHopByHop, nhRouting, nhDestOpts, nhNone:
		// No transport of IPv4; in IPv6 they have been walked.
	default:
		if p.Version == 6 {
			p.AddEvent(EvIPv6UnknownNextHeader)
		}
	}
}

// ah passes over an authentication header of IPv4 (RFC 4302 section 2).
func (d *Decoder) ah(p *Packet, off, end int) {
	b := p.Data[off:end]
	if p.Version != 4 || len(b) < 12 || d.opt.Version7 {
		return
	}
	n := (int(b[1]) + 2) * 4
	if n > len(b) || b[0] == ProtoAH || !d.layer(p) {
		return
	}
	p.Proto = b[0]
	d.transport(p, off+n, end)
}

// ports sets the addresses of a transport header that has begun at off.
func (p *Packet) ports(b []byte, off, header int) {
	p.SrcPort, p.DstPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	p.L4, p.L4Len = uint16(off), uint16(header)
	p.Pay, p.PayLen = uint16(off+header), uint16(len(b)-header)
}

// tcp decodes RFC 9293 section 3.1.
func (d *Decoder) tcp(p *Packet, b []byte, off int) {
	if len(b) < 20 {
		p.invalid(EvTCPPktTooSmall)
		return
	}
	header := int(b[12]>>4) * 4
	if header > len(b) {
		p.invalid(EvTCPHLenTooSmall)
		return
	}
	if header < 20 {
		p.invalid(EvTCPInvalidOptlen)
		return
	}
	p.ports(b, off, header)
	t := &p.TCP
	t.Seq, t.Ack = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	t.Flags = b[13]
	t.Window, t.Urgent = binary.BigEndian.Uint16(b[14:]), binary.BigEndian.Uint16(b[18:])
	if header > 20 {
		p.tcpOptions(b[20:header], off+20)
	}
	if d.opt.Checksums && d.verify() && p.transportSum(b) != 0xffff {
		p.Flags |= BadChecksum
	}
}

// TCP options (IANA "TCP Option Kind Numbers").
const (
	tcpOptEOL    = 0
	tcpOptNOP    = 1
	tcpOptMSS    = 2
	tcpOptWScale = 3
	tcpOptSACKOK = 4
	tcpOptSACK   = 5
	tcpOptTS     = 8
	tcpOptMD5    = 19
	tcpOptAO     = 29
	tcpOptTFO    = 34
	tcpOptExp1   = 253
	tcpOptExp2   = 254
	tfoMagic     = 0xf989 // RFC 7413 appendix A
)

// tcpOptions reads the options of which b[0] stands at off.
func (p *Packet) tcpOptions(b []byte, off int) {
	// The most usual block: two no-operations and a time stamp.
	if len(b) == 12 && b[0] == tcpOptNOP && b[1] == tcpOptNOP && b[2] == tcpOptTS && b[3] == 10 {
		p.TCP.Opts |= OptTimestamp
		p.TCP.TSVal, p.TCP.TSEcr = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
		return
	}
	at := 0
	for at < len(b) {
		kind := b[at]
		if kind == tcpOptEOL {
			return
		}
		if kind == tcpOptNOP {
			at++
			continue
		}
		if at+2 > len(b) {
			return
		}
		n := int(b[at+1])
		if n < 2 || at+n > len(b) {
			p.malformed(EvTCPOptInvalidLen)
			return
		}
		p.tcpOption(kind, b[at:at+n], off+at)
		at += n
	}
}

// tcpOption reads one option, which stands at off.
func (p *Packet) tcpOption(kind byte, b []byte, off int) {
	t := &p.TCP
	// take checks length and repetition and notes the option.
	take := func(bit TCPOpts, ok bool) bool {
		if !ok {
			p.AddEvent(EvTCPOptInvalidLen)
			return false
		}
		if t.Opts&bit != 0 {
			p.AddEvent(EvTCPOptDuplicate)
			return false
		}
		t.Opts |= bit
		return true
	}
	switch kind {
	case tcpOptMSS:
		if take(OptMSS, len(b) == 4) {
			t.MSS = binary.BigEndian.Uint16(b[2:])
		}
	case tcpOptWScale:
		if take(OptWScale, len(b) == 3) {
			t.WScale = b[2]
		}
	case tcpOptSACKOK:
		take(OptSACKOK, len(b) == 2)
	case tcpOptSACK:
		if take(OptSACK, (len(b)-2)%8 == 0) {
			t.SACK, t.NSACK = uint16(off+2), uint8((len(b)-2)/8)
		}
	case tcpOptTS:
		if take(OptTimestamp, len(b) == 10) {
			t.TSVal, t.TSEcr = binary.BigEndian.Uint32(b[2:]), binary.BigEndian.Uint32(b[6:])
		}
	case tcpOptMD5:
		if len(b) != 18 {
			p.malformed(EvTCPOptInvalidLen)
		}
	case tcpOptAO:
		if len(b) < 4 {
			p.malformed(EvTCPOptInvalidLen)
		}
	case tcpOptTFO:
		if take(OptTFO, len(b) == 2 || len(b) >= 6 && len(b) <= 18 && len(b)%2 == 0) {
			t.TFOLen = uint8(len(b) - 2)
		}
	case tcpOptExp1, tcpOptExp2:
		if len(b) >= 4 && binary.BigEndian.Uint16(b[2:]) == tfoMagic && take(OptTFO, len(b) == 4 || len(b) >= 8 && len(b) <= 20 && len(b)%2 == 0) {
			t.TFOLen = uint8(len(b) - 4)
		}
	}
}

// udp decodes RFC 768, and the tunnels that run on it.
func (d *Decoder) udp(p *Packet, b []byte, off int) {
	if len(b) < 8 {
		p.invalid(EvUDPHLenTooSmall)
		return
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n > len(b) {
		p.invalid(EvUDPPktTooSmall)
		return
	}
	if n < 8 {
		p.invalid(EvUDPLenInvalid)
		return
	}
	b = b[:n]
	p.ports(b, off, 8)
	if d.opt.Checksums && d.verify() && (b[6]|b[7] != 0 || p.Version == 6) && p.transportSum(b) != 0xffff {
		p.Flags |= BadChecksum
	}
	if n > 8 {
		d.udpTunnel(p, off+8, off+n)
	}
}

// verify reports whether the transport checksum of the frame at hand can be
// judged: not when the kernel has done it, or is yet to fill it in.
func (d *Decoder) verify() bool { return d.frame.Flags&(ChecksumValid|ChecksumPartial) == 0 }

// transportSum returns the checksum over pseudo header and segment b; right is
// 0xffff (RFC 9293 section 3.1, RFC 8200 section 8.1).
func (p *Packet) transportSum(b []byte) uint32 {
	acc := uint32(len(b)) + uint32(p.Proto)
	from := 0
	if p.Version == 4 {
		from = 12
	}
	acc = sum(p.Src[from:], acc)
	acc = sum(p.Dst[from:], acc)
	return sum(b, acc)
}
