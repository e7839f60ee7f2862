package main

import (
	"cmp"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layers is the import policy: a package imports only packages of an earlier
// layer, or of its own. The longest matching entry decides; "/*" stands for
// every folder below. Do not move an entry to fix a build.
var layers = []string{
	"bpf bpf/*",
	"decode/atomicfile decode/cursor decode/field decode/event decode/ring",
	"decode/packet decode/packet/*",
	"decode/buffer decode/capture/* decode/defrag decode/flow decode/host",
	"decode/stream decode/file decode/file/*",
	"decode/proto",
	"decode/proto/internal/*",
	"decode/proto/*",
	"decode",
	"rules rules/* rules/install",
	"detect detect/*",
	"sinks/*",
	"decode/proto/all", // the registration list: for cmd alone
	"cmd/*",
}

// denied are edges that the order alone would let through. An empty to is
// every other layer.
var denied = []struct{ from, to, why string }{
	{"decode", "decode/proto/*", "the pipeline takes the protocols as a parameter"},
	{"decode/proto/*", "decode/proto/*", "one protocol does not know another"},
	{"detect", "decode/proto/*", "the engine knows no protocol by name"},
	{"detect/*", "decode/proto/*", "the engine knows no protocol by name"},
	{"sinks/*", "detect", "a sink sees events only"},
	{"sinks/*", "detect/*", "a sink sees events only"},
	{"sinks/*", "rules", "a sink sees events only"},
	{"sinks/*", "decode/proto", "a sink sees events only"},
	{"rules", "", "the rule language stands alone"},
	{"rules/*", "", "the rule language stands alone"},
}

// place returns the layer of pkg and the entry that put it there.
func place(pkg string) (layer int, entry string) {
	layer = -1
	for i, l := range layers {
		for e := range strings.FieldsSeq(l) {
			dir, below := strings.CutSuffix(e, "/*")
			if (pkg == e || below && strings.HasPrefix(pkg, dir+"/")) && len(e) > len(entry) {
				layer, entry = i, e
			}
		}
	}
	return layer, entry
}

func TestImports(t *testing.T) {
	const module, root = "weir/", "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "testdata" {
			return cmp.Or(err, filepath.SkipDir)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from, _ := filepath.Rel(root, filepath.Dir(path))
		fromLayer, fromEntry := place(from)
		if fromLayer < 0 {
			t.Errorf("%s has no layer", from)
		}
		for _, im := range f.Imports {
			name, _ := strconv.Unquote(im.Path.Value)
			to, ours := strings.CutPrefix(name, module)
			if !ours {
				continue
			}
			toLayer, toEntry := place(to)
			if toLayer > fromLayer {
				t.Errorf("%s imports %s, a later layer", path, to)
			}
			for _, d := range denied {
				if fromEntry == d.from && (toEntry == d.to || d.to == "" && toLayer != fromLayer) {
					t.Errorf("%s imports %s: %s", path, to, d.why)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
