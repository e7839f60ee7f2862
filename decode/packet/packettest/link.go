package packettest

import (
	"encoding/binary"
	"fmt"
)

// Ethertypes.
const (
	IPv4   = 0x0800
	ARP    = 0x0806
	VLAN   = 0x8100
	IPv6   = 0x86dd
	PPP    = 0x880b
	MPLS   = 0x8847
	PPPoED = 0x8863
	PPPoES = 0x8864
	QinQ   = 0x88a8
	ERSPAN = 0x88be
	PBB    = 0x88e7
	DCE    = 0x8903
	VNTag  = 0x8926
	ETag   = 0x893f
	NSH    = 0x894f
	Bridge = 0x6558
)

// Ether returns an Ethernet frame between two fixed addresses.
func Ether(et uint16, payload []byte) []byte {
	b := []byte{0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01}
	return append(binary.BigEndian.AppendUint16(b, et), payload...)
}

// EtherIP returns an Ethernet frame with an IP packet of either version.
func EtherIP(ip []byte) []byte { return Ether(ethertype(ip), ip) }

// ethertype returns that of an IP packet.
func ethertype(ip []byte) uint16 {
	if len(ip) > 0 && ip[0]>>4 == 6 {
		return IPv6
	}
	return IPv4
}

// Tag returns an IEEE 802.1Q tag, without the ethertype in front of it.
func Tag(id, et uint16, payload []byte) []byte {
	return Words([]uint16{id, et}, payload)
}

// Words returns 16-bit words in network byte order, and payload.
func Words(w []uint16, payload []byte) []byte {
	b := make([]byte, 0, 2*len(w)+len(payload))
	for _, v := range w {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return append(b, payload...)
}

// Labels returns an MPLS label stack (RFC 3032).
func Labels(payload []byte, labels ...uint32) []byte {
	var b []byte
	for i, l := range labels {
		v := l<<12 | 64
		if i == len(labels)-1 {
			v |= 0x100
		}
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return append(b, payload...)
}

// PPPoE returns a session packet (RFC 2516) with a PPP packet.
func PPPoE(pr uint16, payload []byte) []byte {
	return Words([]uint16{0x1100, 1, uint16(2 + len(payload)), pr}, payload)
}

// GRE returns a header of version 0 without options (RFC 2784).
func GRE(pr uint16, payload []byte) []byte { return Words([]uint16{0, pr}, payload) }

// VXLANHeader returns RFC 7348 with an Ethernet frame.
func VXLANHeader(vni uint32, frame []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{8, 0, 0, 0}, vni<<8)
	return append(b, frame...)
}

// GENEVEHeader returns RFC 8926 with what has the ethertype et.
func GENEVEHeader(vni uint32, et uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(Words([]uint16{0, et}, nil), vni<<8)
	return append(b, payload...)
}

// SLLHeader returns a Linux cooked header (LINKTYPE_LINUX_SLL).
func SLLHeader(et uint16, payload []byte) []byte {
	return Words([]uint16{0, 1, 6, 0x0200, 0, 1, 0, et}, payload)
}

// SLL2Header returns a Linux cooked header of version 2.
func SLL2Header(et uint16, payload []byte) []byte {
	return Words([]uint16{et, 0, 0, 1, 1, 6, 0x0200, 0, 1, 0}, payload)
}

// Null returns a BSD loopback header in little endian.
func Null(family uint32, payload []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, family), payload...)
}

// WiFi returns an IEEE 802.11 data frame with an LLC and SNAP header.
func WiFi(et uint16, payload []byte) []byte {
	b := make([]byte, 24, 32+len(payload))
	b[0], b[4], b[10], b[16] = 0x08, 2, 2, 2
	b = append(b, 0xaa, 0xaa, 3, 0, 0, 0)
	return append(binary.BigEndian.AppendUint16(b, et), payload...)
}

// Radiotap returns a radiotap header without fields and an 802.11 frame.
func Radiotap(frame []byte) []byte {
	return append([]byte{0, 0, 8, 0, 0, 0, 0, 0}, frame...)
}

// NFLOG returns a netfilter log record of an address family with a prefix and
// the packet.
func NFLOG(family byte, payload []byte) []byte {
	b := []byte{family, 0, 0, 0}
	b = append(b, 5, 0, 10, 0, 0, 0, 0, 0) // an empty prefix and padding
	b = binary.LittleEndian.AppendUint16(b, uint16(4+len(payload)))
	b = binary.LittleEndian.AppendUint16(b, 9)
	return append(b, payload...)
}

// ARPRequest returns an ARP packet for Ethernet and IPv4 (RFC 826).
func ARPRequest() []byte {
	return append(Words([]uint16{1, IPv4, 0x0604, 1}, nil),
		2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2)
}

// Cut returns the first n bytes of b; it panics if there are fewer, which is a
// mistake of the caller.
func Cut(b []byte, n int) []byte {
	if n > len(b) {
		panic(fmt.Sprintf("packettest: cut at %d of %d bytes", n, len(b)))
	}
	return b[:n:n]
}

// Set returns a copy of b with bytes changed from offset at on.
func Set(b []byte, at int, v ...byte) []byte {
	b = append([]byte(nil), b...)
	copy(b[at:], v)
	return b
}
