package decode

import (
	"encoding/binary"

	"weir/decode/packet"
)

// maxTags bounds the headers between link layer and IP that the dispatcher
// passes over.
const maxTags = 16

// ipOffset finds the outermost IP header of a frame, behind tags, labels and
// PPPoE. Link types that are not among those here give none, so that all their
// frames go to one worker.
func ipOffset(f *packet.Frame) (int, bool) {
	b := f.Data
	switch f.Link {
	case packet.LinkEthernet:
		return etherOffset(b, 12)
	case packet.LinkSLL:
		return etherOffset(b, 14)
	case packet.LinkRaw, packet.LinkRaw12, packet.LinkRaw14, packet.LinkIPv4, packet.LinkIPv6:
		return 0, true
	case packet.LinkNull, packet.LinkLoop:
		return 4, len(b) >= 4
	}
	return 0, false
}

// etherOffset finds the IP header behind the Ethernet type at b[at].
func etherOffset(b []byte, at int) (int, bool) {
	for range maxTags {
		if len(b) < at+2 {
			return 0, false
		}
		off := at + 2
		switch binary.BigEndian.Uint16(b[at:]) {
		case 0x0800, 0x86dd:
			return off, true
		case 0x8100, 0x88a8, 0x9100: // IEEE 802.1Q, 802.1ad
			at = off + 2
		case 0x8926: // VN-Tag
			at = off + 4
		case 0x893f: // E-Tag, IEEE 802.1BR
			at = off + 6
		case 0x88e7: // IEEE 802.1ah, with the addresses of the inner frame
			at = off + 16
		case 0x8903: // FabricPath, before a whole frame
			at = off + 2 + 12
		case 0x8864: // PPPoE session, RFC 2516
			return pppOffset(b, off+6)
		case 0x894f: // NSH, RFC 8300
			next := uint8(0)
			if off, next = serviceOffset(b, off); next != nshEthernet {
				return off, next == nshIPv4 || next == nshIPv6
			}
			at = off + 12
		case 0x8847, 0x8848: // MPLS, RFC 3032
			var inner bool
			if at, inner = labelsOffset(b, off); !inner {
				return at, at < len(b)
			}
		default:
			return 0, false
		}
	}
	return 0, false
}

// Protocols behind a Network Service Header.
const (
	nshIPv4     = 1
	nshIPv6     = 2
	nshEthernet = 3
)

// serviceOffset passes over a Network Service Header and returns what stands
// behind it, 0 if it is not whole.
func serviceOffset(b []byte, off int) (at int, next uint8) {
	if len(b) < off+8 {
		return 0, 0
	}
	at = off + int(b[off+1]&0x3f)*4
	if at > len(b) {
		return 0, 0
	}
	return at, b[off+3]
}

// pppOffset finds the IP header behind the PPP protocol at b[at] (RFC 1661
// section 2), which may be one byte or two.
func pppOffset(b []byte, at int) (int, bool) {
	if len(b) < at+2 {
		return 0, false
	}
	p, off := uint16(b[at]), at+1
	if p&1 == 0 {
		p, off = p<<8|uint16(b[at+1]), at+2
	}
	return off, p == 0x21 || p == 0x57
}

// labelsOffset passes over a label stack. Under it stands IP, or a frame (RFC
// 4448) of which it returns the place of the Ethernet type.
func labelsOffset(b []byte, off int) (at int, inner bool) {
	for last := false; !last; off += 4 {
		if len(b) < off+5 {
			return len(b), false
		}
		last = b[off+2]&1 != 0
	}
	switch b[off] >> 4 {
	case 4, 6:
		return off, false
	case 0: // a control word
		off += 4
	}
	return off + 12, true
}
