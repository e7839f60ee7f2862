package yaml11

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind says what a Node is.
type Kind uint8

// Kinds of nodes.
const (
	Null   Kind = iota // "key:" without a value
	Scalar             // text
	Map                // named children
	List               // children named "0", "1", ..
)

// String returns the name messages use.
func (k Kind) String() string {
	return [...]string{"nothing", "a value", "a map", "a list"}[k]
}

// Pos is where a value was given.
type Pos struct {
	File string // a file, or what else gave the value: "--set", "WEIR_HOST_MEMCAP"
	Line int    // from 1; 0 where the value is in no file
	Col  int
}

// String returns "file:line:col".
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Node is one value of the tree. A nil Node is a missing value: all methods
// that read may be called on it.
type Node struct {
	Name     string // key or list position; empty for the root
	Kind     Kind
	Value    string // of a Scalar
	Pos      Pos    // of the value; of the key if there is no value
	Children []*Node

	// Read is set by whoever has acted on the value; Unread lists the rest.
	Read bool
}

// Child returns the child of that name, or nil.
func (n *Node) Child(name string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Get returns the node at a dotted path below n, or nil. An empty path is n.
func (n *Node) Get(path string) *Node {
	for path != "" && n != nil {
		var name string
		name, path, _ = strings.Cut(path, ".")
		n = n.Child(name)
	}
	return n
}

// Text returns the value of a scalar, and "" for everything else.
func (n *Node) Text() string {
	if n == nil || n.Kind != Scalar {
		return ""
	}
	return n.Value
}

// Label returns what names the item of a list whose items are maps of one key
// or plain names: "alert" for both "- alert" and "- alert: {..}". The node is
// what stands under that name, nil for a plain one.
func (n *Node) Label() (string, *Node) {
	switch {
	case n == nil:
		return "", nil
	case n.Kind == Scalar:
		return n.Value, nil
	case n.Kind == Map && len(n.Children) > 0:
		return n.Children[0].Name, n.Children[0]
	}
	return "", nil
}

// Walk calls f for n and everything below it with its path from n, parents
// first. It does not go below a node for which f returns false.
func (n *Node) Walk(f func(path string, n *Node) bool) { n.walk("", f) }

func (n *Node) walk(path string, f func(string, *Node) bool) {
	if n == nil || !f(path, n) {
		return
	}
	for _, c := range n.Children {
		c.walk(Join(path, c.Name), f)
	}
}

// Join puts a name behind a path.
func Join(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + "." + name
}

// Set gives the scalar at a dotted path a value and makes what is missing on
// the way: a list where the name is a position, a map otherwise. A position may
// be that behind the last item, not further.
func (n *Node) Set(path, value string, pos Pos) error {
	at := ""
	for rest := path; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, ".")
		if name == "" {
			return fmt.Errorf("path %q: a name is empty", path)
		}
		next, err := n.step(name, pos)
		if err != nil {
			return fmt.Errorf("path %q: %s %w", path, strings.TrimPrefix(at+":", ":"), err)
		}
		n, at = next, Join(at, name)
	}
	n.Kind, n.Value, n.Pos, n.Children = Scalar, value, pos, nil
	return nil
}

// step returns the child of that name, made if it is missing.
func (n *Node) step(name string, pos Pos) (*Node, error) {
	if c := n.Child(name); c != nil {
		return c, nil
	}
	index, err := strconv.Atoi(name)
	isIndex := err == nil && index >= 0
	switch {
	case n.Kind == List && !isIndex:
		return nil, fmt.Errorf("is a list, want a position instead of %q", name)
	case n.Kind == List || isIndex && n.Kind != Map:
		if n.Kind != List {
			n.Kind, n.Value, n.Children = List, "", nil
		}
		if index != len(n.Children) {
			return nil, fmt.Errorf("has %d items, position %d is not one of them", len(n.Children), index)
		}
	case n.Kind == Scalar && n.Value == name:
		// A plain item "- alert" becomes "- alert: {..}".
		n.Kind, n.Value = Map, ""
	case n.Kind != Map:
		n.Kind, n.Value, n.Children = Map, "", nil
	}
	c := &Node{Name: name, Pos: pos}
	n.Children = append(n.Children, c)
	return c, nil
}

// ReadAll marks n and all below it as read.
func (n *Node) ReadAll() {
	n.Walk(func(_ string, c *Node) bool {
		c.Read = true
		return true
	})
}

// Unread calls f with the paths of what nobody has read, each as high up as nothing
// below it has been read either.
func (n *Node) Unread(f func(path string, n *Node)) {
	n.Walk(func(path string, c *Node) bool {
		if path == "" || c.Read || c.anyRead() {
			return true
		}
		f(path, c)
		return false
	})
}

func (n *Node) anyRead() bool {
	for _, c := range n.Children {
		if c.Read || c.anyRead() {
			return true
		}
	}
	return false
}
