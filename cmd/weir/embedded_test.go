package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/bpf/nstest"
)

// TestRunEmbedded: a run without configuration has brokers and a store in its process;
// what it has seen can be asked for while it runs, and again after a restart. That it
// watches the interface that its brokers use adds nothing.
func TestRunEmbedded(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	dir := t.TempDir()
	rules, socket, kept := filepath.Join(dir, "live.rules"), filepath.Join(dir, "ctl.sock"), filepath.Join(dir, "store")
	if err := os.WriteFile(rules, []byte(`alert udp any any -> any any (msg:"hello"; content:"hello"; sid:1; priority:1;)`), 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	stored := func() int {
		var out bytes.Buffer
		run(t.Context(), []string{"events", "--store", kept, "--sid", "1", "--format", "json"}, &out, &bytes.Buffer{})
		return strings.Count(out.String(), "\n")
	}
	for start := 1; start <= 2; start++ {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var out output
		status := make(chan int, 1)
		go func() {
			status <- run(ctx, []string{"run", "-i", "lo", "-S", rules, "-l", dir, "--control", socket, "--workers", "1"}, &out, &out)
		}()
		out.await(t, "ready")
		for i := range 20 {
			if _, err := u.WriteTo(fmt.Appendf(nil, "hello %d", i), u.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		for end := time.Now().Add(20 * time.Second); stored() < 20*start; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("start %d: %d alerts in the store, want %d:\n%s", start, stored(), 20*start, &out)
			}
		}
		checkDeliveryStats(t, socket)
		cancel()
		if got := <-status; got != 0 {
			t.Fatalf("exit status %d:\n%s", got, &out)
		}
		if text := out.String(); strings.Contains(text, "WARN") || strings.Contains(text, "ERROR") {
			t.Errorf("said without need:\n%s", text)
		}
	}
	if n := stored(); n != 40 {
		t.Errorf("%d alerts in the store, want 40", n)
	}
}

// checkDeliveryStats asks a run for its counters until they are those of 20 alerts.
func checkDeliveryStats(t *testing.T, socket string) {
	t.Helper()
	type counters struct {
		Delivery struct {
			Shipped uint64
			Spool   struct {
				Quota   uint64
				Written map[string]uint64
			}
			Store struct {
				Handled uint64
				P99     *uint64 `json:"lag_p99_ms"`
			}
		}
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var answer output
		if got := run(context.Background(), []string{"ctl", "--socket", socket, "stats"}, &answer, &answer); got != 0 {
			t.Fatalf("ctl stats: status %d: %s", got, &answer)
		}
		var st counters
		if err := json.Unmarshal([]byte(answer.String()), &st); err != nil {
			t.Fatalf("%v: %s", err, &answer)
		}
		d := st.Delivery
		if d.Shipped >= 20 && d.Spool.Written["alert"] == 20 && d.Spool.Quota > 0 && d.Store.Handled >= 20 && d.Store.P99 != nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("counters of the delivery: %+v", d)
		}
	}
}

// TestRunRoles: a run tells people and archives, if its configuration has something for
// that.
func TestRunRoles(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	var posted output
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posted.Write(body)
	}))
	defer hook.Close()
	dir := t.TempDir()
	rules, conf := filepath.Join(dir, "live.rules"), filepath.Join(dir, "weir.yaml")
	for name, text := range map[string]string{
		rules: `alert udp any any -> any any (msg:"hello"; content:"hello"; sid:1; priority:1;)`,
		conf: `archive: {format: parquet}
notify:
  receivers: [{name: hook, type: webhook, url: "` + hook.URL + `"}]
  rules: [{name: bad, severity: 1, to: [hook]}]
`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var out output
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"run", "-c", conf, "-i", "lo", "--bpf", "udp", "-S", rules, "-l", dir, "--control", "off", "--workers", "1"}, &out, &out)
	}()
	out.await(t, "in this process: nsqd at 127.0.0.1:4150, nsqadmin at http://127.0.0.1:4171, store, notify, archive")
	if _, err := u.WriteTo([]byte("hello"), u.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	posted.await(t, "hello")
	archived := func() string {
		var b bytes.Buffer
		run(t.Context(), []string{"events", "--archive", filepath.Join(dir, "archive"), "--sid", "1", "--format", "csv"}, &b, &b)
		return b.String()
	}
	cancel()
	if got := <-status; got != 0 {
		t.Fatalf("exit status %d:\n%s", got, &out)
	}
	if text := archived(); strings.Count(text, ",hello,") != 1 {
		t.Errorf("in the archive: %s", text)
	}
}
