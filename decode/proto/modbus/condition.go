package modbus

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
)

// condition is the argument of the modbus keyword; what is nil or 0 asks nothing.
type condition struct {
	unit, function, sub, address, value *bounds
	classes                             category
	not                                 bool // of classes
	access                              access
}

// bounds are the lowest and the highest number that fit.
type bounds struct{ low, high int }

func (r *bounds) has(n int) bool { return r == nil || n >= r.low && n <= r.high }

// parseCondition reads the parts of the argument, which stand between commas.
func parseCondition(arg string) (*condition, error) {
	c := &condition{}
	for part := range strings.SplitSeq(arg, ",") {
		word, rest, _ := strings.Cut(strings.TrimSpace(part), " ")
		if err := c.part(word, strings.TrimSpace(rest)); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// part adds one part of the argument.
func (c *condition) part(word, rest string) (err error) {
	what := c.function != nil || c.classes != 0 || c.access != 0
	switch {
	case word == "unit" && c.unit == nil && !what:
		c.unit, err = number(rest, 0xff)
	case word == "function" && !what:
		return c.setFunction(rest)
	case word == "subfunction" && c.function != nil && c.sub == nil:
		c.sub, err = exactly(rest, 0xffff)
	case word == "access" && !what:
		return c.setAccess(rest)
	case word == "address" && c.access != 0 && c.address == nil:
		c.address, err = number(rest, 1<<16)
	case word == "value" && c.access&accWrite != 0 && c.access&accTables != 0 && c.address != nil && c.value == nil:
		c.value, err = number(rest, 0xffff)
	default:
		return fmt.Errorf("%q: want unit, function, subfunction, access, address or value, each where it belongs", word)
	}
	return err
}

func (c *condition) setFunction(s string) (err error) {
	word, not := strings.CutPrefix(s, "!")
	if n, ok := find(categories, strings.TrimSpace(word)); ok {
		c.classes, c.not = category(n), not
		return nil
	}
	c.function, err = exactly(s, 0xff)
	return err
}

func (c *condition) setAccess(s string) error {
	what, table, _ := strings.Cut(s, " ")
	switch what {
	case "read":
		c.access = accRead
	case "write":
		c.access = accWrite
	default:
		return fmt.Errorf("access %q: want read or write", what)
	}
	table = strings.TrimSpace(table)
	if table == "" {
		return nil
	}
	n, ok := find(tables, table)
	if !ok {
		return fmt.Errorf("access %s %q: want discretes, coils, input or holding", what, table)
	}
	if c.access |= access(n); c.access&accWrite != 0 && c.access&(accDiscretes|accInput) != 0 {
		return fmt.Errorf("access write %s: only coils and holding can be written", table)
	}
	return nil
}

func find(names []field.EnumName, word string) (uint64, bool) {
	for _, e := range names {
		if e.Name == word {
			return e.Value, true
		}
	}
	return 0, false
}

// number reads n, <n, >n or a<>b.
func number(s string, most int) (*bounds, error) {
	if low, high, ok := strings.Cut(s, "<>"); ok {
		a, err := exactly(low, most)
		if err != nil {
			return nil, err
		}
		b, err := exactly(high, most)
		if err != nil {
			return nil, err
		}
		if a.low >= b.low {
			return nil, fmt.Errorf("range %q: want the lower number first", s)
		}
		return &bounds{a.low + 1, b.low - 1}, nil
	}
	digits := strings.TrimLeft(s, "<>")
	r, err := exactly(digits, most)
	if err != nil {
		return nil, err
	}
	switch s[:len(s)-len(digits)] {
	case "":
	case "<":
		r.low, r.high = 0, r.low-1
	case ">":
		r.low, r.high = r.low+1, most
	default:
		return nil, fmt.Errorf("value %q: want n, <n, >n or a<>b", s)
	}
	return r, nil
}

// exactly reads one number.
func exactly(s string, most int) (*bounds, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 0, 32)
	if err != nil || n > uint64(most) {
		return nil, fmt.Errorf("value %q: want a number up to %d", s, most)
	}
	return &bounds{int(n), int(n)}, nil
}

// match reports whether a message fits.
func (c *condition) match(m *message) bool {
	if !c.unit.has(int(m.unit)) || !c.function.has(int(m.function)) {
		return false
	}
	if c.sub != nil && (m.kind != kindDiagnostic && m.kind != kindTunnel || !c.sub.has(int(m.sub))) {
		return false
	}
	if c.classes != 0 {
		if class := m.category(); class == 0 || (class&c.classes != 0) == c.not {
			return false
		}
	}
	if c.access == 0 {
		return true
	}
	if m.describe().access&c.access != c.access {
		return false
	}
	return c.address == nil || c.reaches(m)
}

// reaches reports whether the message reads or writes an address, and a value, that
// is asked for.
func (c *condition) reaches(m *message) bool {
	reads, writes := m.kind == kindRead || m.kind == kindReadWrite, m.kind == kindWriteMany || m.kind == kindReadWrite
	switch {
	case c.access&accRead != 0:
		return reads && c.address.meets(int(m.read.address)+1, int(m.read.count))
	case m.kind == kindMask:
		return c.value == nil && c.address.meets(int(m.write.address)+1, 1)
	case m.kind == kindWrite:
		v := int(m.write.count)
		if m.describe().access&accCoils != 0 && v == coilOn {
			v = 1
		}
		return c.address.meets(int(m.write.address)+1, 1) && c.value.has(v)
	case !writes:
		return false
	case c.value == nil:
		return c.address.meets(int(m.write.address)+1, int(m.write.count))
	}
	return c.reachesValue(m)
}

// meets reports whether one of count numbers from first on lies within r.
func (r *bounds) meets(first, count int) bool {
	return count > 0 && first <= r.high && first+count-1 >= r.low
}

// reachesValue looks at each value of a message that writes many.
func (c *condition) reachesValue(m *message) bool {
	bits := m.describe().access&accBits != 0
	first := int(m.write.address) + 1
	for i := max(c.address.low-first, 0); i < int(m.write.count) && first+i <= c.address.high; i++ {
		var v int
		switch {
		case bits && i/8 < len(m.data):
			v = int(m.data[i/8] >> (i % 8) & 1)
		case !bits && 2*i+2 <= len(m.data):
			v = int(binary.BigEndian.Uint16(m.data[2*i:]))
		default:
			return false
		}
		if c.value.has(v) {
			return true
		}
	}
	return false
}
