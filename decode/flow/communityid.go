package flow

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/netip"

	"weir/decode/packet"
)

// AppendCommunityID appends the Community ID, version 1, of a tuple
// (https://github.com/corelight/community-id-spec). For ICMP the ports are type
// and code of the message.
func AppendCommunityID(b []byte, seed uint16, src, dst netip.Addr, sport, dport uint16, proto uint8) []byte {
	s, d := src.Unmap().AsSlice(), dst.Unmap().AsSlice()
	oneWay := false
	switch proto {
	case packet.ProtoICMP:
		sport, dport, oneWay = icmpPair(icmp4Pairs[:], sport, dport)
	case packet.ProtoICMPv6:
		sport, dport, oneWay = icmpPair(icmp6Pairs[:], sport, dport)
	}
	if c := bytes.Compare(s, d); !oneWay && (c > 0 || c == 0 && sport > dport) {
		s, d, sport, dport = d, s, dport, sport
	}
	var buf [40]byte
	in := binary.BigEndian.AppendUint16(buf[:0], seed)
	in = append(append(in, s...), d...)
	in = append(in, proto, 0)
	switch proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP, packet.ProtoICMP, packet.ProtoICMPv6:
		in = binary.BigEndian.AppendUint16(in, sport)
		in = binary.BigEndian.AppendUint16(in, dport)
	}
	sum := sha1.Sum(in)
	return base64.StdEncoding.AppendEncode(append(b, "1:"...), sum[:])
}

// icmp4Pairs and icmp6Pairs are message types that answer each other.
var (
	icmp4Pairs = [...][2]uint16{{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}}
	icmp6Pairs = [...][2]uint16{{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}}
)

// icmpPair returns the types of both directions as ports; a message without an
// answer keeps its code, and its direction.
func icmpPair(pairs [][2]uint16, typ, code uint16) (a, b uint16, oneWay bool) {
	for _, p := range pairs {
		if typ == p[0] {
			return p[0], p[1], false
		}
		if typ == p[1] {
			return p[1], p[0], false
		}
	}
	return typ, code, true
}
