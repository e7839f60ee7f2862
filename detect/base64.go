package detect

import (
	"fmt"
	"strconv"
	"strings"
)

// base64Decode compiles [bytes n][, offset n][, relative]: it decodes from the
// current buffer for the base64_data that follows.
func base64Decode(c *compiler, v string) error {
	m := matcher{kind: mBase64, byteArgs: &byteArgs{}}
	for _, w := range split(v) {
		key, val, _ := strings.Cut(w, " ")
		val = strings.TrimSpace(val)
		switch key {
		case "":
		case "relative":
			m.relative = true
		case "bytes", "offset":
			n, err := strconv.ParseUint(val, 10, 16)
			if err != nil {
				return fmt.Errorf("%s %q: want a number", key, val)
			}
			if key == "bytes" {
				m.bytes.v = int64(n)
			} else {
				m.byteOff.v = int64(n)
			}
		default:
			return fmt.Errorf("value %q: want bytes, offset or relative", w)
		}
	}
	c.add(m)
	return nil
}

// base64Data makes what follows look at what base64_decode has decoded.
func base64Data(c *compiler, v string) error {
	if !c.added.set || c.matcher(c.added).kind != mBase64 {
		return fmt.Errorf("no base64_decode right before it")
	}
	c.unit = c.added.unit
	c.nested = true
	c.last = place{}
	return nil
}

// base64 decodes and runs what is said of the result.
func (st *matchState) base64(m *matcher, rest []matcher, prev int) bool {
	at := int(m.byteOff.v)
	if m.relative {
		at += prev
	}
	if at > len(st.buf) {
		return false
	}
	in := st.buf[at:]
	if n := int(m.bytes.v); n > 0 && n < len(in) {
		in = in[:n]
	}
	out := decodeBase64(nil, in)
	if len(out) == 0 {
		return false
	}
	if len(m.sub) > 0 {
		inner := matchState{buf: out, end: true, vars: st.vars, re: st.re, steps: st.steps, limit: st.limit, patternSteps: st.patternSteps}
		fits := inner.run(m.sub, 0)
		st.steps, st.patternSteps, st.spent = inner.steps, inner.patternSteps, st.spent || inner.spent
		if !fits {
			return false
		}
	}
	return st.run(rest, prev)
}

// decodeBase64 appends what b holds in base64 (RFC 4648 section 4), up to the
// first byte that is not of it; blanks are passed over.
func decodeBase64(dst, b []byte) []byte {
	var acc uint32
	bits := 0
	for _, c := range b {
		var v uint32
		switch {
		case c >= 'A' && c <= 'Z':
			v = uint32(c - 'A')
		case c >= 'a' && c <= 'z':
			v = uint32(c-'a') + 26
		case c >= '0' && c <= '9':
			v = uint32(c-'0') + 52
		case c == '+':
			v = 62
		case c == '/':
			v = 63
		case blank(c):
			continue
		default:
			return dst
		}
		acc = acc<<6 | v
		if bits += 6; bits >= 8 {
			bits -= 8
			dst = append(dst, byte(acc>>bits))
		}
	}
	return dst
}
