package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/sinks/consume"
	"weir/sinks/identity"
)

// ev is an event of a day of January 2026.
func ev(eid string, day int, rest string) consume.Event {
	return consume.Event{
		Weir: identity.Weir{EID: eid, Sensor: "s", Boot: "b", Seq: 1}, Topic: "weir.alert",
		Body: fmt.Appendf(nil, `{"timestamp":"2026-01-%02dT10:00:00.000001+0000",%s}`, day, rest),
	}
}

const bad = `"event_type":"alert","src_ip":"192.0.2.1","src_port":5,"dest_ip":"192.0.2.9","alert":{"signature_id":7,"severity":1,"signature":"bad"}`

var events = []consume.Event{
	ev("a", 1, bad),
	ev("b", 2, `"event_type":"dns","src_ip":"192.0.2.2","dns":{"queries":[{"rrname":"www.example"}]}`),
	ev("c", 2, `"event_type":"tls","src_ip":"192.0.2.3","tls":{"sni":"mail.www.example"},"weir":{"process":{"exe":"/usr/bin/curl"}}`),
	ev("d", 3, `"event_type":"http","src_ip":7,"http":{"hostname":"other.example"}`), // a member of another form
}

func filled(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Handle(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	return s
}

func found(t *testing.T, dir string, q Query) (all string) {
	t.Helper()
	if err := Find(t.Context(), dir, q, func(r *Row) error {
		for _, e := range events {
			if string(e.Body) == r.Raw {
				all += e.EID
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// checkFind asks a store that has events.
func checkFind(t *testing.T, find func(q Query, each func(*Row) error) error) {
	at := func(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name string
		q    Query
		want string
	}{
		{"all", Query{}, "abcd"},
		{"from", Query{From: at(2)}, "bcd"},
		{"to", Query{To: at(2)}, "a"},
		{"within a day", Query{From: at(1).Add(11 * time.Hour), To: at(3)}, "bc"},
		{"sid", Query{SID: 7}, "a"},
		{"severity", Query{Severity: 2}, "a"},
		{"type", Query{Types: []string{"tls", "dns"}}, "bc"},
		{"address", Query{Addr: "192.0.2.9"}, "a"},
		{"host and those below", Query{Host: "www.example"}, "bc"},
		{"process", Query{Process: "curl"}, "c"},
		{"text", Query{Text: "other."}, "d"},
		{"limit over days", Query{Limit: 2}, "ab"},
		{"nothing", Query{SID: 8}, ""},
		{"quote", Query{Host: "' OR 1=1 --"}, ""},
		{"backslash", Query{Text: `\' OR 1=1 --`}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if err := find(c.q, func(r *Row) error {
				for _, e := range events {
					if row := RowOf(e.Body); row == *r {
						got += e.EID
						if !c.q.Matches(r) {
							t.Errorf("found, and does not match: %s", r.Raw)
						}
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := filled(t, Options{Dir: dir})
	if err := s.Handle(t.Context(), events); err != nil { // again: no effect
		t.Fatal(err)
	}
	checkFind(t, func(q Query, each func(*Row) error) error { return Find(t.Context(), dir, q, each) })
	t.Run("full text", func(t *testing.T) {
		dir := t.TempDir()
		filled(t, Options{Dir: dir, FullText: true})
		filled(t, Options{Dir: dir}) // beside it, without: the file says what it has
		checkFind(t, func(q Query, each func(*Row) error) error { return Find(t.Context(), dir, q, each) })
		for text, want := range map[string]string{`"sni":"mail`: "c", "ail.WWW": "", "w.exam": "bc"} {
			if got := found(t, dir, Query{Text: text}); got != want {
				t.Errorf("%q: got %q, want %q", text, got, want)
			}
		}
	})
	for _, f := range []string{".", "events-2026-01-01.db"} {
		if st, err := os.Stat(filepath.Join(dir, f)); err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", f, st.Mode(), err)
		}
	}
}

func TestRetain(t *testing.T) {
	now := time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"no limit", Options{}, "abcd"},
		{"age", Options{MaxAge: 30 * time.Hour}, "bcd"},
		{"size, the newest stays", Options{MaxBytes: 1}, "d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Dir = t.TempDir()
			s := filled(t, c.o)
			if _, err := s.Retain(now); err != nil {
				t.Fatal(err)
			}
			if got := found(t, c.o.Dir, Query{}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNewerSchema(t *testing.T) {
	dir := t.TempDir()
	s := filled(t, Options{Dir: dir})
	i := slices.IndexFunc(s.days, func(d *day) bool { return d.name == "events-2026-01-01.db" })
	if _, err := s.days[i].db.Exec("PRAGMA user_version = 9"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := s.Handle(t.Context(), events[:1]); err == nil || !strings.Contains(err.Error(), "schema 9: this program uses up to 1") {
		t.Errorf("got %v, want that it is refused", err)
	}
}
