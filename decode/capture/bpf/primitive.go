package bpf

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// primitive is one test: qualifiers with a value, or a word of its own.
func (p *parser) primitive() (*node, error) {
	t := p.peek()
	if t.kind == tokNumber || t.kind == tokAddr {
		if !p.last.set {
			return nil, errorAt(t.col, "%q: want host, net, port or another word in front", t.text)
		}
		return p.value(p.last)
	}
	if t.kind != tokWord {
		return nil, p.unexpected("a test such as host, port or tcp")
	}
	if why, bad := notSupported[t.text]; bad {
		return nil, errorAt(t.col, "%s: %s", t.text, why)
	}
	switch t.text {
	case "vlan", "mpls", "pppoes":
		return p.tag()
	case "less", "greater":
		return p.length()
	case "broadcast", "multicast":
		p.at++
		return p.cast(t, "ether")
	}
	return p.qualified()
}

// tag is vlan, mpls or pppoes with or without an identifier. What comes behind
// it in the filter is about what is inside the tag.
func (p *parser) tag() (*node, error) {
	t := p.next()
	n := &node{link: p.link, lo: anyID}
	limit := uint32(0)
	switch t.text {
	case "vlan":
		n.op, limit = opVLAN, 0x0fff
		p.link.kind, p.link.typeOff, p.link.net = byEtherType, p.link.net+2, p.link.net+4
	case "mpls":
		n.op, limit = opMPLS, 1<<20-1
		p.link.kind, p.link.net, p.link.mpls = byVersion, p.link.net+4, true
	case "pppoes":
		n.op, limit = opPPPoE, 0xffff
		p.link.kind, p.link.typeOff, p.link.net = byPPP, p.link.net+6, p.link.net+8
	}
	if id := p.peek(); id.kind == tokNumber && !p.isRelation() {
		v, err := parseNumber(id)
		if err != nil || v > limit {
			return nil, errorAt(id.col, "%q: want an identifier up to %d", id.text, limit)
		}
		p.at++
		n.lo = v
	}
	return n, nil
}

// length is "less N" (at most) or "greater N" (at least).
func (p *parser) length() (*node, error) {
	rel := map[string]string{"less": "<=", "greater": ">="}[p.next().text]
	t := p.next()
	if t.kind != tokNumber {
		p.back(t)
		return nil, p.unexpected("a length in bytes")
	}
	v, err := parseNumber(t)
	if err != nil {
		return nil, err
	}
	return &node{op: opCompare, x: &num{op: numLen}, y: &num{op: numConst, value: v}, rel: rel}, nil
}

// cast is broadcast or multicast of Ethernet or an IP version.
func (p *parser) cast(t token, proto string) (*node, error) {
	switch {
	case proto == "ether" && !p.link.ether:
		return nil, errorAt(t.col, "%s: frames of this link type have no Ethernet header", t.text)
	case proto == "ether" && t.text == "multicast":
		return &node{op: opMACBit}, nil
	case proto == "ether":
		full := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
		return &node{op: opMAC, dir: dstOnly, addr: full, mask: full}, nil
	case proto == "ip" && t.text == "multicast":
		return p.addr(netip.MustParsePrefix("224.0.0.0/4"), etherIPv4, dstOnly), nil
	case proto == "ip6" && t.text == "multicast":
		return p.addr(netip.MustParsePrefix("ff00::/8"), etherIPv6, dstOnly), nil
	}
	return nil, errorAt(t.col, "%s broadcast: the netmask is not known", proto)
}

// types are the kinds of values.
var types = []string{"host", "net", "port", "portrange", "proto"}

// qualified reads qualifiers and the value behind them, or a bare protocol.
func (p *parser) qualified() (*node, error) {
	var q qualifiers
	first := p.peek()
	if isProto(first.text) {
		q.proto = first.text
		p.at++
	}
	hasDir := p.direction(&q)
	if t := p.peek(); t.kind == tokWord && slices.Contains(types, t.text) {
		q.typ = t.text
		p.at++
	}
	if q.typ == "" && !hasDir {
		if q.proto == "" {
			return nil, errorAt(first.col, "%q is no word of the filter language", first.text)
		}
		if t := p.peek(); t.text == "broadcast" || t.text == "multicast" {
			p.at++
			return p.cast(t, q.proto)
		}
		if p.peek().kind != tokAddr {
			return p.protocol(q.proto), nil
		}
	}
	q.set = true
	p.last = q
	if p.accept("(") {
		return p.group()
	}
	return p.value(q)
}

// direction reads src, dst and their combinations.
func (p *parser) direction(q *qualifiers) bool {
	t, mid, end := p.peek(), p.ahead(1), p.ahead(2)
	if t.text != "src" && t.text != "dst" || t.kind != tokWord {
		return false
	}
	p.at++
	q.dir = map[string]dir{"src": srcOnly, "dst": dstOnly}[t.text]
	if (end.text == "src" || end.text == "dst") && end.text != t.text {
		switch mid.text {
		case "or", "||":
			q.dir = srcOrDst
			p.at += 2
		case "and", "&&":
			q.dir = srcAndDst
			p.at += 2
		}
	}
	return true
}

func isProto(word string) bool {
	_, network := networks[word]
	_, ip := ipProtos[word]
	return network || ip || word == "ether" || word == "link"
}

// protocol is a bare protocol name.
func (p *parser) protocol(name string) *node {
	if proto, ok := ipProtos[name]; ok {
		return p.ipProto(proto.number, proto.over)
	}
	if et, ok := networks[name]; ok {
		return &node{op: opNetwork, etherType: et, link: p.link}
	}
	// "ether" and "link": every frame has a link layer.
	return &node{op: opCompare, x: &num{op: numConst}, y: &num{op: numConst}, rel: "="}
}

func (p *parser) ipProto(number uint32, over []uint16) *node {
	return p.any(over, func(et uint16) *node {
		return &node{op: opProto, etherType: et, lo: number, link: p.link}
	})
}

// any joins the tests of several network layers by or.
func (p *parser) any(ets []uint16, test func(et uint16) *node) *node {
	var n *node
	for _, et := range ets {
		if t := test(et); n == nil {
			n = t
		} else {
			n = &node{op: opOr, a: n, b: t}
		}
	}
	return n
}

// value reads what the qualifiers are about.
func (p *parser) value(q qualifiers) (*node, error) {
	switch q.typ {
	case "port", "portrange":
		return p.port(q)
	case "proto":
		return p.proto(q)
	}
	return p.host(q)
}

// host is an address or network.
func (p *parser) host(q qualifiers) (*node, error) {
	t := p.next()
	if t.kind != tokAddr && !(t.kind == tokNumber && q.typ == "net") {
		if t.kind == tokWord {
			return nil, errorAt(t.col, "%q: names are not looked up, want an address", t.text)
		}
		p.back(t)
		return nil, p.unexpected("an address")
	}
	if mac, err := net.ParseMAC(t.text); err == nil && len(mac) == 6 && (q.proto == "" || q.proto == "ether") {
		if !p.link.ether {
			return nil, errorAt(t.col, "frames of this link type have no Ethernet header")
		}
		return &node{op: opMAC, dir: q.dir, addr: mac, mask: []byte{255, 255, 255, 255, 255, 255}}, nil
	}
	prefix, err := p.prefix(t, q.typ == "net")
	if err != nil {
		return nil, err
	}
	var ets []uint16
	switch {
	case prefix.Addr().Is6() && (q.proto == "" || q.proto == "ip6"):
		ets = []uint16{etherIPv6}
	case prefix.Addr().Is4() && q.proto == "":
		ets = []uint16{etherIPv4, etherARP, etherRARP}
	case prefix.Addr().Is4() && (q.proto == "ip" || q.proto == "arp" || q.proto == "rarp"):
		ets = []uint16{networks[q.proto]}
	default:
		return nil, errorAt(t.col, "%s in front of %s: want ip, ip6, arp, rarp or nothing that fits the address", q.proto, t.text)
	}
	return p.any(ets, func(et uint16) *node { return p.addr(prefix, et, q.dir) }), nil
}

// prefix reads an address, or with isNet a network: 10, 10.1, 10.0.0.0/8,
// 10.0.0.0 mask 255.0.0.0.
func (p *parser) prefix(t token, isNet bool) (netip.Prefix, error) {
	bad := func(want string) (netip.Prefix, error) {
		return netip.Prefix{}, errorAt(t.col, "%q: want %s", t.text, want)
	}
	text, bits := t.text, -1
	if parts := strings.Split(text, "."); isNet && !strings.Contains(text, ":") && len(parts) < 4 {
		bits = 8 * len(parts)
		text += strings.Repeat(".0", 4-len(parts))
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return bad("an address")
	}
	if bits < 0 {
		bits = a.BitLen()
	}
	switch {
	case p.accept("/"):
		n := p.next()
		if bits, err = strconv.Atoi(n.text); err != nil || bits > a.BitLen() {
			return netip.Prefix{}, errorAt(n.col, "%q: want a prefix length up to %d", n.text, a.BitLen())
		}
	case isNet && p.accept("mask"):
		n := p.next()
		m, err := netip.ParseAddr(n.text)
		if err != nil || !m.Is4() || !a.Is4() {
			return netip.Prefix{}, errorAt(n.col, "%q: want a netmask of IPv4", n.text)
		}
		b := m.As4()
		ones, size := net.IPMask(b[:]).Size()
		if size == 0 {
			return netip.Prefix{}, errorAt(n.col, "%q: want a netmask without holes", n.text)
		}
		bits = ones
	}
	prefix := netip.PrefixFrom(a, bits)
	if prefix.Masked() != prefix {
		return bad("an address with no bits set behind the prefix")
	}
	return prefix, nil
}

// addr compares an address of a network layer with a prefix. Only the words of
// four bytes that the prefix reaches are looked at, so that a frame cut behind
// them is taken as in the kernel.
func (p *parser) addr(prefix netip.Prefix, et uint16, d dir) *node {
	n := (prefix.Bits() + 31) / 32 * 4
	return &node{
		op: opHost, etherType: et, dir: d, link: p.link,
		addr: prefix.Addr().AsSlice()[:n], mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())[:n],
	}
}

// port is a port, by number or name, or a range of them.
func (p *parser) port(q qualifiers) (*node, error) {
	n := &node{op: opPort, dir: q.dir, link: p.link, set: withPorts}
	switch proto, ok := ipProtos[q.proto]; {
	case q.proto == "":
	case ok && slices.Contains(withPorts, byte(proto.number)):
		n.set = []byte{byte(proto.number)}
	default:
		return nil, errorAt(p.peek().col, "%s has no ports: want tcp, udp or sctp", q.proto)
	}
	var err error
	if n.lo, err = p.portNumber(); err != nil {
		return nil, err
	}
	n.hi = n.lo
	if q.typ == "portrange" {
		if p.accept("-") {
			if n.hi, err = p.portNumber(); err != nil {
				return nil, err
			}
		}
		n.lo, n.hi = min(n.lo, n.hi), max(n.lo, n.hi)
	}
	return n, nil
}

func (p *parser) portNumber() (uint32, error) {
	t := p.next()
	switch t.kind {
	case tokNumber:
		if v, err := parseNumber(t); err == nil && v <= 0xffff {
			return v, nil
		}
		return 0, errorAt(t.col, "%q: want a port up to 65535", t.text)
	case tokWord:
		if v, ok := services[strings.TrimPrefix(t.text, "\\")]; ok {
			return v, nil
		}
		return 0, errorAt(t.col, "%q: want a port number; this name is not known", t.text)
	}
	return 0, errorAt(t.col, "want a port number")
}

// proto is an IP protocol or, behind ether, a network layer.
func (p *parser) proto(q qualifiers) (*node, error) {
	t := p.next()
	name := strings.TrimPrefix(t.text, "\\")
	if t.kind != tokNumber && t.kind != tokWord {
		return nil, errorAt(t.col, "want a protocol number or name")
	}
	if q.proto == "ether" || q.proto == "link" {
		et, ok := networks[name]
		if !ok {
			v, err := parseNumber(token{tokNumber, name, t.col})
			if err != nil || v > 0xffff {
				return nil, errorAt(t.col, "%q: want an Ethernet type: a number up to 65535, ip, ip6, arp, rarp", t.text)
			}
			et = uint16(v)
		}
		return &node{op: opNetwork, etherType: et, link: p.link}, nil
	}
	number := uint32(0)
	if proto, ok := ipProtos[name]; ok {
		number = proto.number
	} else if v, err := strconv.ParseUint(name, 0, 8); err == nil {
		number = uint32(v)
	} else {
		return nil, errorAt(t.col, "%q: want an IP protocol: a number up to 255, tcp, udp, icmp, ..", t.text)
	}
	switch q.proto {
	case "":
		return p.ipProto(number, both), nil
	case "ip", "ip6":
		return p.ipProto(number, []uint16{networks[q.proto]}), nil
	}
	return nil, errorAt(t.col, "%s proto: want ip, ip6 or ether in front", q.proto)
}
