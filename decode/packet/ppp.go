package packet

import "encoding/binary"

// PPP protocol numbers (IANA "Point-to-Point (PPP) Protocol Field Assignments").
const (
	pppIPv4   = 0x0021
	pppVJU    = 0x002f
	pppIPv6   = 0x0057
	pppMPLS   = 0x0281
	pppMPLSm  = 0x0283
	pppHeader = 0xff03
)

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
	default:
		p.AddEvent(EvPPPUnsupProto)
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
		p.invalid(EvPPPoEWrongCode)
		return
	}
	if int(binary.BigEndian.Uint16(b[4:])) > len(b)-6 {
		p.invalid(EvPPPoEMalformedTags)
	}
}
