package detect

import (
	"testing"

	"weir/decode/field"
)

func TestParseInt(t *testing.T) {
	names := []field.EnumName{{Name: "ping", Value: 9}}
	for _, c := range []struct {
		v       string
		yes, no []uint64
		wrong   bool
	}{
		{v: "19", yes: []uint64{19}, no: []uint64{18, 20}},
		{v: "=0x13", yes: []uint64{19}, no: []uint64{13}},
		{v: "!0x14", yes: []uint64{19}, no: []uint64{20}},
		{v: "!=20", yes: []uint64{19}, no: []uint64{20}},
		{v: ">21", yes: []uint64{22}, no: []uint64{21}},
		{v: ">= 21", yes: []uint64{21}, no: []uint64{20}},
		{v: "<22", yes: []uint64{21}, no: []uint64{22}},
		{v: "<=22", yes: []uint64{22}, no: []uint64{23}},
		{v: "19-22", yes: []uint64{20, 21}, no: []uint64{19, 22}},
		{v: "19<>22", yes: []uint64{20, 21}, no: []uint64{19, 22}},
		{v: "!19-22", yes: []uint64{19, 22}, no: []uint64{20, 21}},
		{v: "&0xc0=0x80", yes: []uint64{0x8f}, no: []uint64{0xcf, 0}},
		{v: "&0xc0!=0", yes: []uint64{0x8f}, no: []uint64{0x0f}},
		{v: "2kb", yes: []uint64{2048}, no: []uint64{2000}},
		{v: ">1MiB", yes: []uint64{1<<20 + 1}, no: []uint64{1 << 20}},
		{v: "ping", yes: []uint64{9}, no: []uint64{8}},
		{v: "!Ping", yes: []uint64{8}, no: []uint64{9}},
		{v: "18446744073709551615", yes: []uint64{1<<64 - 1}, no: []uint64{0}},
		{v: "18446744073709551616", wrong: true},
		{v: "pong", wrong: true},
		{v: "", wrong: true},
		{v: ">", wrong: true},
		{v: "5-6", wrong: true},
		{v: "9-3", wrong: true},
		{v: "&0xc0", wrong: true},
		{v: "-1", wrong: true},
	} {
		got, err := parseInt(c.v, names)
		if (err != nil) != c.wrong {
			t.Errorf("%q: error %v", c.v, err)
			continue
		}
		for _, n := range c.yes {
			if !got.fits(n) {
				t.Errorf("%q does not fit %d", c.v, n)
			}
		}
		for _, n := range c.no {
			if got.fits(n) {
				t.Errorf("%q fits %d", c.v, n)
			}
		}
	}
}

func TestWhich(t *testing.T) {
	five, _ := parseInt("5", nil)
	for _, c := range []struct {
		which string
		in    []uint64
		want  bool
	}{
		{"any", []uint64{1, 5}, true},
		{"any", nil, false},
		{"all", []uint64{5, 5}, true},
		{"all", []uint64{5, 1}, false},
		{"all", nil, false},
		{"all_or_absent", nil, true},
		{"all_or_absent", []uint64{5, 1}, false},
		{"all1", nil, false},
		{"all1", []uint64{5}, true},
		{"or_absent", nil, true},
		{"or_absent", []uint64{1}, false},
		{"0", []uint64{5, 1}, true},
		{"1", []uint64{5, 1}, false},
		{"2", []uint64{5, 1}, false},
		{"-1", []uint64{1, 5}, true},
		{"-2", []uint64{1, 5}, false},
		{"-3", []uint64{5, 5}, false},
		{"nb>1", []uint64{5, 1, 5}, true},
		{"nb>1", []uint64{5, 1}, false},
		{"oob_or 2", []uint64{1, 1}, true},
		{"oob_or 1", []uint64{1, 1}, false},
		{"any,1:", []uint64{5, 1}, false},
		{"any,:-1", []uint64{1, 5}, false},
		{"nb>1,1:-1", []uint64{5, 5, 5, 1, 5}, true},
		{"nb>1,1:-1", []uint64{5, 5, 1, 5}, false},
		{"all_or_absent,2:1", []uint64{1, 1}, true},
		{"-1,0:2", []uint64{1, 5, 1}, true},
	} {
		w, err := parseWhich(c.which)
		if err != nil {
			t.Errorf("%s: %v", c.which, err)
			continue
		}
		got := w.fits(&five, func(i int) (uint64, bool) {
			if i >= len(c.in) {
				return 0, false
			}
			return c.in[i], true
		})
		if got != c.want {
			t.Errorf("%s of %v: %v, want %v", c.which, c.in, got, c.want)
		}
	}
	for _, bad := range []string{"some", "any,1", "any,a:b", "oob_or"} {
		if _, err := parseWhich(bad); err == nil {
			t.Errorf("index %s: no error", bad)
		}
	}
}

func TestParseFlags(t *testing.T) {
	names := []field.EnumName{{Name: "fin", Value: 0x80}, {Name: "comp", Value: 0x40}}
	for _, c := range []struct {
		v       string
		yes, no []uint64
		wrong   bool
	}{
		{v: "fin", yes: []uint64{0x80, 0xf0}, no: []uint64{0, 0x40}},
		{v: "fin, !comp", yes: []uint64{0x80, 0xb0}, no: []uint64{0xc0, 0}},
		{v: "!fin", yes: []uint64{0}, no: []uint64{0x80}},
		{v: "fin,push", wrong: true},
		{v: "128", wrong: true},
	} {
		got, ok := parseFlags(c.v, names)
		if ok == c.wrong {
			t.Errorf("%q: %v", c.v, ok)
			continue
		}
		for _, n := range c.yes {
			if !got.fits(n) {
				t.Errorf("%q does not fit %#x", c.v, n)
			}
		}
		for _, n := range c.no {
			if got.fits(n) {
				t.Errorf("%q fits %#x", c.v, n)
			}
		}
	}
}
