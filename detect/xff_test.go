package detect

import (
	"net/netip"
	"testing"

	"weir/decode/field"
	"weir/decode/packet"
	"weir/decode/proto"
)

// TestForwarded checks which address of a header stands for the client, and
// whose place it takes.
func TestForwarded(t *testing.T) {
	src, dst := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, c := range []struct {
		name, header string
		first        bool
		dir          field.Dir
		src, dst     string
	}{
		{"the last one", "10.2.2.2, 10.3.3.3", false, field.ToServer, "10.3.3.3", "192.0.2.2"},
		{"the first one", "10.2.2.2, 10.3.3.3", true, field.ToServer, "10.2.2.2", "192.0.2.2"},
		{"to the client", "10.2.2.2", false, field.ToClient, "192.0.2.1", "10.2.2.2"},
		{"with a port", "10.2.2.2:80", false, field.ToServer, "10.2.2.2", "192.0.2.2"},
		{"version 6", `"[2001:db8::1]:4711"`, false, field.ToServer, "2001:db8::1", "192.0.2.2"},
		{"no address", "unknown", false, field.ToServer, "192.0.2.1", "192.0.2.2"},
		{"no header", "", false, field.ToServer, "192.0.2.1", "192.0.2.2"},
	} {
		pr := &proto.Protocol{Header: func(_ proto.Transaction, name string) []byte {
			if name != "x-forwarded-for" || c.header == "" {
				return nil
			}
			return []byte(c.header)
		}}
		x := &alertBody{a: alert{tx: &demoTx{}}, p: &packet.Packet{Dir: c.dir}, pr: pr}
		o := &alertOptions{xff: forwarded{on: true, overwrite: true, first: c.first, header: "x-forwarded-for"}}
		s, d := x.Addresses(o, src, dst)
		if s.String() != c.src || d.String() != c.dst {
			t.Errorf("%s: %v to %v, want %s to %s", c.name, s, d, c.src, c.dst)
		}
		o.xff.overwrite = false
		if s, d := x.Addresses(o, src, dst); s != src || d != dst {
			t.Errorf("%s: %v to %v without overwrite", c.name, s, d)
		}
	}
}
