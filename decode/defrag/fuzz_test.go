package defrag_test

import (
	"bytes"
	"net/netip"
	"testing"

	"weir/decode/defrag"
	"weir/decode/packet"
)

// model lays fragments over one another byte by byte.
type model struct {
	data [1 << 13]byte
	by   [1 << 13]piece // that the byte is of
	have [1 << 13]bool
	size int
}

func (m *model) add(f piece, pol defrag.Policy) {
	for i := f.off; i < f.off+f.n; i++ {
		if !m.have[i] || takes(pol, m.by[i], f) {
			m.data[i], m.by[i], m.have[i] = f.c, f, true
		}
	}
	if f.last && (m.size < 0 || pol == defrag.PolicyLast) {
		m.size = f.off + f.n
	}
}

// takes says which of two fragments a byte is of.
func takes(pol defrag.Policy, old, f piece) bool {
	oldEnd, end := old.off+old.n, f.off+f.n
	switch pol {
	case defrag.PolicyFirst:
		return false
	case defrag.PolicyLast:
		return true
	case defrag.PolicyBSDRight, defrag.PolicyLinux:
		return f.off <= old.off
	case defrag.PolicyWindows:
		return f.off < old.off && end > oldEnd
	case defrag.PolicySolaris:
		return f.off < old.off && end >= oldEnd
	}
	return f.off < old.off
}

func (m *model) whole() bool {
	if m.size < 0 {
		return false
	}
	for i := range m.size {
		if !m.have[i] {
			return false
		}
	}
	return true
}

// FuzzDefrag compares with the model. Each fragment is three bytes: offset,
// length, and whether it is the last.
func FuzzDefrag(f *testing.F) {
	f.Add(uint8(0), []byte{0, 2, 0, 1, 2, 0, 3, 1, 1})
	f.Add(uint8(3), []byte{1, 2, 0, 0, 4, 0, 4, 1, 1, 0, 1, 0})
	f.Add(uint8(6), []byte{0, 9, 1, 0, 3, 0, 2, 2, 0, 3, 200, 1})
	f.Fuzz(func(t *testing.T, pol uint8, b []byte) {
		policy := defrag.Policy(pol % 7)
		r := newRig(func(o *defrag.Options) { o.Policy = func(netip.Addr) defrag.Policy { return policy } })
		m := &model{size: -1}
		for i := 0; i+3 <= len(b) && i < 600; i += 3 {
			p := piece{off: int(b[i]) * 8, n: int(b[i+1])*8 + int(b[i+2]>>4), c: byte('a' + i/3%26), last: b[i+2]&1 != 0}
			if p.off == 0 && p.last || p.n == 0 && !p.last {
				continue
			}
			m.add(p, policy)
			got, _ := r.add(p.packet(false), 0)
			started := m.have[0] && headed(b[:i+3])
			if (got != nil) != (m.whole() && started) {
				t.Fatalf("fragment %d: whole %v, want %v", i/3, got != nil, !(got != nil))
			}
			if got == nil {
				continue
			}
			if want := m.data[:m.size]; !bytes.Equal(got[20:], want) {
				t.Fatalf("got %q\nwant %q", got[20:], want)
			}
			if ps := r.dec.Decode(&packet.Frame{Data: got, Wire: uint32(len(got)), Link: packet.LinkRaw}); ps[0].Has(packet.Invalid) {
				t.Fatalf("broken: %v", ps[0].Events())
			}
			return
		}
	})
}

// headed reports whether a fragment at offset 0 is among those of b.
func headed(b []byte) bool {
	for i := 0; i+3 <= len(b); i += 3 {
		if b[i] == 0 && b[i+2]&1 == 0 && (b[i+1] != 0 || b[i+2]>>4 != 0) {
			return true
		}
	}
	return false
}
