package bpf

import (
	"encoding/binary"
	"slices"
)

// truth is the outcome of a part of a filter.
type truth uint8

const (
	no truth = iota
	yes
	short // the frame ends before what the filter looks at: it is not taken
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// view is the frame being matched.
type view struct {
	b    []byte
	wire uint32
}

// load returns size bytes at off in network order.
func (v *view) load(off, size int) (uint32, bool) {
	if off < 0 || off > len(v.b)-size {
		return 0, false
	}
	switch size {
	case 1:
		return uint32(v.b[off]), true
	case 2:
		return uint32(binary.BigEndian.Uint16(v.b[off:])), true
	}
	return binary.BigEndian.Uint32(v.b[off:]), true
}

// op is what a node of a filter does.
type op uint8

const (
	opAnd op = iota
	opOr
	opNot
	opNetwork // network layer is etherType
	opHost    // address of the network layer etherType
	opMAC     // Ethernet address
	opMACBit  // group bit of the Ethernet destination
	opProto   // IP protocol lo above the network layer etherType
	opPort    // ports lo to hi of the protocols in set
	opVLAN    // tag, identifier lo unless it is any
	opMPLS    // label, lo unless it is any
	opPPPoE   // session, lo unless it is any
	opCompare
)

// anyID stands for "any identifier" of vlan, mpls and pppoes.
const anyID = ^uint32(0)

// dir says which of two addresses or ports is meant.
type dir uint8

const (
	srcOrDst dir = iota
	srcOnly
	dstOnly
	srcAndDst
)

// node is a part of a filter.
type node struct {
	op        op
	a, b      *node
	link      link
	etherType uint16
	dir       dir
	addr      []byte // wanted, of any length
	mask      []byte // same length
	set       []byte // IP protocols
	lo, hi    uint32
	x, y      *num // of opCompare
	rel       string
}

// eval matches the frame.
func (n *node) eval(v *view) truth {
	switch n.op {
	case opAnd:
		if t := n.a.eval(v); t != yes {
			return t
		}
		return n.b.eval(v)
	case opOr:
		if t := n.a.eval(v); t != no {
			return t
		}
		return n.b.eval(v)
	case opNot:
		switch n.a.eval(v) {
		case yes:
			return no
		case no:
			return yes
		}
		return short
	case opNetwork:
		return n.link.is(v, n.etherType)
	case opHost:
		return n.host(v)
	case opMAC:
		return n.either(v, 6, 0)
	case opMACBit:
		first, ok := v.load(0, 1)
		if !ok {
			return short
		}
		return truthOf(first&1 != 0)
	case opProto:
		return n.proto(v)
	case opPort:
		return n.port(v)
	case opVLAN, opMPLS, opPPPoE:
		return n.tag(v)
	}
	return n.compare(v)
}

// host compares addresses of the network layer.
func (n *node) host(v *view) truth {
	if t := n.link.is(v, n.etherType); t != yes {
		return t
	}
	switch n.etherType {
	case etherIPv4:
		return n.either(v, n.link.net+12, n.link.net+16)
	case etherIPv6:
		return n.either(v, n.link.net+8, n.link.net+24)
	}
	return n.either(v, n.link.net+14, n.link.net+24) // ARP of Ethernet and IPv4
}

// either compares the bytes at src and dst with n.addr, as n.dir says.
func (n *node) either(v *view, src, dst int) truth {
	at := func(off int) truth {
		if off+len(n.addr) > len(v.b) {
			return short
		}
		for i := range n.addr {
			if v.b[off+i]&n.mask[i] != n.addr[i] {
				return no
			}
		}
		return yes
	}
	switch n.dir {
	case srcOnly:
		return at(src)
	case dstOnly:
		return at(dst)
	case srcAndDst:
		if t := at(src); t != yes {
			return t
		}
		return at(dst)
	}
	if t := at(src); t != no {
		return t
	}
	return at(dst)
}

// proto compares the IP protocol. Of IPv6 extension headers a fragment header
// is looked behind.
func (n *node) proto(v *view) truth {
	if t := n.link.is(v, n.etherType); t != yes {
		return t
	}
	if n.etherType == etherIPv4 {
		p, ok := v.load(n.link.net+9, 1)
		if !ok {
			return short
		}
		return truthOf(p == n.lo)
	}
	p, ok := v.load(n.link.net+6, 1)
	if !ok {
		return short
	}
	const fragment = 44
	if p == fragment && n.lo != fragment {
		if p, ok = v.load(n.link.net+40, 1); !ok {
			return short
		}
	}
	return truthOf(p == n.lo)
}

// port compares ports of TCP, UDP and SCTP. Later fragments have none.
func (n *node) port(v *view) truth {
	if t := n.link.is(v, etherIPv6); t == short {
		return short
	} else if t == yes {
		p, ok := v.load(n.link.net+6, 1)
		if !ok {
			return short
		}
		if !slices.Contains(n.set, byte(p)) {
			return no
		}
		return n.ports(v, n.link.net+40)
	}
	if t := n.link.is(v, etherIPv4); t != yes {
		return t
	}
	p, ok := v.load(n.link.net+9, 1)
	if !ok {
		return short
	}
	if !slices.Contains(n.set, byte(p)) {
		return no
	}
	off, t := transport(v, n.link.net)
	if t != yes {
		return t
	}
	return n.ports(v, off)
}

// transport returns where the header above IPv4 begins; no for later fragments.
func transport(v *view, net int) (int, truth) {
	frag, ok := v.load(net+6, 2)
	if !ok {
		return 0, short
	}
	if frag&0x1fff != 0 {
		return 0, no
	}
	first, ok := v.load(net, 1)
	if !ok {
		return 0, short
	}
	return net + int(first&0xf)*4, yes
}

func (n *node) ports(v *view, off int) truth {
	in := func(at int) truth {
		p, ok := v.load(at, 2)
		if !ok {
			return short
		}
		return truthOf(n.lo <= p && p <= n.hi)
	}
	switch n.dir {
	case srcOnly:
		return in(off)
	case dstOnly:
		return in(off + 2)
	case srcAndDst:
		if t := in(off); t != yes {
			return t
		}
		return in(off + 2)
	}
	if t := in(off); t != no {
		return t
	}
	return in(off + 2)
}

// tag matches what vlan, mpls and pppoes look for; n.link is the layer in which
// it is looked for.
func (n *node) tag(v *view) truth {
	var kinds []uint16
	switch n.op {
	case opVLAN:
		kinds = vlanTypes[:]
	case opMPLS:
		if n.link.mpls {
			kinds = nil // a label below a label has no type of its own
		} else {
			kinds = mplsTypes[:]
		}
	default:
		kinds = pppoeTypes[:]
	}
	t := truthOf(kinds == nil)
	for _, k := range kinds {
		if t = n.link.is(v, k); t != no {
			break
		}
	}
	if t != yes {
		return t
	}
	switch n.op {
	case opMPLS:
		label, ok := v.load(n.link.net, 4)
		if !ok {
			return short
		}
		if n.link.mpls {
			above, ok := v.load(n.link.net-4, 4)
			if !ok {
				return short
			}
			if above&mplsBottom != 0 {
				return no
			}
		}
		return truthOf(n.lo == anyID || label>>12 == n.lo)
	case opVLAN:
		return n.id(v, n.link.net, 0x0fff)
	}
	return n.id(v, n.link.net+2, 0xffff)
}

var (
	vlanTypes  = [...]uint16{etherVLAN, etherQinQ, etherOldQinQ}
	mplsTypes  = [...]uint16{etherMPLS}
	pppoeTypes = [...]uint16{etherPPPoE}
)

func (n *node) id(v *view, off int, mask uint32) truth {
	if n.lo == anyID {
		return yes
	}
	id, ok := v.load(off, 2)
	if !ok {
		return short
	}
	return truthOf(id&mask == n.lo)
}

// compare is a relation of two numbers.
func (n *node) compare(v *view) truth {
	x, t := n.x.eval(v)
	if t != yes {
		return t
	}
	y, t := n.y.eval(v)
	if t != yes {
		return t
	}
	switch n.rel {
	case "=", "==":
		return truthOf(x == y)
	case "!=":
		return truthOf(x != y)
	case ">":
		return truthOf(x > y)
	case "<":
		return truthOf(x < y)
	case ">=":
		return truthOf(x >= y)
	}
	return truthOf(x <= y)
}
