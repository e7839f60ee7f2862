package packet

import "encoding/binary"

// vlan decodes IEEE 802.1Q tags, up to three deep.
func (d *Decoder) vlan(p *Packet, off int) {
	c := &d.Counters
	switch p.VLANs {
	case 0:
		c.VLAN++
	case 1:
		c.VLANQinQ++
	case 2:
		c.VLANQinQ3++
	}
	b := p.Data[off:]
	if len(b) < 4 {
		p.invalid(EvVLANHeaderTooSmall)
		return
	}
	if int(p.VLANs) == len(p.VLAN) {
		p.AddEvent(EvVLANTooManyLayers)
		return
	}
	if !d.layer(p) {
		return
	}
	p.VLAN[p.VLANs] = binary.BigEndian.Uint16(b)
	p.VLANs++
	d.ethertype(p, off+4, binary.BigEndian.Uint16(b[2:]))
}

// pbb decodes the service tag of IEEE 802.1ah, which a whole frame follows.
func (d *Decoder) pbb(p *Packet, off int) {
	d.Counters.PBB++
	if len(p.Data) < off+18 {
		p.invalid(EvIEEE8021AHHeaderTooSmall)
		return
	}
	if d.layer(p) {
		d.ethertype(p, off+18, binary.BigEndian.Uint16(p.Data[off+16:]))
	}
}

// vntag decodes the tag of Cisco's VN-Link.
func (d *Decoder) vntag(p *Packet, off int) {
	d.Counters.VNTag++
	if len(p.Data) < off+6 {
		p.invalid(EvVNTagHeaderTooSmall)
		return
	}
	if d.layer(p) {
		d.ethertype(p, off+6, binary.BigEndian.Uint16(p.Data[off+4:]))
	}
}

// etag decodes the tag of IEEE 802.1BR.
func (d *Decoder) etag(p *Packet, off int) {
	d.Counters.ETag++
	if len(p.Data) < off+8 {
		p.invalid(EvETagHeaderTooSmall)
		return
	}
	if d.layer(p) {
		d.ethertype(p, off+8, binary.BigEndian.Uint16(p.Data[off+6:]))
	}
}

// Labels that MPLS reserves (RFC 3032 section 2.1, RFC 7274).
const (
	mplsIPv4Null     = 0
	mplsRouterAlert  = 1
	mplsIPv6Null     = 2
	mplsImplicitNull = 3
	mplsELI          = 7
	mplsReserved     = 15
)

// mpls decodes a label stack (RFC 3032) and what stands under it: IP, or a
// pseudo wire (RFC 4448).
func (d *Decoder) mpls(p *Packet, off int) {
	d.Counters.MPLS++
	if !d.layer(p) {
		return
	}
	var label uint32
	for {
		if len(p.Data) < off+4 || off > maxOffset {
			p.invalid(EvMPLSHeaderTooSmall)
			return
		}
		v := binary.BigEndian.Uint32(p.Data[off:])
		off += 4
		if label = v >> 12; v&0x100 != 0 {
			break
		}
	}
	switch {
	case label == mplsIPv4Null:
		d.ipv4(p, off)
		return
	case label == mplsRouterAlert:
		p.AddEvent(EvMPLSBadLabelRouterAlert)
		return
	case label == mplsIPv6Null:
		d.ipv6(p, off)
		return
	case label == mplsImplicitNull:
		p.AddEvent(EvMPLSBadLabelImplicitNull)
		return
	case label <= mplsReserved && label != mplsELI:
		p.AddEvent(EvMPLSBadLabelReserved)
		return
	}
	if len(p.Data) < off+1 {
		p.invalid(EvMPLSPktTooSmall)
		return
	}
	switch p.Data[off] >> 4 {
	case 4:
		d.ipv4(p, off)
	case 6:
		d.ipv6(p, off)
	case 0:
		// A control word, or Ethernet without one.
		if len(p.Data) < off+4 {
			p.invalid(EvMPLSPktTooSmall)
			return
		}
		d.ethernet(p, off+4)
	case 1:
		p.malformed(EvMPLSUnknownPayloadType)
	default:
		d.ethernet(p, off)
	}
}

// arp checks RFC 826 for Ethernet and IPv4.
func (d *Decoder) arp(p *Packet, off int) {
	b := p.Data[off:]
	if len(b) < 8 {
		p.invalid(EvARPPktTooSmall)
		return
	}
	switch {
	case binary.BigEndian.Uint16(b) != 1:
		p.invalid(EvARPUnsupportedHardware)
	case binary.BigEndian.Uint16(b[2:]) != etIPv4:
		p.invalid(EvARPUnsupportedProtocol)
	case b[4] != 6:
		p.invalid(EvARPInvalidHardwareSize)
	case b[5] != 4:
		p.invalid(EvARPInvalidProtocolSize)
	case len(b) < 28:
		p.invalid(EvARPUnsupportedPkt)
	default:
		if op := binary.BigEndian.Uint16(b[6:]); op < 1 || op > 4 && op != 8 && op != 9 && op != 10 {
			p.invalid(EvARPUnsupportedOpcode)
			return
		}
		p.HasARP, p.ARP = true, uint16(off)
	}
}

// wifi decodes an 802.11 data frame and its LLC header (IEEE 802.11 clause 9,
// 802.2, RFC 1042).
func (d *Decoder) wifi(p *Packet, off int) {
	b := p.Data
	if len(b) < off+24 || b[off]>>2&3 != 2 || b[off+1]&0x40 != 0 {
		return // control, management or encrypted
	}
	n := 24
	if b[off+1]&3 == 3 {
		n += 6
	}
	if b[off]&0x80 != 0 {
		n += 2
		if b[off+1]&0x80 != 0 {
			n += 4
		}
	}
	off += n
	if len(b) < off+8 || b[off] != 0xaa || b[off+1] != 0xaa {
		return
	}
	d.ethertype(p, off+8, binary.BigEndian.Uint16(b[off+6:]))
}

// nflog finds the packet among the attributes of Linux netfilter's log.
func (d *Decoder) nflog(p *Packet) {
	b := p.Data
	const payload = 9
	for off := 4; off+4 <= len(b) && off <= maxOffset; {
		n, kind := int(binary.LittleEndian.Uint16(b[off:])), binary.LittleEndian.Uint16(b[off+2:])&0x7fff
		if n < 4 || off+n > len(b) {
			break
		}
		if kind == payload {
			if b[0] == 10 {
				d.ipv6(p, off+4)
			} else {
				d.ipv4(p, off+4)
			}
			return
		}
		off += (n + 3) &^ 3
	}
	p.invalid(EvNFLOGPktTooSmall)
}
