package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
)

// variable is a named value that pcre has captured.
type variable struct {
	name  string
	value []byte
}

// scope is what a captured value belongs to.
type scope uint8

const (
	ofFlow   scope = iota
	ofPacket       // forgotten with the packet
	ofAlert        // shown in the context of the rule's alert
)

// scopes are their names in rules.
var scopes = map[string]scope{"flow": ofFlow, "pkt": ofPacket, "alert": ofAlert}

// capture says where a group of a pcre goes.
type capture struct {
	group int
	scope scope
	name  string
}

// captured is what a capture has found. The value is a view of the buffer until
// the rule has fired.
type captured struct {
	to    *capture
	value []byte
}

// splitCaptures splits what stands behind an expression and its flags,
// ", flow:name, pkt:name", off a pcre.
func splitCaptures(v string) (pcre string, list []string) {
	const blanks = " \t\n\f\r"
	for i := 0; ; i++ {
		n := strings.IndexByte(v[i:], ',')
		if n < 0 {
			return v, nil
		}
		i += n
		word := strings.TrimLeft(v[i+1:], blanks)
		word, _, ok := strings.Cut(word[:min(len(word), 16)], ":")
		if _, known := scopes[strings.TrimRight(word, blanks)]; ok && known {
			return strings.TrimRight(v[:i], blanks), split(strings.TrimLeft(v[i:], " \t,"))
		}
	}
}

// captures says where the groups of m go: the list names them in order, and a
// group may carry scope and name itself, as (?P<flow_name>...).
func (m *matcher) captures(list []string) error {
	var to []capture
	for i, w := range list {
		kind, name, _ := strings.Cut(w, ":")
		s, ok := scopes[strings.TrimSpace(kind)]
		if name = strings.TrimSpace(name); !ok || name == "" {
			return fmt.Errorf("capture %q: want flow:name, pkt:name or alert:name", w)
		}
		if i >= m.re.Groups() {
			return fmt.Errorf("capture %q: the expression has %d groups", w, m.re.Groups())
		}
		to = append(to, capture{group: i + 1, scope: s, name: strings.Clone(name)})
	}
	for i := range m.re.Groups() {
		kind, name, ok := strings.Cut(m.re.Name(i+1), "_")
		if s, known := scopes[kind]; ok && known && name != "" {
			to = append(to, capture{group: i + 1, scope: s, name: name})
		}
	}
	if len(to) > 0 && m.negated {
		return fmt.Errorf("nothing can be captured by what must not match")
	}
	if len(to) > 0 {
		m.byteArgs = &byteArgs{to: to}
	}
	return nil
}

// capture notes the groups of the match that st.re holds.
func (st *matchState) capture(m *matcher, from int) {
	if m.byteArgs == nil {
		return
	}
	for i := range m.to {
		c := &m.to[i]
		if lo, hi := st.re.Group(c.group); lo >= 0 && hi > lo {
			st.captured = append(st.captured, captured{c, st.buf[from+lo : from+hi]})
		}
	}
}

// keep copies what a rule that has fired has captured to where it belongs and
// returns the members of the alert's context.
func (w *Worker) keep(f *flow.Flow) (context []byte) {
	for _, c := range w.match.captured {
		switch c.to.scope {
		case ofPacket:
			w.packetVars = append(w.packetVars, variable{c.to.name, slices.Clone(c.value)})
		case ofFlow:
			if f != nil {
				st := w.makeState(f)
				i := slices.IndexFunc(st.vars, func(v variable) bool { return v.name == c.to.name })
				if i < 0 {
					i, st.vars = len(st.vars), append(st.vars, variable{name: c.to.name})
				}
				st.vars[i].value = append(st.vars[i].value[:0], c.value...)
			}
		case ofAlert:
			context = event.Bytes(context, c.to.name, event.AppendPrintable(nil, c.value))
		}
	}
	return context
}

// measured is the entropy of a buffer that a rule has asked for.
type measured struct {
	buffer string
	bits   float64 // a byte
}

// bufferName returns the name of the unit's buffer in events: for the older
// protocols with _ for the dot of the keyword, as their buffers were called first.
func (u *unit) bufferName() string {
	if u.def == nil {
		return cmp.Or(u.name, "content")
	}
	name := u.def.Name
	for _, p := range [...]string{"http.", "file.", "dns."} {
		if rest, ok := strings.CutPrefix(name, p); ok {
			return p[:len(p)-1] + "_" + strings.ReplaceAll(rest, ".", "_")
		}
	}
	return name
}

// noteEntropy remembers what a rule has measured in a buffer.
func (w *Worker) noteEntropy(buffer string, bits float64) {
	if w.in.Flow == nil {
		return
	}
	st := w.makeState(w.in.Flow)
	i := slices.IndexFunc(st.measured, func(m measured) bool { return m.buffer == buffer })
	if i < 0 {
		i, st.measured = len(st.measured), append(st.measured, measured{buffer: buffer})
	}
	st.measured[i].bits = bits
}

// variables shows what is remembered of a flow and a packet.
type variables struct {
	w  *Worker
	st *flowState // nil: nothing of a flow
	of []variable // of the packet
}

// Variables implements decode.Annotator.
func (w *Worker) Variables(f *flow.Flow, p *packet.Packet) event.Appender {
	w.vars = variables{w: w, st: w.flowState(f)}
	if p != nil && p == w.varsOf {
		w.vars.of = w.packetVars
	}
	if st := w.vars.st; st != nil && len(st.bits)+len(st.ints)+len(st.vars)+len(st.measured) == 0 {
		w.vars.st = nil
	}
	if w.vars.st == nil && len(w.vars.of) == 0 {
		return nil
	}
	return &w.vars
}

// Flow bits under these prefixes say what traffic is: they have an object of
// their own.
const (
	trafficID    = "traffic/id/"
	trafficLabel = "traffic/label/"
)

// AppendEvent implements event.Appender.
func (v *variables) AppendEvent(b []byte, _ *event.Output) []byte {
	if v.st != nil {
		b = v.traffic(b)
	}
	mark := len(b)
	b = event.Open(b, "metadata")
	empty := len(b)
	if st := v.st; st != nil {
		b = v.bits(b)
		if len(st.ints) > 0 {
			b = event.Open(b, "flowints")
			for _, n := range st.ints {
				b = event.Uint(b, v.w.e.bitNames[n.id][len(intPrefix):], uint64(n.value))
			}
			b = event.Close(b)
		}
		b = appendVariables(b, "flowvars", st.vars)
		if len(st.measured) > 0 {
			b = event.Open(b, "entropy")
			for _, m := range st.measured {
				b = event.Float(b, m.buffer, m.bits)
			}
			b = event.Close(b)
		}
	}
	b = appendVariables(b, "pktvars", v.of)
	if len(b) == empty {
		return b[:mark]
	}
	return event.Close(b)
}

// bits appends the flow bits that say nothing of traffic, in the order in which
// they were set.
func (v *variables) bits(b []byte) []byte {
	open := false
	for _, id := range v.st.bits {
		name := v.w.e.bitNames[id]
		if strings.HasPrefix(name, trafficID) || strings.HasPrefix(name, trafficLabel) {
			continue
		}
		if !open {
			b, open = event.OpenArray(b, "flowbits"), true
		}
		b = event.ElemStr(b, name)
	}
	if open {
		b = event.CloseArray(b)
	}
	return b
}

// traffic appends what flow bits say of the traffic.
func (v *variables) traffic(b []byte) []byte {
	open := false
	for _, kind := range [...]struct{ key, prefix string }{{"id", trafficID}, {"label", trafficLabel}} {
		some := false
		for _, id := range v.st.bits {
			name, ok := strings.CutPrefix(v.w.e.bitNames[id], kind.prefix)
			if !ok {
				continue
			}
			if !open {
				b, open = event.Open(b, "traffic"), true
			}
			if !some {
				b, some = event.OpenArray(b, kind.key), true
			}
			b = event.ElemStr(b, name)
		}
		if some {
			b = event.CloseArray(b)
		}
	}
	if open {
		b = event.Close(b)
	}
	return b
}

// appendVariables appends an array of objects of one member each.
func appendVariables(b []byte, key string, vars []variable) []byte {
	if len(vars) == 0 {
		return b
	}
	b = event.OpenArray(b, key)
	for _, v := range vars {
		b = event.OpenElem(b)
		b = event.Bytes(b, v.name, event.AppendPrintable(nil, v.value))
		b = event.Close(b)
	}
	return event.CloseArray(b)
}
