package rules

import (
	"os"
	"strconv"
	"strings"
)

// Class is one line of classification.config.
type Class struct {
	Name, Description string
	Priority          uint32
}

// ParseClasses reads classification.config: "config classification: name,
// description, priority". Lines that cannot be read are reported and left out.
func ParseClasses(name string) (map[string]Class, []*Error, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	m, errs := Classes(name, b)
	return m, errs, nil
}

// Classes is ParseClasses for bytes; name is for errors.
func Classes(name string, b []byte) (map[string]Class, []*Error) {
	m := map[string]Class{}
	var errs []*Error
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		rest, ok := configLine(line, "classification")
		if !ok {
			continue
		}
		parts := strings.SplitN(rest, ",", 3)
		var prio uint64
		var err error
		if len(parts) == 3 {
			prio, err = strconv.ParseUint(strings.TrimSpace(parts[2]), 10, 8)
		}
		if len(parts) != 3 || err != nil {
			errs = append(errs, &Error{Pos: Pos{name, n, 1}, Msg: "want: config classification: name,description,priority"})
			continue
		}
		c := Class{strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1]), uint32(prio)}
		m[c.Name] = c
	}
	return m, errs
}

// configLine returns what stands behind "config KIND:".
func configLine(line, kind string) (string, bool) {
	line = strings.TrimSpace(line)
	rest, ok := strings.CutPrefix(line, "config")
	if !ok {
		return "", false
	}
	rest, ok = strings.CutPrefix(strings.TrimSpace(rest), kind)
	if !ok {
		return "", false
	}
	return strings.CutPrefix(strings.TrimSpace(rest), ":")
}

// ParseReferences reads reference.config: "config reference: kind URL".
func ParseReferences(name string) (map[string]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	m := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if rest, ok := configLine(line, "reference"); ok {
			if f := strings.Fields(rest); len(f) == 2 {
				m[strings.ToLower(f[0])] = f[1]
			}
		}
	}
	return m, nil
}
