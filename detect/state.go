package detect

import (
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// flowState is what the engine remembers of a flow.
type flowState struct {
	bits map[int]bool
	ints map[int]uint32
	// storeFiles are the directions whose files filestore has asked for.
	storeFiles field.Dir
}

// flowbits compiles command[,name[|name]...].
func flowbits(c *compiler, v string) error {
	cmd, names, has := strings.Cut(v, ",")
	cmd = strings.TrimSpace(cmd)
	var ids []int
	if has {
		for n := range strings.SplitSeq(names, "|") {
			if n = strings.TrimSpace(n); n == "" || strings.ContainsRune(n, ' ') {
				return fmt.Errorf("value %q: a name holds no blanks", v)
			}
			ids = append(ids, c.e.bit(n))
		}
	}
	if cmd == "noalert" {
		c.s.noAlert = true
		return nil
	}
	if len(ids) == 0 {
		return fmt.Errorf("value %q: want a name behind %s", v, cmd)
	}
	isSet := func(w *Worker, f *flow.Flow) bool {
		st := w.flowState(f)
		for _, id := range ids {
			if st != nil && st.bits[id] {
				return true
			}
		}
		return false
	}
	change := func(to func(old bool) bool) {
		c.s.posts = append(c.s.posts, func(w *Worker, _ *signature, _ *packet.Packet, f *flow.Flow) {
			if f != nil {
				st := w.makeState(f)
				for _, id := range ids {
					st.bits[id] = to(st.bits[id])
				}
			}
		})
	}
	switch cmd {
	case "isset":
		c.s.stateTests = append(c.s.stateTests, func(w *Worker, f *flow.Flow) bool { return f != nil && isSet(w, f) })
		c.s.readsBits = append(c.s.readsBits, ids...)
	case "isnotset":
		c.s.stateTests = append(c.s.stateTests, func(w *Worker, f *flow.Flow) bool { return f != nil && !isSet(w, f) })
		c.s.readsBits = append(c.s.readsBits, ids...)
	case "set":
		change(func(bool) bool { return true })
		c.s.setsBits = append(c.s.setsBits, ids...)
	case "unset":
		change(func(bool) bool { return false })
		c.s.setsBits = append(c.s.setsBits, ids...)
	case "toggle":
		change(func(old bool) bool { return !old })
		c.s.setsBits = append(c.s.setsBits, ids...)
	default:
		return fmt.Errorf("command %q: want set, isset, isnotset, unset, toggle or noalert", cmd)
	}
	return nil
}

// bit numbers a flowbit by its name.
func (b *Builder) bit(name string) int {
	if id, ok := b.bits[name]; ok {
		return id
	}
	b.bits[name] = len(b.bits)
	return b.bits[name]
}

// flowint compiles name,operator[,value].
func flowint(c *compiler, v string) error {
	p := split(v)
	if len(p) < 2 {
		return fmt.Errorf("value %q: want name,operator[,value]", v)
	}
	id := c.e.bit("int " + p[0])
	get := func(w *Worker, f *flow.Flow) (uint32, bool) {
		st := w.flowState(f)
		if st == nil {
			return 0, false
		}
		n, ok := st.ints[id]
		return n, ok
	}
	switch p[1] {
	case "isset", "notset", "isnotset":
		c.s.stateTests = append(c.s.stateTests, func(w *Worker, f *flow.Flow) bool {
			_, ok := get(w, f)
			return ok == (p[1] == "isset")
		})
		return nil
	}
	if len(p) < 3 {
		return fmt.Errorf("value %q: want a value behind %s", v, p[1])
	}
	value := func(w *Worker, f *flow.Flow) (uint32, bool) { return 0, false }
	if n, err := strconv.ParseUint(p[2], 10, 32); err == nil {
		value = func(*Worker, *flow.Flow) (uint32, bool) { return uint32(n), true }
	} else {
		other := c.e.bit("int " + p[2])
		value = func(w *Worker, f *flow.Flow) (uint32, bool) {
			if st := w.flowState(f); st != nil {
				n, ok := st.ints[other]
				return n, ok
			}
			return 0, false
		}
	}
	switch op := p[1]; op {
	case "=", "+", "-":
		c.s.posts = append(c.s.posts, func(w *Worker, _ *signature, _ *packet.Packet, f *flow.Flow) {
			if f == nil {
				return
			}
			n, ok := value(w, f)
			if !ok {
				return
			}
			st := w.makeState(f)
			switch op {
			case "=":
				st.ints[id] = n
			case "+":
				st.ints[id] += n
			case "-":
				st.ints[id] -= n
			}
		})
	case "<", "<=", ">", ">=", "==", "!=":
		c.s.stateTests = append(c.s.stateTests, func(w *Worker, f *flow.Flow) bool {
			a, ok1 := get(w, f)
			b, ok2 := value(w, f)
			if !ok1 || !ok2 {
				return false
			}
			return map[string]bool{"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op]
		})
	default:
		return fmt.Errorf("operator %q: want =, +, -, <, <=, >, >=, ==, !=, isset or notset", op)
	}
	return nil
}

// threshold bounds the alerts of a rule.
type threshold struct {
	kind    string // limit, threshold, both, detection
	track   string // by_src, by_dst, by_rule, by_both, by_flow
	count   uint32
	seconds int64
	// multiplier: backoff alerts at count, count times this, and so on.
	multiplier uint32
}

func thresholdKeyword(c *compiler, v string) error {
	t, err := parseThreshold(v)
	if err != nil {
		return err
	}
	if t.kind == "" {
		return fmt.Errorf("value %q: want type limit, threshold or both", v)
	}
	c.e.shares = c.e.shares || t.track != "by_flow"
	c.s.threshold = t
	return nil
}

func detectionFilter(c *compiler, v string) error {
	t, err := parseThreshold(v)
	if err != nil {
		return err
	}
	t.kind = "detection"
	c.e.shares = c.e.shares || t.track != "by_flow"
	c.s.detection = t
	return nil
}

func parseThreshold(v string) (*threshold, error) {
	t := &threshold{count: 1}
	for _, w := range split(v) {
		key, val, _ := strings.Cut(w, " ")
		val = strings.TrimSpace(val)
		switch key {
		case "type":
			switch val {
			case "limit", "threshold", "both", "backoff":
			default:
				return nil, fmt.Errorf("type %q: want limit, threshold, both or backoff", val)
			}
			t.kind = val
		case "track":
			switch val {
			case "by_src", "by_dst", "by_rule", "by_both", "by_flow":
			default:
				return nil, fmt.Errorf("track %q: want by_src, by_dst, by_both, by_rule or by_flow", val)
			}
			t.track = val
		case "count", "seconds", "multiplier":
			n, err := strconv.ParseUint(val, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("%s %q: want a number", key, val)
			}
			switch key {
			case "count":
				t.count = uint32(n)
			case "seconds":
				t.seconds = int64(n)
			case "multiplier":
				t.multiplier = uint32(n)
			}
		default:
			return nil, fmt.Errorf("value %q: want type, track, count and seconds", w)
		}
	}
	if t.track == "" {
		return nil, fmt.Errorf("value %q: want track", v)
	}
	return t, nil
}

// thresholdKey finds the counter of a rule for one tracked thing.
type thresholdKey struct {
	sig    int
	filter bool // detection_filter
	a, b   [16]byte
	flow   int64
}

// counter counts what a threshold tracks.
type counter struct {
	first int64 // s
	count uint32
	next  uint32 // backoff: count of the next alert
	until int64  // s; it may be forgotten then
}

// allow counts a match of s by p and reports whether it is an alert.
func (w *Worker) allow(s *signature, p *packet.Packet, f *flow.Flow) bool {
	return w.count(s, s.detection, p, f) && w.count(s, s.threshold, p, f)
}

// count counts a match for one threshold of a rule.
func (w *Worker) count(s *signature, t *threshold, p *packet.Packet, f *flow.Flow) bool {
	if t == nil {
		return true
	}
	k := thresholdKey{sig: s.order, filter: t == s.detection}
	switch t.track {
	case "by_src":
		k.a = p.Src
	case "by_dst":
		k.a = p.Dst
	case "by_both":
		k.a, k.b = p.Src, p.Dst
	case "by_flow":
		if f == nil {
			return false
		}
		k.flow = f.ID
	}
	now := p.Time / 1e9
	table := w.counters
	if t.track != "by_flow" {
		w.turn()
		table = w.shared.counters
		w.shared.mu.Lock()
		defer w.shared.mu.Unlock()
	}
	c := table[k]
	if c == nil {
		if len(table) >= maxCounters {
			prune(table, now)
		}
		c = &counter{first: now, until: now + t.seconds}
		table[k] = c
	} else if t.kind != "backoff" && now-c.first >= t.seconds {
		*c = counter{first: now, until: now + t.seconds}
	}
	c.count++
	switch t.kind {
	case "limit":
		return c.count <= t.count
	case "threshold":
		if c.count >= t.count {
			c.count = 0
			return true
		}
		return false
	case "both":
		return c.count == t.count
	case "backoff":
		if c.next == 0 {
			c.next = t.count
		}
		if c.count < c.next {
			return false
		}
		c.next *= max(t.multiplier, 1)
		return true
	}
	return c.count > t.count // detection_filter
}
