package rules

import (
	"bytes"
	"iter"
	"os"
	"strconv"
	"strings"
)

// File is the rules of one file.
type File struct {
	Name   string
	Rules  []*Rule
	Errors []*Error
}

// ParseFile parses a rule file. The error is that of reading; what is wrong
// with rules stands in File.Errors.
func ParseFile(name string) (*File, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, b), nil
}

// Parse parses rules, see All.
func Parse(name string, b []byte) *File {
	f := &File{Name: name}
	for r, err := range All(name, b) {
		if err != nil {
			f.Errors = append(f.Errors, err)
		} else {
			f.Rules = append(f.Rules, r)
		}
	}
	return f
}

// All parses rules one by one; what comes is a rule, or an error in its place.
// Each rule stands on a line of its own; a backslash at the end of a line joins
// the next. Comments begin with '#'. No rule keeps b.
func All(name string, b []byte) iter.Seq2[*Rule, *Error] {
	return func(yield func(*Rule, *Error) bool) {
		for l := range logicalLines(name, b) {
			if t := bytes.TrimLeft(l.joined, " \t"); len(t) == 0 || t[0] == '#' {
				continue
			}
			if !yield(l.rule()) {
				return
			}
		}
	}
}

// logicalLine is a line with those that a backslash joins to it.
type logicalLine struct {
	text   []byte // as it stands in the file, with line ends
	joined []byte // cut off behind what a rule may take
	size   int    // of the whole, joined
	m      *lineMap
}

// rule parses the line.
func (l *logicalLine) rule() (*Rule, *Error) {
	if l.size > maxRule {
		return nil, &Error{Pos: l.m.at(0), Msg: "rule of " + strconv.Itoa(l.size) + " bytes: want at most " + strconv.Itoa(maxRule)}
	}
	return parseRule(string(l.joined), l.m)
}

// logicalLines splits a file.
func logicalLines(name string, b []byte) iter.Seq[*logicalLine] {
	return func(yield func(*logicalLine) bool) {
		text := bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
		for line := 1; len(text) > 0; line++ {
			from := text
			var first []byte
			first, text = nextLine(text)
			l := &logicalLine{joined: first, size: len(first), m: &lineMap{file: name, line: line}}
			for last := first; bytes.HasSuffix(last, []byte{'\\'}) && len(text) > 0; l.size += len(last) - 1 {
				last, text = nextLine(text)
				line++
				if l.size > maxRule {
					continue // it will be refused
				}
				if l.m.joins == nil {
					l.joined = bytes.Clone(first)
				}
				l.joined = l.joined[:len(l.joined)-1]
				l.m.joins = append(l.m.joins, len(l.joined))
				l.joined = append(l.joined, last...)
			}
			l.text = from[:len(from)-len(text)]
			if !yield(l) {
				return
			}
		}
	}
}

// ParseRule parses one rule that stands in no file.
func ParseRule(s string) (*Rule, error) {
	r, err := parseRule(s, &lineMap{file: "rule", line: 1})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// nextLine takes the first line off b, without its line end.
func nextLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}

// scanner walks through one rule.
type scanner struct {
	s  string
	at int
	m  *lineMap
}

func (c *scanner) pos() Pos { return c.m.at(c.at) }

func (c *scanner) skip() {
	for c.at < len(c.s) && isBlank(c.s[c.at]) {
		c.at++
	}
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\v' || b == '\f' }

// word takes bytes up to the next blank. A group in brackets may hold blanks.
func (c *scanner) word() Text {
	c.skip()
	t := Text{Pos: c.pos()}
	from, depth := c.at, 0
	for c.at < len(c.s) {
		b := c.s[c.at]
		if b == '[' {
			depth++
		} else if b == ']' {
			depth--
		} else if isBlank(b) && depth <= 0 || b == '(' && depth <= 0 {
			break
		}
		c.at++
	}
	t.S = c.s[from:c.at]
	return t
}

func parseRule(raw string, m *lineMap) (*Rule, *Error) {
	c := &scanner{s: raw, m: m}
	r := &Rule{Raw: raw, GID: 1, positions: m}
	c.skip()
	r.Pos = c.pos()
	fail := func(p Pos, msg, hint string) (*Rule, *Error) {
		return nil, &Error{Pos: p, SID: r.SID, Msg: msg, Hint: hint}
	}
	r.Action = c.word()
	r.Proto = c.word()
	if name, hook, ok := strings.Cut(r.Proto.S, ":"); ok {
		at := r.Proto.Pos
		at.Col += len(name) + 1
		r.Proto.S, r.Hook = name, Text{hook, at}
	}
	r.Src = c.word()
	r.SrcPort = c.word()
	dir := c.word()
	r.Dst = c.word()
	r.DstPort = c.word()
	switch dir.S {
	case "->":
	case "<>":
		r.Dir = BothWay
	case "=>":
		r.Dir = TxBoth
	case "":
		return fail(r.Pos, "rule ends early", "want: action protocol source port -> destination port (options)")
	default:
		return fail(dir.Pos, "direction "+Quote(dir.S)+": want ->, <> or =>", "")
	}
	if r.DstPort.S == "" {
		return fail(r.Pos, "rule ends early", "want: action protocol source port -> destination port (options)")
	}
	c.skip()
	if c.at >= len(c.s) || c.s[c.at] != '(' {
		return fail(c.pos(), "no options", "want ( after the destination port")
	}
	end := strings.LastIndexByte(c.s, ')')
	if end < c.at {
		return fail(c.pos(), "options are not closed", "want ) at the end")
	}
	if rest := strings.TrimSpace(c.s[end+1:]); rest != "" && rest[0] != '#' {
		return fail(m.at(end+1), "text behind the options: "+Quote(rest), "")
	}
	c.at++
	c.s = c.s[:end]
	if err := c.options(r); err != nil {
		err.SID = r.SID
		return nil, err
	}
	if !r.HasSID {
		return fail(r.Pos, "no sid", "each rule needs sid:NUMBER;")
	}
	return r, nil
}

// options reads options up to the end. Each ends at the first semicolon that no
// backslash stands before, whatever quotes say.
func (c *scanner) options(r *Rule) *Error {
	r.Options = make([]Option, 0, min(strings.Count(c.s[c.at:], ";"), maxOptions))
	for {
		c.skip()
		if c.at >= len(c.s) {
			return nil
		}
		if c.s[c.at] == ';' {
			c.at++
			continue
		}
		if len(r.Options) >= maxOptions {
			return &Error{Pos: c.pos(), Msg: "more than " + strconv.Itoa(maxOptions) + " options"}
		}
		o := Option{Pos: c.pos()}
		from := c.at
		end := c.semicolon()
		if end < 0 {
			return &Error{Pos: o.Pos, Msg: "option is not closed", Hint: "want ; behind each option"}
		}
		name, value, has := strings.Cut(c.s[from:end], ":")
		o.Name = strings.TrimSpace(name)
		if has {
			lead := len(value) - len(strings.TrimLeft(value, " \t\r\v\f"))
			o.Value, o.HasValue = strings.TrimSpace(value), true
			o.ValuePos = c.m.at(from + len(name) + 1 + lead)
		}
		c.at = end + 1
		if err := r.numbers(&o); err != nil {
			return err
		}
		r.Options = append(r.Options, o)
	}
}

// semicolon returns the place of the next one without a backslash, or -1.
func (c *scanner) semicolon() int {
	for i := c.at; i < len(c.s); i++ {
		if c.s[i] == ';' && (i == 0 || c.s[i-1] != '\\') {
			return i
		}
	}
	return -1
}

// numbers reads sid, gid, rev and requires.
func (r *Rule) numbers(o *Option) *Error {
	var to *uint32
	switch o.Name {
	case "sid":
		if r.HasSID {
			return &Error{Pos: o.Pos, SID: r.SID, Msg: "sid given twice"}
		}
		to = &r.SID
	case "gid":
		to = &r.GID
	case "rev":
		to = &r.Rev
	case "requires":
		r.Requires = append(r.Requires, o.Value)
		return nil
	default:
		return nil
	}
	n, err := strconv.ParseUint(strings.Trim(o.Value, `"`), 10, 32)
	if err != nil || o.Name == "sid" && n == 0 {
		return &Error{Pos: o.Pos, SID: r.SID, Msg: o.Name + ": value " + Quote(o.Value) + ": want a number below 4294967296"}
	}
	*to = uint32(n)
	r.HasSID = r.HasSID || o.Name == "sid"
	return nil
}

// At returns the position of byte i of an option's value.
func (r *Rule) At(o *Option, i int) Pos {
	p := o.ValuePos
	p.Col += i
	return p
}
