package install

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/rules"
)

// server serves files, counts what it is asked for, and knows If-None-Match.
type server struct {
	*httptest.Server
	files map[string][]byte
	etags bool
	log   []string
}

func serve(t *testing.T) *server {
	s := &server{files: map[string][]byte{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, ok := s.files[r.URL.Path]
		switch {
		case r.URL.Path == "/slow":
			<-r.Context().Done()
			return
		case r.URL.Path == "/away":
			http.Redirect(w, r, "/rules.rules", http.StatusFound)
			return
		case !ok:
			http.NotFound(w, r)
			s.log = append(s.log, r.URL.Path+" 404")
			return
		}
		if tag := `"` + hash(b) + `"`; s.etags {
			w.Header().Set("ETag", tag)
			if r.Header.Get("If-None-Match") == tag {
				w.WriteHeader(http.StatusNotModified)
				s.log = append(s.log, r.URL.Path+" 304")
				return
			}
		}
		s.log = append(s.log, r.URL.Path+" 200")
		w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s
}

// said returns what was asked for since the last call.
func (s *server) said() string {
	defer func() { s.log = nil }()
	return strings.Join(s.log, ", ")
}

func alert(sid, rev int) string {
	return fmt.Sprintf("alert tcp any any -> any any (msg:\"rule %d\"; sid:%d; rev:%d;)\n", sid, sid, rev)
}

// options returns those of an update into a folder of the test.
func options(t *testing.T, sources ...string) (*Options, *[]string) {
	warnings := &[]string{}
	o := &Options{
		Dir: filepath.Join(t.TempDir(), "out"), Name: "suricata.rules", Timeout: 10 * time.Second, MaxSize: 1 << 20, MaxBroken: 10,
		Check: func(_ context.Context, name string) (int, []*rules.Error, error) {
			f, err := rules.ParseFile(name)
			if err != nil {
				return 0, nil, err
			}
			return len(f.Rules), f.Errors, nil
		},
		Warn: func(format string, args ...any) { *warnings = append(*warnings, fmt.Sprintf(format, args...)) },
	}
	for _, s := range sources {
		o.Sources = append(o.Sources, Source{Location: s})
	}
	return o, warnings
}

func update(t *testing.T, o *Options) *Result {
	t.Helper()
	res, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func counts(d *Diff) string {
	var b strings.Builder
	d.Print(&b, false)
	return strings.TrimSpace(b.String())
}

// TestDownloads: what has not changed is not downloaded again, with ETag or
// with the MD5 beside it, and what was downloaded serves when the server does
// not.
func TestDownloads(t *testing.T) {
	for _, etags := range []bool{true, false} {
		t.Run(fmt.Sprint("etags ", etags), func(t *testing.T) {
			s := serve(t)
			s.etags = etags
			set := func(text string) {
				s.files["/rules.rules"] = []byte(text)
				s.files["/rules.rules.md5"] = []byte(hash([]byte(text)) + "  rules.rules\n")
			}
			set(alert(1, 1) + alert(2, 1))
			o, warnings := options(t, s.URL+"/rules.rules?key=secret")
			res := update(t, o)
			if got := counts(res.Diff); !res.Installed || got != "2 added, 0 removed, 0 changed, 0 enabled, 0 disabled" {
				t.Errorf("installed %v: %s", res.Installed, got)
			}
			if got := s.said(); got != "/rules.rules 200" {
				t.Errorf("first: %s", got)
			}
			res = update(t, o)
			want := "/rules.rules.md5 200"
			if etags {
				want = "/rules.rules 304"
			}
			if got := s.said(); got != want || res.Installed || !res.Diff.Empty() {
				t.Errorf("again: %s, want %s; installed %v", got, want, res.Installed)
			}
			set(alert(2, 2) + "#" + alert(3, 1))
			res = update(t, o)
			if got := counts(res.Diff); !res.Installed || got != "1 added, 1 removed, 1 changed, 0 enabled, 0 disabled" {
				t.Errorf("changed: installed %v: %s", res.Installed, got)
			}
			s.said()
			o.Offline = true
			if res = update(t, o); res.Installed || s.said() != "" {
				t.Errorf("offline: installed %v, server asked", res.Installed)
			}
			o.Offline = false
			clear(s.files)
			if res = update(t, o); res.Installed || len(*warnings) != 1 {
				t.Fatalf("server without the file: installed %v, warnings %q", res.Installed, *warnings)
			}
			if w := (*warnings)[0]; !strings.Contains(w, "the server says 404 Not Found: using what was downloaded on ") || strings.Contains(w, "secret") {
				t.Errorf("warning %q", w)
			}
		})
	}
}

// TestDownloadFails: the error names the source without its secrets, and nothing
// is installed.
func TestDownloadFails(t *testing.T) {
	s := serve(t)
	s.files["/rules.rules"] = []byte(alert(1, 1))
	s.files["/big.rules"] = bytes.Repeat([]byte("# comment\n"), 200000)
	s.files["/bad.tar.gz"] = []byte{0x1f, 0x8b, 8, 0, 1, 2, 3}
	s.files["/sum.rules"], s.files["/sum.rules.md5"] = []byte(alert(1, 1)), []byte(strings.Repeat("0", 32))
	s.files["/empty.rules"] = []byte("# nothing\n")
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, tc := range []struct{ name, location, want string }{
		{"not there", s.URL + "/key123/none.rules?oink=key123", "/.../none.rules: the server says 404 Not Found"},
		{"too large", s.URL + "/big.rules", "more than 1048576 bytes"},
		{"broken archive", s.URL + "/bad.tar.gz", "/bad.tar.gz: "},
		{"wrong checksum", s.URL + "/sum.rules", "want 00000000000000000000000000000000"},
		{"no checksum", s.URL + "/rules.rules", "checksum: the server says 404 Not Found"},
		{"too slow", s.URL + "/slow", "deadline exceeded"},
		{"no server", "http://user:key123@" + strings.TrimPrefix(gone.URL, "http://") + "/key123/x.rules", "connect"},
		{"no rules", s.URL + "/empty.rules", "the sources hold no rules"},
		{"scheme", "ftp://example.com/x", `scheme "ftp": want http, https or file`},
		{"no file", "file:///no/such/file.rules", "no such file or directory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, _ := options(t, tc.location)
			o.Timeout = 300 * time.Millisecond
			o.Sources[0].Checksum = strings.Contains(tc.name, "checksum")
			_, err := Run(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "key123") {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if exists(filepath.Join(o.Dir, o.Name)) {
				t.Error("a set is there")
			}
		})
	}
	o, _ := options(t, s.URL+"/away")
	if res := update(t, o); res.Rules != 1 {
		t.Errorf("redirected: %d rules", res.Rules)
	}
}

// TestSources puts a folder, archives and single files together; of rules with
// one name the highest revision counts.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	var packed, zipped bytes.Buffer
	gz := gzip.NewWriter(&packed)
	tw := tar.NewWriter(gz)
	for name, text := range map[string]string{
		"rules/a.rules": alert(1, 3), "../../evil.rules": alert(2, 1), "rules/readme.txt": alert(99, 1), "rules/._a.rules": "\x00\x01",
	} {
		tw.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(text)), Mode: 0o644})
		tw.Write([]byte(text))
	}
	tw.WriteHeader(&tar.Header{Name: "rules/link.rules", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
	tw.Close()
	gz.Close()
	zw := zip.NewWriter(&zipped)
	w, _ := zw.Create("x/b.rules")
	w.Write([]byte(alert(1, 2) + alert(3, 1)))
	zw.Close()
	for name, b := range map[string][]byte{
		"one.tar.gz": packed.Bytes(), "two.zip": zipped.Bytes(), "folder/c.rules": []byte(alert(3, 2) + "nonsense\n"), "folder/d.txt": []byte(alert(98, 1)), "folder/e.rules": []byte(alert(4, 1)),
	} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := filepath.Join(dir, "sources.yaml")
	if err := os.WriteFile(list, []byte("sources:\n  - source: one.tar.gz\n  - source: two.zip\n  - source: folder\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, warnings := options(t)
	var err error
	if o.Sources, err = ReadSources(list); err != nil {
		t.Fatal(err)
	}
	res := update(t, o)
	b, err := os.ReadFile(res.File)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "\n")
	if want := alert(1, 3) + alert(2, 1) + alert(3, 2) + alert(4, 1); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if len(*warnings) != 1 || !strings.Contains((*warnings)[0], "folder/c.rules:2:1: ") {
		t.Errorf("warnings %q", *warnings)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "..", "evil*")); found != nil {
		t.Errorf("%q was written", found)
	}
}

// TestInstall: a set that cannot be used changes nothing, the one before is kept
// and comes back with Rollback, and with another.
func TestInstall(t *testing.T) {
	src := filepath.Join(t.TempDir(), "a.rules")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(src, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o, _ := options(t, src)
	read := func() string {
		b, _ := os.ReadFile(filepath.Join(o.Dir, o.Name))
		_, text, _ := strings.Cut(string(b), "\n")
		return text
	}
	write(alert(1, 1))
	update(t, o)
	if _, err := Rollback(o.Dir, o.Name); err == nil || !strings.Contains(err.Error(), "there is no set before it") {
		t.Errorf("rollback of the first set: %v", err)
	}
	write(alert(1, 2))
	o.DryRun = true
	if res := update(t, o); res.Installed || len(res.Diff.Changed) != 1 || read() != alert(1, 1) {
		t.Errorf("dry run: %+v, %s", res, read())
	}
	o.DryRun = false
	check := o.Check
	o.Check = func(context.Context, string) (int, []*rules.Error, error) { return 0, nil, errors.New("broken") }
	if _, err := Run(t.Context(), o); err == nil || err.Error() != "the new set cannot be used, the old one stays: broken" || read() != alert(1, 1) {
		t.Errorf("set that cannot be used: %v", err)
	}
	o.Check = func(_ context.Context, name string) (int, []*rules.Error, error) {
		return 0, []*rules.Error{{Pos: rules.Pos{File: name, Line: 2, Col: 1}, SID: 1, Msg: "bad"}}, nil
	}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "1 of 1 rules of the new set cannot be used, the old one stays; the first: "+filepath.Join(o.Dir, o.Name)+":2:1: sid 1: bad") || read() != alert(1, 1) {
		t.Errorf("rules that cannot be used: %v", err)
	}
	o.Check = check
	if res := update(t, o); !res.Installed || read() != alert(1, 2) {
		t.Errorf("update: %s", read())
	}
	for _, want := range []string{alert(1, 1), alert(1, 2), alert(1, 1)} {
		if res, err := Rollback(o.Dir, o.Name); err != nil || len(res.Diff.Changed) != 1 || read() != want {
			t.Errorf("rollback: %v, %s", err, read())
		}
	}
	left, _ := filepath.Glob(filepath.Join(o.Dir, stateDir, "*"))
	if len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

// TestLock: one update at a time, and no folder that others may write to.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); err == nil || err.Error() != "another update is at work in "+dir {
		t.Errorf("second lock: %v", err)
	}
	unlock()
	if unlock, err = lock(dir); err != nil {
		t.Fatal(err)
	}
	unlock()
	if err := os.Chmod(filepath.Join(dir, stateDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); err == nil || !strings.Contains(err.Error(), "want a folder of the user's own") {
		t.Errorf("open folder: %v", err)
	}
}

// TestSaveSources: a source is there once, and the file is the user's alone.
func TestSaveSources(t *testing.T) {
	name := filepath.Join(t.TempDir(), "sources.yaml")
	for _, s := range []Source{{Location: "https://a.example/k/x.tar.gz"}, {Location: "/b.rules"}, {Location: "https://a.example/k/x.tar.gz", Checksum: true}} {
		if err := SaveSources(name, []Source{s}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := ReadSources(name)
	if err != nil || len(all) != 2 || !all[0].Checksum || all[1].Location != "/b.rules" {
		t.Errorf("%+v, %v", all, err)
	}
	if got := all[0].String(); got != "https://a.example/.../x.tar.gz" {
		t.Errorf("shown as %s", got)
	}
	if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("permissions %v, %v", st.Mode(), err)
	}
}
