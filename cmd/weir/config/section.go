package config

import (
	"fmt"
	"slices"
	"strings"

	"weir/cmd/weir/config/yaml11"
	"weir/decode/event"
)

// Section is a part of the configuration whose keys belong to a component. It
// implements event.Options. A wrong value is noted with its position and the
// default returned; Config.Err has what was noted. The zero Section is empty.
type Section struct {
	path string
	node *yaml11.Node // nil if the configuration does not have it
	note *Problems    // where wrong values go
}

var _ event.Options = Section{}

// Path returns the section's place in the configuration.
func (s Section) Path() string { return s.path }

// Exists reports whether the configuration has the section, if only by name.
func (s Section) Exists() bool { return s.node != nil }

// Pos returns where the section was given.
func (s Section) Pos() yaml11.Pos {
	if s.node == nil {
		return yaml11.Pos{}
	}
	return s.node.Pos
}

// Get returns the section at a dotted path below s, which need not exist.
func (s Section) Get(path string) Section {
	s.node = s.node.Get(path)
	s.path = yaml11.Join(s.path, path)
	return s
}

// Sub returns the section under key; empty if there is none.
func (s Section) Sub(key string) event.Options { return s.Get(key) }

// Has reports whether key is there, if only by name.
func (s Section) Has(key string) bool { return s.node.Get(key) != nil }

// Text returns the section's own scalar value, "" if it has none.
func (s Section) Text() string {
	s.read()
	return s.node.Text()
}

func (s Section) read() {
	if s.node != nil {
		s.node.Read = true
	}
}

// scalar returns the text under key; ok is false where there is no value. A
// list or map there is noted as wrong.
func (s Section) scalar(key, want string) (text string, ok bool) {
	n := s.node.Get(key)
	if n == nil {
		return "", false
	}
	n.Read = true
	switch n.Kind {
	case yaml11.Scalar:
		return n.Value, true
	case yaml11.Map, yaml11.List:
		s.reject(key, fmt.Sprintf("is %s: want %s", n.Kind, want))
	}
	return "", false
}

// Bool returns a truth value.
func (s Section) Bool(key string, def bool) bool {
	const want = "yes or no"
	text, ok := s.scalar(key, want)
	if !ok {
		return def
	}
	v, ok := yaml11.Bool(text)
	if !ok {
		s.Reject(key, want)
		return def
	}
	return v
}

// Uint returns a whole number.
func (s Section) Uint(key string, def uint64) uint64 {
	const want = "a whole number"
	text, ok := s.scalar(key, want)
	if !ok {
		return def
	}
	v, err := yaml11.Uint(text)
	if err != nil {
		s.Reject(key, want)
		return def
	}
	return v
}

// Size returns a number of bytes.
func (s Section) Size(key string, def uint64) uint64 {
	text, ok := s.scalar(key, wantSize)
	if !ok {
		return def
	}
	v, err := yaml11.Size(text)
	if err != nil {
		s.Reject(key, wantSize)
		return def
	}
	return v
}

// String returns text.
func (s Section) String(key, def string) string {
	if text, ok := s.scalar(key, "one value"); ok {
		return text
	}
	return def
}

// Strings returns the items of a list, or the parts of one comma-separated
// value, in brackets or not.
func (s Section) Strings(key string) []string {
	n := s.node.Get(key)
	if n == nil {
		return nil
	}
	n.Read = true
	switch n.Kind {
	case yaml11.Scalar:
		return splitList(n.Value)
	case yaml11.Map:
		s.reject(key, "is a map: want a list")
	case yaml11.List:
		var all []string
		for _, c := range n.Children {
			c.Read = true
			if c.Kind != yaml11.Scalar {
				s.reject(yaml11.Join(key, c.Name), fmt.Sprintf("is %s: want one value", c.Kind))
				continue
			}
			all = append(all, c.Value)
		}
		return all
	}
	return nil
}

// splitList cuts "a, b" or "[a, b]" into its parts.
func splitList(s string) []string {
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			s = inner
		}
	}
	var parts []string
	for p := range strings.SplitSeq(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

// Items returns the items of a list.
func (s Section) Items() []event.Options {
	var all []event.Options
	for _, c := range s.children() {
		all = append(all, c)
	}
	return all
}

// Keys returns the names in a map, in order.
func (s Section) Keys() []string {
	if s.node == nil || s.node.Kind != yaml11.Map {
		return nil
	}
	names := make([]string, len(s.node.Children))
	for i, c := range s.node.Children {
		names[i] = c.Name
	}
	return names
}

// children returns what is directly below, of a map or a list.
func (s Section) children() []Section {
	if s.node == nil {
		return nil
	}
	all := make([]Section, len(s.node.Children))
	for i, c := range s.node.Children {
		all[i] = Section{yaml11.Join(s.path, c.Name), c, s.note}
	}
	return all
}

// label returns what names the section as an item of a list and what stands
// under that name ("- alert: {..}" and "- alert" are both "alert").
func (s Section) label() (string, Section) {
	name, n := s.node.Label()
	s.read()
	if n != nil {
		n.Read = true
	}
	return name, Section{yaml11.Join(s.path, name), n, s.note}
}

// Reject notes that the value of key cannot be used; want says what can.
func (s Section) Reject(key, want string) {
	s.reject(key, wrong(s.node.Get(key).Text(), want))
}

func (s Section) reject(key, text string) {
	if s.note == nil {
		return
	}
	p := Problem{Key: yaml11.Join(s.path, key), Text: text}
	if n := s.node.Get(key); n != nil {
		p.Pos = n.Pos
	}
	if !slices.Contains(*s.note, p) {
		*s.note = append(*s.note, p)
	}
}
