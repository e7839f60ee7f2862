package setcache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/decode/proto"
	"weir/detect"
	"weir/detect/mpm"
	"weir/rules"
)

func key(i byte) detect.SetKey { return detect.SetKey{i} }

func open(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := Open(dir, "rules", "build")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fill makes a cache of two sets and returns its file.
func fill(t *testing.T) (dir, file string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "weir")
	c := open(t, dir)
	c.Put(key(1), []byte("one"))
	c.Put(key(2), []byte("twice two"))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, c.name
}

// TestCache: what was put comes back, at places that sets can lie in; what was
// not used goes when something new comes.
func TestCache(t *testing.T) {
	dir, file := fill(t)
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v", st.Mode(), err)
	}
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", st.Mode(), err)
	}
	c := open(t, dir)
	if got := c.Get(key(2)); string(got) != "twice two" || c.Get(key(3)) != nil {
		t.Errorf("got %q", got)
	}
	before, _ := os.ReadFile(file)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("the file was written though nothing is new")
	}
	c = open(t, dir)
	c.Get(key(2))
	c.Put(key(3), []byte("three"))
	if taken, compiled := c.Hits(); taken != 1 || compiled != 1 {
		t.Errorf("%d taken, %d compiled", taken, compiled)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir)
	if c.Get(key(1)) != nil || string(c.Get(key(2))) != "twice two" || string(c.Get(key(3))) != "three" {
		t.Error("want the sets used last")
	}
	other, err := Open(dir, "other rules", "build")
	if err != nil || other.Get(key(2)) != nil {
		t.Errorf("other rules: %v", err)
	}
	if other, err = Open(dir, "rules", "other build"); err != nil || other.Get(key(2)) != nil {
		t.Errorf("other build: %v", err)
	}
}

// TestDamaged changes each byte, cuts the file everywhere, and wants nothing of
// it to be used.
func TestDamaged(t *testing.T) {
	dir, file := fill(t)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if c := open(t, dir); c.Get(key(1)) != nil || c.Get(key(2)) != nil {
			t.Errorf("%s: used", what)
		}
	}
	for i := range good {
		if i >= 12 && i < 16 {
			continue // padding
		}
		b := bytes.Clone(good)
		b[i] ^= 0x10
		try(fmt.Sprintf("byte %d", i), b)
		try(fmt.Sprintf("%d bytes", i), good[:i])
	}
	try("longer", append(bytes.Clone(good), 0))
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if c := open(t, dir); c.Get(key(1)) == nil {
		t.Error("the good file is not used")
	}
}

// TestForeign: nothing is used that somebody else could have written.
func TestForeign(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(dir, file string) error
		want  string
	}{
		{"open folder", func(dir, _ string) error { return os.Chmod(dir, 0o755) }, "has permissions 0755: want none for others"},
		{"open file", func(_, file string) error { return os.Chmod(file, 0o640) }, "has permissions 0640: want none for others"},
		{"link", func(_, file string) error {
			if err := os.Rename(file, file+".x"); err != nil {
				return err
			}
			return os.Symlink(file+".x", file)
		}, "too many levels of symbolic links"},
		{"folder that is a link", func(dir, _ string) error {
			if err := os.Rename(dir, dir+".x"); err != nil {
				return err
			}
			return os.Symlink(dir+".x", dir)
		}, "is no folder"},
		{"folder of another", func(dir, _ string) error { return os.Chown(dir, 65534, -1) }, "belongs to another user"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir, file := fill(t)
			if err := tc.spoil(dir, file); err != nil {
				t.Skip("this user may not: ", err)
			}
			c, err := Open(dir, "rules", "build")
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if c != nil && c.Get(key(1)) != nil {
				t.Error("it is used")
			}
		})
	}
}

// TestConcurrent: processes that write the same file leave a whole one.
func TestConcurrent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "weir")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for round := range 20 {
				c, err := Open(dir, "rules", "build")
				if err != nil {
					t.Error(err)
					return
				}
				if b := c.Get(key(9)); b != nil && len(b) != 1000 {
					t.Errorf("%d bytes", len(b))
				}
				c.Put(key(9), bytes.Repeat([]byte{byte(i)}, 1000))
				c.Put(key(100+byte(round)), []byte{1})
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if c := open(t, dir); len(c.Get(key(9))) != 1000 {
		t.Error("no whole file")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestPrune: the files used least go, and what a process that died left behind.
func TestPrune(t *testing.T) {
	dir, file := fill(t)
	old := time.Now().Add(-2 * abandoned)
	sparse := func(name string, size int64, used time.Time) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, size); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, used, used); err != nil {
			t.Fatal(err)
		}
	}
	sparse("a"+suffix, maxFolder/2, old.Add(time.Minute))
	sparse("b"+suffix, maxFolder/2, old)
	sparse(".left"+suffix, 10, old)
	sparse(".now"+suffix, 10, time.Now())
	sparse("else", maxFolder, old)
	prune(dir, file)
	var left []string
	list, _ := os.ReadDir(dir)
	for _, d := range list {
		left = append(left, d.Name())
	}
	want := []string{".now" + suffix, "a" + suffix, "else", filepath.Base(file)}
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("left: %q, want %q", left, want)
	}
}

// TestEngine loads rules twice, then with one rule more: all sets but that rule's
// come from the cache, and they are those that were compiled.
func TestEngine(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "weir")
	set, err := proto.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	load := func(extra string) (taken, compiled int) {
		t.Helper()
		c := open(t, dir)
		b := detect.NewBuilder(set, detect.Options{Sets: c})
		var text strings.Builder
		text.WriteString(extra)
		for i := range 300 {
			fmt.Fprintf(&text, "alert udp any any -> any any (content:\"pattern %d\"; sid:%d;)\n", i*7919, i+1)
			fmt.Fprintf(&text, "alert tcp any any -> any any (content:\"other %d\"; sid:%d;)\n", i*7919, i+1001)
		}
		for r, err := range rules.All("r", []byte(text.String())) {
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := b.Build(); err != nil {
			t.Fatal(err)
		}
		taken, compiled = c.Hits()
		for k, data := range c.used {
			if s, err := mpm.Load(data); err != nil || s.Len() < 300 {
				t.Errorf("set %x: %v", k[:4], err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		return taken, compiled
	}
	for _, tc := range []struct {
		name, extra     string
		taken, compiled int
	}{
		{"first", "", 0, 2},
		{"again", "", 2, 0},
		{"one rule more", "alert udp any any -> any any (content:\"new\"; sid:9999;)\n", 1, 1},
		{"and again", "alert udp any any -> any any (content:\"new\"; sid:9999;)\n", 2, 0},
	} {
		if taken, compiled := load(tc.extra); taken != tc.taken || compiled != tc.compiled {
			t.Errorf("%s: %d sets taken, %d compiled; want %d and %d", tc.name, taken, compiled, tc.taken, tc.compiled)
		}
	}
}
