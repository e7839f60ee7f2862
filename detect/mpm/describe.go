package mpm

import (
	"fmt"
	"strings"
)

// Describe says in one line how the set is scanned.
func (s *Set) Describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d patterns, %d literals", s.cpu, s.kind, s.npats, len(s.lits))
	if n := len(s.singles); n > 0 {
		fmt.Fprintf(&b, ", %d singles", n)
	}
	for i := range s.parts {
		p := &s.parts[i]
		b.WriteString("; ")
		if p.limit != 0 {
			fmt.Fprintf(&b, "first %d: ", p.limit)
		}
		p.describe(&b)
	}
	return b.String()
}

func (p *part) describe(b *strings.Builder) {
	sep := ""
	put := func(format string, args ...any) {
		b.WriteString(sep)
		fmt.Fprintf(b, format, args...)
		sep = " + "
	}
	if n := len(p.few); n > 0 {
		put("few %d", n)
	}
	if p.ends != nil {
		put("ends %d", len(p.ends.tab.entries))
	}
	if p.starts != nil {
		put("starts %d", len(p.starts.tab.entries))
	}
	if d := p.dfa; d != nil {
		put("dfa %d (%d KiB)", len(d.entries), len(d.tab)>>8)
	}
	for _, t := range []*strided{p.strided, p.dense} {
		if t != nil {
			put("strided %d (step %d, window %d, filter %d KiB)", len(t.entries)/t.step, t.step, t.w, len(t.filter)>>8)
		}
	}
	if t := p.buckets; t != nil {
		if t.four != nil {
			put("buckets %d (groups %d)", len(t.four.entries), t.groups)
		}
		if t.two != nil {
			put("buckets of two %d", len(t.two.entries))
		}
	}
	if d := p.overflow; d != nil {
		put("overflow %d (%d KiB)", len(d.entries), len(d.tab)>>8)
	}
}
