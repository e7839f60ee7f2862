package rules

import (
	"bytes"
	"strings"
)

// String returns the rule in canonical form, on one line: one blank between the
// parts, none in groups, "name:value;" for options in their order. A comment
// behind the rule stays.
func (r *Rule) String() string {
	var b strings.Builder
	b.Grow(len(r.Raw))
	b.WriteString(r.Action.S)
	b.WriteByte(' ')
	b.WriteString(r.Proto.S)
	if r.Hook.S != "" {
		b.WriteByte(':')
		b.WriteString(r.Hook.S)
	}
	for _, word := range [...]string{r.Src.S, r.SrcPort.S, r.Dir.String(), r.Dst.S, r.DstPort.S} {
		b.WriteByte(' ')
		b.WriteString(strings.Join(strings.FieldsFunc(word, func(c rune) bool { return c < 0x80 && isBlank(byte(c)) }), ""))
	}
	b.WriteString(" (")
	for i := range r.Options {
		if i > 0 {
			b.WriteByte(' ')
		}
		r.Options[i].print(&b)
	}
	b.WriteByte(')')
	if i := strings.LastIndexByte(r.Raw, ')'); i >= 0 {
		if comment := strings.TrimSpace(r.Raw[i+1:]); comment != "" {
			b.WriteByte(' ')
			b.WriteString(comment)
		}
	}
	return b.String()
}

func (o *Option) print(b *strings.Builder) {
	text := o.Name
	if o.HasValue {
		text += ":" + o.Value
	}
	b.WriteString(text)
	if strings.HasSuffix(text, `\`) {
		b.WriteByte(' ') // or the semicolon would be escaped
	}
	b.WriteByte(';')
}

// Format returns a file of rules in canonical form. Rules that are turned off by
// a # stay so and take that form too; other comments stay as they are, and so do
// lines that cannot be parsed, which are reported. Of empty lines in a row one
// stays.
func Format(name string, text []byte) ([]byte, []*Error) {
	var out bytes.Buffer
	var errs []*Error
	empty := true // the last line is, or there is none
	for l := range logicalLines(name, text) {
		line := strings.TrimSpace(string(l.joined))
		if line == "" {
			if !empty {
				out.WriteByte('\n')
			}
			empty = true
			continue
		}
		empty = false
		if line[0] == '#' {
			out.WriteString(formatComment(strings.TrimRight(string(l.text), " \t\r\n"), line))
		} else if r, err := l.rule(); err != nil {
			errs = append(errs, err)
			out.Write(bytes.TrimRight(l.text, " \t\r\n"))
		} else {
			out.WriteString(r.String())
		}
		out.WriteByte('\n')
	}
	b := out.Bytes()
	for bytes.HasSuffix(b, []byte("\n\n")) {
		b = b[:len(b)-1]
	}
	return b, errs
}

// formatComment returns a comment as it stands, or the rule that it turns off.
func formatComment(text, line string) string {
	off := strings.TrimLeft(line, "# \t")
	r, err := parseRule(off, &lineMap{})
	if off == "" || err != nil {
		return text
	}
	return "# " + r.String()
}
