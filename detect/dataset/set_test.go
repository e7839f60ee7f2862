package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a file and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLookup(t *testing.T) {
	v4, v6 := "\x0a\x01\x02\x03", "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
	v4in6 := "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff" + v4
	for _, tc := range []struct {
		name, text string
		spec       Spec
		in, out    []string
	}{
		{"base64 strings, comments and blank lines", "# seen\n\nZXZpbC5jb20=\nYQ==,ignored\n", Spec{Type: String}, []string{"evil.com", "a"}, []string{"evil", ""}},
		{"MD5", "b65d49730d16e5a8a7b2ab95350848b8\n", Spec{Type: MD5}, []string{"\xb6\x5d\x49\x73\x0d\x16\xe5\xa8\xa7\xb2\xab\x95\x35\x08\x48\xb8"}, []string{"b65d49730d16e5a8a7b2ab95350848b8", "\xb6"}},
		{"addresses of both versions", "10.1.2.3\n2001:db8::1\n", Spec{Type: IP}, []string{v4, v4in6, v6}, []string{v4[:3], "\x0a\x01\x02\x04"}},
		{"mapped address in the file", "::ffff:10.1.2.3", Spec{Type: IP}, []string{v4}, []string{v6}},
		{"IPv4 alone", "10.1.2.3", Spec{Type: IPv4}, []string{v4, v4in6}, []string{v6}},
		{"subdomains", "LmV2aWwuY29t", Spec{Type: String, Subdomains: true}, []string{".evil.com", ".a.b.evil.com", "a.evil.com"}, []string{".notevil.com", ".com", "", "."}},
		{"objects a line", `{"d":{"h":"x"}}` + "\n\n" + `{"h":"y"}`, Spec{Type: String, Format: JSONLines, ValueKey: "d.h"}, []string{"x"}, []string{"y"}},
		{"objects in an array", `{"a":{"b":[{"h":"x"},{"n":1}]}}`, Spec{Type: String, Format: JSON, ArrayKey: "a.b", ValueKey: "h"}, []string{"x"}, []string{"1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.spec.Load, tc.spec.Memcap = write(t, "set", tc.text), 1<<20
			s, err := Open(tc.spec)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range tc.in {
				if !s.Has([]byte(v)) {
					t.Errorf("%q is not found", v)
				}
			}
			for _, v := range tc.out {
				if s.Has([]byte(v)) {
					t.Errorf("%q is found", v)
				}
			}
		})
	}
}

func TestBadFiles(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		spec       Spec
		want       string
	}{
		{"no base64", "YQ==\nevil.com!", Spec{Type: String}, `:2: value "evil.com!": want base64`},
		{"short digest", "abcd", Spec{Type: SHA256}, `:1: value "abcd": want 64 hexadecimal digits`},
		{"no address", "10.1.2", Spec{Type: IP}, `:1: value "10.1.2": want an address`},
		{"IPv6 in a set of IPv4", "::1", Spec{Type: IPv4}, "want an IPv4 address"},
		{"no reputation", "YQ==", Spec{Type: String, Reputation: true}, "want a reputation behind a comma"},
		{"reputation too large", "YQ==,65536", Spec{Type: String, Reputation: true}, `reputation "65536": want 0 to 65535`},
		{"no JSON", "10.0.0.1,42", Spec{Type: IP, Format: JSON, ValueKey: "ip"}, "want an array of objects"},
		{"no such array", `{"a":1}`, Spec{Type: IP, Format: JSON, ValueKey: "ip", ArrayKey: "b"}, `there is no "b"`},
		{"value in no object", `[{"a":"b"}]`, Spec{Type: String, Format: JSON, ValueKey: "ip"}, `no object has a value at "ip"`},
		{"broken line", `{"a":"b"}` + "\n{", Spec{Type: String, Format: JSONLines, ValueKey: "a"}, ":2: want an object"},
		{"memory", "YQ==\nYg==", Spec{Type: String, Memcap: entryBytes + 1}, "1 values do not fit the memcap"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.spec.Load = write(t, "set", tc.text)
			if tc.spec.Memcap == 0 {
				tc.spec.Memcap = 1 << 20
			}
			_, err := Open(tc.spec)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestObjects(t *testing.T) {
	text := `[{"ip": "10.0.0.1", "n": 1.0, "in": {"ip":"x"}}, {"ip": "10.0.0.1", "n": 2}]`
	for _, tc := range []struct {
		name   string
		remove bool
		want   string
	}{
		{"first of two, without blanks", false, `{"ip":"10.0.0.1","n":1.0,"in":{"ip":"x"}}`},
		{"without its value", true, `{"in":{"ip":"x"},"n":1.0}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Open(Spec{Type: IP, Format: JSON, ValueKey: "ip", RemoveKey: tc.remove, Load: write(t, "set", text), Memcap: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := s.Object([]byte{10, 0, 0, 1}); !ok || got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestState adds, removes, saves and loads again.
func TestState(t *testing.T) {
	name := filepath.Join(t.TempDir(), "sub", "seen.lst")
	spec := Spec{Name: "seen", Type: IP, Load: name, Save: name, Optional: true, Memcap: 1 << 10}
	s, err := Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	a, b := []byte{10, 0, 0, 2}, []byte{10, 0, 0, 1}
	if !s.Add(a) || s.Add(a) || !s.Add(b) || s.Add([]byte("no address")) {
		t.Error("Add: want true for what is new alone")
	}
	if s.Remove([]byte{1, 1, 1, 1}) || !s.Remove(a) || !s.Add(a) {
		t.Error("Remove: want true for what is there alone")
	}
	for range 2 { // the second time nothing has changed
		if err := s.Store(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if want := "10.0.0.1\n10.0.0.2\n"; err != nil || string(got) != want {
		t.Errorf("file: %q (%v), want %q", got, err, want)
	}
	s.SetWritable()
	s.Add([]byte{10, 0, 0, 3})
	if err := s.Reset(); err != nil || s.Len() != 2 {
		t.Errorf("after Reset: %d values (%v), want the 2 of the file", s.Len(), err)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are there, want one (%v)", len(left), err)
	}
	if s, err = Open(spec); err != nil || s.Len() != 2 || !s.Has(a) {
		t.Errorf("loaded again: %v", err)
	}
}

func TestMemcap(t *testing.T) {
	s, err := Open(Spec{Type: String, Memcap: 2 * (entryBytes + 1)})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Add([]byte("a")) || !s.Add([]byte("b")) || s.Add([]byte("c")) {
		t.Error("want two values and no third")
	}
	if use, refused := s.Memory(); use != 2*(entryBytes+1) || refused != 1 {
		t.Errorf("in use %d, refused %d", use, refused)
	}
	if !s.Remove([]byte("a")) || !s.Add([]byte("c")) {
		t.Error("what was removed makes room")
	}
}

func TestLookupAllocates(t *testing.T) {
	s, err := Open(Spec{Type: IP, Load: write(t, "set", "10.0.0.1"), Memcap: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	b := []byte{10, 0, 0, 1}
	if n := testing.AllocsPerRun(100, func() { s.Has(b) }); n != 0 {
		t.Errorf("Has allocates %v times, want 0", n)
	}
}

func BenchmarkHas(b *testing.B) {
	s, err := Open(Spec{Type: String, Memcap: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	s.Add([]byte("www.example.com"))
	v := []byte("www.example.com")
	b.ReportAllocs()
	for b.Loop() {
		if !s.Has(v) {
			b.Fatal("not found")
		}
	}
}

// FuzzOpen wants that what was loaded from lines can be saved and loaded again.
func FuzzOpen(f *testing.F) {
	f.Add("YQ==,1\n", byte(String), byte(CSV))
	f.Add("10.0.0.1\n::1", byte(IP), byte(CSV))
	f.Add(`[{"a":"10.0.0.1"}]`, byte(IPv4), byte(JSON))
	f.Add(`{"a":"b"}`, byte(String), byte(JSONLines))
	f.Fuzz(func(t *testing.T, text string, typ, format byte) {
		spec := Spec{Type: String + Type(typ)%5, Format: Format(format % 3), ValueKey: "a", Memcap: 1 << 20}
		s := &Set{spec: spec, entries: map[string]uint32{}}
		if spec.Format != CSV {
			_ = s.readObjects([]byte(text))
			return
		}
		if s.readLines([]byte(text)) != nil {
			return
		}
		again := &Set{spec: spec, entries: map[string]uint32{}}
		for k := range s.entries {
			if err := again.readLines([]byte(s.encode(k))); err != nil || again.entries[k] != 0 {
				t.Fatalf("value %q does not come back: %v", k, err)
			}
		}
		if again.Len() != s.Len() {
			t.Errorf("%d values of %d come back", again.Len(), s.Len())
		}
	})
}
