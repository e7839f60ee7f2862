package detect

import (
	"slices"
	"strings"
	"testing"

	"weir/decode/proto/all"
	"weir/rules"
)

// TestLint looks at rules that have one bad habit each.
func TestLint(t *testing.T) {
	const tail = ` msg:"m"; classtype:c; rev:1; sid:1;)`
	for _, c := range []struct{ name, rules, want string }{
		{"good", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php";` + tail, ""},
		{"no msg", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; classtype:c; rev:1; sid:1;)`, "no-msg"},
		{"no rev", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; msg:"m"; classtype:c; sid:1;)`, "no-rev"},
		{"no class", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; msg:"m"; rev:1; sid:1;)`, "no-classtype"},
		{"no flow", `alert tcp any any -> any any (content:"evil thing";` + tail, "no-flow"},
		{"datagrams", `alert udp any any -> any any (content:"evil thing";` + tail, ""},
		{"no pattern", `alert tcp any any -> any any (flow:to_server; content:!"evil thing";` + tail, "no-pattern"},
		{"short", `alert tcp any any -> any any (flow:to_server; content:"ab";` + tail, "short-pattern"},
		{"short at a place", `alert tcp any any -> any any (flow:to_server; content:"ab"; depth:2;` + tail, ""},
		{"common", `alert tcp any any -> any any (flow:to_server; content:"User-Agent";` + tail, "common-pattern"},
		{"pcre", `alert http any any -> any any (flow:to_server; http.uri; pcre:"/evil[0-9]+/";` + tail, "no-pattern,pcre-alone"},
		{"old form", `alert http any any -> any any (flow:to_server; content:"/evil.php"; http_uri;` + tail, "legacy-modifier"},
		{"fast_pattern", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; fast_pattern;` + tail, "useless-option"},
		{"nocase", `alert http any any -> any any (flow:to_server; http.uri; content:"/123/"; nocase;` + tail, "useless-option"},
		{"distance", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; distance:0;` + tail, "useless-option"},
		{"twice", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; content:"/evil.php";` + tail, "same-content"},
		{"twice in a row", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; content:"/evil.php"; distance:0;` + tail, ""},
		{"domain", `alert dns any any -> any any (dns.query; content:"evil.com"; nocase;` + tail, "loose-domain"},
		{"whole domain", `alert dns any any -> any any (dns.query; dotprefix; content:".evil.com"; nocase; endswith;` + tail, ""},
		{"ports", `alert http any any -> any 8080 (flow:to_server; http.uri; content:"/evil.php";` + tail, "ports-of-protocol"},
		{"protocol", `alert udp any any -> any any (dns.query; content:"evil thing";` + tail, "hidden-protocol"},
		{"silent", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; noalert;` + tail, "silent"},
		{"bits", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; flowbits:set,a; flowbits:isset,b;` + tail, "bit-never-read,bit-never-set"},
		{"bits of two", `alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; flowbits:set,a; noalert;` + tail + "\n" +
			`alert http any any -> any any (flow:to_server; http.uri; content:"/evil.php"; flowbits:isset,a; msg:"m"; classtype:c; rev:1; sid:2;)`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := all.Set()
			if err != nil {
				t.Fatal(err)
			}
			b, l := NewBuilder(set, Options{Classes: map[string]rules.Class{"c": {Name: "c"}}}), NewLinter(nil)
			for r, err := range rules.All("t", []byte(c.rules+"\n")) {
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Add(b, r); err != nil {
					t.Fatal(err)
				}
			}
			l.Done()
			var got []string
			for _, f := range l.Findings {
				got = append(got, f.Lint)
			}
			slices.Sort(got)
			if s := strings.Join(got, ","); s != c.want {
				t.Errorf("found %q, want %q", s, c.want)
			}
		})
	}
}
