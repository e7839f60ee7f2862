package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// doubling are variables that each stand for two of the next.
func doubling(n int) map[string]string {
	m := map[string]string{fmt.Sprintf("V%d", n): "1"}
	for i := range n {
		m[fmt.Sprintf("V%d", i)] = fmt.Sprintf("[$V%d,$V%d]", i+1, i+1)
	}
	return m
}

// many joins n items made of their number.
func many(n int, item func(i int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, ",")
}

// TestHostileRules parses rules made to be dear. Each has to come out, or to be
// refused for the reason given, before long.
func TestHostileRules(t *testing.T) {
	network := func(i int) string { return fmt.Sprintf("%d.%d.%d.0/25", 1+i>>16, i>>8&255, i&255) }
	vars := &Vars{Ports: doubling(20), Addresses: doubling(20)}
	vars.Addresses["V20"] = "192.0.2.1"
	vars.Addresses["SELF"], vars.Ports["SELF"] = "[$SELF,!$SELF]", "![$SELF]"
	for _, tc := range []struct {
		name, rule, want string // want: of the error; empty: none
	}{
		{"rule of 2 MB", head("any", "any") + strings.Repeat("ttl:1; ", 300000) + "sid:1;)", "r:1:1: rule of 2100037 bytes: want at most 1048576"},
		{"rule over a million lines", "alert\\\n" + strings.Repeat("a\\\n", 1200000), "r:1:1: rule of 1200006 bytes: want at most 1048576"},
		{"option on the last of 300,000 lines", head("any", "any") + strings.Repeat(" \\\n", 300000) + "sid:x;)", `r:300001:1: sid: value "x": want a number below 4294967296`},
		{"5000 options", head("any", "any") + strings.Repeat("ttl:1; ", 5000) + "sid:1;)", "r:1:28703: more than 4096 options"},
		{"only semicolons", head("any", "any") + strings.Repeat(";", 900000) + "sid:1;)", ""},
		{"addresses: 5000 brackets", head(strings.Repeat("[", 5000)+"192.0.2.1"+strings.Repeat("]", 5000), "any") + "sid:1;)", "groups nest deeper than 64"},
		{"addresses: 100,000 negations", head(strings.Repeat("!", 100000)+"192.0.2.1", "any") + "sid:1;)", "groups nest deeper than 64"},
		{"addresses: negations in each other", head(strings.Repeat("![192.0.2.1,", 30)+"192.0.2.2"+strings.Repeat("]", 30), "any") + "sid:1;)", "nothing is left"},
		{"addresses: 40,000 networks without 30,000", head("["+many(40000, network)+","+many(30000, func(i int) string { return "!" + network(i) })+"]", "any") + "sid:1;)", ""},
		{"addresses: 140,000 items", head("["+many(140000, func(i int) string { return "::" })+"]", "any") + "sid:1;)", "more than 131072 items, variables put in"},
		{"addresses: variables double 20 times", head("$V0", "any") + "sid:1;)", "more than 131072 items, variables put in"},
		{"addresses: variable of itself", head("$SELF", "any") + "sid:1;)", "groups nest deeper than 64"},
		{"ports: 150,000", head("any", "["+many(150000, func(i int) string { return fmt.Sprint(i % 65536) })+"]") + "sid:1;)", "more than 131072 items, variables put in"},
		{"ports: each second one", head("any", "["+many(32768, func(i int) string { return fmt.Sprint(2 * i) })+"]") + "sid:1;)", ""},
		{"ports: 9,000 negated groups", head("any", "["+many(9000, func(i int) string { return "![![1:65000]]" })+"]") + "sid:1;)", ""},
		{"ports: variables double 20 times", head("any", "$V0") + "sid:1;)", "more than 131072 items, variables put in"},
		{"ports: variable of itself", head("any", "$SELF") + "sid:1;)", "groups nest deeper than 64"},
		{"content of 65535 bytes", head("any", "any") + `content:"` + strings.Repeat("a", 65535) + `"; sid:1;)`, ""},
		{"content of 65536 bytes", head("any", "any") + `content:"` + strings.Repeat("a", 65536) + `"; sid:1;)`, "pattern of 65536 bytes: want at most 65535"},
		{"hex content", head("any", "any") + `content:"|` + strings.Repeat("00 ", 300000) + `|"; sid:1;)`, "pattern of 300000 bytes: want at most 65535"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			start := time.Now()
			err := tryRule(tc.rule, vars)
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("took %v", d)
			}
			if got := fmt.Sprint(err); tc.want == "" && err != nil || !strings.Contains(got, tc.want) || len(got) > 400 {
				t.Errorf("got %.400s, want %q", got, tc.want)
			}
		})
	}
}

// head is a rule up to its options, with source addresses and ports.
func head(src, ports string) string { return "alert tcp " + src + " " + ports + " -> any any (" }

// tryRule parses a file of one rule with its groups and contents, and returns
// the first error.
func tryRule(text string, vars *Vars) error {
	for r, err := range All("r", []byte(text)) {
		if err != nil {
			return err
		}
		if _, err := ParseAddresses(r.Src.S, vars); err != nil {
			return err
		}
		if _, err := ParsePorts(r.SrcPort.S, vars); err != nil {
			return err
		}
		for i := range r.Options {
			if o := &r.Options[i]; o.Name == "content" {
				if _, _, err := Content(o.Value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// TestPortRanges wants a set to hold exactly what it says.
func TestPortRanges(t *testing.T) {
	for _, group := range []string{"0", "65535", ":65535", "0:63", "64:127", "1:65534", "!80", "[0,2,4,6,8,10:20,63:64,65535]", "[1:100,!50:60,!99]"} {
		s, err := ParsePorts(group, nil)
		if err != nil {
			t.Fatal(err)
		}
		in := map[uint16]bool{}
		for _, r := range s.Ranges() {
			for p := int(r[0]); p <= int(r[1]); p++ {
				in[uint16(p)] = true
			}
		}
		if len(in) != s.Count() {
			t.Errorf("%s: Ranges has %d ports, Count says %d", group, len(in), s.Count())
		}
		for p := range 1 << 16 {
			if s.Contains(uint16(p)) != in[uint16(p)] {
				t.Errorf("%s: port %d: Contains says %v, Ranges %v", group, p, !in[uint16(p)], in[uint16(p)])
			}
		}
	}
}
