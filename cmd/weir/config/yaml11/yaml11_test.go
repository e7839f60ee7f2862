package yaml11

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dump writes the tree one value a line, as path = value.
func dump(n *Node) string {
	var b strings.Builder
	n.Walk(func(path string, n *Node) bool {
		switch n.Kind {
		case Scalar:
			b.WriteString(path + " = " + n.Value + "\n")
		case Null:
			b.WriteString(path + " =\n")
		}
		return true
	})
	return b.String()
}

func TestRead(t *testing.T) {
	for _, tt := range []struct{ name, text, want, warning string }{
		{"scalars stay text", "a: yes\nb: 0x10\nc: '~'\nd: 010\ne: \"\"\nf: 5900, 5901\n",
			"a = yes\nb = 0x10\nc = ~\nd = 010\ne = \nf = 5900, 5901\n", ""},
		{"no value", "a:\nb: ~\nc: null\nd: ''\n", "a =\nb =\nc =\nd = \n", ""},
		{"list of maps", "o:\n  - fast: {x: 1}\n  - eve-log:\n      types: [alert, {dns: }]\n",
			"o.0.fast.x = 1\no.1.eve-log.types.0 = alert\no.1.eve-log.types.1.dns =\n", ""},
		{"case is kept", "Vars: {HOME_net: 1}\n", "Vars.HOME-net = 1\n", "f.yaml:1:8: HOME_net is an old spelling of HOME-net"},
		{"variables keep _", "address-groups: {HOME_NET: any}\nport-groups: {A_B: 1}\n", "address-groups.HOME_NET = any\nport-groups.A_B = 1\n", ""},
		{"dotted key", "a.b.c: 1\na.b.d: 2\n", "a.b.c = 1\na.b.d = 2\n", ""},
		{"twice", "a: {x: 1}\nb: 1\na: {y: 2}\n", "a.y = 2\nb = 1\n", "f.yaml:3:1: a stands twice, the value at line 1 is not used"},
		{"alias", "a: &x {b: [1, 2]}\nc: *x\n", "a.b.0 = 1\na.b.1 = 2\nc.b.0 = 1\nc.b.1 = 2\n", ""},
		{"merge", "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n", "a.b = 1\na.c = 2\nd.c = 3\nd.b = 1\n", ""},
		{"head and documents", "%YAML 1.1\n---\na: 1\n---\nb: 2\n", "a = 1\n", "f.yaml: only the first document of the file is read"},
		{"nothing", "# only a comment\n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree, err := Read("f.yaml", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := dump(tree.Root); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
			warning := ""
			for _, w := range tree.Warnings {
				warning = w.Pos.String() + ": " + w.Text
			}
			if warning != tt.warning {
				t.Errorf("warning %q, want %q", warning, tt.warning)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"syntax", "a: 1\n b: 2\n", "f.yaml:2: mapping values are not allowed in this context"},
		{"list at the top", "- a\n", `f.yaml:1:1: want "key: value" lines at the top of a configuration, have a list`},
		{"key is a list", "? [a]\n: 1\n", "f.yaml:1:3: a key must be a name, have a list"},
		{"empty part of a key", "a..b: 1\n", `f.yaml:1:1: key "a..b": a name between dots is empty`},
		{"merge of text", "a: {<<: b}\n", "f.yaml:1:9: << wants a map, have a value"},
		{"no file", "include: none.yaml\n", "f.yaml:1:10: include: open none.yaml: no such file or directory"},
		{"include of a map", "include: {a: 1}\n", "f.yaml:1:10: include: want a file name, have a map"},
		{"depth", strings.Repeat("[", 500) + strings.Repeat("]", 500), ""},
		{"aliases multiply", "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n" +
			"d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read("f.yaml", []byte(tt.text))
			if err == nil || tt.want != "" && err.Error() != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestInclude(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.yaml":       "a: 1\ninclude: sub/one.yaml\nvars:\n  include: [two.yaml, more/*.yaml, none-*.yaml]\nlist: !include list.yaml\nmix:\n  - x\n  - !include list.yaml\na2: {b: 2}\n",
		"sub/one.yaml":    "a: 2\ninclude: beside.yaml\n",
		"sub/beside.yaml": "c: 3\n",
		"two.yaml":        "x: 1\ny: 1\n",
		"more/b.yaml":     "y: 3\n",
		"more/a.yaml":     "y: 2\n",
		"list.yaml":       "- p\n- q: 1\n",
		"loop.yaml":       "include: loop.yaml\n",
		"over.yaml":       "a2: {c: 3}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := ReadFile(filepath.Join(dir, "main.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Overlay(filepath.Join(dir, "over.yaml")); err != nil {
		t.Fatal(err)
	}
	const want = "a = 2\nc = 3\nvars.x = 1\nvars.y = 3\nlist.0 = p\nlist.1.q = 1\nmix.0 = x\nmix.1 = p\nmix.2.q = 1\na2.c = 3\n"
	if got := dump(tree.Root); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if len(tree.Warnings) != 1 || tree.Warnings[0].Text != `include: no file fits "none-*.yaml"` {
		t.Errorf("warnings %v", tree.Warnings)
	}
	if pos := tree.Root.Get("c").Pos; pos != (Pos{filepath.Join(dir, "sub/beside.yaml"), 1, 4}) {
		t.Errorf("position %v", pos)
	}
	if _, err := ReadFile(filepath.Join(dir, "loop.yaml")); err == nil || !strings.HasSuffix(err.Error(), "loop.yaml includes itself") {
		t.Errorf("loop: %v", err)
	}
}

func TestSet(t *testing.T) {
	const text = "o:\n  - fast: {x: 1}\n  - alert\nm: {k: v}\nn:\n"
	for _, tt := range []struct{ path, want, err string }{
		{"m.k", "m.k = V", ""},
		{"m.new.deep", "m.new.deep = V", ""},
		{"o.0.fast.x", "o.0.fast.x = V", ""},
		{"o.1.alert.payload", "o.1.alert.payload = V", ""},
		{"o.2", "o.2 = V", ""},
		{"n.0", "n.0 = V", ""},
		{"fresh.0.a", "fresh.0.a = V", ""},
		{"m", "m = V", ""},
		{"m.0", "m.0 = V", ""},
		{"o.3", "", `path "o.3": o: has 2 items, position 3 is not one of them`},
		{"o.fast.x", "", `path "o.fast.x": o: is a list, want a position instead of "fast"`},
		{"a..b", "", `path "a..b": a name is empty`},
	} {
		t.Run(tt.path, func(t *testing.T) {
			tree, err := Read("f.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			err = tree.Root.Set(tt.path, "V", Pos{File: "--set"})
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("\n got %v\nwant %s", err, tt.err)
				}
				return
			}
			if got := dump(tree.Root); err != nil || !strings.Contains(got, tt.want+"\n") {
				t.Errorf("%v, got\n%s", err, got)
			}
		})
	}
}

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want uint64
		ok   bool
	}{
		{"0", 0, true}, {"4096", 4096, true}, {"0x10", 16, true}, {"100kb", 100 << 10, true}, {"100 KiB", 100 << 10, true},
		{"1mb", 1 << 20, true}, {" 10 GiB ", 10 << 30, true}, {"1.5mb", 3 << 19, true}, {"1Gb", 1 << 30, true},
		{"", 0, false}, {"kb", 0, false}, {"1 tb", 0, false}, {"-1", 0, false}, {"1k", 0, false}, {"1.2.3kb", 0, false},
		{"99999999999999gb", 0, false},
	} {
		if got, err := Size(tt.in); got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: %d, %v; want %d", tt.in, got, err, tt.want)
		}
	}
}

func TestUint(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want uint64
		ok   bool
	}{
		{"0", 0, true}, {"10", 10, true}, {"+10", 10, true}, {"0x1F", 31, true}, {"010", 8, true}, {"0o17", 15, true},
		{"1_000", 0, false}, {"0b1", 0, false}, {"-1", 0, false}, {"1e3", 0, false}, {"", 0, false},
	} {
		if got, err := Uint(tt.in); got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: %d, %v; want %d", tt.in, got, err, tt.want)
		}
	}
}

// FuzzRead: any text gives a tree or an error; what was read can be set again,
// and every node is found under its path.
func FuzzRead(f *testing.F) {
	f.Add("a: {b: [1, *x], c: &x 2}\n")
	f.Add("%YAML 1.1\n---\noutputs:\n  - eve-log:\n      types: [alert, {dns: {version: 2}}]\n")
	f.Add("a.b: 1\na: {c_d: ~}\n<<: {x: y}\n")
	f.Add("include: [x, y]\nk: !include z\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include") {
			t.Skip("reads files")
		}
		tree, err := Read("f.yaml", []byte(text))
		if err != nil {
			return
		}
		tree.Root.Walk(func(path string, n *Node) bool {
			if path != "" && tree.Root.Get(path) == nil {
				t.Errorf("nothing under %q", path)
			}
			if n.Kind == Scalar {
				if err := n.Set("", n.Value, n.Pos); err != nil {
					t.Error(err)
				}
			}
			return true
		})
	})
}
