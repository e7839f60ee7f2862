package packet

import "encoding/binary"

// mapped is the start of an IPv4 address in sixteen bytes (RFC 4291 section
// 2.5.5.2).
const mapped = 0xffff00000000

// setIPv4 stores addresses as ::ffff:a.b.c.d.
func (p *Packet) setIPv4(b []byte) {
	clear(p.Src[:8])
	clear(p.Dst[:8])
	binary.BigEndian.PutUint64(p.Src[8:], mapped|uint64(binary.BigEndian.Uint32(b[12:])))
	binary.BigEndian.PutUint64(p.Dst[8:], mapped|uint64(binary.BigEndian.Uint32(b[16:])))
}

// ipv4 decodes RFC 791 section 3.1 at off.
func (d *Decoder) ipv4(p *Packet, off int) {
	d.Counters.IPv4++
	if !d.layer(p) {
		return
	}
	b := p.Data[off:]
	if len(b) < 20 {
		p.invalid(EvIPv4PktTooSmall)
		return
	}
	if b[0]>>4 != 4 {
		p.invalid(EvIPv4WrongIPVersion)
		return
	}
	hlen, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case hlen < 20:
		p.invalid(EvIPv4HLenTooSmall)
		return
	case total < hlen:
		p.invalid(EvIPv4IPLenSmallerThanHLen)
		return
	case len(b) < total:
		p.invalid(EvIPv4TruncPkt)
		return
	}
	ff := binary.BigEndian.Uint16(b[6:])
	p.Version, p.Proto, p.TTL, p.TOS = 4, b[9], b[8], b[1]
	p.L3, p.L3Len, p.IPLen = uint16(off), uint16(hlen), uint32(total)
	p.IPID = uint32(binary.BigEndian.Uint16(b[4:]))
	p.FragOff, p.FragBits = ff&0x1fff*8, uint8(ff>>13)
	p.setIPv4(b)
	if hlen > 20 && !p.ipv4Options(b[20:hlen]) {
		p.Version = 0
		return
	}
	if d.opt.Checksums && sum(b[:hlen], 0) != 0xffff {
		p.Flags |= BadChecksum
	}
	if ff&0x3fff != 0 {
		p.Flags |= Fragment
		p.Pay, p.PayLen = uint16(off+hlen), uint16(total-hlen)
		return
	}
	d.transport(p, off+hlen, off+total)
}

// IPv4 options (IANA "Internet Protocol Version 4 (IPv4) Parameters").
const (
	ipOptEOL    = 0
	ipOptNOP    = 1
	ipOptRR     = 7
	ipOptQS     = 25
	ipOptTS     = 68
	ipOptSec    = 130
	ipOptLSRR   = 131
	ipOptESec   = 133
	ipOptCIPSO  = 134
	ipOptSID    = 136
	ipOptSSRR   = 137
	ipOptRTRALT = 148
)

// ipv4Options notes which options are there and what is wrong with them. It
// reports whether they could be read to their end.
func (p *Packet) ipv4Options(b []byte) bool {
	if len(b)%8 != 0 {
		p.AddEvent(EvIPv4OptPadRequired)
	}
	for len(b) > 0 {
		kind := b[0]
		if kind == ipOptEOL {
			p.IPOpts |= IPOptEOL
			return true
		}
		if kind == ipOptNOP {
			p.IPOpts |= IPOptNOP
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			p.AddEvent(EvIPv4OptEOLRequired)
			return true
		}
		n := int(b[1])
		if n > len(b) || n < 2 {
			p.invalid(EvIPv4OptInvalidLen)
			return false
		}
		bit, wrong := ipOption(kind, b[:n])
		switch {
		case bit == 0:
			p.AddEvent(EvIPv4OptInvalid)
		case p.IPOpts&bit != 0:
			p.AddEvent(EvIPv4OptDuplicate)
		case wrong != evNone:
			p.malformed(wrong)
		default:
			p.IPOpts |= bit
		}
		b = b[n:]
	}
	return true
}

// ipOption returns the flag of an option, none if it is not known, and what is
// wrong with its length or pointer (RFC 791 section 3.1, RFC 1108, RFC 2113).
func ipOption(kind byte, b []byte) (IPOpts, Event) {
	switch kind {
	case ipOptRR:
		return IPOptRR, route(b)
	case ipOptLSRR:
		return IPOptLSRR, route(b)
	case ipOptSSRR:
		return IPOptSSRR, route(b)
	case ipOptTS:
		return IPOptTS, pointer(b, 4, 5, 1)
	case ipOptQS:
		return IPOptQS, length(len(b) == 8)
	case ipOptSec:
		return IPOptSec, length(len(b) >= 3)
	case ipOptESec:
		return IPOptESec, length(len(b) >= 3)
	case ipOptCIPSO:
		return IPOptCIPSO, length(len(b) >= 10)
	case ipOptSID:
		return IPOptSatID, length(len(b) == 4)
	case ipOptRTRALT:
		return IPOptRTRALT, length(len(b) == 4)
	}
	return 0, evNone
}

// length returns the event of a wrong length, unless it is right.
func length(right bool) Event {
	if right {
		return evNone
	}
	return EvIPv4OptInvalidLen
}

// route checks length and pointer of a route option: the pointer is to one of
// the addresses, or behind the last.
func route(b []byte) Event { return pointer(b, 3, 4, 4) }

// pointer checks an option of at least min bytes whose third byte points, from
// 1, to first or a multiple of step behind it.
func pointer(b []byte, min, first, step int) Event {
	if len(b) < min {
		return EvIPv4OptInvalidLen
	}
	if at := int(b[2]); at < first || (at-first)%step != 0 || at > len(b)+1 {
		return EvIPv4OptMalformed
	}
	return evNone
}

// sum adds 16-bit words in ones' complement (RFC 1071).
func sum(b []byte, acc uint32) uint32 {
	for len(b) >= 2 {
		acc += uint32(b[0])<<8 | uint32(b[1])
		b = b[2:]
	}
	if len(b) == 1 {
		acc += uint32(b[0]) << 8
	}
	for acc > 0xffff {
		acc = acc&0xffff + acc>>16
	}
	return acc
}
