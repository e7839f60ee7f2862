package main

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"weir/bpf/nstest"
)

// TestHomeNet gives an interface its address while a run watches it: rules on HOME_NET
// then cover it.
func TestHomeNet(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	nstest.NewPeer(t, "whome", netip.MustParsePrefix("198.51.100.1/24"), netip.MustParsePrefix("198.51.100.2/24"))
	if got := ownNets([]string{"whome", "lo", "none0"}); len(got) != 1 || got[0].String() != "198.51.100.0/24" {
		t.Fatalf("networks %v", got)
	}
	dir := t.TempDir()
	rules := filepath.Join(dir, "home.rules")
	if err := os.WriteFile(rules, []byte(`alert udp any any -> $HOME_NET 9 (msg:"canary"; content:"hello"; sid:1;)`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out output
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"run", "-i", "whome", "-S", rules, "-l", dir, "--control", "off", "--workers", "1", "--set", "nsq.mode=off"}, &out, &out)
	}()
	out.await(t, "ready")
	if err := sing("whome", "hello"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	cancel()
	if got := <-status; got != 0 {
		t.Fatalf("status %d:\n%s", got, &out)
	}
	out.await(t, "1 alerts")
}
