package packet

import "encoding/binary"

// IPv6 next headers (IANA "Internet Protocol Version 6 (IPv6) Parameters").
const (
	nhHopByHop = 0
	nhRouting  = 43
	nhFragment = 44
	nhNone     = 59
	nhDestOpts = 60
	nhMobility = 135
	nhHIP      = 139
	nhShim6    = 140
)

// maxOffset is the largest offset of a header that a Packet can hold.
const maxOffset = 1<<16 - 1

// ipv6 decodes RFC 8200 section 3 at off, with the extension headers.
func (d *Decoder) ipv6(p *Packet, off int) {
	d.Counters.IPv6++
	if !d.layer(p) {
		return
	}
	b := p.Data[off:]
	if len(b) < 40 {
		if !d.opt.Version7 {
			p.invalid(EvIPv6PktTooSmall)
		}
		return
	}
	if b[0]>>4 != 6 {
		p.invalid(EvIPv6WrongIPVersion)
		return
	}
	plen := int(binary.BigEndian.Uint16(b[4:]))
	if len(b) < 40+plen {
		p.invalid(EvIPv6TruncPkt)
		return
	}
	p.Version, p.Proto, p.TTL = 6, b[6], b[7]
	p.TOS = uint8(binary.BigEndian.Uint16(b) >> 4)
	p.L3, p.L3Len, p.IPLen = uint16(off), 40, uint32(40+plen)
	copy(p.Src[:], b[8:24])
	copy(p.Dst[:], b[24:40])
	switch p.Proto {
	case ProtoTCP, ProtoUDP, ProtoICMPv6:
		d.transport(p, off+40, off+40+plen)
	default:
		d.extensions(p, off+40, off+40+plen)
	}
}

// extensions walks the extension headers from off to end (RFC 8200 section 4)
// and decodes what stands behind them.
func (d *Decoder) extensions(p *Packet, off, end int) {
	var seen extSeen
	start, before := off, p.Proto
	for { // each header is of eight bytes at least
		nh := p.Proto
		b := p.Data[off:end]
		n := 0
		if off > start && len(b) < 2 && nh != nhNone || off > maxOffset {
			p.Proto = before
			p.invalid(EvIPv6TruncExtHdr)
			return
		}
		switch nh {
		case nhHopByHop, nhDestOpts, nhRouting, nhMobility, nhHIP, nhShim6:
			if len(b) < 8 {
				p.invalid(EvIPv6TruncExtHdr)
				return
			}
			n = 8 + int(b[1])*8
			if n > len(b) {
				p.invalid(EvIPv6TruncExtHdr)
				return
			}
		case ProtoAH:
			if len(b) < 12 {
				p.invalid(EvIPv6TruncExtHdr)
				return
			}
			// RFC 4302 section 2.2: in 4-byte units, minus 2. It is never
			// shorter than its fixed fields.
			n = max((int(b[1])+2)*4, 12)
			if n > len(b) {
				p.invalid(EvIPv6TruncExtHdr)
				return
			}
		case nhFragment:
			if len(b) < 8 {
				p.invalid(EvIPv6TruncExtHdr)
				return
			}
			n = 8
		case nhNone:
			if len(b) > 0 {
				p.AddEvent(EvIPv6DataAfterNoneHeader)
			}
			p.L3Len = uint16(40 + off - start)
			return
		default:
			p.L3Len = uint16(40 + off - start)
			d.transport(p, off, end)
			return
		}
		d.extension(p, &seen, nh, b[:n], len(b))
		before, p.Proto = nh, b[0]
		off += n
		if nh != nhFragment {
			continue
		}
		if seen.frag > 1 {
			p.AddEvent(EvIPv6ExtHdrDuplFH)
		} else if d.fragment6(p, b, off, end, start) {
			return
		}
	}
}

// extSeen counts the extension headers of a packet.
type extSeen struct{ hop, dest, routing, frag, ah int }

// extension checks one extension header; rest is how much of the packet there
// is from it on.
func (d *Decoder) extension(p *Packet, seen *extSeen, nh uint8, b []byte, rest int) {
	switch nh {
	case nhHopByHop:
		if seen.hop++; seen.hop > 1 {
			p.AddEvent(EvIPv6ExtHdrDuplHH)
			return
		}
		p.ipv6Options(b[2:], rest-len(b), EvIPv6HopoptsUnknownOpt, EvIPv6HopoptsOnlyPadding)
	case nhDestOpts:
		if seen.dest++; seen.dest > 2 {
			p.AddEvent(EvIPv6ExtHdrDuplDH)
			return
		}
		p.ipv6Options(b[2:], rest-len(b), EvIPv6DstoptsUnknownOpt, EvIPv6DstoptsOnlyPadding)
	case nhRouting:
		if seen.routing++; seen.routing > 1 {
			p.AddEvent(EvIPv6ExtHdrDuplRH)
		}
		if b[2] == 0 {
			p.AddEvent(EvIPv6RHType0)
		}
	case nhFragment:
		seen.frag++
	case ProtoAH:
		if seen.ah++; seen.ah > 1 {
			p.AddEvent(EvIPv6ExtHdrDuplAH)
		}
		if binary.BigEndian.Uint16(b[2:]) != 0 {
			p.AddEvent(EvIPv6ExtHdrAHResNotNull)
		}
	}
}

// fragment6 reads the fragment header of which b begins; off is behind it. It
// reports whether the packet is a fragment, which ends decoding.
func (d *Decoder) fragment6(p *Packet, b []byte, off, end, start int) bool {
	ol := binary.BigEndian.Uint16(b[2:])
	if ol&6 != 0 || b[1] != 0 {
		p.AddEvent(EvIPv6FHNonZeroReservedField)
	}
	p.FragOff, p.FragBits = ol&^7, uint8(ol&1)
	p.IPID = binary.BigEndian.Uint32(b[4:])
	p.L3Len = uint16(40 + off - start)
	if ol&^6 == 0 {
		p.AddEvent(EvIPv6ExtHdrUselessFH)
		return false
	}
	p.Flags |= Fragment
	p.Proto = nhFragment
	p.Pay, p.PayLen = uint16(off), uint16(end-off)
	return true
}

// IPv6 options (RFC 8200 section 4.2).
const (
	opt6Pad1  = 0
	opt6PadN  = 1
	opt6Jumbo = 194
	opt6RA    = 5
	opt6HAO   = 201
)

// ipv6Options checks the options of a hop-by-hop or destination header, behind
// which the packet has more bytes: an option that ends within those ends the
// header, a longer one is broken.
func (p *Packet) ipv6Options(b []byte, more int, unknown, onlyPadding Event) {
	padded, other := false, false
loop:
	for len(b) > 0 {
		kind := b[0]
		if kind == opt6Pad1 {
			padded = true
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			break
		}
		n, least := int(b[1]), 0
		if n > len(b)-2+more {
			p.malformed(EvIPv6ExtHdrInvalidOptlen)
			break
		}
		switch kind {
		case opt6PadN:
			padded = true
			if n == 0 {
				p.AddEvent(EvIPv6ZeroLenPadn)
			}
		case opt6RA:
			least = 2
		case opt6Jumbo:
			least = 4
		case opt6HAO:
			least = 16
		default:
			p.AddEvent(unknown)
			other = true
		}
		if least > 0 {
			if n < least {
				p.malformed(EvIPv6ExtHdrInvalidOptlen)
				break loop
			}
			other = true
		}
		b = b[min(2+n, len(b)):]
	}
	if padded && !other {
		p.AddEvent(onlyPadding)
	}
}
