package detect

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/decode/packet"
	"weir/decode/proto"
	"weir/rules"
)

// countryDB makes a database in which 10.0.0.0/8 is in Germany.
func countryDB() []byte {
	const nodes = 8
	var b []byte
	record := func(n uint32) { b = append(b, byte(n>>16), byte(n>>8), byte(n)) }
	for i := range uint32(nodes) {
		next := i + 1
		if next == nodes {
			next = nodes + 16 // the first byte of the data section
		}
		if byte(10)>>(7-i)&1 == 0 {
			record(next)
			record(nodes)
		} else {
			record(nodes)
			record(next)
		}
	}
	b = append(b, make([]byte, 16)...)
	text := func(s string) { b = append(append(b, 2<<5|byte(len(s))), s...) }
	object := func(n byte) { b = append(b, 7<<5|n) }
	object(1)
	text("country")
	object(1)
	text("iso_code")
	text("DE")
	b = append(b, "\xab\xcd\xefMaxMind.com"...)
	object(7)
	for _, m := range []struct {
		name string
		kind byte // 5: 16 bits, 6: 32 bits
		n    uint32
	}{
		{"binary_format_major_version", 5, 2}, {"binary_format_minor_version", 5, 0}, {"ip_version", 5, 4},
		{"record_size", 5, 24}, {"node_count", 6, nodes}, {"build_epoch", 6, 1},
	} {
		text(m.name)
		num := binary.BigEndian.AppendUint32(nil, m.n)
		if m.kind == 5 {
			num = num[2:]
		}
		b = append(append(b, m.kind<<5|byte(len(num))), num...)
	}
	text("database_type")
	text("Country")
	return b
}

func TestGeoIP(t *testing.T) {
	name := filepath.Join(t.TempDir(), "c.mmdb")
	if err := os.WriteFile(name, countryDB(), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := OpenCountries(name)
	if err != nil {
		t.Fatal(err)
	}
	set, err := proto.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	p := &packet.Packet{}
	p.Version = 4
	p.Src = [16]byte{10: 0xff, 11: 0xff, 12: 10, 15: 1}
	p.Dst = [16]byte{10: 0xff, 11: 0xff, 12: 11, 15: 1}
	for _, tc := range []struct {
		value   string
		want    bool
		problem string
	}{
		{"src,DE", true, ""},
		{"src,FR,DE", true, ""},
		{"src,!DE,FR", false, ""},
		{"src,!FR", true, ""},
		{"dst,DE", false, ""},
		{"dst,!DE", false, ""},
		{"any,DE", true, ""},
		{"both,DE", false, ""},
		{"DE", false, ""},
		{"src,Germany", false, "want two capital letters"},
		{"src", false, "want countries"},
	} {
		t.Run(tc.value, func(t *testing.T) {
			b := NewBuilder(set, Options{Countries: db})
			r, err := rules.ParseRule("alert ip any any -> any any (geoip:" + tc.value + "; sid:1;)")
			if err != nil {
				t.Fatal(err)
			}
			if rerr := b.Add(r); rerr != nil || tc.problem != "" {
				if rerr == nil || tc.problem == "" || !strings.Contains(rerr.Msg, tc.problem) {
					t.Errorf("got %v, want %q", rerr, tc.problem)
				}
				return
			}
			if got := b.sigs[0].packet[0](p, nil); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	a := p.SrcAddr()
	if n := testing.AllocsPerRun(100, func() { db.of(a) }); n != 0 {
		t.Errorf("a look-up allocates %v times, want 0", n)
	}
}
