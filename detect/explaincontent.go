package detect

import (
	"bytes"
	"fmt"

	"weir/decode/field"
	"weir/detect/mpm"
)

// relaxation takes one demand off a content.
type relaxation struct {
	has    func(m *matcher) bool
	change func(m *matcher)
	why    func(m *matcher, start, end, prev int) string
}

var relaxations = []relaxation{
	{func(m *matcher) bool { return m.hasWithin }, func(m *matcher) { m.hasWithin = false }, func(m *matcher, start, end, prev int) string {
		return fmt.Sprintf("found at %d, ending at %d; within:%d of the match before, which ends at %d, allows up to %d", start, end, m.within.v, prev, prev+int(m.distance.v+m.within.v))
	}},
	{func(m *matcher) bool { return m.hasDist }, func(m *matcher) { m.hasDist = false }, func(m *matcher, start, _, prev int) string {
		return fmt.Sprintf("found at %d; distance:%d behind the match before, which ends at %d, asks for %d at least", start, m.distance.v, prev, prev+int(m.distance.v))
	}},
	{func(m *matcher) bool { return m.hasDist || m.hasWithin }, func(m *matcher) { m.hasDist, m.hasWithin = false, false }, func(m *matcher, start, _, prev int) string {
		return fmt.Sprintf("found at %d, before the end of the match that it is relative to, %d", start, prev)
	}},
	{func(m *matcher) bool { return m.hasDepth }, func(m *matcher) { m.hasDepth = false }, func(m *matcher, start, end, _ int) string {
		limit := m.depth.v
		if m.hasOff {
			limit += m.offset.v
		}
		return fmt.Sprintf("found at %d, ending at %d; depth:%d allows up to %d", start, end, m.depth.v, limit)
	}},
	{func(m *matcher) bool { return m.hasOff }, func(m *matcher) { m.hasOff = false }, func(m *matcher, start, _, _ int) string {
		return fmt.Sprintf("found at %d; offset:%d asks for more", start, m.offset.v)
	}},
	{func(m *matcher) bool { return m.hasOff || m.hasDepth }, func(m *matcher) { m.hasOff, m.hasDepth = false, false }, func(m *matcher, start, _, _ int) string {
		return fmt.Sprintf("found at %d, outside of offset and depth", start)
	}},
	{func(m *matcher) bool { return m.atStart }, func(m *matcher) { m.atStart = false }, func(_ *matcher, start, _, _ int) string {
		return fmt.Sprintf("found at %d, not at the start", start)
	}},
	{func(m *matcher) bool { return m.atEnd }, func(m *matcher) { m.atEnd = false }, func(_ *matcher, start, end, _ int) string {
		return fmt.Sprintf("found at %d, ending at %d, not at the end", start, end)
	}},
	{func(m *matcher) bool { return !m.nocase }, func(m *matcher) {
		m.nocase = true
		m.finder = mpm.NewFinder(lowerBytes(m.pattern), true)
	}, func(_ *matcher, start, _, _ int) string {
		return fmt.Sprintf("stands at %d in other letters: add nocase", start)
	}},
	{func(*matcher) bool { return true }, func(m *matcher) {
		p := lowerBytes(m.pattern)
		*m = matcher{kind: mContent, nocase: true, pattern: p, finder: mpm.NewFinder(p, true)}
	}, func(_ *matcher, start, _, prev int) string {
		return fmt.Sprintf("found at %d only without regard to case and place; the match before it ends at %d", start, prev)
	}},
}

// missContent says why a content was not found: a demand that is too strict,
// another buffer that holds it, or how much of it is there.
func (x *Explainer) missContent(o *observation, g *Gate, m matcher, prev int, in string, fits func(matcher) (int, bool)) (string, []string) {
	for _, r := range relaxations {
		if !r.has(&m) {
			continue
		}
		looser := m
		r.change(&looser)
		if end, ok := fits(looser); ok {
			m.resolve(&o.w.match)
			return r.why(&m, end-len(m.pattern), end, prev), nil
		}
	}
	x.try(o, g, nil)
	n, at := nearest(o.w.match.buf, m.pattern, m.nocase)
	hints := x.elsewhere(o, g, m.pattern)
	if n >= 3 && n*2 >= len(m.pattern) && at+n < len(o.w.match.buf) && n < len(m.pattern) {
		hints = append(hints, fmt.Sprintf("its first %d of %d bytes stand at %d; then %s comes, not %s", n, len(m.pattern),
			at+int(o.w.match.base), show(o.w.match.buf[at+n:min(at+n+8, len(o.w.match.buf))]), show(m.pattern[n:min(n+8, len(m.pattern))])))
	}
	return "it is not there: " + in, hints
}

// resolve puts the values of variables in the place of their names.
func (m *matcher) resolve(st *matchState) {
	for _, n := range [...]*bound{&m.offset, &m.depth, &m.distance, &m.within} {
		*n = number{v: n.get(st)}.bound()
	}
}

// nearest returns how long a prefix of pat stands in b, and where.
func nearest(b, pat []byte, nocase bool) (most, at int) {
	if nocase {
		b = lowerBytes(b)
	}
	for n := len(pat) - 1; n > 0; n-- {
		if i := bytes.Index(b, pat[:n]); i >= 0 {
			return n, i
		}
	}
	return 0, 0
}

// elsewhere looks for a content in other buffers.
func (x *Explainer) elsewhere(o *observation, g *Gate, pat []byte) (hints []string) {
	pat = lowerBytes(pat)
	note := func(name string, b []byte) bool {
		if i := bytes.Index(lowerBytes(b), pat); i >= 0 && name != g.Buffer {
			hints = append(hints, fmt.Sprintf("it stands in %s at %d", name, i))
			return true
		}
		return false
	}
	note("payload", o.p.Payload())
	if o.tx == nil || o.w.in.Proto == nil {
		return hints
	}
	for i := range o.w.in.Proto.Fields {
		d := &o.w.in.Proto.Fields[i]
		dir := o.dir
		if d.Dir != field.Both {
			dir = d.Dir
		}
		if d.State[dir.Index()] > o.tx.Base().Progress[dir.Index()] {
			continue
		}
		switch d.Kind {
		case field.KindBytes:
			note(d.Name, d.Bytes(o.tx, dir))
		case field.KindMulti:
			for k := range maxValues {
				b, ok := d.Multi(o.tx, dir, k)
				if !ok || note(d.Name, b) {
					break
				}
			}
		}
	}
	return hints
}

// maxValues bounds how many values of a multi-buffer are looked at for a hint.
const maxValues = 256
