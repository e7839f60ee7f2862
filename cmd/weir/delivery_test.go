package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/sinks/consume"
	"weir/sinks/nsq"
)

// TestDelivery takes a capture to a real nsqd and shows what comes out of it: the
// events of eve.json, each with an identity.
func TestDelivery(t *testing.T) {
	b, err := nsq.StartBroker(nsq.BrokerOptions{Dir: t.TempDir(), TCP: "127.0.0.1:0", HTTP: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	dir := t.TempDir()
	captures, _ := filepath.Glob("../../testdata/captures/*/*.pcap")
	slices.Sort(captures)
	args := []string{"pcap", "-q", "--disable-detection", "-l", dir, "--nsqd", b.TCP()}
	var stderr bytes.Buffer
	if status := run(t.Context(), append(args, captures[:3]...), &bytes.Buffer{}, &stderr); status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr.String())
	}
	written, err := os.ReadFile(filepath.Join(dir, "eve.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for line := range strings.Lines(string(written)) {
		want[canonical(t, line)]++
	}
	out := &collector{left: strings.Count(string(written), "\n")}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out.done = cancel
	c, err := consume.New(consume.Options{Brokers: []string{b.TCP()}, Channel: "archive"}, out)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(ctx); err != nil || out.left != 0 {
		t.Fatalf("%d events did not come: %v", out.left, err)
	}
	for _, line := range out.bodies {
		if c := canonical(t, line); want[c] > 0 {
			want[c]--
		} else {
			t.Errorf("not in eve.json: %s", line)
		}
	}
	if g := c.Gaps(); len(g) > 0 {
		t.Errorf("gaps: %v", g)
	}
	checkStored(t, b.TCP(), len(out.bodies))
	for line, n := range want {
		if n > 0 {
			t.Errorf("missing %d times: %s", n, line)
		}
	}
}

// collector is a consume.Handler that waits for so many events.
type collector struct {
	left   int
	bodies []string
	done   func()
}

func (c *collector) Handle(_ context.Context, batch []consume.Event) error {
	for _, e := range batch {
		c.bodies = append(c.bodies, string(e.Body))
		if c.left--; c.left == 0 {
			c.done()
		}
	}
	return nil
}

// checkStored runs weir consume store until weir events finds n events.
func checkStored(t *testing.T, broker string, n int) {
	dir := filepath.Join(t.TempDir(), "store")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int)
	var said bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"consume", "store", "--nsqd", broker, "--store", dir}, &bytes.Buffer{}, &said)
	}()
	got := 0
	for end := time.Now().Add(20 * time.Second); got < n && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var out bytes.Buffer
		if run(t.Context(), []string{"events", "--store", dir, "--format", "json"}, &out, &bytes.Buffer{}) == 0 {
			got = strings.Count(out.String(), "\n")
		}
	}
	cancel()
	if status := <-ended; status != 0 || got != n {
		t.Errorf("%d events in the store, want %d; exit status %d: %s", got, n, status, said.String())
	}
}

// canonical is an event without its identity, with members in order.
func canonical(t *testing.T, line string) string {
	var ev map[string]any
	if err := json.Unmarshal([]byte(line), &ev); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	delete(ev, "weir")
	b, _ := json.Marshal(ev)
	return string(b)
}
