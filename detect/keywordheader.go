package detect

import (
	"fmt"
	"strconv"
	"strings"

	"weir/decode/flow"
	"weir/decode/packet"
)

// headerKeywords are conditions on the headers of the network layer.
var headerKeywords = []Keyword{
	{Name: "ttl", Doc: "Time to live, or hop limit.", Syntax: "integer", Example: "ttl:<5;", setup: headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.TTL), p.Version != 0 })},
	{Name: "tos", Doc: "Type of service of IPv4.", Syntax: "integer", Example: "tos:8;", setup: headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.TOS), p.Version == 4 })},
	{Name: "id", Doc: "Identification of IPv4.", Syntax: "integer", Example: "id:1;", setup: headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.IPID), p.Version == 4 })},
	{Name: "ip_proto", Doc: "Protocol that IP carries.", Syntax: "[!|<|>]number or name", Example: "ip_proto:GRE;", setup: ipProto},
	{Name: "sameip", Doc: "Source and destination are the same address.", Example: "sameip;", setup: func(c *compiler, _ string) error {
		return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return p.Version != 0 && p.Src == p.Dst })
	}},
	{Name: "fragbits", Doc: "Flags of fragmentation: M more, D don't, R reserved.", Syntax: "[!|+|*]MDR", Example: "fragbits:M;", setup: fragBits},
	{Name: "fragoffset", Doc: "Place of the fragment, in units of 8 bytes.", Syntax: "integer", Example: "fragoffset:>0;", setup: headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.FragOff / 8), p.Version != 0 })},
	{Name: "ipopts", Doc: "Option of IPv4.", Syntax: "rr|lsrr|ssrr|satid|eol|nop|ts|sec|esec|any", Example: "ipopts:rr;", setup: ipOpts},
	{Name: "geoip", Doc: "Country of an address, as a GeoIP database knows it.", Syntax: "[src|dst|both|any,][!]code[,code...]", Example: "geoip:src,CH,DE;", setup: geoip},
	{Name: "ip.src", Doc: "What follows is about the bytes of the source address.", Example: `ip.src; content:"|c0 00 02|"; startswith;`, setup: headerBuffer("ip.src", func(p *packet.Packet) []byte { return addressBytes(p, &p.Src) })},
	{Name: "ip.dst", Doc: "What follows is about the bytes of the destination address.", Example: `ip.dst; content:"|c0 00 02|"; startswith;`, setup: headerBuffer("ip.dst", func(p *packet.Packet) []byte { return addressBytes(p, &p.Dst) })},
	{Name: "ipv4.hdr", Doc: "What follows is about the header of IPv4.", Example: `ipv4.hdr; content:"|06|"; offset:9; depth:1;`, setup: headerBuffer("ipv4.hdr", func(p *packet.Packet) []byte { return p.IPHeader(4) })},
	{Name: "ipv6.hdr", Doc: "What follows is about the header of IPv6, with its extensions.", Example: `ipv6.hdr; content:"|06|"; offset:6; depth:1;`, setup: headerBuffer("ipv6.hdr", func(p *packet.Packet) []byte { return p.IPHeader(6) })},
	{Name: "ipv4-csum", Doc: "Whether the checksum of the IPv4 header is right.", Syntax: "valid|invalid", Example: "ipv4-csum:invalid;", setup: checksum(func(p *packet.Packet) bool { return p.Version == 4 }, (*packet.Packet).IPv4ChecksumOK)},
	{Name: "vlan.id", Doc: "Number of a VLAN.", Syntax: "integer[,layer 0 to 2, or all or any]", Example: "vlan.id:200;", setup: vlanID},
	{Name: "vlan.layers", Doc: "Number of VLAN tags.", Syntax: "integer", Example: "vlan.layers:>1;", setup: headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.VLANs), true })},
	{Name: "decode-event", Aliases: []string{"engine-event"}, Doc: "The decoder has noted something odd.", Syntax: "name", Example: "decode-event:ipv4.trunc_pkt;", setup: decodeEvent},
}

// transportKeywords are conditions on the headers of what IP carries.
var transportKeywords = []Keyword{
	{Name: "tcp.flags", Aliases: []string{"flags"}, Doc: "Flags of TCP: F S R P A U E C, 0 for none.", Syntax: "[!|+|*]flags[,flags that do not matter]", Example: "tcp.flags:S,CE;", setup: tcpFlags},
	{Name: "tcp.seq", Aliases: []string{"seq"}, Doc: "Sequence number.", Syntax: "integer", Example: "tcp.seq:0;", setup: headerInt(32, func(p *packet.Packet) (uint64, bool) { return uint64(p.TCP.Seq), isTCP(p) })},
	{Name: "tcp.ack", Aliases: []string{"ack"}, Doc: "Acknowledgement number.", Syntax: "integer", Example: "tcp.ack:0;", setup: headerInt(32, func(p *packet.Packet) (uint64, bool) { return uint64(p.TCP.Ack), isTCP(p) })},
	{Name: "tcp.window", Aliases: []string{"window"}, Doc: "Window, as it stands in the header.", Syntax: "integer", Example: "tcp.window:55808;", setup: headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.TCP.Window), isTCP(p) })},
	{Name: "tcp.mss", Doc: "Maximum segment size that a SYN announces.", Syntax: "integer", Example: "tcp.mss:<500;", setup: headerInt(16, func(p *packet.Packet) (uint64, bool) {
		return uint64(p.TCP.MSS), isTCP(p) && p.TCP.Opts&packet.OptMSS != 0
	})},
	{Name: "tcp.wscale", Doc: "Window scale that a SYN announces.", Syntax: "integer", Example: "tcp.wscale:>10;", setup: headerInt(8, func(p *packet.Packet) (uint64, bool) {
		return uint64(p.TCP.WScale), isTCP(p) && p.TCP.Opts&packet.OptWScale != 0
	})},
	{Name: "tcp.hdr", Doc: "What follows is about the header of TCP.", Example: `tcp.hdr; content:"|02 04|"; offset:20;`, setup: headerBuffer("tcp.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoTCP) })},
	{Name: "udp.hdr", Doc: "What follows is about the header of UDP.", Example: `udp.hdr; content:"|00 08|"; offset:4; depth:2;`, setup: headerBuffer("udp.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoUDP) })},
	{Name: "itype", Doc: "Type of ICMP.", Syntax: "integer", Example: "itype:8;", setup: headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.ICMP.Type), isICMP(p) })},
	{Name: "icode", Doc: "Code of ICMP.", Syntax: "integer", Example: "icode:>0;", setup: headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.ICMP.Code), isICMP(p) })},
	{Name: "icmp_id", Doc: "Identifier of an ICMP request or reply.", Syntax: "integer", Example: "icmp_id:0;", setup: headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.ICMP.ID), isICMP(p) && p.ICMP.HasID })},
	{Name: "icmp_seq", Doc: "Sequence number of an ICMP request or reply.", Syntax: "integer", Example: "icmp_seq:0;", setup: headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.ICMP.Seq), isICMP(p) && p.ICMP.HasID })},
	{Name: "icmpv4.hdr", Doc: "What follows is about the header of ICMP.", Example: `icmpv4.hdr; content:"|08|"; startswith;`, setup: headerBuffer("icmpv4.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoICMP) })},
	{Name: "icmpv6.hdr", Doc: "What follows is about the header of ICMPv6.", Example: `icmpv6.hdr; content:"|80|"; startswith;`, setup: headerBuffer("icmpv6.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoICMPv6) })},
	{Name: "icmpv6.mtu", Doc: "MTU that ICMPv6 Packet Too Big tells.", Syntax: "integer", Example: "icmpv6.mtu:<1280;", setup: headerInt(32, func(p *packet.Packet) (uint64, bool) {
		return uint64(p.ICMP.MTU), isICMP(p) && p.Proto == packet.ProtoICMPv6 && p.ICMP.Type == 2
	})},
	{Name: "igmp.hdr", Doc: "What follows is about the header of IGMP.", Example: `igmp.hdr; content:"|16|"; startswith;`, setup: headerBuffer("igmp.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoIGMP) })},
	{Name: "igmp.type", Doc: "Type of IGMP.", Syntax: "integer", Example: "igmp.type:0x11;", setup: headerInt(8, func(p *packet.Packet) (uint64, bool) {
		t, ok := p.IGMPType()
		return uint64(t), ok
	})},
	{Name: "sctp.hdr", Doc: "What follows is about the header of SCTP.", Example: `sctp.hdr; content:"|00 50|"; offset:2; depth:2;`, setup: headerBuffer("sctp.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoSCTP) })},
	{Name: "sctp.vtag", Doc: "Verification tag of SCTP.", Syntax: "integer", Example: "sctp.vtag:0;", setup: headerInt(32, func(p *packet.Packet) (uint64, bool) { return uint64(p.SCTP.VTag), isSCTP(p) })},
	{Name: "sctp.chunk_cnt", Doc: "Number of chunks.", Syntax: "integer", Example: "sctp.chunk_cnt:>1;", setup: headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.SCTP.Chunks), isSCTP(p) })},
	{Name: "sctp.chunk_type", Doc: "Type of a chunk.", Syntax: "integer or name", Example: "sctp.chunk_type:init;", setup: sctpChunkType},
	{Name: "sctp.chunk_data", Doc: "What follows is about the data of a chunk.", Example: `sctp.chunk_data; content:"a";`, setup: sctpChunkData},
	{Name: "tcpv4-csum", Doc: "Whether the checksum of TCP over IPv4 is right.", Syntax: "valid|invalid", Example: "tcpv4-csum:invalid;", setup: checksum(func(p *packet.Packet) bool { return isTCP(p) && p.Version == 4 }, (*packet.Packet).ChecksumOK)},
	{Name: "tcpv6-csum", Doc: "Whether the checksum of TCP over IPv6 is right.", Syntax: "valid|invalid", Example: "tcpv6-csum:invalid;", setup: checksum(func(p *packet.Packet) bool { return isTCP(p) && p.Version == 6 }, (*packet.Packet).ChecksumOK)},
	{Name: "udpv4-csum", Doc: "Whether the checksum of UDP over IPv4 is right.", Syntax: "valid|invalid", Example: "udpv4-csum:invalid;", setup: checksum(func(p *packet.Packet) bool { return isUDP(p) && p.Version == 4 }, (*packet.Packet).ChecksumOK)},
	{Name: "udpv6-csum", Doc: "Whether the checksum of UDP over IPv6 is right.", Syntax: "valid|invalid", Example: "udpv6-csum:invalid;", setup: checksum(func(p *packet.Packet) bool { return isUDP(p) && p.Version == 6 }, (*packet.Packet).ChecksumOK)},
	{Name: "icmpv4-csum", Doc: "Whether the checksum of ICMP is right.", Syntax: "valid|invalid", Example: "icmpv4-csum:invalid;", setup: checksum(func(p *packet.Packet) bool { return isICMP(p) && p.Version == 4 }, (*packet.Packet).ChecksumOK)},
	{Name: "icmpv6-csum", Doc: "Whether the checksum of ICMPv6 is right.", Syntax: "valid|invalid", Example: "icmpv6-csum:invalid;", setup: checksum(func(p *packet.Packet) bool { return isICMP(p) && p.Version == 6 }, (*packet.Packet).ChecksumOK)},
	{Name: "igmp-csum", Doc: "Whether the checksum of IGMP is right.", Syntax: "valid|invalid", Example: "igmp-csum:invalid;", setup: checksum(func(p *packet.Packet) bool { return p.L4 != 0 && p.Proto == packet.ProtoIGMP }, (*packet.Packet).ChecksumOK)},
}

func isICMP(p *packet.Packet) bool {
	return p.L4 != 0 && (p.Proto == packet.ProtoICMP || p.Proto == packet.ProtoICMPv6)
}

func isTCP(p *packet.Packet) bool { return p.L4 != 0 && p.Proto == packet.ProtoTCP }

func isUDP(p *packet.Packet) bool { return p.L4 != 0 && p.Proto == packet.ProtoUDP }

// headerBuffer makes a sticky buffer over bytes of the packet.
func headerBuffer(name string, get func(p *packet.Packet) []byte) setup {
	return func(c *compiler, v string) error {
		c.s.needPacket = true
		c.enter(unit{header: get, name: name}, func(u *unit) bool { return u.header != nil && u.name == name })
		return nil
	}
}

// checksum compiles valid or invalid.
func checksum(applies func(p *packet.Packet) bool, ok func(p *packet.Packet) bool) setup {
	return func(c *compiler, v string) error {
		v = strings.Trim(v, `"`)
		if v != "valid" && v != "invalid" {
			return fmt.Errorf("value %q: want valid or invalid", v)
		}
		return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return applies(p) && ok(p) == (v == "valid") })
	}
}

func headerInt(_ int, get func(p *packet.Packet) (uint64, bool)) setup {
	return func(c *compiler, v string) error {
		t, err := parseInt(strings.Trim(v, `"`), nil)
		if err != nil {
			return err
		}
		return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
			n, ok := get(p)
			return ok && t.fits(n)
		})
	}
}

func ipProto(c *compiler, v string) error {
	v = strings.TrimSpace(v)
	op := byte('=')
	if v != "" && strings.IndexByte("!<>", v[0]) >= 0 {
		op, v = v[0], strings.TrimSpace(v[1:])
	}
	names := map[string]int{"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58, "ipv6-icmp": 58, "sctp": 132, "pim": 103, "ospf": 89, "ipip": 94}
	n, ok := names[strings.ToLower(v)]
	if !ok {
		x, err := strconv.ParseUint(v, 10, 8)
		if err != nil {
			return fmt.Errorf("value %q: want a protocol's number or name", v)
		}
		n = int(x)
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		switch op {
		case '!':
			return p.Version != 0 && int(p.Proto) != n
		case '<':
			return p.Version != 0 && int(p.Proto) < n
		case '>':
			return int(p.Proto) > n
		}
		return p.Version != 0 && int(p.Proto) == n
	})
}

// tcpFlags compiles letters[,mask]; a modifier stands before the letters or behind
// them.
func tcpFlags(c *compiler, v string) error {
	v, maskText, _ := strings.Cut(strings.ReplaceAll(v, " ", ""), ",")
	mod := byte(0)
	const mods = "+*!"
	switch n := len(v) - 1; {
	case n >= 0 && strings.IndexByte(mods, v[0]) >= 0:
		mod, v = v[0], v[1:]
	case n >= 0 && strings.IndexByte(mods, v[n]) >= 0:
		mod, v = v[n], v[:n]
	}
	letters := func(s string) (uint8, error) {
		var b uint8
		for _, l := range s {
			switch l {
			case 'F', 'f':
				b |= packet.FIN
			case 'S', 's':
				b |= packet.SYN
			case 'R', 'r':
				b |= packet.RST
			case 'P', 'p':
				b |= packet.PSH
			case 'A', 'a':
				b |= packet.ACK
			case 'U', 'u':
				b |= packet.URG
			case '1', 'C', 'c':
				b |= packet.CWR
			case '2', 'E', 'e':
				b |= packet.ECE
			case '0':
			default:
				return 0, fmt.Errorf("flag %q: want F, S, R, P, A, U, C, E, 1, 2 or 0", l)
			}
		}
		return b, nil
	}
	want, err := letters(v)
	if err != nil {
		return err
	}
	mask, err := letters(maskText)
	if err != nil {
		return err
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		if !isTCP(p) {
			return false
		}
		f := p.TCP.Flags &^ mask
		switch mod {
		case '+':
			return f&want == want
		case '*':
			return f&want != 0
		case '!':
			return f&want != want
		}
		return f == want
	})
}

func fragBits(c *compiler, v string) error {
	v = strings.TrimSpace(v)
	mod := byte(0)
	const mods = "+*!"
	switch n := len(v) - 1; {
	case n >= 0 && strings.IndexByte(mods, v[0]) >= 0:
		mod, v = v[0], v[1:]
	case n >= 0 && strings.IndexByte(mods, v[n]) >= 0:
		mod, v = v[n], v[:n]
	}
	var want uint8
	for _, l := range v {
		switch l {
		case 'M':
			want |= 1
		case 'D':
			want |= 2
		case 'R':
			want |= 4
		default:
			return fmt.Errorf("flag %q: want M, D or R", l)
		}
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		if p.Version != 4 {
			return false
		}
		switch mod {
		case '+':
			return p.FragBits&want == want
		case '*':
			return p.FragBits&want != 0
		case '!':
			return p.FragBits&want != want
		}
		return p.FragBits == want
	})
}

func ipOpts(c *compiler, v string) error {
	names := map[string]packet.IPOpts{
		"eol": packet.IPOptEOL, "nop": packet.IPOptNOP, "rr": packet.IPOptRR, "ts": packet.IPOptTS, "sec": packet.IPOptSec,
		"lsrr": packet.IPOptLSRR, "esec": packet.IPOptESec, "satid": packet.IPOptSatID, "ssrr": packet.IPOptSSRR,
		"cipso": packet.IPOptCIPSO, "rtralt": packet.IPOptRTRALT, "qs": packet.IPOptQS, "any": 0xffff,
	}
	bit, ok := names[strings.TrimSpace(v)]
	if !ok {
		return fmt.Errorf("value %q: want eol, nop, rr, ts, sec, lsrr, esec, satid, ssrr, cipso, rtralt, qs or any", v)
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return p.IPOpts&bit != 0 })
}
