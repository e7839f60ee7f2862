package packettest

import "weir/decode/packet"

func brokenLink() []Case {
	udp, udp6 := v4.UDP(1024, 9, []byte("data")), v6.UDP(1024, 9, []byte("data"))
	arp := func(name string, b []byte, e packet.Event) Case {
		return Case{name, packet.LinkEthernet, Ether(ARP, b), ev(e), true}
	}
	return []Case{
		{"ethernet header cut", packet.LinkEthernet, Cut(Ether(IPv4, udp), 13), ev(packet.EvEthernetPktTooSmall), true},
		{"ethernet of unknown type", packet.LinkEthernet, Ether(0x1234, make([]byte, 46)), ev(packet.EvEthernetUnknownEthertype), false},
		{"raw of version 5", packet.LinkRaw, Set(udp, 0, 0x55), ev(packet.EvIPRawInvalidIPVersion), false},
		{"null header cut", packet.LinkNull, Null(2, nil)[:3], ev(packet.EvNullPktTooSmall), true},
		{"null of unknown family", packet.LinkNull, Null(99, udp), ev(packet.EvNullUnsupportedType), false},
		{"sll header cut", packet.LinkSLL, Cut(SLLHeader(IPv4, udp), 15), ev(packet.EvSLLPktTooSmall), true},
		{"sll2 header cut", packet.LinkSLL2, Cut(SLL2Header(IPv4, udp), 19), ev(packet.EvSLL2PktTooSmall), true},
		{"chdlc header cut", packet.LinkCHDLC, []byte{0x0f, 0, 8}, ev(packet.EvCHDLCPktTooSmall), true},
		{"nflog without a packet", packet.LinkNFLOG, []byte{2, 0, 0, 0, 5, 0, 10, 0}, ev(packet.EvNFLOGPktTooSmall), true},
		{"ppp header cut", packet.LinkPPP, []byte{0xff, 3, 0}, ev(packet.EvPPPPktTooSmall), true},
		{"ppp of unknown protocol", packet.LinkPPP, Words([]uint16{0xff03, 0x4321}, udp), ev(packet.EvPPPUnsupProto), false},
		{"ppp with short ipv4", packet.LinkPPP, Words([]uint16{0xff03, 0x0021}, Cut(udp, 19)), ev(packet.EvPPPIP4PktTooSmall), true},
		{"ppp with short ipv6", packet.LinkPPP, Words([]uint16{0xff03, 0x0057}, Cut(udp6, 39)), ev(packet.EvPPPIP6PktTooSmall), true},
		{"ppp with short compressed tcp", packet.LinkPPP, Words([]uint16{0xff03, 0x002f}, Cut(udp, 19)), ev(packet.EvPPPVJUPktTooSmall), true},
		arp("arp cut", Cut(ARPRequest(), 7), packet.EvARPPktTooSmall),
		arp("arp of other hardware", Set(ARPRequest(), 1, 2), packet.EvARPUnsupportedHardware),
		arp("arp of other protocol", Set(ARPRequest(), 2, 0x86, 0xdd), packet.EvARPUnsupportedProtocol),
		arp("arp hardware size 7", Set(ARPRequest(), 4, 7), packet.EvARPInvalidHardwareSize),
		arp("arp protocol size 5", Set(ARPRequest(), 5, 5), packet.EvARPInvalidProtocolSize),
		arp("arp addresses cut", Cut(ARPRequest(), 27), packet.EvARPUnsupportedPkt),
		arp("arp operation 99", Set(ARPRequest(), 7, 99), packet.EvARPUnsupportedOpcode),
	}
}

func brokenTags() []Case {
	udp := v4.UDP(1024, 9, []byte("data"))
	eth := func(name string, et uint16, b []byte, invalid bool, e ...packet.Event) Case {
		return Case{name, packet.LinkEthernet, Ether(et, b), e, invalid}
	}
	nsh := func(w ...uint16) []byte { return Words(w, udp) }
	return []Case{
		eth("vlan tag cut", VLAN, []byte{0, 1, 8}, true, packet.EvVLANHeaderTooSmall),
		eth("vlan four deep", VLAN, Tag(1, VLAN, Tag(2, VLAN, Tag(3, VLAN, Tag(4, IPv4, udp)))), false, packet.EvVLANTooManyLayers),
		eth("ieee8021ah header cut", PBB, make([]byte, 17), true, packet.EvIEEE8021AHHeaderTooSmall),
		eth("vntag cut", VNTag, make([]byte, 5), true, packet.EvVNTagHeaderTooSmall),
		eth("etag cut", ETag, make([]byte, 7), true, packet.EvETagHeaderTooSmall),
		eth("dce header cut", DCE, []byte{0}, true, packet.EvDCEPktTooSmall),
		eth("mpls label cut", MPLS, Labels(nil, 100)[:3], true, packet.EvMPLSHeaderTooSmall),
		eth("mpls without a payload", MPLS, Labels(nil, 100), true, packet.EvMPLSPktTooSmall),
		eth("mpls router alert at the bottom", MPLS, Labels(udp, 1), false, packet.EvMPLSBadLabelRouterAlert),
		eth("mpls implicit null", MPLS, Labels(udp, 3), false, packet.EvMPLSBadLabelImplicitNull),
		eth("mpls reserved label", MPLS, Labels(udp, 5), false, packet.EvMPLSBadLabelReserved),
		eth("mpls with a channel header", MPLS, Labels([]byte{0x10, 0, 0, 0, 1, 2, 3, 4}, 100), false, packet.EvMPLSUnknownPayloadType),
		eth("mpls labels too many", MPLS, Labels(udp, make([]uint32, 20)...), false),
		eth("pppoe session header cut", PPPoES, make([]byte, 6), true, packet.EvPPPoEPktTooSmall),
		eth("pppoe session of code 1", PPPoES, Set(PPPoE(0x21, udp), 1, 1), false),
		eth("pppoe discovery header cut", PPPoED, make([]byte, 5), true, packet.EvPPPoEPktTooSmall),
		eth("pppoe discovery of code 1", PPPoED, []byte{0x11, 1, 0, 0, 0, 0}, true, packet.EvPPPoEWrongCode),
		eth("pppoe discovery tag cut", PPPoED, []byte{0x11, 9, 0, 0, 0, 6, 1, 1, 0, 3, 1, 2}, false),
		eth("pppoe discovery longer than frame", PPPoED, []byte{0x11, 9, 0, 0, 0, 12, 1, 1, 0, 2, 1, 2}, true, packet.EvPPPoEMalformedTags),
		eth("nsh header cut", NSH, make([]byte, 7), true, packet.EvNSHHeaderTooSmall),
		eth("nsh version 1", NSH, nsh(0x4002, 0x0201, 0, 1), false, packet.EvNSHUnsupportedVersion),
		eth("nsh longer than frame", NSH, nsh(0x003f, 0x0201, 0, 1), true, packet.EvNSHBadHeaderLength),
		eth("nsh type 2 of 4 bytes", NSH, nsh(0x0001, 0x0201, 0, 1), true, packet.EvIPv4WrongIPVersion),
		eth("nsh reserved type", NSH, nsh(0x0002, 0x0001, 0, 1), false, packet.EvNSHReservedType),
		eth("nsh type 3", NSH, nsh(0x0002, 0x0301, 0, 1), false, packet.EvNSHUnsupportedType),
		eth("nsh in nsh", NSH, nsh(0x0002, 0x0204, 0, 1), false, packet.EvNSHUnknownPayload),
		eth("nsh of unknown payload", NSH, nsh(0x0002, 0x0209, 0, 1), false, packet.EvNSHUnknownPayload),
	}
}

func brokenTunnels() []Case {
	udp := v4.UDP(1024, 9, []byte("data"))
	gre := func(name string, b []byte, invalid bool, e ...packet.Event) Case {
		return Case{name, packet.LinkEthernet, EtherIP(proto(v4, packet.ProtoGRE).Wrap(b)), e, invalid}
	}
	deep := udp
	for range 20 {
		deep = proto(v4, packet.ProtoIPIP).Wrap(deep)
	}
	return []Case{
		gre("gre header cut", []byte{0, 0, 8}, true, packet.EvGREPktTooSmall),
		gre("gre version 2", Words([]uint16{2, IPv4}, udp), false, packet.EvGREWrongVersion),
		gre("gre recursion", Words([]uint16{0x0100, IPv4}, udp), false, packet.EvGREVersion0Recur),
		gre("gre flags", Words([]uint16{0x0008, IPv4}, udp), false, packet.EvGREVersion0Flags),
		gre("gre key cut", Words([]uint16{0x2000, IPv4}, nil), true, packet.EvGREVersion0HdrTooBig),
		gre("gre source route cut", Words([]uint16{0x4000, IPv4, 0, 0, 0x0800, 9}, nil), false, packet.EvGREVersion0MalformedSREHdr),
		gre("gre version 1 checksum", Words([]uint16{0xa001, PPP}, udp), false, packet.EvGREVersion1Chksum),
		gre("gre version 1 route", Words([]uint16{0x6001, PPP}, udp), false, packet.EvGREVersion1Route),
		gre("gre version 1 strict source route", Words([]uint16{0x2801, PPP}, udp), false, packet.EvGREVersion1Ssr),
		gre("gre version 1 recursion", Words([]uint16{0x2101, PPP}, udp), false, packet.EvGREVersion1Recur),
		gre("gre version 1 flags", Words([]uint16{0x2009, PPP}, udp), false, packet.EvGREVersion1Flags),
		gre("gre version 1 with ipv4", Words([]uint16{0x2001, IPv4}, udp), false, packet.EvGREVersion1WrongProtocol),
		gre("gre version 1 without key", Words([]uint16{0x0001, PPP}, udp), false, packet.EvGREVersion1NoKey),
		gre("gre version 1 cut", Words([]uint16{0x3001, PPP, 0, 0}, nil), true, packet.EvGREVersion1HdrTooBig),
		gre("erspan header cut", Words([]uint16{0x1000, ERSPAN, 0, 1, 0x1000, 0, 0}, nil), false),
		gre("erspan version 5", Words([]uint16{0x1000, ERSPAN, 0, 1, 0x5000, 0, 0, 0}, Ether(IPv4, udp)), false),
		{"erspan in vlan in vlan", packet.LinkEthernet, Ether(VLAN, Tag(1, VLAN, Tag(2, IPv4, proto(v4, packet.ProtoGRE).Wrap(
			Words([]uint16{0x1000, ERSPAN, 0, 1, 0x1003, 0, 0, 0}, Ether(IPv4, udp)))))), nil, false},
		{"vxlan of unknown type", packet.LinkEthernet, EtherIP(v4.UDP(1024, 4789, VXLANHeader(7, Ether(0x1234, udp)))), ev(packet.EvVXLANUnknownPayloadType), false},
		{"geneve of unknown type", packet.LinkEthernet, EtherIP(v4.UDP(1024, 6081, GENEVEHeader(7, 0x1234, udp))), ev(packet.EvGENEVEUnknownPayloadType), false},
		{"ipv4 in ipv4 too deep", packet.LinkEthernet, EtherIP(deep), ev(packet.EvTooManyLayers), false},
	}
}
