package eve

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"weir/decode/event"
)

// text is a body that appends itself; empty declines.
type text string

func (s text) AppendEvent(b []byte, _ *event.Output) []byte {
	if s == "" {
		return nil
	}
	return event.Str(b, "body", string(s))
}

// section is an empty section of options.
type section struct{ rejected []string }

func (*section) Has(string) bool                  { return false }
func (*section) Bool(_ string, def bool) bool     { return def }
func (*section) Uint(_ string, def uint64) uint64 { return def }
func (*section) Size(_ string, def uint64) uint64 { return def }
func (*section) String(_, def string) string      { return def }
func (*section) Strings(string) []string          { return nil }
func (s *section) Sub(string) event.Options       { return s }
func (*section) Items() []event.Options           { return nil }
func (*section) Keys() []string                   { return nil }
func (s *section) Reject(_, want string)          { s.rejected = append(s.rejected, want) }

// types are the record types of the tests.
var types = map[string]Type{"flow": {Events: []string{"flow"}}, "dns": {Events: []string{"dns"}}, "stats": {Events: []string{"stats"}}}

// output is a JSON output of one type to a file.
func output(name string, list ...string) Output {
	o := Output{Filename: name}
	for _, t := range list {
		o.Types = append(o.Types, TypeOptions{Name: t, Opts: &section{}})
	}
	return o
}

func newSink(t *testing.T, dir string, outs ...Output) *Sink {
	t.Helper()
	s, err := New(&Options{Dir: dir, Outputs: outs, Compile: types})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRoutes checks which output gets which event, and in what form.
func TestRoutes(t *testing.T) {
	dir := t.TempDir()
	prefixed := output("p.json", "dns")
	prefixed.Prefix, prefixed.PcapFile = "@cee: ", true
	s := newSink(t, dir, output("a.json", "flow", "dns"), prefixed, Output{Format: Fast, Filename: "fast.log"},
		Output{Format: Stats, Filename: "stats.log"})
	if !s.wants("dns") || s.wants("http") {
		t.Errorf("wants dns %v, http %v; want true, false", s.wants("dns"), s.wants("http"))
	}
	if got := fmt.Sprint(s.Types()); got != "[alert dns flow stats]" {
		t.Errorf("types %s", got)
	}
	s.StartCapture(1, "one.pcap")
	s.StartCapture(10, "two.pcap")
	l := s.Lanes(1)[0]
	l.At(3, event.InPacket)
	l.Publish(&event.Event{Type: "flow", Body: text("f")})
	l.Publish(&event.Event{Type: "dns", Body: text("d")})
	l.Publish(&event.Event{Type: "dns", Body: text("")}) // declined
	l.Publish(&event.Event{Type: "http", Body: text("nobody takes it")})
	l.At(10, event.InPacket)
	l.Publish(&event.Event{Type: "dns", Body: text("e")})
	l.Publish(&event.Event{
		Type: "alert", Proto: 6, Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("192.0.2.2"), SrcPort: 99, DstPort: 80,
		Alert: &event.Alert{GID: 1, SID: 7, Rev: 2, Msg: "seven", Class: "odd", Priority: 3, Dropped: true},
	})
	l.Publish(&event.Event{Type: "stats", Body: counters{}})
	l.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	const head = `{"timestamp":"1970-01-01T00:00:00.000000+0000","event_type":"`
	for name, want := range map[string]string{
		"a.json":   head + `flow","body":"f"}` + "\n" + head + `dns","body":"d"}` + "\n" + head + `dns","body":"e"}` + "\n",
		"p.json":   "@cee: " + head + `dns","pcap_filename":"one.pcap","body":"d"}` + "\n@cee: " + head + `dns","pcap_filename":"two.pcap","body":"e"}` + "\n",
		"fast.log": "01/01/1970-00:00:00.000000  [Drop] [**] [1:7:2] seven [**] [Classification: odd] [Priority: 3] {TCP} 192.0.2.1:99 -> 192.0.2.2:80\n",
	} {
		if got := read(t, filepath.Join(dir, name)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
	for _, line := range []string{"Date: 1/1/1970 -- 00:00:00 (uptime: 0d, 00h 00m 00s)\n", "decoder.pkts                                  | Total                     | 3\n"} {
		if got := read(t, filepath.Join(dir, "stats.log")); !strings.Contains(got, line) {
			t.Errorf("stats.log:\n%s\nlacks %q", got, line)
		}
	}
}

type counters struct{}

func (counters) AppendEvent(b []byte, _ *event.Output) []byte {
	return append(event.Key(b, "stats"), `{"decoder":{"pkts":3}}`...)
}

// TestUnknownType checks that a record type that nobody has is refused, with
// those that there are.
func TestUnknownType(t *testing.T) {
	var o section
	out := output("a.json")
	out.Types = []TypeOptions{{Name: "dsn", Opts: &o}}
	s := newSink(t, t.TempDir(), out)
	defer s.Close()
	if got := fmt.Sprint(o.rejected); !strings.Contains(got, `no record type "dsn"; there are [dns flow stats]`) {
		t.Errorf("said %s", got)
	}
}

// TestMerge has lanes publish at random places, each in order, and wants the
// file in the order of one lane.
func TestMerge(t *testing.T) {
	for seed := range uint64(20) {
		dir := t.TempDir()
		s := newSink(t, dir, output("a.json", "flow"))
		lanes := s.Lanes(4)
		r := rand.New(rand.NewPCG(seed, 0))
		owner := make([]int, 3000)
		for i := range owner {
			owner[i] = r.IntN(len(lanes))
		}
		var wg sync.WaitGroup
		for w, l := range lanes {
			wg.Go(func() {
				for num, o := range owner {
					if o == w {
						l.At(uint64(num/2), uint64(num%2))
						l.Publish(&event.Event{Type: "flow", Num: uint64(num + 1), Body: text(strings.Repeat("x", num%200))})
					}
					if num%64 == 63 {
						l.Advance(uint64(num / 2))
					}
				}
				l.Close()
			})
		}
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(strings.NewReader(read(t, filepath.Join(dir, "a.json"))))
		last := uint64(0)
		for n := 0; ; n++ {
			var rec struct {
				Num uint64 `json:"pcap_cnt"`
			}
			if err := d.Decode(&rec); err != nil {
				if !errors.Is(err, io.EOF) || n != len(owner)-len(owner)/200 {
					t.Errorf("seed %d: %d records, %v", seed, n, err)
				}
				break
			}
			if rec.Num <= last {
				t.Fatalf("seed %d: record %d behind %d", seed, rec.Num, last)
			}
			last = rec.Num
		}
	}
}

// TestAppend checks that a file is continued or begun anew.
func TestAppend(t *testing.T) {
	for _, c := range []struct {
		name  string
		again bool
		want  int // lines after two runs
	}{{"append", true, 2}, {"anew", false, 1}} {
		dir := t.TempDir()
		for range 2 {
			out := output("a.json", "flow")
			out.Append = c.again
			s := newSink(t, dir, out)
			l := s.Lanes(1)[0]
			l.Publish(&event.Event{Type: "flow", Body: text("f")})
			l.Close()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Count(read(t, filepath.Join(dir, "a.json")), "\n"); got != c.want {
			t.Errorf("%s: %d lines, want %d", c.name, got, c.want)
		}
	}
}

// TestIncomplete checks that an output that fails is named, with what is
// missing, and that the others are whole.
func TestIncomplete(t *testing.T) {
	pipe := func(dir string) string {
		name := filepath.Join(dir, "sock")
		ln, err := net.Listen("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if c, err := ln.Accept(); err == nil {
				c.Close()
			}
			ln.Close()
		}()
		return name
	}
	for _, c := range []struct {
		name, typ string
		file      func(dir string) string
		want      error
	}{
		{"full disk", "regular", func(string) string { return "/dev/full" }, syscall.ENOSPC},
		{"closed socket", "unix_stream", pipe, syscall.EPIPE},
	} {
		for _, lanes := range []int{1, 3} {
			dir := t.TempDir()
			bad := output(c.file(dir), "flow")
			bad.FileType = c.typ
			s := newSink(t, dir, bad, output("good.json", "flow"))
			const records = 20_000
			ls := s.Lanes(lanes)
			for i := range records {
				l := ls[i%lanes]
				l.At(uint64(i), 0)
				l.Publish(&event.Event{Type: "flow", Num: uint64(i + 1), Body: text("f")})
			}
			for _, l := range ls {
				l.Close()
			}
			err := s.Close()
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), bad.Filename) {
				t.Errorf("%s, %d lanes: error %v, want %v and the name of the output", c.name, lanes, err, c.want)
			}
			if got := strings.Count(read(t, filepath.Join(dir, "good.json")), "\n"); got != records {
				t.Errorf("%s, %d lanes: the other output has %d records, want %d", c.name, lanes, got, records)
			}
		}
	}
}

// TestOpenErrors checks what is said of an output that cannot be opened.
func TestOpenErrors(t *testing.T) {
	for _, c := range []struct{ name, file, typ, want string }{
		{"no folder", "none/a.json", "regular", "no such file"},
		{"no socket", "none.sock", "unix_stream", "no such file"},
		{"file type", "a.json", "pigeon", "want regular, stdout"},
	} {
		o := Output{Filename: c.file, FileType: c.typ}
		if _, err := New(&Options{Dir: t.TempDir(), Outputs: []Output{output("ok.json"), o}}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}
