package detect

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"weir/rules"
)

// TestAddrMap compares the index with a look at each rule, at the edges of their
// ranges and anywhere.
func TestAddrMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	four := func() netip.Addr {
		return netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(256)), byte(r.IntN(256))})
	}
	six := func() netip.Addr {
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 14: byte(r.IntN(4)), 15: byte(r.IntN(256))})
	}
	for _, n := range []int{0, 1, 5, 300} {
		var sigs []*signature
		var asked []netip.Addr
		for i := range n {
			a := netip.PrefixFrom(four(), 16+r.IntN(17)).Masked()
			if i%5 == 0 {
				a = netip.PrefixFrom(six(), 112+r.IntN(17)).Masked()
			}
			set, err := rules.ParseAddresses(a.String(), &rules.Vars{})
			if err != nil {
				t.Fatal(err)
			}
			sigs = append(sigs, &signature{order: i, src: set})
			for _, e := range set.Ranges {
				lo, hi := netip.AddrFrom16(e.Lo), netip.AddrFrom16(e.Hi)
				asked = append(asked, lo, lo.Prev(), hi, hi.Next())
			}
		}
		for range 200 {
			asked = append(asked, four(), six())
		}
		var m addrMap
		m.build(sigs, func(s *signature) *rules.AddressSet { return s.src })
		for _, a := range asked {
			b := a.As16()
			var want []uint32
			for i, s := range sigs {
				if s.src.Contains(&b) {
					want = append(want, uint32(i))
				}
			}
			if got := m.of(&b); !slices.Equal(got, want) {
				t.Errorf("%d rules: %v: rules %v, want %v", n, a, got, want)
			}
		}
	}
}
