package packettest

import "weir/decode/packet"

// Whole is a frame that decoding reads to its transport payload.
type Whole struct {
	Name  string
	Link  packet.LinkType
	Frame []byte
	// Sources of its packets, innermost first; VLAN identifiers of the
	// innermost, which carries Data from port 1024 to port 9.
	Sources []packet.Source
	VLANs   []uint16
}

// Data is the payload of each Whole.
const Data = "data"

// Wholes returns frames of every link type, tag and tunnel.
func Wholes() []Whole {
	udp4, udp6 := v4.UDP(1024, 9, []byte(Data)), v6.UDP(1024, 9, []byte(Data))
	wire := []packet.Source{packet.SourceWire}
	via := func(s ...packet.Source) []packet.Source { return append(s, packet.SourceWire) }
	outer := IP{Src: "192.0.2.1", Dst: "192.0.2.2"}
	outer6 := IP{Src: "2001:db8:1::1", Dst: "2001:db8:1::2"}
	gre := func(b []byte) []byte { return EtherIP(proto(outer, packet.ProtoGRE).Wrap(b)) }
	nsh := func(next byte, b []byte) []byte {
		return Ether(NSH, append([]byte{0x0f, 0xc2, 2, next, 0, 0, 1, 255}, b...))
	}
	eth, eth6 := Ether(IPv4, udp4), Ether(IPv6, udp6)
	return []Whole{
		{"ethernet ipv4", packet.LinkEthernet, eth, wire, nil},
		{"ethernet ipv6", packet.LinkEthernet, eth6, wire, nil},
		{"ethernet with padding", packet.LinkEthernet, append(Ether(IPv4, udp4), make([]byte, 14)...), wire, nil},
		{"raw ipv4", packet.LinkRaw, udp4, wire, nil},
		{"raw ipv6", packet.LinkRaw, udp6, wire, nil},
		{"raw 12", packet.LinkRaw12, udp4, wire, nil},
		{"raw 14", packet.LinkRaw14, udp4, wire, nil},
		{"ipv4", packet.LinkIPv4, udp4, wire, nil},
		{"ipv6", packet.LinkIPv6, udp6, wire, nil},
		{"null ipv4", packet.LinkNull, Null(2, udp4), wire, nil},
		{"null ipv6 of Linux", packet.LinkNull, Null(10, udp6), wire, nil},
		{"null ipv6 of NetBSD", packet.LinkNull, Null(24, udp6), wire, nil},
		{"null ipv6 of FreeBSD", packet.LinkNull, Null(28, udp6), wire, nil},
		{"null ipv6 of Darwin", packet.LinkNull, Null(30, udp6), wire, nil},
		{"loop", packet.LinkLoop, append([]byte{0, 0, 0, 2}, udp4...), wire, nil},
		{"sll", packet.LinkSLL, SLLHeader(IPv4, udp4), wire, nil},
		{"sll2", packet.LinkSLL2, SLL2Header(IPv6, udp6), wire, nil},
		{"sll with vlan", packet.LinkSLL, SLLHeader(VLAN, Tag(7, IPv4, udp4)), wire, []uint16{7}},
		{"ppp with address", packet.LinkPPP, Words([]uint16{0xff03, 0x0021}, udp4), wire, nil},
		{"ppp without address", packet.LinkPPP, Words([]uint16{0x0057}, udp6), wire, nil},
		{"ppp of one byte", packet.LinkPPP, append([]byte{0x21}, udp4...), wire, nil},
		{"ppp serial", packet.LinkPPPSerial, Words([]uint16{0xff03, 0x0021}, udp4), wire, nil},
		{"ppp mpls", packet.LinkPPP, Words([]uint16{0xff03, 0x0281}, Labels(udp4, 100)), wire, nil},
		{"chdlc", packet.LinkCHDLC, Words([]uint16{0x0f00, IPv4}, udp4), wire, nil},
		{"802.11", packet.LinkWifi, WiFi(IPv4, udp4), wire, nil},
		{"radiotap", packet.LinkRadiotap, Radiotap(WiFi(IPv6, udp6)), wire, nil},
		{"nflog ipv4", packet.LinkNFLOG, NFLOG(2, udp4), wire, nil},
		{"nflog ipv6", packet.LinkNFLOG, NFLOG(10, udp6), wire, nil},

		{"vlan", packet.LinkEthernet, Ether(VLAN, Tag(5, IPv4, udp4)), wire, []uint16{5}},
		{"vlan with priority", packet.LinkEthernet, Ether(VLAN, Tag(0xe005, IPv4, udp4)), wire, []uint16{5}},
		{"qinq", packet.LinkEthernet, Ether(QinQ, Tag(5, VLAN, Tag(6, IPv6, udp6))), wire, []uint16{5, 6}},
		{"vlan three deep", packet.LinkEthernet, Ether(VLAN, Tag(5, VLAN, Tag(6, VLAN, Tag(7, IPv4, udp4)))), wire, []uint16{5, 6, 7}},
		{"vntag", packet.LinkEthernet, Ether(VNTag, Words([]uint16{0, 1, IPv4}, udp4)), wire, nil},
		{"etag", packet.LinkEthernet, Ether(ETag, Words([]uint16{0, 0, 1, IPv4}, udp4)), wire, nil},
		{"ieee8021ah", packet.LinkEthernet, Ether(PBB, append(make([]byte, 16), Words([]uint16{IPv4}, udp4)...)), wire, nil},
		{"dce", packet.LinkEthernet, Ether(DCE, append([]byte{0, 1}, eth...)), wire, nil},
		{"mpls", packet.LinkEthernet, Ether(MPLS, Labels(udp4, 100)), wire, nil},
		{"mpls two labels", packet.LinkEthernet, Ether(MPLS, Labels(udp6, 100, 101)), wire, nil},
		{"mpls ipv4 null", packet.LinkEthernet, Ether(MPLS, Labels(udp4, 0)), wire, nil},
		{"mpls ipv6 null", packet.LinkEthernet, Ether(MPLS, Labels(udp6, 2)), wire, nil},
		{"mpls pseudo wire", packet.LinkEthernet, Ether(MPLS, Labels(append(make([]byte, 4), eth...), 100)), wire, nil},
		{"pppoe ipv4", packet.LinkEthernet, Ether(PPPoES, PPPoE(0x21, udp4)), wire, nil},
		{"pppoe ipv6", packet.LinkEthernet, Ether(PPPoES, PPPoE(0x57, udp6)), wire, nil},
		{"nsh ipv4", packet.LinkEthernet, nsh(1, udp4), wire, nil},
		{"nsh ipv6", packet.LinkEthernet, nsh(2, udp6), wire, nil},
		{"nsh ethernet", packet.LinkEthernet, nsh(3, eth), wire, nil},

		{"ipv4 in ipv4", packet.LinkEthernet, EtherIP(proto(outer, packet.ProtoIPIP).Wrap(udp4)), via(packet.SourceIPv4), nil},
		{"ipv6 in ipv4", packet.LinkEthernet, EtherIP(proto(outer, packet.ProtoIPv6).Wrap(udp6)), via(packet.SourceIPv4), nil},
		{"ipv4 in ipv6", packet.LinkEthernet, EtherIP(proto(outer6, packet.ProtoIPIP).Wrap(udp4)), via(packet.SourceIPv6), nil},
		{"ipv6 in ipv6", packet.LinkEthernet, EtherIP(proto(outer6, packet.ProtoIPv6).Wrap(udp6)), via(packet.SourceIPv6), nil},
		{"gre ipv4", packet.LinkEthernet, gre(GRE(IPv4, udp4)), via(packet.SourceGRE), nil},
		{"gre ipv6", packet.LinkEthernet, gre(GRE(IPv6, udp6)), via(packet.SourceGRE), nil},
		{"gre with checksum, key and sequence", packet.LinkEthernet, gre(Words([]uint16{0xb000, IPv4, 0, 0, 0, 1, 0, 2}, udp4)), via(packet.SourceGRE), nil},
		{"gre with source routes", packet.LinkEthernet, gre(Words([]uint16{0x4000, IPv4, 0, 0, 0x0800, 4, 1, 2, 0, 0}, udp4)), via(packet.SourceGRE), nil},
		{"gre ethernet", packet.LinkEthernet, gre(GRE(Bridge, eth)), via(packet.SourceGRE), nil},
		{"gre vlan", packet.LinkEthernet, gre(GRE(VLAN, Tag(5, IPv4, udp4))), via(packet.SourceGRE), []uint16{5}},
		{"pptp", packet.LinkEthernet, gre(Words([]uint16{0x3001, PPP, 0, 1, 0, 1, 0xff03, 0x0021}, udp4)), via(packet.SourceGRE), nil},
		{"erspan type 1", packet.LinkEthernet, gre(GRE(ERSPAN, eth)), via(packet.SourceGRE), nil},
		{"erspan type 2", packet.LinkEthernet, gre(Words([]uint16{0x1000, ERSPAN, 0, 1, 0x1005, 0, 0, 0}, eth)), via(packet.SourceGRE), []uint16{5}},
		{"vxlan", packet.LinkEthernet, EtherIP(outer.UDP(49152, 4789, VXLANHeader(7, eth))), via(packet.SourceVXLAN), nil},
		{"vxlan ipv6 over ipv6", packet.LinkEthernet, EtherIP(outer6.UDP(49152, 4789, VXLANHeader(7, eth6))), via(packet.SourceVXLAN), nil},
		{"geneve ethernet", packet.LinkEthernet, EtherIP(outer.UDP(49152, 6081, GENEVEHeader(7, Bridge, eth))), via(packet.SourceGENEVE), nil},
		{"geneve ipv6", packet.LinkEthernet, EtherIP(outer.UDP(49152, 6081, GENEVEHeader(7, IPv6, udp6))), via(packet.SourceGENEVE), nil},
		{"teredo", packet.LinkEthernet, EtherIP(outer.UDP(49152, 3544, udp6)), via(packet.SourceTeredo), nil},
		{"teredo with origin", packet.LinkEthernet, EtherIP(outer.UDP(3544, 49152, append(make([]byte, 8), udp6...))), via(packet.SourceTeredo), nil},
		{"gre in ipv6 in gre", packet.LinkEthernet, gre(GRE(IPv6, proto(outer6, packet.ProtoGRE).Wrap(GRE(IPv4, udp4)))),
			via(packet.SourceGRE, packet.SourceGRE), nil},

		{"ipv4 with options", packet.LinkEthernet, EtherIP(IP{Src: v4.Src, Dst: v4.Dst, Opts: []byte{148, 4, 0, 0, 1, 1, 1, 0}}.UDP(1024, 9, []byte(Data))), wire, nil},
		{"ipv6 with extension headers", packet.LinkEthernet, EtherIP(ext(0, 43, 0, 5, 2, 0, 0, 0, 0, 60, 0, 2, 0, 0, 0, 0, 0, 17, 0, 5, 2, 0, 0, 0, 0)), wire, nil},
		{"ipv6 in one fragment", packet.LinkEthernet, EtherIP(ext(44, FragmentHeader(17, 0, false, 7)...)), wire, nil},
	}
}
