package packet

import (
	"encoding/binary"
	"slices"
)

// ipInIP decodes IP directly within IP (RFC 2003, RFC 4213, RFC 2473).
func (d *Decoder) ipInIP(p *Packet, off, end int, version uint8) {
	c := &d.Counters
	b := p.Data[off:end]
	if p.Version == 6 {
		// Too short, or not what the header said: events of their own.
		short, wrong, least := EvIPv6IPv4InIPv6TooSmall, EvIPv6IPv4InIPv6WrongVersion, 20
		if version == 6 {
			short, wrong, least = EvIPv6IPv6InIPv6TooSmall, EvIPv6IPv6InIPv6WrongVersion, 40
		}
		if len(b) < least {
			p.malformed(short)
			return
		}
		if b[0]>>4 != version {
			if p.AddEvent(wrong); !d.opt.Version7 {
				p.Flags |= Malformed
			}
			return
		}
	}
	by := SourceIPv4 // a packet's source is named by what carried it
	if p.Version == 6 {
		by = SourceIPv6
	}
	if version == 4 {
		if p.Version == 4 && d.opt.Version7 {
			return
		}
		if p.Version == 4 {
			c.IPv4InIPv4++
		} else {
			c.IPv4InIPv6++
		}
		d.tunnelTo(p, off, end, by, d.ipv4)
		return
	}
	if p.Version == 4 {
		c.IPv6InIPv4++
	} else {
		c.IPv6InIPv6++
	}
	d.tunnelTo(p, off, end, by, d.ipv6)
}

// tunnelTo decodes p.Data[off:end] as a packet of its own.
func (d *Decoder) tunnelTo(p *Packet, off, end int, src Source, how func(q *Packet, off int)) {
	whole := p.Data
	p.Data = p.Data[:end]
	d.tunnel(p, off, src, how)
	p.Data = whole
}

// Bits of the GRE flags word (RFC 2784, RFC 2890, RFC 1701, RFC 2637).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greSSR      = 0x0800
	greRecur    = 0x0700
	greAck      = 0x0080
	greFlags0   = 0x00f8
	greFlags1   = 0x0078
)

// gre decodes a GRE header of version 0 or 1 and what it carries.
func (d *Decoder) gre(p *Packet, off, end int) {
	b := p.Data[off:end]
	if len(b) < 4 {
		p.invalid(EvGREPktTooSmall)
		return
	}
	flags, pr := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	n := 4
	switch flags & 7 {
	case 0:
		if flags&greRecur != 0 {
			p.malformed(EvGREVersion0Recur)
			return
		}
		if flags&greFlags0 != 0 {
			p.malformed(EvGREVersion0Flags)
			return
		}
		if flags&(greChecksum|greRouting) != 0 {
			n += 4
		}
		if flags&greKey != 0 {
			n += 4
		}
		if flags&greSequence != 0 {
			n += 4
		}
		if n > len(b) {
			p.invalid(EvGREVersion0HdrTooBig)
			return
		}
		if flags&greRouting != 0 {
			var ok bool
			if n, ok = greRoutes(b, n); !ok {
				p.malformed(EvGREVersion0MalformedSREHdr)
				return
			}
		}
	case 1:
		switch {
		case flags&greChecksum != 0:
			p.malformed(EvGREVersion1Chksum)
			return
		case flags&greRouting != 0:
			p.malformed(EvGREVersion1Route)
			return
		case flags&greSSR != 0:
			p.malformed(EvGREVersion1Ssr)
			return
		case flags&greRecur != 0:
			p.malformed(EvGREVersion1Recur)
			return
		case flags&greFlags1 != 0:
			p.malformed(EvGREVersion1Flags)
			return
		case pr != etPPP:
			p.malformed(EvGREVersion1WrongProtocol)
			return
		case flags&greKey == 0:
			p.malformed(EvGREVersion1NoKey)
			return
		}
		n += 4
		if flags&greSequence != 0 {
			n += 4
		}
		if flags&greAck != 0 {
			n += 4
		}
		if n > len(b) {
			p.invalid(EvGREVersion1HdrTooBig)
			return
		}
	default:
		p.malformed(EvGREWrongVersion)
		return
	}
	d.greInner(p, off, n, end, flags, pr)
}

// greRoutes walks the source route entries of RFC 1701 from n on.
func greRoutes(b []byte, n int) (int, bool) {
	for {
		if len(b) < n+4 {
			return 0, false
		}
		family, size := binary.BigEndian.Uint16(b[n:]), int(b[n+3])
		n += 4
		if family == 0 && size == 0 {
			return n, true
		}
		if n += size; n > len(b) {
			return 0, false
		}
	}
}

// greInner decodes what a GRE header of n bytes carries.
func (d *Decoder) greInner(p *Packet, off, n, end int, flags, pr uint16) {
	at := off + n
	switch pr {
	case etIPv4:
		d.tunnelTo(p, at, end, SourceGRE, d.ipv4)
	case etIPv6:
		d.tunnelTo(p, at, end, SourceGRE, d.ipv6)
	case etPPP:
		d.tunnelTo(p, at, end, SourceGRE, d.ppp)
	case etVLAN:
		d.tunnelTo(p, at, end, SourceGRE, d.vlan)
	case etBridge:
		d.tunnelTo(p, at, end, SourceGRE, d.ethernet)
	case etERSPAN:
		if flags&greSequence == 0 {
			// Type I has no header of its own.
			d.Counters.ERSPAN++
			d.tunnelTo(p, at, end, SourceGRE, d.ethernet)
			return
		}
		d.tunnelTo(p, at, end, SourceGRE, d.erspan)
	case etARP:
		if !d.opt.Version7 {
			d.tunnelTo(p, at, end, SourceGRE, d.arpAt)
		}
	}
}

// arpAt decodes ARP that a tunnel carries without a link header.
func (d *Decoder) arpAt(q *Packet, off int) { d.ethertype(q, off, etARP) }

// erspan decodes a header of ERSPAN type II (draft-foschiano-erspan).
func (d *Decoder) erspan(p *Packet, off int) {
	d.Counters.ERSPAN++
	b := p.Data[off:]
	if len(b) < 8 {
		p.invalid(EvERSPANHeaderTooSmall)
		return
	}
	v := binary.BigEndian.Uint16(b)
	if v>>12 != 1 {
		p.invalid(EvERSPANUnsupportedVersion)
		return
	}
	if id := v & 0xfff; id > 0 {
		if int(p.VLANs) == len(p.VLAN) {
			p.invalid(EvERSPANTooManyVLANLayers)
			return
		}
		p.VLAN[p.VLANs] = id
		p.VLANs++
	}
	d.ethernet(p, off+8)
}

// udpTunnel looks for the tunnels that run over UDP in p.Data[off:end].
func (d *Decoder) udpTunnel(p *Packet, off, end int) {
	switch {
	case slices.Contains(d.opt.VXLANPorts, p.DstPort):
		d.vxlan(p, off, end)
	case slices.Contains(d.opt.GENEVEPorts, p.DstPort):
		d.geneve(p, off, end)
	case d.opt.TeredoAnyPort || slices.Contains(d.opt.TeredoPorts, p.DstPort) || slices.Contains(d.opt.TeredoPorts, p.SrcPort):
		d.teredo(p, off, end)
	}
}

// vxlan decodes RFC 7348 section 5. The Ethernet header that the tunnel carries
// only says what follows it.
func (d *Decoder) vxlan(p *Packet, off, end int) {
	const header = 8
	b := p.Data[off:end]
	if len(b) < header+14 || b[0]&0x08 == 0 {
		return
	}
	if b[7] != 0 && !d.opt.VXLANReserved {
		return
	}
	d.Counters.VXLAN++
	et := binary.BigEndian.Uint16(b[header+12:])
	switch et {
	case etIPv4, etIPv6, etVLAN, etQinQ:
	case etARP:
		if d.opt.Version7 {
			return
		}
	default:
		p.malformed(EvVXLANUnknownPayloadType)
		return
	}
	d.tunnelTo(p, off+header+14, end, SourceVXLAN, func(q *Packet, off int) { d.ethertype(q, off, et) })
}

// geneve decodes RFC 8926 section 3.4.
func (d *Decoder) geneve(p *Packet, off, end int) {
	b := p.Data[off:end]
	if len(b) < 8 {
		return
	}
	n := 8 + int(b[0]&0x3f)*4
	if b[0]>>6 != 0 || b[7] != 0 || n > len(b) || b[1]&0x3f != 0 {
		return
	}
	d.Counters.GENEVE++
	switch binary.BigEndian.Uint16(b[2:]) {
	case etBridge:
		d.tunnelTo(p, off+n, end, SourceGENEVE, d.ethernet)
	case etIPv4:
		d.tunnelTo(p, off+n, end, SourceGENEVE, d.ipv4)
	case etIPv6:
		d.tunnelTo(p, off+n, end, SourceGENEVE, d.ipv6)
	case etARP:
		if !d.opt.Version7 {
			d.tunnelTo(p, off+n, end, SourceGENEVE, d.arpAt)
		}
	default:
		p.malformed(EvGENEVEUnknownPayloadType)
	}
}

// teredo decodes RFC 4380 section 5.1.1: IPv6, behind an origin header or not.
// What comes with an authentication header sets the tunnel up and is not looked
// into. A port proves nothing, so the length has to be right to the byte.
func (d *Decoder) teredo(p *Packet, off, end int) {
	b := p.Data[off:end]
	if len(b) >= 8 && b[0] == 0 && b[1] == 0 {
		b, off = b[8:], off+8
	}
	if len(b) < 40 || b[0]>>4 != 6 {
		return
	}
	if plen := int(binary.BigEndian.Uint16(b[4:])); len(b) != 40+plen || b[7] == 0 {
		return
	}
	d.Counters.Teredo++
	d.tunnelTo(p, off, end, SourceTeredo, d.ipv6)
}

// Next protocols of a network service header (RFC 8300 section 2.2).
const (
	nshIPv4     = 1
	nshIPv6     = 2
	nshEthernet = 3
	nshMPLS     = 5
)

// nsh decodes RFC 8300.
func (d *Decoder) nsh(p *Packet, off int) {
	d.Counters.NSH++
	b := p.Data[off:]
	if len(b) < 8 {
		p.invalid(EvNSHHeaderTooSmall)
		return
	}
	v := binary.BigEndian.Uint16(b)
	n := int(v&0x3f) * 4
	switch {
	case v>>14 != 0 || v&0x1000 != 0:
		p.AddEvent(EvNSHUnsupportedVersion)
		return
	case n > len(b):
		p.invalid(EvNSHBadHeaderLength)
		return
	}
	switch b[2] & 0x0f {
	case 0, 0x0f:
		p.AddEvent(EvNSHReservedType)
		return
	case 1:
		if n != 24 {
			p.invalid(EvNSHBadHeaderLength)
			return
		}
	case 2:
	default:
		p.AddEvent(EvNSHUnsupportedType)
		return
	}
	if !d.layer(p) {
		return
	}
	switch b[3] {
	case nshIPv4:
		d.ipv4(p, off+n)
	case nshIPv6:
		d.ipv6(p, off+n)
	case nshEthernet:
		d.ethernet(p, off+n)
	case nshMPLS:
		d.mpls(p, off+n)
	default:
		p.AddEvent(EvNSHUnknownPayload)
	}
}
