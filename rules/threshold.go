package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limit is one line of threshold.config: what bounds, changes or suppresses the
// alerts of a rule from outside of it.
type Limit struct {
	Pos       Pos
	Kind      string // threshold, rate_filter or suppress
	GID, SID  uint32 // 0: all
	Type      string // of a threshold: limit, threshold or both
	Track     string // by_src, by_dst, by_rule, by_both, by_flow; of suppress by_src, by_dst, by_either or none
	Count     uint32
	Seconds   uint32
	Timeout   uint32 // of a rate_filter, s
	NewAction string // of a rate_filter: alert, drop, pass or reject
	IP        string // of suppress: an address group; empty: any
}

// limitKeys are what a line of each kind may say; those in need it must.
var limitKeys = map[string]struct{ need, may []string }{
	"threshold":    {[]string{"gen_id", "sig_id", "type", "track", "count", "seconds"}, nil},
	"event_filter": {[]string{"gen_id", "sig_id", "type", "track", "count", "seconds"}, nil},
	"rate_filter":  {[]string{"gen_id", "sig_id", "track", "count", "seconds", "new_action", "timeout"}, nil},
	"suppress":     {[]string{"gen_id"}, []string{"sig_id", "track", "ip"}},
}

// limitValues are the words that a key allows.
var limitValues = map[string][]string{
	"type":       {"limit", "threshold", "both"},
	"new_action": {"alert", "drop", "pass", "reject"},
}

// Limits reads threshold.config. Lines that cannot be used are reported and left
// out; name is for errors. A line that ends in a backslash goes on in the next.
func Limits(name string, text []byte) ([]Limit, []*Error) {
	var all []Limit
	var errs []*Error
	line, from, n := "", 0, 0
	for part := range strings.Lines(string(text)) {
		n++
		if line == "" {
			from = n
		}
		part = strings.TrimSpace(part)
		if cut, more := strings.CutSuffix(part, `\`); more {
			line += cut + " "
			continue
		}
		line += part
		if s := strings.TrimSpace(line); s != "" && s[0] != '#' {
			l, err := parseLimit(s)
			if err != nil {
				errs = append(errs, &Error{Pos: Pos{name, from, 1}, Msg: err.Error()})
			} else {
				l.Pos = Pos{name, from, 1}
				all = append(all, l)
			}
		}
		line = ""
	}
	return all, errs
}

func parseLimit(s string) (Limit, error) {
	kind, rest, _ := strings.Cut(s, " ")
	keys, ok := limitKeys[kind]
	if !ok {
		return Limit{}, fmt.Errorf("%q: want threshold, event_filter, rate_filter or suppress", kind)
	}
	l := Limit{Kind: kind}
	if kind == "event_filter" {
		l.Kind = "threshold"
	}
	var seen []string
	for _, w := range splitOutside(rest) {
		key, val, _ := strings.Cut(strings.TrimSpace(w), " ")
		val = strings.TrimSpace(val)
		if !slices.Contains(keys.need, key) && !slices.Contains(keys.may, key) {
			return Limit{}, fmt.Errorf("%s: %q: want %s", kind, key, strings.Join(append(slices.Clone(keys.need), keys.may...), ", "))
		}
		if slices.Contains(seen, key) {
			return Limit{}, fmt.Errorf("%s: %s stands twice", kind, key)
		}
		seen = append(seen, key)
		if err := l.set(key, val); err != nil {
			return Limit{}, fmt.Errorf("%s: %w", kind, err)
		}
	}
	for _, key := range keys.need {
		if !slices.Contains(seen, key) {
			return Limit{}, fmt.Errorf("%s: want %s", kind, key)
		}
	}
	if kind == "suppress" && (l.Track == "") != (l.IP == "") {
		return Limit{}, fmt.Errorf("suppress: track and ip stand together")
	}
	return l, nil
}

// set notes one key of a line.
func (l *Limit) set(key, val string) error {
	number := func(to *uint32) error {
		n, err := strconv.ParseUint(val, 10, 32)
		if err != nil {
			return fmt.Errorf("%s %q: want a number", key, val)
		}
		*to = uint32(n)
		return nil
	}
	word := func(to *string, allowed []string) error {
		if !slices.Contains(allowed, val) {
			return fmt.Errorf("%s %q: want %s", key, val, strings.Join(allowed, ", "))
		}
		*to = val
		return nil
	}
	switch key {
	case "gen_id":
		return number(&l.GID)
	case "sig_id":
		return number(&l.SID)
	case "count":
		if err := number(&l.Count); err != nil {
			return err
		}
		if l.Count == 0 {
			return fmt.Errorf("count 0: want at least 1")
		}
	case "seconds":
		return number(&l.Seconds)
	case "timeout":
		return number(&l.Timeout)
	case "type":
		return word(&l.Type, limitValues["type"])
	case "new_action":
		return word(&l.NewAction, limitValues["new_action"])
	case "ip":
		l.IP = val
	case "track":
		allowed := []string{"by_src", "by_dst", "by_rule", "by_both", "by_flow"}
		if l.Kind == "suppress" {
			allowed = []string{"by_src", "by_dst", "by_either"}
		}
		return word(&l.Track, allowed)
	}
	return nil
}

// splitOutside splits at commas outside of brackets.
func splitOutside(s string) []string {
	var out []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, s[from:i])
				from = i + 1
			}
		}
	}
	return append(out, s[from:])
}
