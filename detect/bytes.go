package detect

import (
	"fmt"
	"strconv"
	"strings"
)

// byteOptions reads the words that byte_test, byte_jump, byte_extract and
// byte_math share.
func (c *compiler) byteOptions(m *matcher, words []string) error {
	m.mult, m.base = 1, 10
	for _, w := range words {
		key, val, _ := strings.Cut(w, " ")
		val = strings.TrimSpace(val)
		switch key {
		case "relative":
			m.relative = true
		case "big":
			m.little = false
		case "little":
			m.little = true
		case "endian":
			m.little = val == "little"
		case "string":
			m.str = true
			if val != "" {
				m.base = map[string]int{"hex": 16, "dec": 10, "oct": 8}[val]
			}
		case "hex":
			m.base = 16
		case "dec":
			m.base = 10
		case "oct":
			m.base = 8
		case "align":
			m.align = true
		case "from_beginning":
			m.fromStart = true
		case "from_end":
			m.fromEnd = true
		case "multiplier", "post_offset", "bitmask":
			n, err := strconv.ParseInt(val, 0, 64)
			if err != nil {
				return fmt.Errorf("value %q: want %s and a number", w, key)
			}
			switch key {
			case "multiplier":
				m.mult = n
			case "post_offset":
				m.postOffset = n
			case "bitmask":
				m.bitmask, m.hasMask = uint64(n), true
			}
		case "dce":
			m.dce = true
		default:
			return fmt.Errorf("value %q is unknown", w)
		}
	}
	if m.base == 0 {
		return fmt.Errorf("string takes hex, dec or oct")
	}
	return nil
}

// byteTest compiles bytes,[!]operator,value,offset[,words].
func byteTest(c *compiler, v string) error {
	p := split(v)
	if len(p) < 4 {
		return fmt.Errorf("value %q: want bytes,operator,value,offset", v)
	}
	m := matcher{kind: mByteTest, byteArgs: &byteArgs{}}
	op := p[1]
	if s, ok := strings.CutPrefix(op, "!"); ok {
		op, m.negated = strings.TrimSpace(s), true
		if op == "" {
			op = "="
		}
	}
	var ok bool
	if m.op, ok = map[string]byte{"<": '<', ">": '>', "=": '=', "&": '&', "^": '^', "<=": 'l', ">=": 'g'}[op]; !ok {
		return fmt.Errorf("operator %q: want <, >, =, <=, >=, & or ^", p[1])
	}
	var err error
	if m.bytes, err = c.number(p[0]); err != nil {
		return err
	}
	if m.value, err = c.number(p[2]); err != nil {
		return err
	}
	if m.byteOff, err = c.number(p[3]); err != nil {
		return err
	}
	if err := c.byteOptions(&m, p[4:]); err != nil {
		return err
	}
	c.add(m)
	return nil
}

// byteJump compiles bytes,offset[,words].
func byteJump(c *compiler, v string) error {
	p := split(v)
	if len(p) < 2 {
		return fmt.Errorf("value %q: want bytes,offset", v)
	}
	m := matcher{kind: mByteJump, byteArgs: &byteArgs{}}
	var err error
	if m.bytes, err = c.number(p[0]); err != nil {
		return err
	}
	if m.byteOff, err = c.number(p[1]); err != nil {
		return err
	}
	if err := c.byteOptions(&m, p[2:]); err != nil {
		return err
	}
	c.add(m)
	return nil
}

// byteExtract compiles bytes,offset,name[,words].
func byteExtract(c *compiler, v string) error {
	p := split(v)
	if len(p) < 3 {
		return fmt.Errorf("value %q: want bytes,offset,name", v)
	}
	m := matcher{kind: mByteExtract, byteArgs: &byteArgs{}}
	var err error
	if m.bytes, err = c.number(p[0]); err != nil {
		return err
	}
	if m.byteOff, err = c.number(p[1]); err != nil {
		return err
	}
	if err := c.byteOptions(&m, p[3:]); err != nil {
		return err
	}
	if m.out, err = c.declare(p[2]); err != nil {
		return err
	}
	c.add(m)
	return nil
}

// byteMath compiles bytes N, offset N, oper OP, rvalue V, result NAME[, words].
func byteMath(c *compiler, v string) error {
	m := matcher{kind: mByteMath, byteArgs: &byteArgs{}}
	var rest []string
	result := ""
	var err error
	for _, w := range split(v) {
		key, val, _ := strings.Cut(w, " ")
		val = strings.TrimSpace(val)
		switch key {
		case "bytes":
			m.bytes, err = c.number(val)
		case "offset":
			m.byteOff, err = c.number(val)
		case "oper":
			ok := false
			if m.op, ok = map[string]byte{"+": '+', "-": '-', "*": '*', "/": '/', "<<": 'l', ">>": 'r'}[val]; !ok {
				err = fmt.Errorf("oper %q: want +, -, *, /, << or >>", val)
			}
		case "rvalue":
			m.value, err = c.number(val)
		case "result":
			result = val
		default:
			rest = append(rest, w)
		}
		if err != nil {
			return err
		}
	}
	if m.op == 0 || result == "" {
		return fmt.Errorf("value %q: want bytes, offset, oper, rvalue and result", v)
	}
	if err := c.byteOptions(&m, rest); err != nil {
		return err
	}
	if m.out, err = c.declare(result); err != nil {
		return err
	}
	c.add(m)
	return nil
}
