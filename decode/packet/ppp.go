package packet

import "encoding/binary"

// PPP protocol numbers (IANA "Point-to-Point (PPP) Protocol Field Assignments").
const (
	pppIPv4   = 0x0021
	pppVJC    = 0x002d
	pppVJU    = 0x002f
	pppIPv6   = 0x0057
	pppMPLS   = 0x0281
	pppMPLSm  = 0x0283
	pppHeader = 0xff03
)

// pppUnsupported are protocols that are known and not decoded.
var pppUnsupported = map[uint16]bool{
	0x0023: true, 0x0025: true, 0x0027: true, 0x0029: true, 0x002b: true, 0x0031: true, 0x0033: true, 0x0035: true,
	0x0037: true, 0x0039: true, 0x003b: true, 0x003d: true, 0x003f: true, 0x0041: true, 0x0043: true, 0x0045: true,
	0x0047: true, 0x0049: true, 0x004b: true, 0x004d: true, 0x004f: true, 0x0051: true, 0x0053: true, 0x0055: true,
	0x00fb: true, 0x00fd: true, 0x0201: true, 0x0203: true, 0x0205: true, 0x0207: true, 0x0209: true, 0x020b: true,
	0x020d: true, 0x020f: true, 0x0211: true, 0x0213: true, 0x0231: true, 0x0233: true, 0x0235: true,
	0x8021: true, 0x8023: true, 0x8025: true, 0x8027: true, 0x8029: true, 0x802b: true, 0x8031: true, 0x8033: true,
	0x803f: true, 0x8057: true, 0x80fb: true, 0x80fd: true, 0x8281: true, 0xc021: true, 0xc023: true, 0xc025: true,
	0xc027: true, 0xc02b: true, 0xc223: true, 0xc225: true, 0xc227: true, 0xc229: true,
}

// ppp decodes RFC 1661 with or without the HDLC header of RFC 1662.
func (d *Decoder) ppp(p *Packet, off int) {
	d.Counters.PPP++
	b := p.Data
	if len(b) < off+4 {
		p.invalid(EvPPPPktTooSmall)
		return
	}
	if binary.BigEndian.Uint16(b[off:]) == pppHeader {
		off += 2
	}
	if b[off]&1 != 0 {
		// Protocol field compression: one byte.
		d.pppProtocol(p, off+1, uint16(b[off]))
		return
	}
	d.pppProtocol(p, off+2, binary.BigEndian.Uint16(b[off:]))
}

// pppProtocol decodes what stands at off, of PPP protocol pr.
func (d *Decoder) pppProtocol(p *Packet, off int, pr uint16) {
	if !d.layer(p) {
		return
	}
	b := p.Data[min(off, len(p.Data)):]
	switch pr {
	case pppVJU:
		if len(b) < 20 {
			p.invalid(EvPPPVJUPktTooSmall)
			return
		}
		if b[0]>>4 == 4 {
			d.ipv4(p, off)
		}
	case pppIPv4:
		if len(b) < 20 {
			p.invalid(EvPPPIP4PktTooSmall)
			return
		}
		d.ipv4(p, off)
	case pppIPv6:
		if len(b) < 40 {
			p.invalid(EvPPPIP6PktTooSmall)
			return
		}
		d.ipv6(p, off)
	case pppMPLS, pppMPLSm:
		d.mpls(p, off)
	case pppVJC:
		p.AddEvent(EvPPPUnsupProto)
	default:
		if pppUnsupported[pr] {
			p.AddEvent(EvPPPUnsupProto)
		} else {
			p.invalid(EvPPPWrongType)
		}
	}
}

// pppoeSession decodes RFC 2516 section 6.
func (d *Decoder) pppoeSession(p *Packet, off int) {
	d.Counters.PPPoE++
	b := p.Data[off:]
	if len(b) < 7 {
		p.invalid(EvPPPoEPktTooSmall)
		return
	}
	if b[1] != 0 {
		p.invalid(EvPPPoEWrongCode)
		return
	}
	if n := int(binary.BigEndian.Uint16(b[4:])); n > len(b)-6 {
		p.invalid(EvPPPoEPktTooSmall)
		return
	}
	if b[6]&1 != 0 {
		d.pppProtocol(p, off+7, uint16(b[6]))
		return
	}
	if len(b) < 8 {
		p.invalid(EvPPPoEPktTooSmall)
		return
	}
	d.pppProtocol(p, off+8, binary.BigEndian.Uint16(b[6:]))
}

// pppoeDiscovery checks RFC 2516 section 5.
func (d *Decoder) pppoeDiscovery(p *Packet, off int) {
	d.Counters.PPPoE++
	b := p.Data[off:]
	if len(b) < 6 {
		p.invalid(EvPPPoEPktTooSmall)
		return
	}
	switch b[1] {
	case 0x09, 0x07, 0x19, 0x65, 0xa7: // PADI, PADO, PADR, PADS, PADT
	default:
		p.AddEvent(EvPPPoEWrongCode)
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	b = b[6:]
	if n > len(b) {
		p.invalid(EvPPPoEMalformedTags)
		return
	}
	for b = b[:n]; len(b) >= 4; {
		t := int(binary.BigEndian.Uint16(b[2:]))
		if t > len(b)-4 {
			p.invalid(EvPPPoEMalformedTags)
			return
		}
		b = b[4+t:]
	}
}
