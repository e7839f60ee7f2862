package packettest

import (
	"bytes"
	"slices"

	"weir/decode/packet"
)

// Case is a frame and what decoding says of it.
type Case struct {
	Name    string
	Link    packet.LinkType
	Frame   []byte
	Events  []packet.Event // of all its packets, innermost first
	Invalid bool           // the last packet is unusable
}

// Two hosts of each version.
var (
	v4 = IP{Src: "10.0.0.1", Dst: "10.0.0.2"}
	v6 = IP{Src: "2001:db8::1", Dst: "2001:db8::2"}
)

func proto(h IP, p uint8) IP { h.Proto = p; return h }

func segment(opts ...byte) TCP {
	return TCP{SrcPort: 1024, DstPort: 80, Seq: 1, Flags: packet.SYN, Opts: opts}
}

func ev(e ...packet.Event) []packet.Event { return e }

// Broken returns frames with everything decoding complains about, each event at
// least once.
func Broken() []Case {
	return slices.Concat(brokenLink(), brokenTags(), brokenTunnels(), brokenIPv4(), brokenIPv6(), brokenTransport())
}

func brokenIPv4() []Case {
	eth := func(name string, ip []byte, invalid bool, e ...packet.Event) Case {
		return Case{name, packet.LinkEthernet, Ether(IPv4, ip), e, invalid}
	}
	opts := func(b ...byte) []byte { h := v4; h.Opts = b; return h.UDP(1, 2, nil) }
	udp := v4.UDP(1024, 9, []byte("data"))
	return []Case{
		eth("ipv4 header cut", Cut(udp, 19), true, packet.EvIPv4PktTooSmall),
		eth("ipv4 version 5", Set(udp, 0, 0x55), true, packet.EvIPv4WrongIPVersion),
		eth("ipv4 header length 16", Set(udp, 0, 0x44), true, packet.EvIPv4HLenTooSmall),
		eth("ipv4 total shorter than header", Set(udp, 2, 0, 19), true, packet.EvIPv4IPLenSmallerThanHLen),
		eth("ipv4 total longer than frame", Set(udp, 2, 1, 0), true, packet.EvIPv4TruncPkt),
		eth("ipv4 options cut in length", opts(1, 1, 1, 7), false, packet.EvIPv4OptPadRequired, packet.EvIPv4OptEOLRequired),
		eth("ipv4 option longer than the header", opts(7, 9, 4, 0, 0, 0, 0, 0), true, packet.EvIPv4OptInvalidLen),
		eth("ipv4 option of length 1", opts(7, 1, 4, 0, 0, 0, 0, 0), true, packet.EvIPv4OptInvalidLen),
		eth("ipv4 record route", opts(7, 7, 4, 0, 0, 0, 0, 0), false),
		eth("ipv4 record route pointer 3", opts(7, 7, 3, 0, 0, 0, 0, 0), false, packet.EvIPv4OptMalformed),
		eth("ipv4 record route twice", opts(7, 7, 4, 0, 0, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0, 0), false, packet.EvIPv4OptDuplicate),
		eth("ipv4 unknown option", opts(99, 4, 0, 0, 1, 1, 1, 0), false, packet.EvIPv4OptInvalid),
		eth("ipv4 router alert", opts(148, 4, 0, 0), false, packet.EvIPv4OptPadRequired),
		eth("ipv4 router alert of length 3", opts(148, 3, 0, 0, 0, 0, 0, 0), false, packet.EvIPv4OptInvalidLen),
		eth("ipv4 security of length 10", opts(130, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), false),
		eth("ipv4 security", opts(130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), false),
		eth("ipv4 stream id of length 8", opts(136, 8, 0, 0, 0, 0, 0, 0), false, packet.EvIPv4OptInvalidLen),
		eth("ipv4 stream id", opts(136, 4, 0, 0, 0, 0, 0, 0), false),
		eth("ipv4 time stamp pointer 4", opts(68, 8, 4, 0, 0, 0, 0, 0), false, packet.EvIPv4OptMalformed),
		eth("ipv4 time stamp", opts(68, 8, 5, 0, 0, 0, 0, 0), false),
		eth("ipv4 loose source route", opts(131, 7, 4, 1, 2, 3, 4, 0), false),
		eth("ipv4 strict source route of length 2", opts(137, 2, 0, 0, 0, 0, 0, 0), false, packet.EvIPv4OptInvalidLen),
		eth("ipv4 cipso of length 4", opts(134, 4, 0, 0, 0, 0, 0, 0), false, packet.EvIPv4OptInvalidLen),
		eth("ipv4 quick start", opts(25, 8, 0, 0, 0, 0, 0, 0), false),
		eth("ipv4 extended security of length 2", opts(133, 2, 0, 0, 0, 0, 0, 0), false, packet.EvIPv4OptInvalidLen),
		eth("ipv4 with icmpv6", proto(v4, packet.ProtoICMPv6).Wrap(make([]byte, 8)), true, packet.EvIPv4ICMPv6),
		eth("ipv4 protocol 254", proto(v4, 254).Wrap(make([]byte, 8)), false),
	}
}

// ext returns an extension header or several of IPv6 and a UDP datagram, when
// the last of them names it.
func ext(next uint8, b ...byte) []byte {
	h := v6
	udp := h.UDP(1024, 9, []byte("data"))[40:]
	return proto(v6, next).Wrap(append(b, udp...))
}

func brokenIPv6() []Case {
	eth := func(name string, ip []byte, invalid bool, e ...packet.Event) Case {
		return Case{name, packet.LinkEthernet, Ether(IPv6, ip), e, invalid}
	}
	udp := v6.UDP(1024, 9, []byte("data"))
	frag := func(next uint8, off int, more bool) []byte { return FragmentHeader(next, off, more, 7) }
	return []Case{
		eth("ipv6 header cut", Cut(udp, 39), true, packet.EvIPv6PktTooSmall),
		eth("ipv6 version 5", Set(udp, 0, 0x50), true, packet.EvIPv6WrongIPVersion),
		eth("ipv6 payload longer than frame", Set(udp, 4, 1, 0), true, packet.EvIPv6TruncPkt),
		eth("ipv6 extension header cut", proto(v6, 0).Wrap([]byte{17, 0, 1, 4, 0, 0, 0}), true, packet.EvIPv6TruncExtHdr),
		eth("ipv6 extension header of one byte", proto(v6, 60).Wrap([]byte{17}), true, packet.EvIPv6TruncExtHdr),
		eth("ipv6 extension header too long", proto(v6, 0).Wrap([]byte{17, 1, 1, 4, 0, 0, 0, 0}), true, packet.EvIPv6TruncExtHdr),
		eth("ipv6 nothing behind the extension header", proto(v6, 60).Wrap([]byte{6, 0, 5, 2, 0, 0, 1, 0}), true, packet.EvIPv6ZeroLenPadn, packet.EvIPv6TruncExtHdr),
		eth("ipv6 hop-by-hop with padding only", ext(0, 17, 0, 1, 4, 0, 0, 0, 0), false, packet.EvIPv6HopoptsOnlyPadding),
		eth("ipv6 hop-by-hop with router alert", ext(0, 17, 0, 5, 2, 0, 0, 1, 0), false, packet.EvIPv6ZeroLenPadn),
		eth("ipv6 hop-by-hop with router alert and pad1", ext(0, 17, 0, 5, 2, 0, 0, 0, 0), false),
		eth("ipv6 hop-by-hop with unknown option", ext(0, 17, 0, 30, 4, 0, 0, 0, 0), false, packet.EvIPv6HopoptsUnknownOpt),
		eth("ipv6 hop-by-hop option too long", ext(0, 17, 0, 30, 5, 0, 0, 0, 0), false, packet.EvIPv6HopoptsUnknownOpt),
		eth("ipv6 router alert of length 3", ext(0, 17, 0, 5, 3, 0, 0, 0, 0), false),
		eth("ipv6 jumbo payload", ext(0, 17, 0, 194, 4, 0, 1, 0, 0), false),
		eth("ipv6 jumbo payload of length 3", ext(0, 17, 0, 194, 3, 0, 1, 0, 0), false, packet.EvIPv6ExtHdrInvalidOptlen),
		eth("ipv6 hop-by-hop twice", ext(0, 0, 0, 5, 2, 0, 0, 0, 0, 17, 0, 5, 2, 0, 0, 0, 0), false, packet.EvIPv6ExtHdrDuplHH),
		eth("ipv6 destination options with padding only", ext(60, 17, 0, 1, 4, 0, 0, 0, 0), false, packet.EvIPv6DstoptsOnlyPadding),
		eth("ipv6 destination options with unknown option", ext(60, 17, 0, 30, 4, 0, 0, 0, 0), false, packet.EvIPv6DstoptsUnknownOpt),
		eth("ipv6 destination options with home address", ext(60, 17, 2, 201, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 2, 0, 0), false),
		eth("ipv6 home address of length 15", ext(60, 17, 2, 201, 15, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, 3, 0, 0, 0), false, packet.EvIPv6ExtHdrInvalidOptlen),
		eth("ipv6 destination options three times", ext(60, 60, 0, 5, 2, 0, 0, 0, 0, 60, 0, 5, 2, 0, 0, 0, 0, 17, 0, 5, 2, 0, 0, 0, 0), false, packet.EvIPv6ExtHdrDuplDH),
		eth("ipv6 routing header of type 0", ext(43, 17, 0, 0, 0, 0, 0, 0, 0), false, packet.EvIPv6RHType0),
		eth("ipv6 routing header of type 2", ext(43, 17, 0, 2, 0, 0, 0, 0, 0), false),
		eth("ipv6 routing header twice", ext(43, 43, 0, 2, 0, 0, 0, 0, 0, 17, 0, 2, 0, 0, 0, 0, 0), false, packet.EvIPv6ExtHdrDuplRH),
		eth("ipv6 fragment header without need", ext(44, frag(17, 0, false)...), false, packet.EvIPv6ExtHdrUselessFH),
		eth("ipv6 fragment header twice", ext(44, append(frag(44, 0, false), frag(17, 0, false)...)...), false, packet.EvIPv6ExtHdrUselessFH, packet.EvIPv6ExtHdrDuplFH),
		eth("ipv6 fragment header with reserved bits", ext(44, Set(frag(17, 0, false), 1, 1)...), false, packet.EvIPv6FHNonZeroReservedField, packet.EvIPv6ExtHdrUselessFH),
		eth("ipv6 authentication header", ext(51, 17, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), false),
		eth("ipv6 authentication header with reserved bits", ext(51, 17, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), false, packet.EvIPv6ExtHdrAHResNotNull),
		eth("ipv6 authentication header twice", ext(51, 51, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 17, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1), false, packet.EvIPv6ExtHdrDuplAH),
		eth("ipv6 no next header", proto(v6, 59).Wrap(nil), false),
		eth("ipv6 data behind no next header", proto(v6, 59).Wrap([]byte{1, 2, 3, 4}), false, packet.EvIPv6DataAfterNoneHeader),
		eth("ipv6 unknown next header", proto(v6, 254).Wrap(make([]byte, 8)), false, packet.EvIPv6UnknownNextHeader),
		eth("ipv6 unknown next header behind an extension header", proto(v6, 60).Wrap([]byte{254, 0, 5, 2, 0, 0, 0, 0, 1, 2, 3, 4}), false, packet.EvIPv6UnknownNextHeader),
		eth("ipv6 mobility header", proto(v6, 135).Wrap([]byte{59, 0, 0, 0, 0, 0, 0, 0}), false),
		eth("ipv6 with icmpv4", proto(v6, packet.ProtoICMP).Wrap(make([]byte, 8)), false, packet.EvIPv6ICMPv4),
		eth("ipv6 with igmp", proto(v6, packet.ProtoIGMP).Wrap(make([]byte, 8)), false, packet.EvIPv6UnknownNextHeader),
		eth("ipv6 with esp", proto(v6, packet.ProtoESP).Wrap(make([]byte, 12)), false),
		eth("ipv6 with short ipv4", proto(v6, packet.ProtoIPIP).Wrap(make([]byte, 19)), false, packet.EvIPv6IPv4InIPv6TooSmall),
		eth("ipv6 with wrong ipv4", proto(v6, packet.ProtoIPIP).Wrap(make([]byte, 20)), false, packet.EvIPv6IPv4InIPv6WrongVersion),
		eth("ipv6 with short ipv6", proto(v6, packet.ProtoIPv6).Wrap(make([]byte, 39)), false, packet.EvIPv6IPv6InIPv6TooSmall),
		eth("ipv6 with wrong ipv6", proto(v6, packet.ProtoIPv6).Wrap(make([]byte, 40)), false, packet.EvIPv6IPv6InIPv6WrongVersion),
	}
}

// sctp returns a packet with a verification tag and chunks.
func sctp(tag byte, chunks ...byte) []byte {
	return proto(v4, packet.ProtoSCTP).Wrap(append([]byte{4, 0, 0, 9, 0, 0, 0, tag, 0, 0, 0, 0}, chunks...))
}

func brokenTransport() []Case {
	eth := func(name string, ip []byte, invalid bool, e ...packet.Event) Case {
		return Case{name, packet.LinkEthernet, EtherIP(ip), e, invalid}
	}
	tcp := v4.TCP(segment())
	udp := v4.UDP(1024, 9, []byte("data"))
	cut := func(ip []byte, n int) []byte { // shortens an IPv4 packet, header included
		return Set(Cut(ip, n), 2, byte(n>>8), byte(n))
	}
	quoted := v4.UDP(1024, 9, nil)
	return []Case{
		eth("tcp header cut", cut(tcp, 39), true, packet.EvTCPPktTooSmall),
		eth("tcp header length 16", Set(tcp, 32, 0x40), true, packet.EvTCPInvalidOptlen),
		eth("tcp header longer than packet", Set(tcp, 32, 0x60), true, packet.EvTCPHLenTooSmall),
		eth("tcp option longer than the header", v4.TCP(segment(2, 9, 0, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp option of length 1", v4.TCP(segment(2, 1, 0, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp option without length", v4.TCP(segment(1, 1, 1, 2)), false),
		eth("tcp mss", v4.TCP(segment(2, 4, 5, 0xb4)), false),
		eth("tcp mss of length 3", v4.TCP(segment(2, 3, 0, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp mss twice", v4.TCP(segment(2, 4, 5, 0xb4, 2, 4, 5, 0xb4)), false, packet.EvTCPOptDuplicate),
		eth("tcp window scale", v4.TCP(segment(3, 3, 7, 0)), false),
		eth("tcp window scale 15", v4.TCP(segment(3, 3, 15, 0)), false),
		eth("tcp window scale of length 4", v4.TCP(segment(3, 4, 7, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp window scale twice", v4.TCP(segment(3, 3, 7, 1, 3, 3, 7, 0)), false, packet.EvTCPOptDuplicate),
		eth("tcp sack permitted of length 3", v4.TCP(segment(4, 3, 0, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp sack permitted twice", v4.TCP(segment(4, 2, 4, 2)), false, packet.EvTCPOptDuplicate),
		eth("tcp sack", v4.TCP(segment(5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0)), false),
		eth("tcp sack of length 11", v4.TCP(segment(5, 11, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp sack of length 2", v4.TCP(segment(5, 2, 0, 0)), false),
		eth("tcp time stamp", v4.TCP(segment(8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)), false),
		eth("tcp time stamp of length 9", v4.TCP(segment(8, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp time stamp twice", v4.TCP(segment(8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0)), false, packet.EvTCPOptDuplicate),
		eth("tcp fast open", v4.TCP(segment(34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0)), false),
		eth("tcp fast open of length 3", v4.TCP(segment(34, 3, 1, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp fast open of length 20", v4.TCP(segment(34, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)), false, packet.EvTCPOptInvalidLen),
		eth("tcp md5", v4.TCP(segment(19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0)), false),
		eth("tcp md5 of length 17", v4.TCP(segment(19, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp authentication", v4.TCP(segment(29, 4, 0, 0)), false),
		eth("tcp authentication of length 3", v4.TCP(segment(29, 3, 0, 0)), false, packet.EvTCPOptInvalidLen),
		eth("tcp unknown option", v4.TCP(segment(77, 4, 0, 0)), false),
		eth("udp header cut", cut(udp, 27), true, packet.EvUDPHLenTooSmall),
		eth("udp length longer than packet", Set(udp, 24, 0, 13), true, packet.EvUDPPktTooSmall),
		eth("udp length shorter than header", Set(udp, 24, 0, 7), true, packet.EvUDPLenInvalid),
		eth("udp length shorter than packet", Set(udp, 24, 0, 11), false),
		eth("sctp header cut", proto(v4, packet.ProtoSCTP).Wrap(make([]byte, 11)), true, packet.EvSCTPPktTooSmall),
		eth("sctp chunk cut", sctp(1, 3, 0, 0, 4, 3, 0), false, packet.EvSCTPChunkTooSmall),
		eth("sctp chunk of length 3", sctp(1, 3, 0, 0, 3), false, packet.EvSCTPChunkLenInvalid),
		eth("sctp chunk longer than packet", sctp(1, 3, 0, 0, 5), false, packet.EvSCTPChunkLenInvalid),
		eth("sctp init with another chunk", sctp(0, 1, 0, 0, 4, 11, 0, 0, 4), false, packet.EvSCTPInitChunkBundled),
		eth("sctp init with a tag", sctp(7, 1, 0, 0, 4), false, packet.EvSCTPInitWithNonZeroVTag),
		eth("sctp data without a tag", sctp(0, 0, 3, 0, 17, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 'x', 0, 0, 0), false, packet.EvSCTPDataWithZeroVTag),
		eth("sctp chunks too many", sctp(7, bytes.Repeat([]byte{6, 0, 0, 4}, 17)...), false, packet.EvSCTPTooManyChunks),
		eth("sctp data chunks too many", sctp(7, bytes.Repeat([]byte{0, 3, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 17)...), false,
			packet.EvSCTPTooManyChunks, packet.EvSCTPTooManyDataChunks),
		eth("esp header cut", proto(v4, packet.ProtoESP).Wrap(make([]byte, 7)), true, packet.EvESPPktTooSmall),
		eth("icmpv4 header cut", proto(v4, packet.ProtoICMP).Wrap(make([]byte, 7)), true, packet.EvICMPv4PktTooSmall),
		eth("icmpv4 unknown type", v4.ICMP(99, 0, 0, nil), false, packet.EvICMPv4UnknownType),
		eth("icmpv4 unknown code", v4.ICMP(8, 1, 0, nil), false, packet.EvICMPv4UnknownCode),
		eth("icmpv4 router advertisement code 5", v4.ICMP(9, 5, 0, nil), false),
		eth("icmpv4 router advertisement code 16", v4.ICMP(9, 16, 0, nil), false),
		eth("icmpv4 unreachable without a packet", v4.ICMP(3, 1, 0, nil), false),
		eth("icmpv4 unreachable", v4.ICMP(3, 1, 0, quoted), false),
		eth("icmpv4 quoted packet cut", v4.ICMP(3, 1, 0, Cut(quoted, 19)), false, packet.EvICMPv4IPv4TruncPkt),
		eth("icmpv4 quoted version 6", v4.ICMP(3, 1, 0, Set(quoted, 0, 0x65)), false, packet.EvICMPv4IPv4UnknownVer),
		eth("icmpv4 redirect code 4", v4.ICMP(5, 4, 0, quoted), false, packet.EvICMPv4UnknownCode),
		eth("icmpv4 time exceeded with a packet cut", v4.ICMP(11, 0, 0, Cut(quoted, 10)), false, packet.EvICMPv4IPv4TruncPkt),
		eth("icmpv4 parameter problem code 3", v4.ICMP(12, 3, 0, quoted), false, packet.EvICMPv4UnknownCode),
		eth("icmpv4 quoted udp header cut", v4.ICMP(3, 1, 0, Cut(quoted, 24)), false),
		eth("icmpv6 header cut", proto(v6, packet.ProtoICMPv6).Wrap(make([]byte, 7)), true, packet.EvICMPv6PktTooSmall),
		eth("icmpv6 type 0", v6.ICMP(0, 0, 0, nil), false, packet.EvICMPv6UnknownType),
		eth("icmpv6 type 5", v6.ICMP(5, 0, 0, nil), false, packet.EvICMPv6UnassignedType),
		eth("icmpv6 type 100", v6.ICMP(100, 0, 0, nil), false, packet.EvICMPv6ExperimentationType),
		eth("icmpv6 type 127", v6.ICMP(127, 0, 0, nil), false, packet.EvICMPv6UnknownType),
		eth("icmpv6 type 160", v6.ICMP(160, 0, 0, nil), false, packet.EvICMPv6UnassignedType),
		eth("icmpv6 type 255", v6.ICMP(255, 0, 0, nil), false, packet.EvICMPv6UnassignedType),
		eth("icmpv6 echo code 1", v6.ICMP(128, 1, 0, nil), false, packet.EvICMPv6UnknownCode),
		eth("icmpv6 unreachable code 8", v6.ICMP(1, 8, 0, v6.UDP(1, 2, nil)), false, packet.EvICMPv6UnknownCode),
		eth("icmpv6 quoted packet cut", v6.ICMP(1, 0, 0, make([]byte, 39)), false, packet.EvICMPv6IPv6TruncPkt),
		eth("icmpv6 quoted version 4", v6.ICMP(1, 0, 0, make([]byte, 40)), false, packet.EvICMPv6IPv6UnknownVersion),
		eth("icmpv6 too big", v6.ICMP(2, 0, 1280, v6.UDP(1, 2, nil)), false),
		eth("icmpv6 listener query with hop limit 64", v6.ICMP(130, 0, 0, make([]byte, 16)), false, packet.EvICMPv6MLDMessageWithInvalidHL),
		eth("icmpv6 listener report with hop limit 64", v6.ICMP(131, 0, 0, make([]byte, 16)), false, packet.EvICMPv6MLDMessageWithInvalidHL),
		eth("icmpv6 neighbour solicitation code 1", v6.ICMP(135, 1, 0, make([]byte, 16)), false, packet.EvICMPv6UnknownCode),
		eth("icmpv6 router renumbering code 3", v6.ICMP(138, 3, 0, nil), false, packet.EvICMPv6UnknownCode),
		eth("icmpv6 node information code 3", v6.ICMP(139, 3, 0, nil), false, packet.EvICMPv6UnknownCode),
		eth("icmpv6 parameter problem code 3", v6.ICMP(4, 3, 0, v6.UDP(1, 2, nil)), false, packet.EvICMPv6UnknownCode),
		eth("igmp header cut", proto(v4, packet.ProtoIGMP).Wrap(make([]byte, 7)), true, packet.EvIGMPPktTooSmall),
	}
}
