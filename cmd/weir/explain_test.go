package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/cmd/weir/config"
	"weir/detect"
	"weir/rules"
)

// breakage breaks a rule at one gate and names the gate: its kind, and words
// that it says. Ok is false where the rule has no such gate.
type breakage struct {
	name  string
	apply func(r *rules.Rule, n int) (kind, words string, ok bool)
}

// setOption gives the n-th option with that name another value.
func setOption(r *rules.Rule, n int, value func(o *rules.Option) string, names ...string) (string, bool) {
	var at []int
	for i := range r.Options {
		if slices.Contains(names, r.Options[i].Name) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return "", false
	}
	o := &r.Options[at[n%len(at)]]
	v := value(o)
	if v == "" {
		return "", false
	}
	o.Value = v
	return o.Name + ":" + v, true
}

// replaced makes a breakage that replaces an option's value.
func replaced(kind, value string, names ...string) breakage {
	return breakage{names[0], func(r *rules.Rule, n int) (string, string, bool) {
		words, ok := setOption(r, n, func(*rules.Option) string { return value }, names...)
		return kind, words, ok
	}}
}

// contentAt returns the place of a positive content among the options, the n-th.
func contentAt(r *rules.Rule, n int) int {
	var at []int
	for i := range r.Options {
		if o := &r.Options[i]; o.Name == "content" && !strings.HasPrefix(o.Value, "!") {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return -1
	}
	return at[n%len(at)]
}

// modified adds a modifier to a content, in place of those of that name.
func modified(name, value string, relative bool) breakage {
	return breakage{name, func(r *rules.Rule, n int) (string, string, bool) {
		i := contentAt(r, n)
		if i < 0 {
			return "", "", false
		}
		isRelative, end := false, i+1
		for ; end < len(r.Options) && slices.Contains([]string{"nocase", "offset", "depth", "distance", "within", "fast_pattern", "startswith", "endswith"}, r.Options[end].Name); end++ {
			isRelative = isRelative || r.Options[end].Name == "distance" || r.Options[end].Name == "within"
			if r.Options[end].Name == "startswith" || r.Options[end].Name == "endswith" {
				return "", "", false
			}
		}
		if isRelative != relative {
			return "", "", false
		}
		words := r.Options[i].Name + ":" + r.Options[i].Value
		r.Options = slices.Insert(r.Options, end, rules.Option{Name: name, Value: value, HasValue: true})
		return detect.GateMatch, words, true
	}}
}

var breakages = []breakage{
	{"source address", func(r *rules.Rule, _ int) (string, string, bool) {
		r.Src.S = "203.0.113.77"
		return detect.GateSource, r.Src.S, r.Dir == rules.OneWay
	}},
	{"destination address", func(r *rules.Rule, _ int) (string, string, bool) {
		r.Dst.S = "203.0.113.77"
		return detect.GateDestination, r.Dst.S, r.Dir == rules.OneWay
	}},
	{"source port", func(r *rules.Rule, _ int) (string, string, bool) {
		r.SrcPort.S = "7"
		return detect.GateSourcePort, r.SrcPort.S, r.Dir == rules.OneWay
	}},
	{"destination port", func(r *rules.Rule, _ int) (string, string, bool) {
		r.DstPort.S = "7"
		return detect.GateDestPort, r.DstPort.S, r.Dir == rules.OneWay
	}},
	{"protocol", func(r *rules.Rule, _ int) (string, string, bool) {
		to, ok := map[string]string{"tcp": "udp", "udp": "tcp", "ip": "icmp", "icmp": "udp"}[r.Proto.S]
		r.Proto.S = to
		return detect.GateProtocol, to, ok
	}},
	{"direction", func(r *rules.Rule, n int) (string, string, bool) {
		words, ok := setOption(r, n, func(o *rules.Option) string {
			for _, p := range [...][2]string{{"to_server", "to_client"}, {"to_client", "to_server"}, {"from_server", "from_client"}, {"from_client", "from_server"}} {
				if strings.Contains(o.Value, p[0]) {
					return strings.Replace(o.Value, p[0], p[1], 1)
				}
			}
			return ""
		}, "flow")
		return detect.GateDirection, words, ok
	}},
	{"flow state", func(r *rules.Rule, n int) (string, string, bool) {
		words, ok := setOption(r, n, func(o *rules.Option) string {
			if !strings.Contains(o.Value, "established") {
				return ""
			}
			return strings.Replace(o.Value, "established", "not_established", 1)
		}, "flow")
		return detect.GateFlow, words, ok
	}},
	{"content byte", func(r *rules.Rule, n int) (string, string, bool) {
		i := contentAt(r, n)
		if i < 0 {
			return "", "", false
		}
		b, _, err := rules.Content(r.Options[i].Value)
		if err != nil {
			return "", "", false
		}
		b[n%len(b)] ^= 0x15 // stays a letter or becomes none: not one of the other case
		v := `"|`
		for _, c := range b {
			v += fmt.Sprintf("%02x ", c)
		}
		r.Options[i].Value = strings.TrimSpace(v) + `|"`
		return detect.GateMatch, r.Options[i].Value, true
	}},
	modified("offset", "50000", false),
	modified("distance", "50000", true),
	replaced(detect.GateMatch, `"/zq#x{3}wq/"`, "pcre"),
	replaced(detect.GateMatch, "1,>,255,0", "byte_test"),
	replaced(detect.GateMatch, "9999", "bsize"),
	replaced(detect.GateMatch, "60000", "isdataat"),
	{"buffer", func(r *rules.Rule, n int) (string, string, bool) {
		for i := range r.Options {
			if o := &r.Options[i]; o.Name == "http.uri" || o.Name == "http.user_agent" || o.Name == "http.host" {
				o.Name = "http.cookie"
				return "", "http.cookie", true
			}
		}
		return "", "", false
	}},
	{"flowbits", func(r *rules.Rule, n int) (string, string, bool) {
		words, ok := setOption(r, n, func(o *rules.Option) string {
			if !strings.HasPrefix(o.Value, "isset,") {
				return ""
			}
			return "isset,weir.never"
		}, "flowbits")
		return detect.GateState, words, ok
	}},
	{"dsize", func(r *rules.Rule, _ int) (string, string, bool) {
		for i := range r.Options {
			if strings.ContainsAny(r.Options[i].Name, "._") && r.Options[i].Name != "fast_pattern" {
				return "", "", false // about a transaction, or a stream
			}
		}
		if words, ok := setOption(r, 0, func(*rules.Option) string { return ">9000" }, "dsize"); ok {
			return detect.GatePacket, words, true
		}
		r.Options = slices.Insert(r.Options, 0, rules.Option{Name: "dsize", Value: ">9000", HasValue: true})
		return detect.GatePacket, "dsize:>9000", r.Proto.S == "udp"
	}},
	replaced(detect.GateField, ">9000", "urilen"),
	replaced(detect.GatePacket, "FSRPAU", "flags"),
}

// spell writes a rule that was changed.
func spell(r *rules.Rule) string {
	var b strings.Builder
	proto := r.Proto.S
	if r.Hook.S != "" {
		proto += ":" + r.Hook.S
	}
	fmt.Fprintf(&b, "%s %s %s %s %v %s %s (", r.Action.S, proto, r.Src.S, r.SrcPort.S, r.Dir, r.Dst.S, r.DstPort.S)
	for _, o := range r.Options {
		b.WriteString(o.Name)
		if o.HasValue {
			b.WriteString(":" + o.Value)
		}
		b.WriteString("; ")
	}
	b.WriteString(")")
	return b.String()
}

// explained explains one rule, with others.
func explained(t *testing.T, cfg *config.Config, rule, others, capture string, gid, sid uint32) (*detect.Explanation, error) {
	t.Helper()
	o := engineOptions{extra: []ruleText{{"rule", []byte(rule)}, {"others", []byte(others)}}}
	c := *cfg
	c.RuleFiles = nil
	return explainRule(t.Context(), &c, &o, gid, sid, []string{capture}, "", io.Discard)
}

// named reports whether an explanation names the gate that was broken.
func named(x *detect.Explanation, kind, words string) (got string, ok bool) {
	if x.Nearest == nil || len(x.Nearest.Misses) == 0 {
		return "none", false
	}
	g := &x.Gates[x.Nearest.Misses[0].Gate]
	got = g.Kind + " " + g.Buffer + " " + g.Text
	if kind == "" { // a buffer
		return got, strings.HasPrefix(g.Buffer, words)
	}
	return got, g.Kind == kind && strings.Contains(g.Text, words)
}

// TestExplainNames breaks firing rules of the parity set each at one gate, and
// wants the explanation to name that gate in 95 of 100.
func TestExplainNames(t *testing.T) {
	const dir, want = "../../../shared/parity", 200
	f, err := os.Open(filepath.Join(dir, "expected.jsonl.gz"))
	if err != nil {
		t.Skip("no parity set beside the clone: ", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "rules/et-open.rules"))
	if err != nil {
		t.Fatal(err)
	}
	all, setters := map[uint32]*rules.Rule{}, map[string][]string{}
	for r, err := range rules.All("et-open.rules", text) {
		if err != nil {
			continue
		}
		all[r.SID] = r
		for _, o := range r.Options {
			if name, ok := strings.CutPrefix(o.Value, "set,"); ok && o.Name == "flowbits" {
				setters[name] = append(setters[name], r.Raw)
			}
		}
	}
	cfg, _, err := config.Load(config.Options{File: filepath.Join(dir, "suricata.yaml"), Checksums: "none"})
	if err != nil {
		t.Fatal(err)
	}
	done, right, at := map[uint32]bool{}, 0, 0
	byKind := map[string]int{}
	in := bufio.NewReaderSize(z, 1<<20)
	for len(done) < want {
		line, err := in.ReadBytes('\n')
		if err != nil {
			break
		}
		var c struct {
			Pcap   string
			Alerts []struct{ SID uint32 }
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		perCapture := 0
		for _, alert := range c.Alerts {
			sid := alert.SID
			r := all[sid]
			if r == nil || done[sid] || perCapture == 2 || len(done) == want {
				continue
			}
			others := ""
			for _, o := range r.Options {
				if name, ok := strings.CutPrefix(o.Value, "isset,"); ok && o.Name == "flowbits" && len(setters[name]) < 50 {
					others += strings.Join(setters[name], "\n") + "\n"
				}
			}
			capture := filepath.Join(dir, "pcaps", c.Pcap)
			x, err := explained(t, cfg, r.Raw, others, capture, r.GID, sid)
			if err != nil || x.Alerts == 0 {
				continue // it does not fire here to begin with
			}
			// The breakage that was used least comes first.
			slices.SortStableFunc(breakages, func(a, b breakage) int { return byKind[a.name] - byKind[b.name] })
			for i := range breakages {
				b := &breakages[i]
				at++
				again, err := rules.ParseRule(r.Raw)
				if err != nil {
					t.Fatal(err)
				}
				kind, words, ok := b.apply(again, at)
				if !ok {
					continue
				}
				x, err := explained(t, cfg, spell(again), others, capture, r.GID, sid)
				if err != nil || x.Fitted > 0 {
					continue // it does not load, or is not broken by this
				}
				done[sid] = true
				perCapture++
				byKind[b.name]++
				if got, ok := named(x, kind, words); ok {
					right++
				} else {
					t.Logf("sid %d in %s, %s: named %s\n    want %s %s\n    %s", sid, c.Pcap, b.name, got, kind, words, spell(again))
				}
				break
			}
		}
	}
	t.Logf("%d of %d gates named; broken: %v", right, len(done), byKind)
	if len(done) < want || right*100 < 95*len(done) {
		t.Errorf("%d of %d gates named, want 95 of 100 of %d", right, len(done), want)
	}
}

// TestExplainMisses wants the gate at which a rule fails on our own captures, and
// how near it came.
func TestExplainMisses(t *testing.T) {
	cfg, _, err := config.Load(config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const post, dns = "../../testdata/captures/http/recorded-http-post.pcap", "../../testdata/captures/dns/recorded-dns-dig.pcap"
	for _, c := range []struct{ name, rule, capture, kind, why string }{
		{"fires", `alert http any any -> any 80 (http.method; content:"POST"; sid:1;)`, post, "", ""},
		{"protocol", `alert udp any any -> any 80 (content:"POST"; sid:1;)`, post, detect.GateProtocol, "TCP over IPv4"},
		{"source address", `alert tcp 203.0.113.9 any -> any 80 (content:"POST"; sid:1;)`, post, detect.GateSource, "192.0.2.10 is not in 203.0.113.9"},
		{"destination port", `alert tcp any any -> any 81 (content:"POST"; sid:1;)`, post, detect.GateDestPort, "80 is not in 81"},
		{"direction", `alert tcp any any -> any any (flow:to_client; content:"POST /"; sid:1;)`, post, detect.GateDirection, "to_server"},
		{"state of the connection", `alert tcp any any -> any any (flow:not_established; content:"POST /"; sid:1;)`, post, detect.GateFlow, "is established"},
		{"application protocol", `alert tls any any -> any any (content:"POST /"; sid:1;)`, post, detect.GateApp, "http1"},
		{"letters", `alert tcp any any -> any any (content:"post /"; sid:1;)`, post, detect.GateMatch, "add nocase"},
		{"within", `alert tcp any any -> any any (content:"POST"; content:"HTTP/1.1"; within:9; sid:1;)`, post, detect.GateMatch, "within:9 of the match before, which ends at 4, allows up to 13"},
		{"within a variable", `alert tcp any any -> any any (content:"POST"; byte_extract:1,0,n,relative; content:"HTTP/1.1"; within:n; distance:-40; sid:1;)`, post, detect.GateMatch, "within:32"},
		{"distance", `alert tcp any any -> any any (content:"POST"; depth:4; content:"HTTP/1.1"; distance:20; within:8; sid:1;)`, post, detect.GateMatch, "found at"},
		{"depth", `alert tcp any any -> any any (content:" HTTP/1.1|0d 0a|Host"; depth:20; sid:1;)`, post, detect.GateMatch, "depth:20 allows up to 20"},
		{"offset", `alert http any any -> any any (http.uri; content:"/upload"; offset:2; sid:1;)`, post, detect.GateMatch, "found at 0; offset:2"},
		{"startswith", `alert http any any -> any any (http.uri; content:"upload"; startswith; sid:1;)`, post, detect.GateMatch, "found at 1, not at the start"},
		{"endswith", `alert http any any -> any any (http.uri; content:"/up"; endswith; sid:1;)`, post, detect.GateMatch, "not at the end"},
		{"another buffer", `alert http any any -> any any (http.uri; content:"POST"; sid:1;)`, post, detect.GateMatch, "it stands in http.method at 0"},
		{"buffer that is not there", `alert http any any -> any any (http.cookie; content:"a="; sid:1;)`, post, detect.GateBuffer, "http.cookie is not in this transaction"},
		{"negated content", `alert http any any -> any any (http.method; content:"POST"; http.uri; content:!"load"; content:"/upload"; sid:1;)`, post, detect.GateMatch, "it stands at 3"},
		{"bsize", `alert http any any -> any any (http.uri; content:"/upload"; bsize:8; sid:1;)`, post, detect.GateMatch, "http.uri has 7 bytes"},
		{"pcre", `alert http any any -> any any (http.uri; pcre:"/^\/down/"; sid:1;)`, post, detect.GateMatch, "does not match"},
		{"flow bits", `alert http any any -> any any (flowbits:isset,never; http.uri; content:"/upload"; sid:1;)`, post, detect.GateState, "nothing is set in the flow at this packet\nno rule that is loaded sets never"},
		{"size of the payload", `alert udp any any -> any 53 (dsize:>900; sid:1;)`, dns, detect.GatePacket, "the payload has"},
		{"byte_test", `alert udp any any -> any 53 (byte_test:2,=,7,4; sid:1;)`, dns, detect.GateMatch, "the value read is 1"},
		{"query", `alert dns any any -> any any (dns.query; content:"nowhere"; sid:1;)`, dns, detect.GateMatch, "dns.query is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, err := explained(t, cfg, c.rule, "", c.capture, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			if c.kind == "" {
				if x.Alerts == 0 || x.Nearest != nil || len(x.Fired) == 0 || len(x.Fired[0].Matches) == 0 {
					t.Errorf("did not fire, or not said where: %+v", x)
				}
				return
			}
			if x.Nearest == nil || len(x.Nearest.Misses) == 0 {
				t.Fatalf("nothing near: %+v", x)
			}
			m := x.Nearest.Misses[0]
			said := m.Why + "\n" + strings.Join(m.Hints, "\n")
			if got := x.Gates[m.Gate].Kind; got != c.kind || !strings.Contains(said, c.why) {
				t.Errorf("gate %s: %s\nwant %s: %s", got, said, c.kind, c.why)
			}
		})
	}
}

// TestExplainChangesNothing wants the alerts of a run to be the same whether a
// rule is explained or not.
func TestExplainChangesNothing(t *testing.T) {
	const captures = "../../testdata/captures/"
	cfg, _, err := config.Load(config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for capture, sids := range map[string][]uint32{
		"scan/recorded-scan-odd.pcap": {9000001, 9000002, 9000003}, "scan/recorded-scan-syn.pcap": {9000004},
		"http/recorded-http-post.pcap": {9000101, 9000102, 9000103, 9000104, 9000108}, "dns/recorded-dns-dig.pcap": {9000201, 9000202},
		"tls/recorded-tls-curl.pcap": {9000301, 9000302}, "http/recorded-http-fragments.pcap": {9000401},
	} {
		want := alertsOf(t, captures+capture)
		for _, sid := range sids {
			o := engineOptions{}
			x, err := explainRule(t.Context(), cfg, &o, 1, sid, []string{captures + capture}, "", io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if x.Alerts != want[sid] {
				t.Errorf("%s: rule %d has %d alerts where it is explained, %d else", capture, sid, x.Alerts, want[sid])
			}
		}
	}
}
