package install

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"weir/rules"
)

// id names a rule.
type id struct{ gid, sid uint32 }

func (x id) String() string { return fmt.Sprintf("%d:%d", x.gid, x.sid) }

// rule is one rule of a set: one that stands behind '#' is there, but disabled.
type rule struct {
	id
	rev     uint32
	text    string // the rule on one line, without '#'
	enabled bool
	group   string // name of its file
	msg     string
	// metadata are key and value of each entry, in lower case, one blank between.
	metadata []string
	noalert  bool
}

// set is a set of rules by name, with their order.
type set struct {
	rules map[id]*rule
	order []id
}

func newSet() *set { return &set{rules: map[id]*rule{}} }

// add adds a rule; of two with one name the higher revision counts, and of equal
// ones the first.
func (s *set) add(r *rule) {
	old, ok := s.rules[r.id]
	if !ok {
		s.order = append(s.order, r.id)
	}
	if !ok || r.rev > old.rev {
		s.rules[r.id] = r
	}
}

// all yields the rules in order.
func (s *set) all(yield func(*rule) bool) {
	for _, x := range s.order {
		if !yield(s.rules[x]) {
			return
		}
	}
}

// enabled returns how many rules are.
func (s *set) enabled() (n int) {
	for r := range s.all {
		if r.enabled {
			n++
		}
	}
	return n
}

// parse adds the rules of a file. What is no rule is reported with its place.
func (s *set) parse(f file) (errs []*rules.Error) {
	line := 0
	for text := f.text; len(text) > 0; {
		first := line + 1
		var joined []byte
		for {
			var l []byte
			l, text, _ = bytes.Cut(text, []byte{'\n'})
			l = bytes.TrimSuffix(l, []byte{'\r'})
			line++
			if !bytes.HasSuffix(l, []byte{'\\'}) || len(text) == 0 {
				joined = append(joined, l...)
				break
			}
			joined = append(joined, l[:len(l)-1]...)
		}
		t := strings.TrimSpace(string(joined))
		plain := strings.TrimLeft(t, "# \t")
		disabled := plain != t
		if plain == "" || disabled && !strings.Contains(plain, "sid:") {
			continue
		}
		r, err := rules.ParseRule(plain)
		if err != nil {
			if disabled {
				continue // a comment
			}
			e := err.(*rules.Error)
			e.Pos = rules.Pos{File: f.name, Line: first, Col: 1}
			errs = append(errs, e)
			continue
		}
		s.add(newRule(r, plain, !disabled, f.name))
	}
	return errs
}

func newRule(r *rules.Rule, text string, enabled bool, group string) *rule {
	x := &rule{id: id{r.GID, r.SID}, rev: r.Rev, text: strings.Clone(text), enabled: enabled, group: group}
	for i := range r.Options {
		switch o := &r.Options[i]; o.Name {
		case "msg":
			x.msg = strings.Clone(strings.Trim(o.Value, `"`))
		case "noalert":
			x.noalert = true
		case "flowbits":
			x.noalert = x.noalert || o.Value == "noalert"
		case "metadata":
			for kv := range strings.SplitSeq(o.Value, ",") {
				x.metadata = append(x.metadata, strings.ToLower(strings.Join(strings.Fields(kv), " ")))
			}
		}
	}
	return x
}

// replace gives a rule another text. What it was called stays, if the text is no
// rule any more the rule stays as it was.
func (r *rule) replace(text string) error {
	p, err := rules.ParseRule(text)
	if err != nil {
		return err
	}
	n := newRule(p, text, r.enabled, r.group)
	if n.id != r.id {
		return fmt.Errorf("rule %s would become %s", r.id, n.id)
	}
	*r = *n
	return nil
}

// file returns the set as a file, by gid and sid.
func (s *set) file() []byte {
	var b bytes.Buffer
	b.WriteString("# Made by weir rules update; changes belong into enable.conf, disable.conf, modify.conf and drop.conf.\n")
	sorted := slices.Clone(s.order)
	slices.SortFunc(sorted, func(x, y id) int { return cmp.Or(cmp.Compare(x.gid, y.gid), cmp.Compare(x.sid, y.sid)) })
	for _, x := range sorted {
		r := s.rules[x]
		if !r.enabled {
			b.WriteString("# ")
		}
		b.WriteString(r.text)
		b.WriteByte('\n')
	}
	return b.Bytes()
}
