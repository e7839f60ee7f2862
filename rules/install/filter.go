package install

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// matcher tells whether a line of a filter file is about a rule.
type matcher func(r *rule) bool

// parseMatcher reads the forms that suricata-update has:
//
//	2019401  1:2019401  1:2019401,2019402   by gid and sid
//	re:heartbleed                            expression on the rule's text, in either case
//	group:emerging-icmp.rules  group:dos*    name of the rule's file, with or without .rules
//	filename:*/emerging-dos.rules            path of the rule's file in its source
//	metadata:deployment perimeter            key and value
func parseMatcher(s string) (matcher, error) {
	kind, arg, ok := strings.Cut(s, ":")
	arg = strings.TrimSpace(arg)
	switch {
	case s == "*":
		return func(*rule) bool { return true }, nil
	case ok && kind == "re":
		return byExpression(arg)
	case ok && kind == "group":
		return byPath(arg, func(r *rule) []string {
			base := path.Base(r.group)
			return []string{base, strings.TrimSuffix(base, path.Ext(base)), r.group}
		})
	case ok && kind == "filename":
		return byPath(arg, func(r *rule) []string { return []string{r.group, path.Base(r.group)} })
	case ok && kind == "metadata":
		want := strings.ToLower(strings.Join(strings.Fields(arg), " "))
		if want == "" {
			return nil, errors.New("metadata: want key and value")
		}
		return func(r *rule) bool {
			for _, m := range r.metadata {
				if m == want || !strings.Contains(want, " ") && strings.HasPrefix(m, want+" ") {
					return true
				}
			}
			return false
		}, nil
	}
	return byID(s)
}

// byExpression matches the text of rules. Unlike suricata-update's, expressions
// take time in proportion to the text, and know no look-around.
func byExpression(arg string) (matcher, error) {
	if len(arg) > 1 && arg[0] == '"' && arg[len(arg)-1] == '"' {
		arg = arg[1 : len(arg)-1]
	}
	re, err := regexp.Compile("(?i)" + arg)
	if err != nil {
		return nil, err
	}
	return func(r *rule) bool { return re.MatchString(r.text) }, nil
}

func byPath(pattern string, names func(r *rule) []string) (matcher, error) {
	re, err := globExpression(pattern)
	if err != nil {
		return nil, err
	}
	return func(r *rule) bool {
		for _, n := range names(r) {
			if re.MatchString(n) {
				return true
			}
		}
		return false
	}, nil
}

// globExpression is a shell pattern in which * takes slashes too.
func globExpression(pattern string) (*regexp.Regexp, error) {
	if pattern == "" {
		return nil, errors.New("pattern is empty")
	}
	var b strings.Builder
	b.WriteString("^")
	for _, c := range pattern {
		switch c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[', ']':
			b.WriteRune(c)
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return regexp.Compile(b.String() + "$")
}

func byID(s string) (matcher, error) {
	ids := map[id]bool{}
	for part := range strings.SplitSeq(s, ",") {
		g, n, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok {
			g, n = "1", g
		}
		gid, err1 := strconv.ParseUint(g, 10, 32)
		sid, err2 := strconv.ParseUint(n, 10, 32)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%q: want sid, gid:sid, or one of re:, group:, filename: and metadata: with its argument", s)
		}
		ids[id{uint32(gid), uint32(sid)}] = true
	}
	return func(r *rule) bool { return ids[r.id] }, nil
}

// change is one line of modify.conf.
type change struct {
	matcher
	apply func(r *rule) error
	place string
}

// Filters are what the four files say.
type Filters struct {
	disable, enable, drop []matcher
	modify                []change
}

// FilterFiles are the names of the files; empty ones are left out.
type FilterFiles struct{ Disable, Enable, Modify, Drop string }

// ReadFilters reads the files. Every line that is wrong is reported.
func ReadFilters(f FilterFiles) (*Filters, error) {
	x := &Filters{}
	var errs []error
	add := func(list *[]matcher) func(line, place string) error {
		return func(line, _ string) error {
			m, err := parseMatcher(line)
			*list = append(*list, m)
			return err
		}
	}
	for _, to := range []struct {
		name string
		line func(line, place string) error
	}{
		{f.Disable, add(&x.disable)}, {f.Enable, add(&x.enable)}, {f.Drop, add(&x.drop)},
		{f.Modify, func(line, place string) error {
			c, err := parseChange(line)
			c.place = place
			x.modify = append(x.modify, c)
			return err
		}},
	} {
		if to.name == "" {
			continue
		}
		b, err := os.ReadFile(to.name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		in := bufio.NewScanner(bytes.NewReader(b))
		for n := 1; in.Scan(); n++ {
			line := strings.TrimSpace(in.Text())
			if line == "" || line[0] == '#' {
				continue
			}
			place := fmt.Sprintf("%s:%d", to.name, n)
			if err := to.line(line, place); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", place, err))
			}
		}
		if err := in.Err(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", to.name, err))
		}
	}
	return x, errors.Join(errs...)
}

// twoQuoted splits a line of modify.conf: what it is about, and two strings.
var twoQuoted = regexp.MustCompile(`^(.*?)\s+"((?:[^"\\]|\\.)*)"\s+(?:\|\s+)?"((?:[^"\\]|\\.)*)"$`)

// parseChange reads MATCHER "FROM" "TO"; modifysid MATCHER "FROM" | "TO"; and
// metadata-add MATCHER "KEY" "VALUE".
func parseChange(line string) (change, error) {
	verb, rest, _ := strings.Cut(line, " ")
	adds := verb == "metadata-add"
	if adds || verb == "modifysid" {
		line = strings.TrimSpace(rest)
	}
	part := twoQuoted.FindStringSubmatch(line)
	if part == nil {
		return change{}, fmt.Errorf(`%q: want MATCHER "FROM" "TO"`, line)
	}
	m, err := parseMatcher(part[1])
	if err != nil {
		return change{}, err
	}
	from, to := strings.ReplaceAll(part[2], `\"`, `"`), strings.ReplaceAll(part[3], `\"`, `"`)
	if adds {
		return change{matcher: m, apply: func(r *rule) error { return r.addMetadata(from, to) }}, nil
	}
	re, err := regexp.Compile(from)
	if err != nil {
		return change{}, err
	}
	to = replacement(to)
	return change{matcher: m, apply: func(r *rule) error {
		text := re.ReplaceAllString(r.text, to)
		if text == r.text {
			return nil
		}
		return r.replace(text)
	}}, nil
}

// groupRef is a reference to a group as Python and as Oinkmaster write it.
var groupRef = regexp.MustCompile(`\\{1,2}([0-9]+)|\$\{([0-9]+)\}`)

// replacement turns references to groups to those of regexp, and other dollars
// to themselves.
func replacement(s string) string {
	var b strings.Builder
	at := 0
	for _, m := range groupRef.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(strings.ReplaceAll(s[at:m[0]], "$", "$$"))
		n := s[max(m[2], m[4]):max(m[3], m[5])]
		b.WriteString("${" + n + "}")
		at = m[1]
	}
	b.WriteString(strings.ReplaceAll(s[at:], "$", "$$"))
	return b.String()
}

// addMetadata adds an entry, to the metadata of the rule if it has any.
func (r *rule) addMetadata(key, value string) error {
	end := strings.LastIndexByte(r.text, ')')
	return r.replace(r.text[:end] + "metadata:" + key + " " + value + ";)" + r.text[end+1:])
}

// action is the first word of a rule.
var action = regexp.MustCompile(`^\w+`)

// Applied counts what filters have done.
type Applied struct {
	Disabled, Enabled, Modified, Dropped int
}

// apply runs the filters over a set. enable goes before disable.
func (f *Filters) apply(s *set) (n Applied, errs []error) {
	any := func(list []matcher, r *rule) bool {
		for _, m := range list {
			if m(r) {
				return true
			}
		}
		return false
	}
	for r := range s.all {
		was := r.enabled
		if r.enabled && any(f.disable, r) {
			r.enabled = false
		}
		if !r.enabled && any(f.enable, r) {
			r.enabled = true
		}
		switch {
		case was && !r.enabled:
			n.Disabled++
		case !was && r.enabled:
			n.Enabled++
		}
		if r.enabled && !r.noalert && any(f.drop, r) {
			if err := r.replace(action.ReplaceAllString(r.text, "drop")); err == nil {
				n.Dropped++
			}
		}
		before := r.text
		for _, c := range f.modify {
			if !c.matcher(r) {
				continue
			}
			if err := c.apply(r); err != nil {
				errs = append(errs, fmt.Errorf("%s: rule %s stays as it is: %w", c.place, r.id, err))
			}
		}
		if r.text != before {
			n.Modified++
		}
	}
	return n, errs
}
