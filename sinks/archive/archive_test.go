package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"weir/sinks/consume"
)

func event(hour, n int) consume.Event {
	return consume.Event{Body: fmt.Appendf(nil, `{"timestamp":"2026-01-02T%02d:04:05.000000+0000","event_type":"dns","src_port":%d,"weir":{"eid":"e%d"}}`, hour, n, n)}
}

func TestArchive(t *testing.T) {
	for _, format := range []Format{JSON, Parquet} {
		t.Run(string(format), func(t *testing.T) {
			o := Options{Dir: t.TempDir(), Format: format, Log: t.Logf}
			a, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Handle(t.Context(), []consume.Event{event(3, 1), event(4, 2), event(3, 3)}); err != nil {
				t.Fatal(err)
			}
			if err := a.Handle(t.Context(), []consume.Event{event(3, 4)}); err != nil {
				t.Fatal(err)
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			all, err := readManifest(o.Dir)
			if err != nil || len(all) != 2 {
				t.Fatalf("manifest %+v, %v", all, err)
			}
			for _, e := range all {
				b, err := os.ReadFile(filepath.Join(o.Dir, e.File))
				if err != nil {
					t.Fatal(err)
				}
				if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != e.SHA256 || int64(len(b)) != e.Bytes {
					t.Errorf("%s is not what the manifest says", e.File)
				}
				want := []string{string(event(4, 2).Body)}
				if e.Hour == "2026-01-02-03" {
					want = []string{string(event(3, 1).Body), string(event(3, 3).Body), string(event(3, 4).Body)}
				}
				if got := contents(t, format, b); strings.Join(got, "\n") != strings.Join(want, "\n") || e.Events != len(want) {
					t.Errorf("%s: got %q, want %q", e.File, got, want)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(o.Dir, "*"+partSuffix)); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// contents are the events of a finished file.
func contents(t *testing.T, format Format, b []byte) (all []string) {
	if format == Parquet {
		rows, err := parquet.Read[row](bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Type != "dns" || r.SrcPort == 0 || r.Time.Year() != 2026 {
				t.Errorf("got %+v", r)
			}
			all = append(all, r.Raw)
		}
		return all
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	text, err := d.DecodeAll(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// TestAdopt: the part of a process that was killed is finished without what is torn.
func TestAdopt(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(Options{Dir: dir, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Handle(t.Context(), []consume.Event{event(3, 1)}); err != nil {
		t.Fatal(err)
	}
	if err := a.Handle(t.Context(), []consume.Event{event(3, 2)}); err != nil {
		t.Fatal(err)
	}
	p := a.parts["2026-01-02-03"]
	if _, err := Open(Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if all, _ := readManifest(dir); len(all) != 0 {
		t.Error("a part that is somebody's was finished")
	}
	p.f.Truncate(p.size - 3)
	p.f.Close() // as a kill does
	b, err := Open(Options{Dir: dir, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	all, _ := readManifest(dir)
	if len(all) != 1 || all[0].Events != 1 {
		t.Errorf("manifest %+v, want one file with one event", all)
	}
	a.end()
}

func TestIdle(t *testing.T) {
	done := make(chan Entry, 1)
	a, err := Open(Options{Dir: t.TempDir(), Idle: time.Millisecond, Finished: func(e Entry) { done <- e }, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Handle(t.Context(), []consume.Event{event(3, 1)}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Error("an idle part is not finished")
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Open(Options{Dir: t.TempDir(), Format: "zip"}); err == nil || !strings.Contains(err.Error(), `format "zip"`) {
		t.Errorf("got %v", err)
	}
}
