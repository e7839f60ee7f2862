package rules

import (
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	const text = `# a comment
suppress gen_id 1, sig_id 2, track by_src, ip [10.0.0.0/8,!10.1.0.0/16]
suppress gen_id 1, sig_id 3

threshold gen_id 1, sig_id 4, type limit, \
	track by_dst, count 5, seconds 60
event_filter gen_id 0, sig_id 0, type both, track by_flow, count 2, seconds 1
rate_filter gen_id 1, sig_id 5, track by_both, count 1, seconds 2, new_action drop, timeout 3
`
	got, errs := Limits("t", []byte(text))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	at := func(line int) Pos { return Pos{"t", line, 1} }
	want := []Limit{
		{Pos: at(2), Kind: "suppress", GID: 1, SID: 2, Track: "by_src", IP: "[10.0.0.0/8,!10.1.0.0/16]"},
		{Pos: at(3), Kind: "suppress", GID: 1, SID: 3},
		{Pos: at(5), Kind: "threshold", GID: 1, SID: 4, Type: "limit", Track: "by_dst", Count: 5, Seconds: 60},
		{Pos: at(7), Kind: "threshold", Type: "both", Track: "by_flow", Count: 2, Seconds: 1},
		{Pos: at(8), Kind: "rate_filter", GID: 1, SID: 5, Track: "by_both", Count: 1, Seconds: 2, NewAction: "drop", Timeout: 3},
	}
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestLimitErrors(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"limit gen_id 1", "want threshold, event_filter"},
		{"suppress sig_id 1", "want gen_id"},
		{"suppress gen_id 1, sig_id x", "want a number"},
		{"suppress gen_id 1, sig_id 1, track by_rule, ip 1.2.3.4", "want by_src, by_dst, by_either"},
		{"suppress gen_id 1, sig_id 1, ip 1.2.3.4", "stand together"},
		{"suppress gen_id 1, gen_id 1", "stands twice"},
		{"threshold gen_id 1, sig_id 1, type limit, track by_src, count 0, seconds 1", "want at least 1"},
		{"threshold gen_id 1, sig_id 1, type some, track by_src, count 1, seconds 1", "want limit, threshold, both"},
		{"rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 1, new_action log, timeout 1", "want alert, drop, pass, reject"},
		{"rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 1, new_action drop", "want timeout"},
		{"threshold gen_id 1, sig_id 1, colour red", `"colour": want gen_id`},
	} {
		_, errs := Limits("t", []byte("\n"+c.line+"\n"))
		if len(errs) != 1 || errs[0].Pos.Line != 2 || !strings.Contains(errs[0].Msg, c.want) {
			t.Errorf("%s: %v, want %q at line 2", c.line, errs, c.want)
		}
	}
}
