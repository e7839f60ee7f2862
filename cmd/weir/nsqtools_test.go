package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/sinks/identity"
	"weir/sinks/nsq"
)

// TestNSQTools: the programs of NSQ itself work on the topics: each event of a capture
// comes out as one line, or one request. WEIR_NSQ_TOOLS is the folder of the programs;
// make nsqtools builds them.
func TestNSQTools(t *testing.T) {
	bins := os.Getenv("WEIR_NSQ_TOOLS")
	if bins == "" {
		t.Skip("needs nsq_tail, nsq_to_file and nsq_to_http: make nsqtools")
	}
	b, err := nsq.StartBroker(nsq.BrokerOptions{Dir: t.TempDir(), TCP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Log: t.Logf, Channels: []string{"tail", "file", "http"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	dir := t.TempDir()
	captures, _ := filepath.Glob("../../testdata/captures/http/*.pcap")
	var said bytes.Buffer
	if status := run(t.Context(), append([]string{"pcap", "-q", "--disable-detection", "-l", dir, "--nsqd", b.TCP()}, captures...), &said, &said); status != 0 {
		t.Fatalf("exit status %d: %s", status, said.String())
	}
	written, err := os.ReadFile(filepath.Join(dir, "eve.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Count(string(written), `"event_type":"flow"`)
	var posted output
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posted.Write(append(body, '\n'))
	}))
	defer hook.Close()
	files := filepath.Join(dir, "files")
	var tailed output
	for _, c := range []struct {
		name  string
		words []string
		lines func() string
	}{
		{"nsq_tail", []string{"-channel", "tail"}, tailed.String},
		{"nsq_to_file", []string{"-channel", "file", "-output-dir", files}, func() string {
			var all []byte
			names, _ := filepath.Glob(filepath.Join(files, "*"))
			for _, n := range names {
				b, _ := os.ReadFile(n)
				all = append(all, b...)
			}
			return string(all)
		}},
		{"nsq_to_http", []string{"-channel", "http", "-post", hook.URL}, posted.String},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(filepath.Join(bins, c.name), append([]string{"-topic", "weir.flow", "-nsqd-tcp-address", b.TCP()}, c.words...)...)
			var log output
			cmd.Stdout, cmd.Stderr = &tailed, &log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(30 * time.Second); strings.Count(c.lines(), "\n") < want && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			}
			cmd.Process.Signal(syscall.SIGTERM) // what it holds is written
			cmd.Wait()
			ids := map[string]bool{}
			for line := range strings.Lines(c.lines()) {
				w, err := identity.Of([]byte(line))
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				ids[w.EID] = true
			}
			if len(ids) != want || want == 0 {
				t.Errorf("%d events, want %d:\n%s", len(ids), want, &log)
			}
		})
	}
}
