package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/bpf/nstest"
)

// TestControl asks and commands a run on loopback in a namespace of its own.
func TestControl(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	dir := t.TempDir()
	rules, socket := filepath.Join(dir, "live.rules"), filepath.Join(dir, "run", "ctl.sock")
	write := func(text string) {
		if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`alert udp any any -> any any (msg:"any"; sid:1;)`)
	managed := notifySocket(t, dir)
	var out output
	status := make(chan int, 1)
	begin := func(more ...string) {
		go func() {
			status <- run(context.Background(), append([]string{"run", "-i", "lo", "-S", rules, "-l", dir, "--control", socket, "--set", "nsq.mode=off"}, more...), &out, &out)
		}()
	}
	begin("--http", "127.0.0.1:4999")
	managed("READY=1")
	if st, err := os.Stat(socket); err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("the socket: %v, %v, want mode 0600", st, err)
	}
	ask := func(want int, words ...string) string {
		t.Helper()
		var answer output
		if got := run(context.Background(), append([]string{"ctl", "--socket", socket}, words...), &answer, &answer); got != want {
			t.Fatalf("ctl %v: status %d, want %d:\n%s", words, got, want, &answer)
		}
		return answer.String()
	}
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	for range 3 {
		if _, err := u.WriteTo([]byte("hello"), u.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	var flows []flowLine
	for end := time.Now().Add(10 * time.Second); len(flows) == 0 || flows[0].Pkts[0] < 3; {
		if time.Now().After(end) {
			t.Fatalf("flows: got %+v, want one of 3 packets", flows)
		}
		if err := json.Unmarshal([]byte(ask(0, "flows")), &flows); err != nil {
			t.Fatal(err)
		}
	}
	if f := flows[0]; f.Src != u.LocalAddr().String() || f.Proto != "UDP" || !f.Alerted {
		t.Errorf("flows: got %+v, want UDP from %s with alerts", f, u.LocalAddr())
	}
	var stats struct {
		Decoder struct{ Pkts uint64 }
		Detect  struct{ Alert uint64 }
	}
	if err := json.Unmarshal([]byte(ask(0, "stats")), &stats); err != nil || stats.Decoder.Pkts < 3 || stats.Detect.Alert < 1 {
		t.Errorf("stats: got %+v, %v, want packets and alerts", stats, err)
	}
	if got := ask(0, "metrics"); !strings.Contains(got, "\nweir_decoder_pkts ") {
		t.Errorf("metrics: got\n%.300s", got)
	}
	resp, err := http.Get("http://127.0.0.1:4999/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || string(b) != "ok\n" {
		t.Errorf("healthz: got %d %q", resp.StatusCode, b)
	}
	if resp, err := http.Post("http://127.0.0.1:4999/stop", "", nil); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("an order over TCP: got %v, %v, want status 404", resp, err)
	}
	write(`alert udp any any -> any any (msg:"any"; sid:1;)
alert udp any any -> any any (msg:"more"; sid:2;)`)
	if got := ask(0, "reload"); got != "2 rules in force\n" {
		t.Errorf("reload: got %q", got)
	}
	write("")
	if got := ask(1, "reload"); !strings.Contains(got, "the rules before stay in force") {
		t.Errorf("reload of nothing: got %q", got)
	}
	ask(1, "flows", "--limit", "0")
	managed("WATCHDOG=1")
	if got := ask(0, "stop"); got != "stopping\n" {
		t.Errorf("stop: got %q", got)
	}
	managed("STOPPING=1")
	if got := <-status; got != 0 {
		t.Errorf("exit status %d, want 0:\n%s", got, &out)
	}
	if got := ask(1, "stats"); !strings.Contains(got, "nobody answers") {
		t.Errorf("after the end: got %q", got)
	}
}

// TestControlTaken: a socket at which another run answers is left to it.
func TestControlTaken(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ctl.sock")
	first, err := listenControl(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listenControl(name); err == nil || !strings.Contains(err.Error(), "another run answers there") {
		t.Errorf("taken: got %v", err)
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as a run does that is killed
	first.Close()
	again, err := listenControl(name)
	if err != nil {
		t.Fatalf("left behind: %v", err)
	}
	again.Close()
}

// notifySocket is a service manager. What it returns waits until the run has told
// a state.
func notifySocket(t *testing.T, dir string) func(state string) {
	t.Helper()
	name := filepath.Join(dir, "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	return func(state string) {
		t.Helper()
		b := make([]byte, 100)
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for {
			n, err := c.Read(b)
			if err != nil {
				t.Fatalf("no %s: %v", state, err)
			}
			if string(b[:n]) == state {
				return
			}
		}
	}
}
