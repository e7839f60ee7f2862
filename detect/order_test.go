package detect

import (
	"fmt"
	"strings"
	"testing"

	"weir/decode/proto"
	"weir/rules"
)

// TestOrder gives rules by their options, in the order of a file, and wants the
// order of inspection.
func TestOrder(t *testing.T) {
	set, err := proto.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		options []string
		want    string
	}{
		{"as loaded", []string{"ttl:1;", "ttl:2;"}, "1 2"},
		{"priority", []string{"priority:3;", "priority:1;", "priority:2;"}, "2 3 1"},
		{"flowbits: set before read", []string{"", "flowbits:isset,a;", "flowbits:isnotset,a; flowbits:set,a;", "flowbits:set,a;"}, "4 3 2 1"},
		{"flowint: set before read", []string{"flowint:ab,>,2;", "flowint:ab,isset; flowint:ab,+,1;", "flowint:ab,+,1;"}, "3 2 1"},
		{"hostbits: set before read", []string{"hostbits:isset,a;", "hostbits:set,a;"}, "2 1"},
		{"xbits: read before set", []string{"", "xbits:set,a,track ip_src;", "xbits:isset,a,track ip_src; xbits:set,b,track ip_src;", "xbits:isset,a,track ip_src;"}, "4 3 2 1"},
		{"xbits: toggle is neither", []string{"xbits:toggle,a,track ip_src;", "xbits:isset,a,track ip_src;"}, "2 1"},
		{"flowbits before xbits before priority", []string{"priority:1;", "xbits:isset,a,track ip_src;", "flowbits:isset,a;"}, "3 2 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := NewBuilder(set, Options{})
			for i, o := range tc.options {
				r, err := rules.ParseRule(fmt.Sprintf("alert ip any any -> any any (%s sid:%d;)", o, i+1))
				if err != nil {
					t.Fatal(err)
				}
				if err := b.Add(r); err != nil {
					t.Fatal(err)
				}
			}
			e, _, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range e.sigs {
				got = append(got, fmt.Sprint(s.sid))
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("got %s, want %s", s, tc.want)
			}
		})
	}
}

// TestSharedBits sets a bit for 1 s and asks for it, times in seconds.
func TestSharedBits(t *testing.T) {
	x := NewShared(0)
	k := xbitKey{bit: 1}
	x.setBit(k, 11, 10)
	x.setBit(k, 12, 11) // it is set: that does not prolong it
	for at, want := range map[int64]bool{10: true, 11: true, 12: false} {
		if got := x.hasBit(k, at); got != want {
			t.Errorf("at %d: got %v, want %v", at, got, want)
		}
	}
	x.setBit(k, 14, 13)
	x.dropBit(k)
	if x.hasBit(k, 13) {
		t.Error("it is set after it was unset")
	}
}

func TestMaxFlowbits(t *testing.T) {
	set, err := proto.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, options string
		ok            bool
	}{
		{"as many as allowed", "flowbits:isset,a; flowbits:set,b; flowbits:noalert;", true},
		{"one more", "flowbits:isset,a; flowbits:set,b; flowbits:set,c;", false},
		{"joined names count each", "flowbits:isset,a|b|c;", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := rules.ParseRule("alert ip any any -> any any (" + tc.options + " sid:1;)")
			if err != nil {
				t.Fatal(err)
			}
			rerr := NewBuilder(set, Options{MaxFlowbits: 2}).Add(r)
			if (rerr == nil) != tc.ok || rerr != nil && !strings.Contains(rerr.Msg, "detect.flowbits.max-per-signature") {
				t.Errorf("got %v, want accepted %v", rerr, tc.ok)
			}
		})
	}
}
