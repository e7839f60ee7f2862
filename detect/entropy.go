package detect

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// entropyTest compares the entropy of bytes with a value.
type entropyTest struct {
	offset, bytes int     // bytes 0: up to the end
	op            string  // <, <=, >, >=, =, !=, in or out (of lo to hi, which excludes both)
	lo, hi        float64 // bits a byte; hi of in and out
}

// entropyKeyword compiles [bytes n,][offset n,]value comparison.
func entropyKeyword(c *compiler, v string) error {
	e := &entropyTest{}
	for _, w := range split(v) {
		key, val, _ := strings.Cut(w, " ")
		val = strings.TrimSpace(val)
		switch key {
		case "bytes", "offset":
			n, err := strconv.ParseUint(val, 10, 31)
			if err != nil {
				return fmt.Errorf("%s %q: want a number", key, val)
			}
			if key == "bytes" {
				e.bytes = int(n)
			} else {
				e.offset = int(n)
			}
		case "value":
			if err := e.value(val); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%q: want bytes, offset or value", key)
		}
	}
	if e.op == "" {
		return fmt.Errorf("value %q: want value and a comparison", v)
	}
	c.add(matcher{kind: mEntropy, byteArgs: &byteArgs{entropy: e}})
	return nil
}

// value reads the comparison.
func (e *entropyTest) value(s string) error {
	bad := fmt.Errorf("value %q: want a comparison with 0 to 8, as > 4, != 4, 4-5 or !4-5", s)
	number := func(s string) (float64, bool) {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return f, err == nil && f >= 0 && f <= 8
	}
	op, rest := "=", s
	for _, o := range [...]string{"<=", ">=", "!=", "<", ">", "=", "!"} {
		if r, ok := strings.CutPrefix(s, o); ok {
			op, rest = o, r
			break
		}
	}
	var ok bool
	if lo, hi, isRange := strings.Cut(rest, "-"); isRange && (op == "=" || op == "!") {
		var ok2 bool
		if e.lo, ok = number(lo); !ok {
			return bad
		}
		if e.hi, ok2 = number(hi); !ok2 || e.hi <= e.lo {
			return bad
		}
		e.op = "in"
		if op == "!" {
			e.op = "out"
		}
		return nil
	}
	if e.lo, ok = number(rest); !ok {
		return bad
	}
	if e.op = op; op == "!" {
		e.op = "!="
	}
	return nil
}

// measure returns the entropy of b; ok is false if there is nothing to measure.
func (e *entropyTest) measure(b []byte) (bits float64, ok bool) {
	if e.offset >= len(b) {
		return 0, false
	}
	b = b[e.offset:]
	if e.bytes > 0 {
		b = b[:min(e.bytes, len(b))]
	}
	return entropy(b), true
}

// fits reports whether an entropy is as the test wants.
func (e *entropyTest) fits(h float64) bool {
	switch e.op {
	case "<":
		return h < e.lo
	case "<=":
		return h <= e.lo
	case ">":
		return h > e.lo
	case ">=":
		return h >= e.lo
	case "!=":
		return h != e.lo
	case "in":
		return h > e.lo && h < e.hi
	case "out":
		return h <= e.lo || h >= e.hi
	}
	return h == e.lo
}

// entropy returns the Shannon entropy of b in bits a byte.
func entropy(b []byte) float64 {
	var n [256]int
	for _, c := range b {
		n[c]++
	}
	h, total := 0.0, float64(len(b))
	for _, k := range n {
		if k > 0 {
			p := float64(k) / total
			h -= p * math.Log2(p)
		}
	}
	return h
}
