package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"weir/cmd/weir/rulecase"
	"weir/rules"
	"weir/rules/dist"
)

// alertsOf runs weir pcap over captures with the bundled rules and returns how
// often each rule fired.
func alertsOf(t *testing.T, args ...string) map[uint32]int {
	t.Helper()
	dir := t.TempDir()
	var stderr bytes.Buffer
	if status := run(t.Context(), append([]string{"pcap", "-q", "-l", dir}, args...), &bytes.Buffer{}, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	b, err := os.ReadFile(filepath.Join(dir, "eve.json"))
	if err != nil {
		t.Fatal(err)
	}
	n := map[uint32]int{}
	for line := range bytes.Lines(b) {
		var ev struct {
			Type  string `json:"event_type"`
			Alert struct {
				SID uint32 `json:"signature_id"`
			}
		}
		if err := json.Unmarshal(line, &ev); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if ev.Type == "alert" {
			n[ev.Alert.SID]++
		}
	}
	return n
}

func TestBundledRulesLoad(t *testing.T) {
	f := rules.Parse(dist.Name, dist.Rules)
	for _, e := range f.Errors {
		t.Error(e)
	}
	var out, stderr bytes.Buffer
	if status := run(t.Context(), []string{"rules", "check", "-S", "../../rules/dist/weir.rules"}, &out, &stderr); status != 0 {
		t.Errorf("rules check: status %d: %s%s", status, &out, &stderr)
	}
}

// TestBundledRulesFire runs the cases of the bundled rules, and wants each rule to
// fire in one.
func TestBundledRulesFire(t *testing.T) {
	const cases = "../../rules/dist/weir" + rulecase.Suffix
	var out, stderr bytes.Buffer
	if status := run(t.Context(), []string{"rules", "test", "../../rules/dist"}, &out, &stderr); status != 0 {
		t.Errorf("rules test: status %d: %s%s", status, &out, &stderr)
	}
	f, err := rulecase.Read(cases)
	if err != nil {
		t.Fatal(err)
	}
	fire := map[uint32]bool{}
	for _, c := range f.Cases {
		for _, w := range c.Alerts {
			fire[w.SID] = true
		}
	}
	for _, r := range rules.Parse(dist.Name, dist.Rules).Rules {
		if !fire[r.SID] {
			t.Errorf("no case of %s wants rule %d", cases, r.SID)
		}
	}
}

// TestWorkersAgree wants the same bytes from any number of workers: with the
// bundled rules, and with rules that count and remember across flows.
func TestWorkersAgree(t *testing.T) {
	const captures = "../../testdata/captures"
	t.Run("bundled rules", func(t *testing.T) {
		workersAgree(t, captures+"/http", captures+"/dns", captures+"/tls")
	})
	t.Run("rules across flows", func(t *testing.T) {
		rules := filepath.Join(t.TempDir(), "across.rules")
		text := `alert tcp any any -> any any (flags:S; threshold:type limit, track by_src, count 7, seconds 60; sid:1;)
alert tcp any any -> any any (flags:S; threshold:type threshold, track by_rule, count 5, seconds 60; sid:2;)
alert tcp any any -> any any (flags:R+; threshold:type both, track by_dst, count 3, seconds 60; sid:3;)
alert ip any any -> any any (detection_filter:track by_src, count 10, seconds 5; sid:4;)
alert tcp any any -> any any (flags:S; xbits:set,seen,track ip_src,expire 2; sid:5;)
alert udp any any -> any any (xbits:isset,seen,track ip_src; sid:6;)
alert tcp any any -> any any (flags:R+; xbits:isset,seen,track ip_dst; xbits:unset,seen,track ip_dst; sid:7;)
alert tcp any any -> any any (flags:S; sid:8;)
alert tcp any any -> any any (flags:A+; sid:9;)
alert tcp any any -> any any (flags:R+; sid:10;)
alert udp any any -> any any (sid:11;)
alert ip any any -> any any (ip.src; dataset:set,hosts,type ip; sid:12;)
alert tcp any any -> any any (flags:R+; ip.dst; dataset:unset,hosts; sid:13;)
alert tcp any any -> any any (flags:S; ip.dst; dataset:isnotset,hosts; sid:14;)
alert http any any -> any any (http.host; dataset:set,names,type string,state names.lst; sid:15;)
alert dns any any -> any any (dns.query; dataset:set,names; sid:16;)
`
		if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		thresholds := filepath.Join(t.TempDir(), "threshold.config")
		text = `rate_filter gen_id 1, sig_id 8, track by_src, count 5, seconds 5, new_action drop, timeout 1
rate_filter gen_id 1, sig_id 9, track by_rule, count 20, seconds 5, new_action pass, timeout 1
threshold gen_id 1, sig_id 10, type limit, track by_both, count 2, seconds 1
suppress gen_id 1, sig_id 11, track by_either, ip 10.0.0.0/9
`
		if err := os.WriteFile(thresholds, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		workersAgree(t, "-S", rules, "--simulate-ips", "--set", "threshold-file="+thresholds,
			captures+"/scan", captures+"/http", captures+"/dns", captures+"/icmp")
	})
}

// workersAgree runs weir pcap with several numbers of workers and compares what
// they write.
func workersAgree(t *testing.T, args ...string) {
	t.Helper()
	var want []byte
	for _, workers := range []string{"1", "2", "3", "5"} {
		dir := t.TempDir()
		var stderr bytes.Buffer
		if status := run(t.Context(), append([]string{"pcap", "-q", "--workers", workers, "-l", dir, "--data-dir", dir}, args...), &bytes.Buffer{}, &stderr); status != 0 {
			t.Fatalf("status %d: %s", status, &stderr)
		}
		got, err := os.ReadFile(filepath.Join(dir, "eve.json"))
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s workers: %d bytes that differ from the %d of one", workers, len(got), len(want))
		}
	}
}
