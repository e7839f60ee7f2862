package main

import (
	"bytes"
	"slices"

	"weir/decode/packet/packettest"
)

// fragmentFiles are captures of fragmented datagrams.
func fragmentFiles() []file {
	v4 := packettest.IP{Src: "10.0.0.1", Dst: "10.0.0.2"}
	v6 := packettest.IP{Src: "2001:db8::1", Dst: "2001:db8::2"}
	data := bytes.Repeat([]byte("0123456789abcdef"), 40)
	frags4 := packettest.Fragments(v4.UDP(40000, 9, data), 7, 200)
	frags6 := packettest.Fragments(v6.UDP(40000, 9, data), 7, 200)
	piece := func(off, n int, c byte, more bool) []byte {
		h := v4
		h.Proto, h.ID, h.Frag = 253, 8, uint16(off/8)
		if more {
			h.Frag |= 0x2000
		}
		return h.Wrap(bytes.Repeat([]byte{c}, n))
	}
	reversed := func(f [][]byte) [][]byte {
		f = slices.Clone(f)
		slices.Reverse(f)
		return f
	}
	alone := v6
	alone.Proto = 44
	return []file{
		ethernet("fragment/made-fragment-ipv4.pcap", frags4...),
		ethernet("fragment/made-fragment-ipv4-backwards.pcap", reversed(frags4)...),
		ethernet("fragment/made-fragment-ipv4-twice.pcap", append(slices.Clone(frags4[:2]), frags4...)...),
		ethernet("fragment/made-fragment-ipv4-lost.pcap", append(slices.Clone(frags4[:1]), frags4[2:]...)...),
		ethernet("fragment/made-fragment-ipv4-overlap-right.pcap", piece(0, 24, 'a', true), piece(16, 24, 'b', true), piece(40, 8, 'c', false)),
		ethernet("fragment/made-fragment-ipv4-overlap-left.pcap", piece(16, 24, 'a', true), piece(0, 24, 'b', true), piece(40, 8, 'c', false)),
		ethernet("fragment/made-fragment-ipv4-overlap-within.pcap", piece(0, 40, 'a', true), piece(16, 8, 'b', true), piece(40, 8, 'c', false)),
		ethernet("fragment/made-fragment-ipv4-overlap-around.pcap", piece(16, 8, 'a', true), piece(0, 40, 'b', true), piece(40, 8, 'c', false)),
		ethernet("fragment/made-fragment-ipv4-tiny.pcap", packettest.Fragments(v4.TCP(packettest.TCP{SrcPort: 40000, DstPort: 80, Seq: 1, Flags: 2}), 9, 8)...),
		ethernet("fragment/made-fragment-ipv4-too-large.pcap", piece(65528, 16, 'a', false)),
		ethernet("fragment/made-fragment-ipv6.pcap", frags6...),
		ethernet("fragment/made-fragment-ipv6-backwards.pcap", reversed(frags6)...),
		ethernet("fragment/made-fragment-ipv6-alone.pcap", alone.Wrap(append(packettest.FragmentHeader(17, 0, false, 7), v6.UDP(40000, 9, data)[40:]...))),
		ethernet("fragment/made-fragment-ipv6-odd.pcap", alone.Wrap(append(packettest.FragmentHeader(17, 0, true, 7), data[:13]...))),
	}
}
