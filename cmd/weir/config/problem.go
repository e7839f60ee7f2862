package config

import (
	"fmt"
	"strings"

	"weir/cmd/weir/config/yaml11"
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	Pos  yaml11.Pos // where the value was given; zero if nowhere
	Key  string     // dotted path; empty if it is about a whole file
	Text string
}

// Error returns "file:line:col: key: text".
func (p Problem) Error() string {
	var parts []string
	if p.Pos != (yaml11.Pos{}) {
		parts = append(parts, p.Pos.String())
	}
	if p.Key != "" {
		parts = append(parts, p.Key)
	}
	return strings.Join(append(parts, p.Text), ": ")
}

// Problems is a list of them; as an error it has one a line.
type Problems []Problem

// Error joins the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// err returns the list as an error, nil if it is empty.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// wrong is the text for a value that cannot be used.
func wrong(value, want string) string {
	return fmt.Sprintf("value %q: want %s", value, want)
}
