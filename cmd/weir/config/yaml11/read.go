package yaml11

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of one configuration, so that a file cannot make us run out of memory
// (aliases multiply) or of stack.
const (
	maxNodes    = 1 << 18
	maxDepth    = 64  // maps and lists inside one another
	maxIncludes = 256 // files
	maxBytes    = 16 << 20
)

// Warning is something odd that does not stop reading.
type Warning struct {
	Pos  Pos
	Text string
}

// Tree is what a configuration file and its includes hold.
type Tree struct {
	Root     *Node
	Warnings []Warning
}

// ReadFile reads a file and what it includes.
func ReadFile(name string) (*Tree, error) {
	t := &Tree{Root: &Node{Kind: Map, Pos: Pos{File: name}}}
	return t, t.Overlay(name)
}

// Read reads the text of a file called name, relative to which includes are
// looked for.
func Read(name string, text []byte) (*Tree, error) {
	t := &Tree{Root: &Node{Kind: Map, Pos: Pos{File: name}}}
	r := reader{tree: t, top: filepath.Dir(name)}
	return t, r.text(name, text, t.Root, 0)
}

// Overlay reads one more file over the tree: each key at its top level replaces
// what stood there.
func (t *Tree) Overlay(name string) error {
	r := reader{tree: t, top: filepath.Dir(name)}
	return r.file(name, t.Root, 0)
}

// reader turns YAML into the tree. It lives for one file and its includes.
type reader struct {
	tree  *Tree
	top   string   // directory of the first file
	open  []string // files being read, outermost first
	files int
	nodes int
}

func (r *reader) warn(pos Pos, format string, args ...any) {
	r.tree.Warnings = append(r.tree.Warnings, Warning{pos, fmt.Sprintf(format, args...)})
}

// file reads a file into n, which is the map it stands in or an empty node.
func (r *reader) file(name string, n *Node, depth int) error {
	if slices.Contains(r.open, name) {
		return fmt.Errorf("%s includes itself", name)
	}
	if r.files++; r.files > maxIncludes {
		return fmt.Errorf("%s: more than %d files in one configuration", name, maxIncludes)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return err
	}
	if len(text) > maxBytes {
		return fmt.Errorf("%s: larger than %d bytes", name, maxBytes)
	}
	r.open = append(r.open, name)
	err = r.text(name, text, n, depth)
	r.open = r.open[:len(r.open)-1]
	return err
}

func (r *reader) text(name string, text []byte, n *Node, depth int) error {
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil // empty, or comments only
	} else if err != nil {
		return syntaxError(name, err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind == yaml.ScalarNode && isNull(doc.Content[0].Value) {
		return nil
	}
	body := doc.Content[0]
	if n.Kind == Map && body.Kind != yaml.MappingNode {
		return fmt.Errorf("%s: want \"key: value\" lines at the top of a configuration, have %s",
			r.pos(name, body), kindOf(body))
	}
	if err := r.value(name, n, body, depth); err != nil {
		return err
	}
	if err := dec.Decode(new(yaml.Node)); err == nil {
		r.warn(Pos{File: name}, "only the first document of the file is read")
	} else if !errors.Is(err, io.EOF) {
		return syntaxError(name, err)
	}
	return nil
}

// syntaxError puts the file and, where the parser tells, the line in front.
func syntaxError(name string, err error) error {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(msg, "line "); ok {
		if line, text, ok := strings.Cut(rest, ": "); ok {
			if _, err := strconv.Atoi(line); err == nil {
				return fmt.Errorf("%s:%s: %s", name, line, text)
			}
		}
	}
	return fmt.Errorf("%s: %s", name, msg)
}

func (r *reader) pos(file string, y *yaml.Node) Pos {
	return Pos{File: file, Line: y.Line, Col: y.Column}
}

func kindOf(y *yaml.Node) string {
	switch y.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a map"
	}
	return strconv.Quote(y.Value)
}

// value fills n with what y says.
func (r *reader) value(file string, n *Node, y *yaml.Node, depth int) error {
	if r.nodes++; r.nodes > maxNodes {
		return fmt.Errorf("%s: more than %d values in one configuration", r.pos(file, y), maxNodes)
	}
	if depth > maxDepth {
		return fmt.Errorf("%s: more than %d levels", r.pos(file, y), maxDepth)
	}
	if y.Tag == "!include" {
		return r.includeValue(file, n, y, depth)
	}
	if n.Kind != Map || len(n.Children) == 0 {
		n.Pos = r.pos(file, y)
	}
	switch y.Kind {
	case yaml.AliasNode:
		return r.value(file, n, y.Alias, depth+1)
	case yaml.ScalarNode:
		if y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && isNull(y.Value) {
			return nil
		}
		n.Kind, n.Value = Scalar, y.Value
	case yaml.SequenceNode:
		n.Kind = List
		for _, item := range y.Content {
			if item.Kind == yaml.ScalarNode && item.Tag == "!include" {
				if err := r.includeItem(file, n, item, depth+1); err != nil {
					return err
				}
				continue
			}
			c := &Node{Name: strconv.Itoa(len(n.Children))}
			n.Children = append(n.Children, c)
			if err := r.value(file, c, item, depth+1); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		n.Kind = Map
		return r.entries(file, n, y, depth)
	}
	return nil
}

// entries reads the keys of a map. Keys of its own go before merged ones.
func (r *reader) entries(file string, n *Node, y *yaml.Node, depth int) error {
	var merged []*yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, val := y.Content[i], y.Content[i+1]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return fmt.Errorf("%s: a key must be a name, have %s", r.pos(file, key), kindOf(key))
		}
		var err error
		switch {
		case key.Value == "include" && key.Style == 0:
			err = r.include(file, n, val, depth)
		case key.Value == "<<" && key.Style == 0:
			merged = append(merged, val)
		default:
			err = r.entry(file, n, key, val, depth)
		}
		if err != nil {
			return err
		}
	}
	for _, val := range merged {
		if err := r.merge(file, n, val, depth); err != nil {
			return err
		}
	}
	return nil
}

// freeNames are the maps whose keys are names of the user's choice.
var freeNames = []string{"address-groups", "port-groups"}

// entry reads one key of a map. Dots in the name stand for maps in between.
func (r *reader) entry(file string, n *Node, key, val *yaml.Node, depth int) error {
	pos := r.pos(file, key)
	name := key.Value
	if name == "" {
		return fmt.Errorf("%s: a key is empty", pos)
	}
	if strings.Contains(name, "_") && !slices.Contains(freeNames, n.Name) {
		now := strings.ReplaceAll(name, "_", "-")
		r.warn(pos, "%s is an old spelling of %s", name, now)
		name = now
	}
	parts := strings.Split(name, ".")
	for i, part := range parts {
		if part == "" {
			return fmt.Errorf("%s: key %q: a name between dots is empty", pos, name)
		}
		if depth++; depth > maxDepth {
			return fmt.Errorf("%s: more than %d levels", pos, maxDepth)
		}
		c := n.Child(part)
		if c == nil {
			c = &Node{Name: part, Pos: pos}
			n.Children = append(n.Children, c)
		} else if i == len(parts)-1 {
			if c.Pos.File == file {
				r.warn(pos, "%s stands twice, the value at line %d is not used", name, c.Pos.Line)
			}
			*c = Node{Name: part, Pos: pos}
		}
		if i < len(parts)-1 && c.Kind != Map {
			*c = Node{Name: part, Pos: pos, Kind: Map}
		}
		n = c
	}
	return r.value(file, n, val, depth)
}

// merge reads "<<: *anchor": keys of the other map that are not there yet.
func (r *reader) merge(file string, n *Node, y *yaml.Node, depth int) error {
	other := &Node{}
	if err := r.value(file, other, y, depth+1); err != nil {
		return err
	}
	if other.Kind != Map {
		return fmt.Errorf("%s: << wants a map, have %s", r.pos(file, y), other.Kind)
	}
	for _, c := range other.Children {
		if n.Child(c.Name) == nil {
			n.Children = append(n.Children, c)
		}
	}
	return nil
}
