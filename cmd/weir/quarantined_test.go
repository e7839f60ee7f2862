package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// TestQuarantine takes a rule out of use that is given up on each packet, and
// wants records that do not depend on the number of workers.
func TestQuarantine(t *testing.T) {
	dir := t.TempDir()
	var frames [][]byte
	for i := range 9000 {
		data := strings.Repeat("a", 100)
		if i == 0 || i == 8999 {
			data = "aab" // what the rule looks for
		}
		ip := packettest.IP{Src: fmt.Sprintf("192.0.2.%d", i%11), Dst: "198.51.100.1"}
		frames = append(frames, packettest.EtherIP(ip.UDP(1000, 9, []byte(data))))
	}
	capture, list := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "a.rules")
	for name, b := range map[string][]byte{
		capture: packettest.Pcap{Link: packet.LinkEthernet}.File(packettest.Every(1e6, frames...)),
		list: []byte(`alert udp any any -> any 9 (msg:"dear"; content:"a"; content:"a"; distance:0; within:9; content:"b"; distance:0; within:1; sid:1;)
alert udp any any -> any 9 (msg:"cheap"; content:"aab"; sid:2;)
`),
	} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	analyse := func(after, workers int) (eve, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		logs := filepath.Join(dir, fmt.Sprint(after, "-", workers))
		status := run(t.Context(), []string{
			"pcap", "-q", "-k", "none", "-S", list, "-l", logs, "--workers", fmt.Sprint(workers),
			"--set", "detect.inspection-recursion-limit=20", "--set", fmt.Sprint("detect.quarantine.after=", after), capture,
		}, &out, &errs)
		b, err := os.ReadFile(filepath.Join(logs, "eve.json"))
		if status != 0 || err != nil {
			t.Fatalf("status %d, %v\n%s", status, err, errs.String())
		}
		return string(b), errs.String()
	}
	alerts := func(eve string, sid int) int {
		return strings.Count(eve, fmt.Sprintf(`"signature_id":%d,"rev":0,"signature":`, sid))
	}

	free, _ := analyse(0, 1)
	if got := alerts(free, 1); got != 2 {
		t.Errorf("without quarantine the dear rule fires %d times, want 2", got)
	}
	eve, stderr := analyse(300, 1)
	if got := alerts(eve, 1); got != 2 { // an alert and the engine record
		t.Errorf("%d records name the dear rule, want 2", got)
	}
	if got := alerts(eve, 2); got != 2 {
		t.Errorf("the cheap rule fires %d times, want 2", got)
	}
	for _, want := range []string{`"event_type":"engine","weir":{"quarantine":{"gid":1,"signature_id":1,"rev":0,"signature":"dear","reason":"step limit","given_up":300}}`, `"checks_given_up":4094,"rules_quarantined":1`} {
		if !strings.Contains(eve, want) {
			t.Errorf("no record has %s", want)
		}
	}
	if want := "rule 1:1 was taken out of use: it was given up at the step limits 300 times"; !strings.Contains(stderr, want) {
		t.Errorf("got %q, want %q", stderr, want)
	}
	for workers := 2; workers <= 4; workers++ {
		if other, _ := analyse(300, workers); other != eve {
			t.Errorf("%d workers write other records than one", workers)
		}
	}
}
