// Package rulecase is the format of test cases for rules: traffic, and the alerts
// that it is to raise. docs/rules-test.md describes it for the people who write
// such files.
//
// It reads cases, makes the traffic that they spell out, and compares alerts with
// what was expected; running the engine is left to the caller.
package rulecase

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Suffix is how names of case files end; what stands before it is the name of
// the rules.
const Suffix = ".test.yaml"

// maxBytes bounds a case file.
const maxBytes = 16 << 20

// File is a file of cases.
type File struct {
	Name string `yaml:"-"`
	// Rules are the rule files, relative to the case file; by default the one of
	// its name.
	Rules  list              `yaml:"rules"`
	Config string            `yaml:"config"` // configuration, relative to the case file
	Set    []string          `yaml:"set"`    // KEY=VALUE over it
	Vars   map[string]string `yaml:"vars"`   // addresses and ports by name, without $
	Cases  []*Case           `yaml:"cases"`
}

// Case is one test.
type Case struct {
	Name     string   `yaml:"name"`
	Captures list     `yaml:"capture"` // files, relative to the case file
	Traffic  []*Flow  `yaml:"traffic"` // or made packets
	Set      []string `yaml:"set"`     // KEY=VALUE over that of the file
	Alerts   []*Want  `yaml:"alerts"`
	Not      []uint32 `yaml:"not"`    // rules that must not fire
	Others   bool     `yaml:"others"` // rules that are not named may fire
	Line     int      `yaml:"-"`
}

// Want is an alert that is expected: a number, which stands for at least one, or
// more of what it shows.
type Want struct {
	SID     uint32         `yaml:"sid"`
	GID     uint32         `yaml:"gid"`      // 0: any
	Count   *int           `yaml:"count"`    // exactly; nil: at least one
	Packets []uint64       `yaml:"pcap_cnt"` // exactly these
	Fields  map[string]any `yaml:"fields"`   // of an alert, by path: alert.severity
}

// list is one text or several.
type list []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *list) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = list{n.Value}
		return nil
	}
	return n.Decode((*[]string)(l))
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (w *Want) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&w.SID)
	}
	type plain Want
	if err := known(n, "sid", "gid", "count", "pcap_cnt", "fields"); err != nil {
		return err
	}
	return n.Decode((*plain)(w))
}

// known reports keys of a mapping that mean nothing: a decoder does so only where
// it is not handed a node.
func known(n *yaml.Node, keys ...string) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want a mapping with %s", n.Line, strings.Join(keys, ", "))
	}
next:
	for i := 0; i+1 < len(n.Content); i += 2 {
		for _, k := range keys {
			if n.Content[i].Value == k {
				continue next
			}
		}
		return fmt.Errorf("line %d: key %q: want %s", n.Content[i].Line, n.Content[i].Value, strings.Join(keys, ", "))
	}
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (c *Case) UnmarshalYAML(n *yaml.Node) error {
	type plain Case
	if err := known(n, "name", "capture", "traffic", "set", "alerts", "not", "others"); err != nil {
		return err
	}
	c.Line = n.Line
	return n.Decode((*plain)(c))
}

// Read reads a file of cases.
func Read(name string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	if len(text) > maxBytes {
		return nil, fmt.Errorf("%s: more than %d bytes", name, maxBytes)
	}
	return Parse(name, text)
}

// Parse reads the text of a file of cases. Paths become relative to the working
// directory.
func Parse(name string, text []byte) (*File, error) {
	f := &File{}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(f); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("is empty")
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f.Name = name
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	dir := filepath.Dir(name)
	local := func(p string) string {
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	if f.Rules == nil {
		f.Rules = list{strings.TrimSuffix(filepath.Base(name), Suffix) + ".rules"}
	}
	for i := range f.Rules {
		f.Rules[i] = local(f.Rules[i])
	}
	f.Config = local(f.Config)
	for _, c := range f.Cases {
		for i := range c.Captures {
			c.Captures[i] = local(c.Captures[i])
		}
	}
	return f, nil
}

// check reports what is missing or makes no sense.
func (f *File) check() error {
	if len(f.Cases) == 0 {
		return errors.New("no cases")
	}
	names := map[string]bool{}
	for i, c := range f.Cases {
		if c == nil {
			return fmt.Errorf("case %d is empty", i+1)
		}
		fail := func(format string, args ...any) error {
			return fmt.Errorf("line %d: case %q: %s", c.Line, c.Name, fmt.Sprintf(format, args...))
		}
		switch {
		case c.Name == "":
			return fail("want a name")
		case names[c.Name]:
			return fail("is there twice")
		case (len(c.Captures) == 0) == (len(c.Traffic) == 0):
			return fail("want either capture or traffic")
		}
		names[c.Name] = true
		for _, w := range c.Alerts {
			if w == nil || w.SID == 0 {
				return fail("alerts: want the sid of a rule")
			}
		}
		for _, fl := range c.Traffic {
			if err := fl.check(); err != nil {
				return fail("traffic: %v", err)
			}
		}
	}
	return nil
}
