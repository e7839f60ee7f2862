package bpf

import (
	"encoding/binary"

	"weir/decode/packet"
)

// Numbers of network layers.
const (
	etherIPv4    = 0x0800
	etherARP     = 0x0806
	etherRARP    = 0x8035
	etherIPv6    = 0x86dd
	etherVLAN    = 0x8100
	etherQinQ    = 0x88a8
	etherOldQinQ = 0x9100
	etherMPLS    = 0x8847
	etherMPLSMul = 0x8848
	etherPPPoE   = 0x8864

	// mplsBottom marks the last label of a stack (RFC 3032 section 2.1).
	mplsBottom = 0x100
)

// linkKind says how the kind of the network layer is told.
type linkKind uint8

const (
	byEtherType linkKind = iota // two bytes at typeOff
	byVersion                   // first four bits of the network layer
	byFamily                    // four bytes at 0, an address family of either byte order
	byPPP                       // two bytes at typeOff, a PPP protocol number
)

// link is where the headers of the network layer are, as far as the filter text
// has come: vlan, mpls and pppoes move it on.
type link struct {
	kind    linkKind
	typeOff int
	net     int  // offset of the network layer
	ether   bool // frame begins with Ethernet addresses
	mpls    bool // already below a label
}

// linkOf returns the layout of a link type.
func linkOf(t packet.LinkType) (link, bool) {
	switch t {
	case packet.LinkEthernet:
		return link{kind: byEtherType, typeOff: 12, net: 14, ether: true}, true
	case packet.LinkRaw, packet.LinkRaw12, packet.LinkRaw14, packet.LinkIPv4, packet.LinkIPv6:
		return link{kind: byVersion}, true
	case packet.LinkNull, packet.LinkLoop:
		return link{kind: byFamily, net: 4}, true
	case packet.LinkSLL:
		return link{kind: byEtherType, typeOff: 14, net: 16}, true
	case packet.LinkSLL2:
		return link{kind: byEtherType, typeOff: 0, net: 20}, true
	case packet.LinkCHDLC:
		return link{kind: byEtherType, typeOff: 2, net: 4}, true
	case packet.LinkPPP, packet.LinkPPPSerial:
		return link{kind: byPPP, typeOff: 2, net: 4}, true
	}
	return link{}, false
}

// pppOf returns the PPP protocol number of a network layer (RFC 1661), 0 if it
// has none.
func pppOf(etherType uint16) uint32 {
	switch etherType {
	case etherIPv4:
		return 0x0021
	case etherIPv6:
		return 0x0057
	case etherMPLS:
		return 0x0281
	case etherMPLSMul:
		return 0x0283
	}
	return 0
}

// is reports whether the network layer is etherType.
func (l *link) is(v *view, etherType uint16) truth {
	switch l.kind {
	case byEtherType, byPPP:
		t, ok := v.load(l.typeOff, 2)
		if !ok {
			return short
		}
		if l.kind == byPPP {
			return truthOf(t == pppOf(etherType) && t != 0)
		}
		return truthOf(t == uint32(etherType))
	case byVersion:
		if l.mpls {
			above, ok := v.load(l.net-4, 4)
			if !ok {
				return short
			}
			if above&mplsBottom == 0 {
				return no // another label follows
			}
		}
		first, ok := v.load(l.net, 1)
		if !ok {
			return short
		}
		return truthOf(first>>4 == 4 && etherType == etherIPv4 || first>>4 == 6 && etherType == etherIPv6)
	}
	family, ok := v.load(0, 4)
	if !ok {
		return short
	}
	if family > 0xffff {
		family = uint32(binary.LittleEndian.Uint32(v.b))
	}
	// AF_INET6 is 10, 24, 28 or 30, by system.
	return truthOf(family == 2 && etherType == etherIPv4 ||
		(family == 10 || family == 24 || family == 28 || family == 30) && etherType == etherIPv6)
}
