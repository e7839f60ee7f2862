package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/bpf/nstest"
	"weir/bpf/shunt"
)

// TestShunt lets a connection that a rule bypasses, one that is beyond its depth, and
// one that goes on as ever, carry data over a wire. What the kernel keeps back and what
// comes is together what was sent, in the records of the flows and in the counters.
func TestShunt(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	if s, err := shunt.Open(shunt.Options{}); err != nil {
		nstest.NoEBPF(t, err)
	} else {
		s.Close()
	}
	peer := nstest.NewPeer(t, "wire0", netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("192.0.2.2/24"))
	dir := t.TempDir()
	rules, socket, conf := filepath.Join(dir, "live.rules"), filepath.Join(dir, "ctl.sock"), filepath.Join(dir, "weir.yaml")
	for name, text := range map[string]string{
		rules: `alert tcp any any -> any 1001 (msg:"enough"; flow:established,to_server; dsize:11; bypass; sid:1;)`,
		conf: `%YAML 1.1
---
bpf:
  shunt-after: 200 KiB
stream:
  checksum-validation: no
  reassembly:
    depth: 100 KiB
outputs:
  - eve-log: {enabled: yes, filename: eve.json, types: [flow, stats]}
`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out output
	status := make(chan int, 1)
	go func() {
		status <- run(context.Background(), []string{"run", "-c", conf, "-i", "lo", "-i", "wire0", "-S", rules, "-l", dir, "--control", socket, "--set", "nsq.mode=off", "--workers", "1"}, &out, &out)
	}()
	out.await(t, "ready: ")
	type counters struct {
		Decoder struct{ Pkts, Bytes uint64 }
		Capture struct {
			Packets uint64 `json:"kernel_packets"`
			Drops   uint64 `json:"kernel_drops"`
		}
		Shunt  struct{ Packets, Bytes, Flows uint64 }
		Bypass struct{ Shunted, Closed, Pkts, Bytes uint64 } `json:"flow_bypassed"`
		Flow   struct {
			End struct {
				State struct {
					Capture uint64 `json:"capture_bypassed"`
				}
			}
		}
	}
	var stats counters
	ask := func(path string) string {
		t.Helper()
		var answer bytes.Buffer
		if got := run(context.Background(), []string{"ctl", "--socket", socket, path}, &answer, &answer); got != 0 {
			t.Fatalf("ctl %s: status %d:\n%s", path, got, &answer)
		}
		if path == "stats" {
			stats = counters{}
			if err := json.Unmarshal(answer.Bytes(), &stats); err != nil {
				t.Fatal(err)
			}
		}
		return answer.String()
	}
	await := func(what string, f func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !f(); time.Sleep(10 * time.Millisecond) {
			if ask("stats"); time.Now().After(end) {
				t.Fatalf("no %s within 20 s: %+v", what, stats)
			}
		}
	}

	// transfer carries data both ways on a connection to a port here.
	transfer := func(port int, data int, shunted func() bool) {
		t.Helper()
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: port})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var c net.Conn
		peer.Do(func() { c, err = net.Dial("tcp", l.Addr().String()) })
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		send := func(from, to net.Conn, n int) {
			t.Helper()
			if _, err := from.Write(make([]byte, n)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(to, make([]byte, n)); err != nil {
				t.Fatal(err)
			}
		}
		send(c, s, 11)
		for range data >> 10 {
			send(c, s, 1<<10)
			send(s, c, 1<<10)
		}
		if shunted == nil {
			return
		}
		await("shunted flow", func() bool { send(c, s, 1<<10); send(s, c, 1<<10); return shunted() })
		for range 50 {
			send(c, s, 100)
		}
	}
	transfer(1000, 10<<10, nil)
	transfer(1001, 0, func() bool { return stats.Shunt.Packets > 0 })
	before := stats.Bypass.Shunted
	transfer(1002, 300<<10, func() bool {
		return stats.Bypass.Shunted > before && stats.Shunt.Flows == 1 && stats.Shunt.Packets > 100
	})
	var lines []flowLine
	if err := json.Unmarshal([]byte(ask("flows")), &lines); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if strings.HasSuffix(l.Dst, ":1001") && (!l.Bypassed || l.Pkts[0] < 50) {
			t.Errorf("flow as ctl shows it: %+v", l)
		}
	}
	await("end of the shunted flows", func() bool { return stats.Shunt.Flows == 0 })
	ask("stop")
	if got := <-status; got != 0 {
		t.Fatalf("status %d:\n%s", got, &out)
	}

	text, err := os.ReadFile(filepath.Join(dir, "eve.json"))
	if err != nil {
		t.Fatal(err)
	}
	type side struct {
		PktsTS  uint64 `json:"pkts_toserver"`
		PktsTC  uint64 `json:"pkts_toclient"`
		BytesTS uint64 `json:"bytes_toserver"`
		BytesTC uint64 `json:"bytes_toclient"`
	}
	flows := map[int]struct {
		side
		Bypass   string
		State    string
		Bypassed *side
	}{}
	for line := range bytes.Lines(text) {
		var ev struct {
			Type  string `json:"event_type"`
			Port  int    `json:"dest_port"`
			Flow  json.RawMessage
			Stats json.RawMessage
		}
		if err := json.Unmarshal(line, &ev); err != nil {
			t.Fatal(err)
		}
		switch {
		case ev.Type == "stats":
			if err := json.Unmarshal(ev.Stats, &stats); err != nil {
				t.Fatal(err)
			}
		case ev.Port >= 1000 && ev.Port <= 1002:
			f := flows[ev.Port]
			if err := json.Unmarshal(ev.Flow, &f); err != nil {
				t.Fatal(err)
			}
			flows[ev.Port] = f
		}
	}
	if f := flows[1000]; f.Bypass != "" || f.Bypassed != nil {
		t.Errorf("flow as ever: %+v", f)
	}
	var kept, keptBytes uint64
	for _, port := range [...]int{1001, 1002} {
		f := flows[port]
		b := f.Bypassed
		if b == nil || f.Bypass != "capture" || f.State != "bypassed" {
			t.Errorf("port %d: %+v, want it shunted", port, f)
			continue
		}
		if b.PktsTS < 50 || b.PktsTC == 0 || f.PktsTS <= b.PktsTS || f.PktsTC <= b.PktsTC || f.BytesTS <= b.BytesTS || f.BytesTC <= b.BytesTC {
			t.Errorf("port %d: %+v, of them kept back %+v", port, f.side, *b)
		}
		kept += b.PktsTS + b.PktsTC
		keptBytes += b.BytesTS + b.BytesTC
	}
	if s := stats.Shunt; s.Packets != kept || s.Bytes != keptBytes || s.Flows != 0 || stats.Bypass.Pkts != kept || stats.Bypass.Bytes != keptBytes {
		t.Errorf("%+v, flows have %d packets of %d bytes kept back", stats, kept, keptBytes)
	}
	if stats.Flow.End.State.Capture != 2 || stats.Bypass.Shunted != 2 || stats.Bypass.Closed != 2 {
		t.Errorf("flows at the end: %+v", stats)
	}
	if stats.Capture.Packets != stats.Decoder.Pkts+stats.Capture.Drops {
		t.Errorf("%d frames at the socket, %d decoded, %d dropped", stats.Capture.Packets, stats.Decoder.Pkts, stats.Capture.Drops)
	}
}
