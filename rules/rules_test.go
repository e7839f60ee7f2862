package rules

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	f := Parse("t.rules", []byte("# comment\n\nalert http1:request_line [1.2.3.4, !5.6.7.8] any -> $HOME_NET 80 (msg:\"a\\; b\"; \\\n  content:\"x\"; sid:7; rev:2;)\r\n"))
	if len(f.Errors) > 0 || len(f.Rules) != 1 {
		t.Fatalf("errors %v, %d rules", f.Errors, len(f.Rules))
	}
	r := f.Rules[0]
	if r.Proto.S != "http1" || r.Hook.S != "request_line" || r.Src.S != "[1.2.3.4, !5.6.7.8]" || r.SID != 7 || r.Rev != 2 || r.GID != 1 {
		t.Errorf("got %+v", r)
	}
	if o := r.Options[0]; o.Value != `"a\; b"` {
		t.Errorf("msg %q", o.Value)
	}
	if got := r.Options[1].Pos.String(); got != "t.rules:4:3" {
		t.Errorf("position %s, want t.rules:4:3", got)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, rule, want string }{
		{"no sid", `alert tcp any any -> any any (msg:"x";)`, "r:1:1: no sid (each rule needs sid:NUMBER;)"},
		{"sid zero", `alert tcp any any -> any any (sid:0;)`, `r:1:31: sid: value "0": want a number below 4294967296`},
		{"direction", `alert tcp any any >> any any (sid:1;)`, `r:1:19: direction ">>": want ->, <> or =>`},
		{"short", `alert tcp any`, "r:1:1: rule ends early (want: action protocol source port -> destination port (options))"},
		{"open option", `alert tcp any any -> any any (sid:1; msg:"x")`, "r:1:38: sid 1: option is not closed (want ; behind each option)"},
		{"no options", `alert tcp any any -> any any sid:1;`, "r:1:30: no options (want ( after the destination port)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Parse("r", []byte(c.rule))
			if len(f.Errors) != 1 || f.Errors[0].Error() != c.want {
				t.Errorf("got %v, want %s", f.Errors, c.want)
			}
		})
	}
}

func TestContent(t *testing.T) {
	for _, c := range []struct{ in, want, err string }{
		{`"abc"`, "abc", ""},
		{`"a|20 0d|x\"\;"`, "a \rx\";", ""},
		{`"|61|b|6 3|"`, "abc", ""},
		{`abc`, "", `value "abc": want text in double quotes`},
		{`"a|2|"`, "", "byte 2: hex block: odd number of digits"},
		{`"a|20"`, "", "byte 2: hex block is not closed"},
		{`"a\n"`, "", `byte 2: escape \n: want \", \;, \:, \\ or \|`},
		{`""`, "", "pattern is empty"},
	} {
		got, _, err := Content(c.in)
		msg := ""
		if err != nil {
			msg = err.Error()
		}
		if string(got) != c.want || msg != c.err {
			t.Errorf("%s: got %q, %s; want %q, %s", c.in, got, msg, c.want, c.err)
		}
	}
}

var vars = &Vars{
	Addresses: map[string]string{"HOME_NET": "[192.168.0.0/16,10.0.0.0/8]", "EXT": "!$HOME_NET", "LOOP": "$LOOP"},
	Ports:     map[string]string{"HTTP": "[80,8000:8080]", "NOT": "!80"},
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ group, in, out, err string }{
		{"any", "1.2.3.4 ::1", "", ""},
		{"10.0.0.1", "10.0.0.1", "10.0.0.2 ::1", ""},
		{"10.0.0.0/8", "10.0.0.0 10.255.255.255", "9.255.255.255 11.0.0.0", ""},
		{"10.0.0.0/255.0.0.0", "10.1.2.3", "11.0.0.0", ""},
		{"10.0.0.5-10.0.0.9", "10.0.0.5 10.0.0.9", "10.0.0.4 10.0.0.10", ""},
		{"[10.0.0.0/8,!10.1.0.0/16]", "10.0.0.1 10.2.0.0", "10.1.2.3", ""},
		{"$HOME_NET", "192.168.1.1", "8.8.8.8", ""},
		{"$EXT", "8.8.8.8 ::1", "192.168.1.1 10.0.0.1", ""},
		{"!$EXT", "192.168.1.1", "8.8.8.8", ""},
		{"[!1.1.1.1]", "1.1.1.2", "1.1.1.1", ""},
		{"2001:db8::/32", "2001:db8::1", "2001:db9::1 1.2.3.4", ""},
		{"!any", "", "", `address "!any": !any matches nothing`},
		{"[1.1.1.1,!1.1.1.1]", "", "", `address "[1.1.1.1,!1.1.1.1]": nothing is left`},
		{"$NONE", "", "", `address "$NONE": no such variable in vars.address-groups`},
		{"$LOOP", "", "", `address "$LOOP": groups nest deeper than 64`},
		{"1.2.3", "", "", `address "1.2.3": want an address, a network such as 192.0.2.0/24, or a range a-b`},
		{"[1.1.1.1", "", "", `address "[1.1.1.1": list is not closed`},
		{"2.0.0.0-1.0.0.0", "", "", `address "2.0.0.0-1.0.0.0": the range is reversed`},
	} {
		t.Run(c.group, func(t *testing.T) {
			s, err := ParseAddresses(c.group, vars)
			if (err != nil) != (c.err != "") || err != nil && err.Error() != c.err {
				t.Fatalf("got error %v, want %s", err, c.err)
			}
			for a := range strings.FieldsSeq(c.in) {
				if !s.ContainsAddr(netip.MustParseAddr(a)) {
					t.Errorf("%s is not in", a)
				}
			}
			for a := range strings.FieldsSeq(c.out) {
				if s.ContainsAddr(netip.MustParseAddr(a)) {
					t.Errorf("%s is in", a)
				}
			}
		})
	}
}

func TestPorts(t *testing.T) {
	for _, c := range []struct {
		group   string
		in, out []uint16
		err     string
	}{
		{"any", []uint16{0, 65535}, nil, ""},
		{"80", []uint16{80}, []uint16{79, 81}, ""},
		{"1024:", []uint16{1024, 65535}, []uint16{1023}, ""},
		{":1024", []uint16{0, 1024}, []uint16{1025}, ""},
		{"$HTTP", []uint16{80, 8000, 8080}, []uint16{81}, ""},
		{"!$HTTP", []uint16{81}, []uint16{80, 8000}, ""},
		{"$NOT", []uint16{81}, []uint16{80}, ""},
		{"!$NOT", []uint16{80}, []uint16{81}, ""},
		{"[1:100,!80]", []uint16{1, 100}, []uint16{80, 101}, ""},
		{"!any", nil, nil, `port "!any": !any matches nothing`},
		{"[80,!80]", nil, nil, `port "[80,!80]": nothing is left`},
		{"90:80", nil, nil, `port "90:80": the range is reversed`},
		{"http", nil, nil, `port "http": want a port 0 to 65535, or a range a:b`},
		{"65536", nil, nil, `port "65536": want a port 0 to 65535, or a range a:b`},
	} {
		t.Run(c.group, func(t *testing.T) {
			s, err := ParsePorts(c.group, vars)
			if (err != nil) != (c.err != "") || err != nil && err.Error() != c.err {
				t.Fatalf("got error %v, want %s", err, c.err)
			}
			for _, p := range c.in {
				if !s.Contains(p) {
					t.Errorf("%d is not in", p)
				}
			}
			for _, p := range c.out {
				if s.Contains(p) {
					t.Errorf("%d is in", p)
				}
			}
		})
	}
}

// TestLarge parses the rule file that WEIR_RULES names.
func TestLarge(t *testing.T) {
	name := os.Getenv("WEIR_RULES")
	if name == "" {
		t.Skip("WEIR_RULES names no rule file")
	}
	start := time.Now()
	f, err := ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rules, %d errors in %v", len(f.Rules), len(f.Errors), time.Since(start))
	for _, e := range f.Errors {
		t.Error(e)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`alert tcp any any -> any any (msg:"a\; b"; content:"x"; sid:7;)`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Parse("f", []byte(s)).Rules {
			for i := range r.Options {
				Content(r.Options[i].Value)
			}
			ParseAddresses(r.Src.S, vars)
			ParsePorts(r.SrcPort.S, vars)
		}
	})
}
