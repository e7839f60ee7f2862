package detect

import (
	"strings"
	"testing"

	"weir/decode/packet"
	"weir/decode/proto"
	"weir/rules"
)

// TestThresholdSteps matches at the given times, in tenths of a second, and wants
// an alert (a), a silent match (s) or none (.) of each.
func TestThresholdSteps(t *testing.T) {
	for _, tc := range []struct {
		name, value string
		at          []int64
		want        string
	}{
		{"limit takes the first of a span", "type limit, track by_rule, count 2, seconds 1", []int64{0, 1, 2, 10, 11, 12, 13}, "aassaas"},
		{"threshold takes each third", "type threshold, track by_rule, count 3, seconds 10", []int64{0, 1, 2, 3, 4, 5}, "..a..a"},
		{"threshold begins anew when a span is over", "type threshold, track by_rule, count 3, seconds 1", []int64{0, 1, 12, 13, 14}, "....a"},
		{"both takes one of a span", "type both, track by_rule, count 2, seconds 1", []int64{0, 1, 2, 3, 12, 13, 14}, ".ass.as"},
		{"count 1 of both", "type both, track by_rule, count 1, seconds 1", []int64{0, 1, 12}, "asa"},
		{"backoff takes ever fewer", "type backoff, track by_flow, count 1, multiplier 2", []int64{0, 1, 2, 3, 4, 5, 6, 7}, "aasasssa"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			th, err := parseThreshold(tc.value, "type", "track", "count", "seconds", "multiplier")
			if err != nil {
				t.Fatal(err)
			}
			if got := steps(th, tc.at, &alert{}); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// steps returns what becomes of matches at the given times.
func steps(th *threshold, at []int64, a *alert) string {
	var b strings.Builder
	c := &counter{}
	for i, tenth := range at {
		p := &packet.Packet{}
		p.Time = 5e9 + tenth*1e8
		if i == 0 {
			c.first = p.Time
		}
		b.WriteByte(".sa"[th.step(c, i == 0, p, a)])
	}
	return b.String()
}

func TestRateFilterSteps(t *testing.T) {
	th, err := parseThreshold("track by_rule, count 2, seconds 1", "track", "count", "seconds")
	if err != nil {
		t.Fatal(err)
	}
	th.kind, th.action, th.timeout = thRate, actDrop, 2e9
	c := &counter{first: 1}
	for i, want := range []struct {
		at   int64 // tenths of a second
		drop bool
	}{{0, false}, {1, false}, {2, true}, {15, true}, {22, true}, {23, false}, {24, false}} {
		p := &packet.Packet{}
		p.Time = 1 + want.at*1e8
		a := alert{}
		if got := th.step(c, i == 0, p, &a); got != match {
			t.Errorf("at %d: got %d, want an alert", want.at, got)
		}
		if a.changed != want.drop || a.changed && a.action != actDrop {
			t.Errorf("at %d: got action %d (changed %v), want drop %v", want.at, a.action, a.changed, want.drop)
		}
	}
}

func TestUniquePorts(t *testing.T) {
	th, err := parseThreshold("track by_dst, count 2, seconds 60, unique_on dst_port", "track", "count", "seconds", "unique_on")
	if err != nil {
		t.Fatal(err)
	}
	th.kind = thDetection
	c := &counter{ports: new(portBits)}
	var got []byte
	for i, port := range []uint16{1, 2, 1, 2, 65535, 1} {
		p := &packet.Packet{}
		p.DstPort = port
		got = append(got, ".sa"[th.step(c, i == 0, p, &alert{})])
	}
	if string(got) != "....aa" {
		t.Errorf("got %s, want ....aa: the third port is the first above the count", got)
	}
}

// TestThresholdMemory wants a bound that holds, and outdated counters to make
// room.
func TestThresholdMemory(t *testing.T) {
	tab := newThresholdTable(3 * counterBytes)
	th := &threshold{kind: thLimit, track: bySrc, count: 1, span: 1e9}
	get := func(i byte, now int64) bool {
		c, _ := tab.get(thresholdKey{a: [16]byte{i}}, th, now)
		return c != nil
	}
	for i := range byte(3) {
		if !get(i, 10e9) {
			t.Fatalf("counter %d: no memory below the bound", i)
		}
	}
	if get(3, 10e9) || tab.refused != 1 {
		t.Errorf("a counter beyond the bound: refused %d, want 1", tab.refused)
	}
	if !get(3, 12e9) || tab.memuse != counterBytes {
		t.Errorf("after the time span: in use %d, want %d", tab.memuse, counterBytes)
	}
}

// thresholdBuilder has rules 1 (plain), 2 (threshold of its own) and 3:4.
func thresholdBuilder(t *testing.T) *Builder {
	t.Helper()
	set, err := proto.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	vars := &rules.Vars{Addresses: map[string]string{"HOME": "10.0.0.0/8"}}
	b := NewBuilder(set, Options{Vars: vars})
	for r, err := range rules.All("t.rules", []byte(`alert tcp any any -> any any (sid:1;)
alert tcp any any -> any any (threshold:type limit, track by_src, count 1, seconds 60; sid:2;)
alert tcp any any -> any any (gid:3; sid:4;)
`)) {
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestThresholdFile(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       string // kinds of the rules' limits
		problem    string
	}{
		{"one rule", "threshold gen_id 1, sig_id 1, type both, track by_both, count 3, seconds 5", "both limit -", ""},
		{"replaces the rule's own", "event_filter gen_id 1, sig_id 2, type threshold, track by_dst, count 3, seconds 5", "- threshold -", ""},
		{"all rules of a gid spare those with their own", "threshold gen_id 1, sig_id 0, type both, track by_src, count 3, seconds 5", "both limit -", ""},
		{"all rules", "suppress gen_id 0, sig_id 0, track by_either, ip [10.1.0.0/16, !10.1.1.1]", "suppress suppress+limit suppress", ""},
		{"another gid", "suppress gen_id 3, sig_id 4", "- limit suppress", ""},
		{"variable", "suppress gen_id 1, sig_id 1, track by_src, ip $HOME", "suppress limit -", ""},
		{"rate filter", "rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 2, new_action reject, timeout 3", "rate limit -", ""},
		{"no such rule", "suppress gen_id 1, sig_id 9", "- limit -", "t.config:1:1: sid 9: suppress: no rule that is loaded has this sid and gid"},
		{"no such variable", "suppress gen_id 1, sig_id 1, track by_src, ip $AWAY", "- limit -", `t.config:1:1: sid 1: suppress: address "$AWAY": no such variable in vars.address-groups`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := thresholdBuilder(t)
			lines, errs := rules.Limits("t.config", []byte(tc.text))
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			b.applyLimits(lines)
			problem := ""
			for _, e := range append(b.errs, b.odd...) {
				problem += e.Error()
			}
			if problem != tc.problem {
				t.Errorf("got problem %s, want %s", problem, tc.problem)
			}
			var got []string
			for _, s := range b.sigs {
				got = append(got, kinds(s))
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("got limits %s, want %s", s, tc.want)
			}
		})
	}
}

// kinds names the limits of a rule.
func kinds(s *signature) string {
	names := []string{"suppress", "detection", "rate", "limit", "threshold", "both", "backoff"}
	var out []string
	for _, t := range s.limits {
		out = append(out, names[t.kind])
	}
	if out == nil {
		return "-"
	}
	return strings.Join(out, "+")
}
