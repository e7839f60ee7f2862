package yaml11

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// include reads "include: file" or "include: [files]" into the map n.
func (r *reader) include(file string, n *Node, y *yaml.Node, depth int) error {
	items := []*yaml.Node{y}
	if y.Kind == yaml.SequenceNode {
		items = y.Content
	}
	for _, item := range items {
		names, err := r.names(file, item)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := r.file(name, n, depth+1); err != nil {
				return fmt.Errorf("%s: include: %w", r.pos(file, item), err)
			}
		}
	}
	return nil
}

// includeValue reads "key: !include file": the file is the value.
func (r *reader) includeValue(file string, n *Node, y *yaml.Node, depth int) error {
	names, err := r.names(file, y)
	if err != nil {
		return err
	}
	for _, name := range names {
		into := &Node{Name: n.Name}
		if err := r.file(name, into, depth+1); err != nil {
			return fmt.Errorf("%s: !include: %w", r.pos(file, y), err)
		}
		*n = *into
	}
	return nil
}

// includeItem reads "- !include file" of a list: a list in the file is put in
// place item by item, anything else becomes one item.
func (r *reader) includeItem(file string, list *Node, y *yaml.Node, depth int) error {
	n := &Node{}
	if err := r.includeValue(file, n, y, depth); err != nil {
		return err
	}
	items := []*Node{n}
	if n.Kind == List {
		items = n.Children
	}
	for _, c := range items {
		c.Name = strconv.Itoa(len(list.Children))
		list.Children = append(list.Children, c)
	}
	return nil
}

// names returns the files that an include means. A relative name is looked for
// beside the file that includes it and then beside the first file, which is
// where Suricata looks. A pattern that fits nothing is a warning.
func (r *reader) names(file string, y *yaml.Node) ([]string, error) {
	pos := r.pos(file, y)
	if y.Kind != yaml.ScalarNode || y.Value == "" {
		return nil, fmt.Errorf("%s: include: want a file name, have %s", pos, kindOf(y))
	}
	name := y.Value
	places := []string{name}
	if !filepath.IsAbs(name) {
		places = []string{filepath.Join(filepath.Dir(file), name), filepath.Join(r.top, name)}
	}
	for _, p := range places {
		if _, err := os.Stat(p); err == nil {
			return []string{p}, nil
		}
	}
	if !strings.ContainsAny(name, "*?[") {
		return places[:1], nil // opening it says why it cannot be read
	}
	for _, p := range places {
		found, err := filepath.Glob(p)
		if err != nil {
			return nil, fmt.Errorf("%s: include: pattern %q: %w", pos, name, err)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	r.warn(pos, "include: no file fits %q", name)
	return nil, nil
}
