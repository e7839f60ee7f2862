package detect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// flowState is what the engine remembers of a flow.
type flowState struct {
	bits []int // that are set, in the order in which they were
	ints []flowNumber
	vars []variable
	// measured are the entropies that rules have asked for.
	measured []measured
	// storeFiles are the directions whose files filestore has asked for.
	storeFiles field.Dir
	tags       []tag         // in force
	counts     []flowCounter // thresholds by_flow
}

// flowNumber is a number of a flow, by the name's number.
type flowNumber struct {
	id    int
	value uint32
}

// setBit sets or unsets a bit. One that is set already keeps its place.
func (st *flowState) setBit(id int, on bool) {
	i := slices.Index(st.bits, id)
	switch {
	case on && i < 0:
		st.bits = append(st.bits, id)
	case !on && i >= 0:
		st.bits = slices.Delete(st.bits, i, i+1)
	}
}

// int returns the number with that name, made if it is not there and wanted.
func (st *flowState) int(id int, wanted bool) *flowNumber {
	for i := range st.ints {
		if st.ints[i].id == id {
			return &st.ints[i]
		}
	}
	if !wanted {
		return nil
	}
	st.ints = append(st.ints, flowNumber{id: id})
	return &st.ints[len(st.ints)-1]
}

// reset forgets everything and keeps the memory.
func (st *flowState) reset() {
	*st = flowState{
		bits: st.bits[:0], ints: st.ints[:0], vars: st.vars[:0], measured: st.measured[:0],
		tags: st.tags[:0], counts: st.counts[:0],
	}
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
	if c.flowbits += len(ids); c.e.opt.MaxFlowbits > 0 && c.flowbits > c.e.opt.MaxFlowbits {
		return conventionally(fmt.Sprintf("rule %d: too many flowbits (max %d per signature)", c.r.SID, c.e.opt.MaxFlowbits),
			fmt.Errorf("more than %d names in one rule: see detect.flowbits.max-per-signature", c.e.opt.MaxFlowbits))
	}
	isSet := func(w *Worker, f *flow.Flow) bool {
		st := w.flowState(f)
		for _, id := range ids {
			if st != nil && slices.Contains(st.bits, id) {
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
					st.setBit(id, to(slices.Contains(st.bits, id)))
				}
			}
		})
	}
	switch cmd {
	case "isset":
		c.s.stateTests = append(c.s.stateTests, func(w *Worker, f *flow.Flow) bool { return f != nil && isSet(w, f) })
		c.s.bits.reads = true
	case "isnotset":
		c.s.stateTests = append(c.s.stateTests, func(w *Worker, f *flow.Flow) bool { return f != nil && !isSet(w, f) })
		c.s.bits.reads = true
	case "set":
		change(func(bool) bool { return true })
		c.s.bits.sets = true
	case "unset":
		change(func(bool) bool { return false })
		c.s.bits.sets = true
	case "toggle":
		change(func(old bool) bool { return !old })
		c.s.bits.sets = true
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
	b.bitNames = append(b.bitNames, strings.Clone(name))
	return b.bits[name]
}

// intPrefix keeps the names of integers apart from those of bits.
const intPrefix = "int "

// flowint compiles name,operator[,value].
func flowint(c *compiler, v string) error {
	p := split(v)
	if len(p) < 2 {
		return fmt.Errorf("value %q: want name,operator[,value]", v)
	}
	id := c.e.bit(intPrefix + p[0])
	get := func(w *Worker, f *flow.Flow) (uint32, bool) {
		st := w.flowState(f)
		if st == nil {
			return 0, false
		}
		if n := st.int(id, false); n != nil {
			return n.value, true
		}
		return 0, false
	}
	switch p[1] {
	case "isset", "notset", "isnotset":
		c.s.ints.reads = true
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
		other := c.e.bit(intPrefix + p[2])
		value = func(w *Worker, f *flow.Flow) (uint32, bool) {
			if st := w.flowState(f); st != nil {
				if n := st.int(other, false); n != nil {
					return n.value, true
				}
			}
			return 0, false
		}
	}
	switch op := p[1]; op {
	case "=", "+", "-":
		c.s.ints.sets = true
		c.s.posts = append(c.s.posts, func(w *Worker, _ *signature, _ *packet.Packet, f *flow.Flow) {
			if f == nil {
				return
			}
			n, ok := value(w, f)
			if !ok {
				return
			}
			to := &w.makeState(f).int(id, true).value
			switch op {
			case "=":
				*to = n
			case "+":
				*to += n
			case "-":
				*to -= n
			}
		})
	case "<", "<=", ">", ">=", "==", "!=":
		c.s.ints.reads = true
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
