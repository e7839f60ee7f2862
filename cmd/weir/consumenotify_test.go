package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gonsq "github.com/nsqio/go-nsq"

	"weir/sinks/nsq"
)

// TestConsumeNotify takes an alert from a real nsqd to a web server.
func TestConsumeNotify(t *testing.T) {
	b, err := nsq.StartBroker(nsq.BrokerOptions{Dir: t.TempDir(), TCP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Channels: []string{"notify"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	got := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
	}))
	defer s.Close()
	p, err := gonsq.NewProducer(b.TCP(), gonsq.NewConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	p.SetLogger(nsq.Logger(nil), gonsq.LogLevelError)
	for range 2 { // NSQ delivers at least once
		if err := p.Publish("weir.alert", []byte(`{"timestamp":"2026-01-02T03:04:05.000000+0000","event_type":"alert","src_ip":"10.0.0.1","dest_ip":"10.0.0.2",`+
			`"alert":{"signature_id":7,"severity":1,"signature":"bad"},"weir":{"eid":"e1","sensor":"s","boot":"b","seq":1,"schema":1}}`)); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "weir.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "notify:\n  rules:\n    - {name: r, severity: 1, to: web}\n  receivers:\n    - {name: web, type: webhook, url: %q}\n", s.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int)
	var said bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"consume", "notify", "-c", file, "--nsqd", b.TCP(), "--state", filepath.Join(dir, "state")}, &bytes.Buffer{}, &said)
	}()
	select {
	case body := <-got:
		for _, want := range []string{`"title":"bad: 10.0.0.1 -\u003e 10.0.0.2"`, `"state":"firing"`, `"count":1`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s is not in %s", want, body)
			}
		}
	case <-time.After(20 * time.Second):
		t.Error("nothing came")
	}
	cancel()
	if status := <-ended; status != 0 || len(got) > 0 {
		t.Errorf("exit status %d, %d messages more: %s", status, len(got), said.String())
	}
}
