package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"weir/bpf/nstest"
	"weir/decode/packet"
)

// TestDoctor wants all stages to be told of on a host that is well, and the canary to
// come through.
func TestDoctor(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	var out, errs bytes.Buffer
	if got := run(t.Context(), []string{"doctor", "--json", "-i", "lo", "-l", t.TempDir()}, &out, &errs); got != 0 {
		t.Errorf("status %d: %s%s", got, &out, &errs)
	}
	stages := map[string]health{}
	for line := range strings.Lines(out.String()) {
		var d diagnosis
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if d.State != well && d.Mend == "" || d.State == broken {
			t.Errorf("%+v", d)
		}
		stages[d.Stage] = d.State
	}
	for _, stage := range []string{"rights", "kernel", "clock", "disk", "rules", "brokers", "interface lo", "canary lo"} {
		if stages[stage] == "" {
			t.Errorf("nothing is told of %s", stage)
		}
	}
	out.Reset()
	if got := run(t.Context(), []string{"doctor", "--no-canary", "-i", "none0", "-l", t.TempDir()}, &out, &errs); got != 1 || !strings.Contains(out.String(), "interface none0  broken") {
		t.Errorf("no such interface: status %d\n%s", got, &out)
	}
}

// TestCanaryFrame reads the frame as the packet path does.
func TestCanaryFrame(t *testing.T) {
	own := netip.MustParseAddr("192.0.2.7")
	for _, mac := range []net.HardwareAddr{{2, 0, 0, 0, 0, 1}, nil} {
		link := packet.LinkEthernet
		if mac == nil {
			link = packet.LinkRaw
		}
		o := packet.DefaultOptions()
		o.Checksums = true
		b := canaryFrame(mac, own, "hello")
		ps := packet.NewDecoder(o).Decode(&packet.Frame{Data: b, Wire: uint32(len(b)), Link: link})
		if len(ps) != 1 || ps[0].SrcAddr() != own || ps[0].DstAddr() != own || ps[0].Proto != unix.IPPROTO_UDP || ps[0].DstPort != 9 || string(ps[0].Payload()) != "hello" || ps[0].NEvents > 0 {
			t.Errorf("%v: %s", mac, fmt.Sprintf("%+v", ps))
		}
	}
}
