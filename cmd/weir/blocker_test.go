package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/bpf/nstest"
	"weir/bpf/xdp"
)

// TestBlockList runs with bpf.block: a rule with action drop blocks the peer it has
// fitted, weir ctl shows it, lets it in again, blocks others, and is refused what would
// cut the host off.
func TestBlockList(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	if prog, err := xdp.Open(xdp.Options{}); err != nil {
		nstest.NoEBPF(t, err)
	} else {
		prog.Close()
	}
	peer := nstest.NewPeer(t, "wire0", netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("192.0.2.2/24"))
	dir := t.TempDir()
	rules, socket, conf := filepath.Join(dir, "live.rules"), filepath.Join(dir, "ctl.sock"), filepath.Join(dir, "weir.yaml")
	for name, text := range map[string]string{
		rules: `drop tcp any any -> any any (msg:"bad"; flow:established,to_server; dsize:11; sid:1;)`,
		conf:  "%YAML 1.1\n---\nbpf:\n  block: yes\n  block-time: 600\n  never-block: [198.51.100.0/24]\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out output
	status := make(chan int, 1)
	go func() {
		status <- run(context.Background(), []string{"run", "-c", conf, "-i", "wire0", "-S", rules, "-l", dir, "--control", socket, "--set", "nsq.mode=off", "--workers", "1"}, &out, &out)
	}()
	out.await(t, "ready: ")
	if !strings.Contains(out.String(), "block list in front of wire0 (XDP, native)") {
		t.Errorf("start:\n%s", &out)
	}
	ask := func(want int, words ...string) string {
		t.Helper()
		var answer output
		if got := run(context.Background(), append([]string{"ctl", "--socket", socket}, words...), &answer, &answer); got != want {
			t.Fatalf("ctl %v: status %d, want %d:\n%s", words, got, want, &answer)
		}
		return answer.String()
	}
	list := func() (all []blockedLine) {
		t.Helper()
		if err := json.Unmarshal([]byte(ask(0, "blocked")), &all); err != nil {
			t.Fatal(err)
		}
		return all
	}

	l, err := net.Listen("tcp", "192.0.2.1:0")
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
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if _, err := c.Write([]byte("an attack\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(server, make([]byte, 11)); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); len(list()) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody was blocked within 20 s")
		}
	}
	got := list()
	if len(got) != 1 || got[0].Prefix != netip.MustParsePrefix("192.0.2.2/32") || got[0].Seconds == nil || *got[0].Seconds > 600 || *got[0].Seconds < 500 {
		t.Errorf("block list %+v, want 192.0.2.2 for 600 s", got)
	}
	// What the peer sends now does not come; once it is let in, TCP sends it again.
	if _, err := c.Write([]byte("blocked")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); list()[0].Packets == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no packet was dropped within 20 s")
		}
	}
	if err := server.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if n, err := server.Read(make([]byte, 7)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes of a blocked peer, %v", n, err)
	}
	if got, want := ask(0, "unblock", "192.0.2.2"), "192.0.2.2/32 is not blocked any more\n"; got != want {
		t.Errorf("unblock: %q, want %q", got, want)
	}
	if err := server.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(server, make([]byte, 7)); err != nil {
		t.Errorf("a peer that was let in again: %v", err)
	}

	for _, c := range []struct {
		status int
		words  []string
		want   string
	}{
		{0, []string{"block", "203.0.113.9/24"}, "203.0.113.0/24 is blocked until it is unblocked or the run ends\n"},
		{0, []string{"block", "2001:db8::7", "--ttl", "90s"}, "2001:db8::7/128 is blocked for 1m30s\n"},
		{1, []string{"block", "192.0.2.1"}, "192.0.2.1 is an address of this host: it is never blocked"},
		{1, []string{"block", "127.0.0.0/8"}, "127.0.0.0/8 is loopback: it is never blocked"},
		{1, []string{"block", "198.51.100.7"}, "198.51.100.0/24 is set as never to be blocked"},
		{1, []string{"unblock", "192.0.2.9"}, "192.0.2.9/32: it is not blocked"},
		{2, []string{"block", "example.org"}, `"example.org"`},
		{2, []string{"block", "192.0.2.9", "--ttl", "-1s"}, "--ttl -1s: want 0 or more"},
	} {
		if got := ask(c.status, c.words...); !strings.Contains(got, c.want) {
			t.Errorf("ctl %v: %q, want %q", c.words, got, c.want)
		}
	}
	if got := list(); len(got) != 2 || got[0].Seconds != nil || got[1].Seconds == nil || *got[1].Seconds > 90 {
		t.Errorf("block list %+v, want a network for ever and an address for a time", got)
	}
	// Samples of what the peer sends meanwhile.
	sampled := make(chan string, 1)
	go func() {
		var answer output
		run(context.Background(), []string{"ctl", "--socket", socket, "sample", "--every", "1", "--count", "3", "--for", "20s"}, &answer, &answer)
		sampled <- answer.String()
	}()
	for waiting := true; waiting; {
		if _, err := c.Write([]byte("sample")); err != nil {
			t.Fatal(err)
		}
		select {
		case text := <-sampled:
			waiting = false
			if strings.Count(text, "\n") != 3 || strings.Count(text, `"interface":"wire0"`) != 3 || !strings.Contains(text, "192.0.2.2") {
				t.Errorf("samples:\n%s", text)
			}
		case <-time.After(10 * time.Millisecond):
		}
	}
	var stats struct {
		XDP struct {
			Packets uint64 `json:"packets"`
			Blocked uint64 `json:"blocked_packets"`
			ByRules uint64 `json:"blocked_by_rules"`
		}
	}
	if err := json.Unmarshal([]byte(ask(0, "stats")), &stats); err != nil || stats.XDP.Packets < 4 || stats.XDP.Blocked == 0 || stats.XDP.ByRules != 1 {
		t.Errorf("stats %+v, %v", stats, err)
	}
	ask(0, "stop")
	if got := <-status; got != 0 {
		t.Errorf("status %d:\n%s", got, &out)
	}
}
