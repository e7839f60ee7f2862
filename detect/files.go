package detect

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/proto"
)

// FileNeeds is what the rules of an engine want to know of files.
type FileNeeds struct {
	Hashes file.Hashes
	Magic  bool
	Window bool // file.data
	Store  bool // filestore
}

// FileNeeds returns what the rules ask of files.
func (e *Engine) FileNeeds() FileNeeds { return e.files }

// wants notes what a buffer needs of files.
func (b *Builder) wants(d *field.Def) {
	switch d.Name {
	case "file.data", "http.request_body", "http.response_body":
		b.files.Window = true
	case "file.magic":
		b.files.Magic = true
	}
}

// fileCond is a condition on one file.
type fileCond func(f *file.File) bool

// fileConds are those of one rule: a file must fit them all.
type fileConds struct {
	all []fileCond
	dir field.Dir // that of the files, for rules about both; 0: that of the packet
}

func (c *fileConds) fits(f *file.File) bool {
	for _, cond := range c.all {
		if !cond(f) {
			return false
		}
	}
	return true
}

// each calls fn for the files of a direction that fit, until it returns false.
func (c *fileConds) each(t *proto.Tx, dir field.Dir, fn func(f *file.File) bool) {
	if c.dir != 0 {
		dir = c.dir
	}
	l := t.Files[dir.Index()]
	if l == nil {
		return
	}
	for _, f := range l.Files {
		if c.fits(f) && !fn(f) {
			return
		}
	}
}

// fileDef stands for the files of a transaction in units.
var fileDef = &field.Def{Field: field.Field{Name: "file", Dir: field.Both}, Kind: field.KindCustom}

// fileFields are the buffers over the files of a transaction.
var fileFields = []field.Def{
	fileField("file.name", "Names of the files of a transaction.", `file.name; content:".exe"; endswith;`, func(f *file.File) []byte { return f.Name }),
	fileField("file.magic", "Types of the files of a transaction, as libmagic words them.", `file.magic; content:"executable";`, func(f *file.File) []byte { return []byte(f.Magic()) }),
}

func fileField(name, doc, example string, get func(f *file.File) []byte) field.Def {
	return field.Def{
		Field: field.Field{Name: name, Dir: field.Both, Doc: doc, Example: example, Growing: true},
		Kind:  field.KindMulti,
		Multi: func(tx any, dir field.Dir, i int) ([]byte, bool) {
			l := tx.(proto.Transaction).Base().Files[dir.Index()]
			if l == nil || i >= len(l.Files) {
				return nil, false
			}
			return get(l.Files[i]), true
		},
	}
}

// onFile adds a condition on a file.
func (c *compiler) onFile(cond fileCond) error {
	if c.files == nil {
		var defs []defOf
		for _, p := range c.e.set.All() {
			if p.Files {
				defs = append(defs, defOf{p, fileDef})
			}
		}
		alts := c.covers(defs)
		if len(alts) == 0 {
			return errUnsupported{"following files of protocol " + c.r.Proto.S}
		}
		conds := &fileConds{}
		c.files = conds
		c.s.units = append(c.s.units, unit{def: fileDef, alts: alts, test: func(tx any, dir field.Dir) bool {
			found := false
			conds.each(tx.(proto.Transaction).Base(), dir, func(*file.File) bool { found = true; return false })
			return found
		}})
	}
	if cond != nil {
		c.files.all = append(c.files.all, cond)
	}
	return nil
}

// quoted takes the quotes off a value, and a ! before them.
func quoted(v string) (s string, negated bool) {
	s, negated = strings.CutPrefix(strings.TrimSpace(v), "!")
	return strings.Trim(strings.TrimSpace(s), `"`), negated
}

// filename and its kin are the file keywords of old; names are compared without
// regard to case.
func filename(c *compiler, v string) error {
	s, neg := quoted(v)
	if s == "" {
		return fmt.Errorf("value %q: want a part of the name", v)
	}
	want := bytes.ToLower([]byte(s))
	return c.onFile(func(f *file.File) bool { return bytes.Contains(bytes.ToLower(f.Name), want) != neg })
}

func fileExt(c *compiler, v string) error {
	s, neg := quoted(v)
	if s == "" {
		return fmt.Errorf("value %q: want what stands behind the last dot of the name", v)
	}
	want := []byte("." + strings.ToLower(s))
	return c.onFile(func(f *file.File) bool { return bytes.HasSuffix(bytes.ToLower(f.Name), want) != neg })
}

func fileMagic(c *compiler, v string) error {
	s, neg := quoted(v)
	if s == "" {
		return fmt.Errorf("value %q: want a part of the type", v)
	}
	c.e.files.Magic = true
	want := strings.ToLower(s)
	return c.onFile(func(f *file.File) bool {
		m := f.Magic()
		return m != "" && strings.Contains(strings.ToLower(m), want) != neg
	})
}

// fileSize compares the size: that of the whole file, or, for a lower bound, of
// what has come.
func fileSize(c *compiler, v string) error {
	for _, d := range [...]struct {
		name string
		dir  field.Dir
	}{{"to_client", field.ToClient}, {"to_server", field.ToServer}} {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(v), d.name); ok {
			if c.s.wholeTx {
				if err := c.onFile(nil); err != nil {
					return err
				}
				c.files.dir = d.dir
			} else {
				c.s.dir &= d.dir
			}
			v = strings.TrimPrefix(strings.TrimSpace(rest), ",")
		}
	}
	t, err := parseInt(v, nil)
	if err != nil {
		return err
	}
	early := !t.negate && (t.mode == intAbove || t.mode == intAtLeast)
	return c.onFile(func(f *file.File) bool {
		return (early || f.State == file.Closed || f.State == file.Truncated) && t.fits(f.Size)
	})
}

// fileHash makes filemd5 and its kin: the digest stands in a list, or does not.
func fileHash(kind file.Hashes, size int, sum func(f *file.File) []byte) setup {
	return func(c *compiler, v string) error {
		s, neg := quoted(v)
		list, err := c.e.hashList(s, filepath.Dir(c.r.Pos.File), size)
		if err != nil {
			return err
		}
		c.e.files.Hashes |= kind
		return c.onFile(func(f *file.File) bool { return f.Have&kind != 0 && list[string(sum(f))] != neg })
	}
}

var fileHashes = map[string]setup{
	"filemd5":    fileHash(file.MD5, md5.Size, func(f *file.File) []byte { return f.MD5[:] }),
	"filesha1":   fileHash(file.SHA1, sha1.Size, func(f *file.File) []byte { return f.SHA1[:] }),
	"filesha256": fileHash(file.SHA256, sha256.Size, func(f *file.File) []byte { return f.SHA256[:] }),
}

// hashList reads a list of digests of size bytes in hexadecimal, one a line; what
// stands behind the digest is a comment. A relative name is looked up beside the
// rule file, then in the rule folder.
func (b *Builder) hashList(name, dir string, size int) (map[string]bool, error) {
	if name == "" {
		return nil, fmt.Errorf("want the name of a list of digests")
	}
	paths := []string{name}
	if !filepath.IsAbs(name) {
		paths = []string{filepath.Join(dir, name), filepath.Join(b.opt.RuleDir, name)}
	}
	for i, path := range paths {
		if l, ok := b.hashLists[path]; ok {
			return l, nil
		}
		f, err := os.Open(path)
		if err != nil {
			if i+1 < len(paths) {
				continue
			}
			return nil, fmt.Errorf("list of digests: %w", err)
		}
		defer f.Close()
		list := map[string]bool{}
		sc := bufio.NewScanner(f)
		for n := 1; sc.Scan(); n++ {
			words := strings.Fields(sc.Text())
			if len(words) == 0 || words[0][0] == '#' {
				continue
			}
			sum, err := hex.DecodeString(words[0])
			if err != nil || len(sum) != size {
				return nil, fmt.Errorf("%s:%d: value %q: want %d hexadecimal digits", path, n, words[0], 2*size)
			}
			list[string(sum)] = true
		}
		if err := sc.Err(); err != nil {
			return nil, fmt.Errorf("list of digests: %w", err)
		}
		b.hashLists[path] = list
		return list, nil
	}
	return nil, nil
}

// storing is the filestore keyword: which files are kept when the rule fires.
type storing struct {
	dir   field.Dir // 0: that of the rule's match
	scope storeScope
}

type storeScope uint8

const (
	storeFile storeScope = iota
	storeTx
	storeFlow
)

func fileStore(c *compiler, v string) error {
	st := &storing{}
	if v = strings.TrimSpace(v); v != "" {
		dir, scope, _ := strings.Cut(v, ",")
		switch strings.TrimSpace(dir) {
		case "request", "to_server":
			st.dir = field.ToServer
		case "response", "to_client":
			st.dir = field.ToClient
		case "both":
			st.dir = field.Both
		default:
			return fmt.Errorf("value %q: want request, response or both", dir)
		}
		switch strings.TrimSpace(scope) {
		case "", "file":
		case "tx":
			st.scope = storeTx
		case "ssn", "flow":
			st.scope = storeFlow
		default:
			return fmt.Errorf("value %q: want file, tx, ssn or flow", scope)
		}
	}
	c.e.files.Store = true
	c.s.store = st
	return c.onFile(nil)
}

// store keeps files because a rule with filestore has fired on tx, which is nil
// for a rule that looks at no transaction.
func (w *Worker) store(s *signature, tx proto.Transaction, dir field.Dir, f *flow.Flow) {
	st := s.store
	if st.scope == storeFlow && f != nil {
		fs := w.makeState(f)
		if d := st.dir; d == 0 {
			fs.storeFiles |= dir
		} else {
			fs.storeFiles |= d
		}
	}
	if tx == nil {
		return
	}
	t := tx.Base()
	if st.scope == storeFile && (st.dir == 0 || st.dir&dir != 0) {
		s.files.each(t, dir, func(f *file.File) bool { f.Keep(); return true })
		return
	}
	d := st.dir
	if d == 0 {
		d = dir
	}
	keepAll(t, d)
	for i := range 2 {
		if d&(1<<i) != 0 {
			w.txState(t, i).storeFiles = true
		}
	}
}

// keepAll keeps all files of a transaction in a direction, or both.
func keepAll(t *proto.Tx, d field.Dir) {
	for i, l := range t.Files {
		if l == nil || d&(1<<i) == 0 {
			continue
		}
		for _, f := range l.Files {
			f.Keep()
		}
	}
}

// keepFiles goes on with what filestore has asked for of a transaction or flow.
func (w *Worker) keepFiles(t *proto.Tx, st *txState, dir field.Dir) {
	if st.storeFiles {
		keepAll(t, dir)
	} else if fs := w.flowState(w.in.Flow); fs != nil && fs.storeFiles&dir != 0 {
		keepAll(t, dir)
	}
}
