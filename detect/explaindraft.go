package detect

import (
	"bytes"
	"slices"

	"weir/detect/regex"
	"weir/rules"
)

// draft notes, while a rule is compiled, which part of the signature comes from
// which words of the rule.
type draft struct {
	rule *rules.Rule
	// What each list of the signature was made of, in its order.
	packet, reputation, state, tests, limits []string
	flow, event, size, files, noAlert        string
	matchers                                 []draftMatcher

	counts [6]int // of the signature's parts, before the option in work
}

// draftMatcher is a matcher and the words that made it.
type draftMatcher struct {
	args    *byteArgs
	re      *regex.Program
	pattern []byte // of contents
	negated bool
	text    string
	taken   bool
}

// matcherNames are the keywords that make a matcher by which modifiers go.
var matcherNames = []string{"content", "uricontent", "pcre"}

// note takes down what an option has added to the signature.
func (d *draft) note(c *compiler, o *rules.Option) {
	text := o.Name
	if o.HasValue {
		text += ":" + o.Value
	}
	text += ";"
	s, now := c.s, [...]int{len(c.s.packet), len(c.s.reputation), len(c.s.stateTests), 0, len(c.s.limits), 0}
	for i := range s.units {
		if u := &s.units[i]; u.test != nil {
			now[3]++
		}
		for j := range s.units[i].match {
			now[5]++
			if m := &s.units[i].match[j]; m.byteArgs != nil {
				now[5] += len(m.sub)
			}
		}
	}
	for i, list := range [...]*[]string{&d.packet, &d.reputation, &d.state, &d.tests, &d.limits} {
		for range now[i] - d.counts[i] {
			*list = append(*list, text)
		}
	}
	switch o.Name {
	case "flow":
		d.flow += text
	case "app-layer-event":
		d.event = text
	case "stream_size":
		d.size = text
	case "noalert":
		d.noAlert = text
	}
	switch {
	case now[5] > d.counts[5]:
		at := c.added
		if slices.Contains(matcherNames, o.Name) {
			at = c.last
		}
		m := c.matcher(at)
		d.matchers = append(d.matchers, draftMatcher{args: m.byteArgs, re: m.re, pattern: bytes.Clone(m.pattern), negated: m.negated, text: text})
	case len(d.matchers) > 0 && (slices.Contains(contentWords, o.Name) || c.e.modifiers[o.Name] != nil):
		d.matchers[len(d.matchers)-1].text += " " + text
	case c.files != nil && now[3] == d.counts[3] && isFileKeyword(o.Name):
		d.files += " " + text
	}
	d.counts = now
}

// contentWords are the keywords that say where a content stands.
var contentWords = []string{"nocase", "offset", "depth", "distance", "within", "startswith", "endswith", "fast_pattern", "rawbytes"}

func isFileKeyword(name string) bool {
	return slices.Contains([]string{"filename", "fileext", "filemagic", "filesize", "filestore"}, name) || fileHashes[name] != nil
}

// textOf returns the words that made a matcher.
func (d *draft) textOf(m *matcher) string {
	for i := range d.matchers {
		x := &d.matchers[i]
		switch {
		case x.taken:
		case m.byteArgs != nil && x.args == m.byteArgs,
			m.kind == mPCRE && x.re == m.re && x.negated == m.negated,
			m.kind == mContent && x.re == nil && x.args == nil && x.negated == m.negated && bytes.EqualFold(x.pattern, m.pattern):
			x.taken = true
			return x.text
		}
	}
	return ""
}

// nth returns element i of a list of words, or nothing.
func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}
