package decode

import (
	"encoding/binary"
	"math/bits"

	"weir/decode/packet"
)

// Dispatch returns the worker, of n, for a frame. Frames of one pair of
// addresses go to one worker in both directions, fragments and expected flows
// with them. The addresses are those of the outermost IP header; frames that
// may carry a tunnel all go to worker 0, so that inner flows, whichever way
// they come, meet as well. What has no IP header goes there too.
func Dispatch(f *packet.Frame, n int) int {
	if n <= 1 {
		return 0
	}
	off, ok := ipOffset(f)
	if !ok {
		return 0
	}
	b := f.Data[off:]
	var h uint64
	var next byte
	var l4 int
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		h = mix(uint64(binary.BigEndian.Uint32(b[12:])), uint64(binary.BigEndian.Uint32(b[16:])))
		next, l4 = b[9], int(b[0]&15)*4
		if binary.BigEndian.Uint16(b[6:])&0x1fff != 0 {
			l4 = len(b)
		}
	case len(b) >= 40 && b[0]>>4 == 6:
		s := binary.BigEndian.Uint64(b[8:]) ^ bits.RotateLeft64(binary.BigEndian.Uint64(b[16:]), 17)
		d := binary.BigEndian.Uint64(b[24:]) ^ bits.RotateLeft64(binary.BigEndian.Uint64(b[32:]), 17)
		h = mix(s, d)
		next, l4 = b[6], 40
	default:
		return 0
	}
	if tunnels(next, b, l4) {
		return 0
	}
	return int(h % uint64(n))
}

// mix is symmetric in its arguments.
func mix(a, b uint64) uint64 {
	h := (a ^ b) * 0x9e3779b97f4a7c15
	h ^= (a + b) * 0xc2b2ae3d27d4eb4f
	return h ^ h>>29
}

// tunnels reports whether an IP packet with this next header may carry another
// one: a tunnel protocol, or UDP to a port that tunnels use.
func tunnels(next byte, b []byte, l4 int) bool {
	switch next {
	case packet.ProtoIPIP, packet.ProtoIPv6, packet.ProtoGRE, 0, 43, 60, packet.ProtoAH: // IPv6 extension headers too
		return true
	case packet.ProtoUDP:
		if len(b) < l4+4 {
			return false
		}
		return tunnelPort(binary.BigEndian.Uint16(b[l4:])) || tunnelPort(binary.BigEndian.Uint16(b[l4+2:]))
	}
	return false
}

// tunnelPort reports whether UDP port p is that of VXLAN (RFC 7348), GENEVE
// (RFC 8926) or Teredo (RFC 4380).
func tunnelPort(p uint16) bool { return p == 4789 || p == 6081 || p == 3544 }

// ipOffset finds the IP header of ordinary frames.
func ipOffset(f *packet.Frame) (int, bool) {
	b := f.Data
	var off int
	var et uint16
	switch f.Link {
	case packet.LinkEthernet:
		if len(b) < 14 {
			return 0, false
		}
		off, et = 14, binary.BigEndian.Uint16(b[12:])
	case packet.LinkSLL:
		if len(b) < 16 {
			return 0, false
		}
		off, et = 16, binary.BigEndian.Uint16(b[14:])
	case packet.LinkRaw, packet.LinkRaw12, packet.LinkRaw14, packet.LinkIPv4, packet.LinkIPv6:
		return 0, true
	case packet.LinkNull, packet.LinkLoop:
		return 4, true
	default:
		return 0, false
	}
	for range 3 {
		if et != 0x8100 && et != 0x88a8 && et != 0x9100 {
			break
		}
		if len(b) < off+4 {
			return 0, false
		}
		et = binary.BigEndian.Uint16(b[off+2:])
		off += 4
	}
	return off, et == 0x0800 || et == 0x86dd
}
