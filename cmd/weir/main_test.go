package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExitStatus pins the statuses that the help promises.
func TestExitStatus(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.rules")
	if err := os.WriteFile(bad, []byte("alert nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		want int
	}{
		{"done", []string{"version"}, exitDone},
		{"help", []string{"pcap", "--help"}, exitDone},
		{"rules that cannot be used", []string{"rules", "check", bad}, exitFailed},
		{"wrong setting", []string{"rules", "check", "--set", "stream.memcap=x"}, exitFailed},
		{"unknown command", []string{"nothing"}, exitUsage},
		{"unknown flag", []string{"version", "--nothing"}, exitUsage},
		{"missing argument", []string{"docs"}, exitUsage},
		{"no such capture", []string{"pcap", filepath.Join(dir, "none.pcap")}, exitUsage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if got := run(context.Background(), tt.args, &stdout, &stderr); got != tt.want {
				t.Errorf("status %d, want %d\n%s", got, tt.want, stderr.String())
			}
		})
	}
}

// TestWords: captures come first, the filter begins at the first word that is
// no file.
func TestWords(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.pcap", "b.pcap", "tcp"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, words   string
		captures, bpf string
		fails         bool
	}{
		{"one capture", "a.pcap", "a.pcap", "", false},
		{"two captures", "a.pcap b.pcap", "a.pcap b.pcap", "", false},
		{"filter", "a.pcap port 22", "a.pcap", "port 22", false},
		{"captures and filter", "a.pcap b.pcap host 10.0.0.1 and a.pcap", "a.pcap b.pcap", "host 10.0.0.1 and a.pcap", false},
		{"standard input and filter", "- udp", "-", "udp", false},
		{"folder", ". udp", ".", "udp", false},
		{"file named like a filter", "tcp", "tcp", "", false},
		{"no capture", "udp port 53", "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var o pcapOptions
			err := o.words(strings.Fields(tt.words))
			if (err != nil) != tt.fails {
				t.Fatal(err)
			}
			if got := strings.Join(o.Captures, " "); got != tt.captures || o.BPF != tt.bpf {
				t.Errorf("captures %q, filter %q; want %q, %q", got, o.BPF, tt.captures, tt.bpf)
			}
		})
	}
}
