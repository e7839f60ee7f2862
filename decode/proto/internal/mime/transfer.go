package mime

// decoder undoes a transfer encoding across lines.
type decoder struct {
	quad [4]byte // characters of base64 not decoded yet, as values
	n    int     // how many
	pad  int     // how many of them are padding
	soft bool    // the last line of quoted-printable ended with a soft break
	hold [2]byte // the beginning of an escape at the end of a piece
	held int
}

// values are the characters of base64 (RFC 2045 section 6.8); 0xff for others.
var values = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = byte(i)
	}
	return t
}()

// base64 appends what a line stands for; bad: it has characters that are not of
// the encoding, which are passed over.
func (d *decoder) base64(out, line []byte) (_ []byte, bad bool) {
	if d.n == 0 {
		out, line = quads(out, line)
	}
	for _, c := range line {
		v := values[c]
		if v == 0xff {
			switch c {
			case '=':
				v = 0
				d.pad++
			case ' ', '\t', '\r':
				continue
			default:
				bad = true
				continue
			}
		}
		d.quad[d.n] = v
		if d.n++; d.n == 4 {
			out = d.block(out, 3-min(d.pad, 3))
		}
	}
	return out, bad
}

// quads appends what the characters at the beginning of a line stand for, four by
// four as far as there are no others between them, and returns the rest.
func quads(out, line []byte) (_, rest []byte) {
	for len(line) >= 4 {
		a, b, c, e := values[line[0]], values[line[1]], values[line[2]], values[line[3]]
		if (a|b|c|e)&0xc0 != 0 {
			break
		}
		out = append(out, a<<2|b>>4, b<<4|c>>2, c<<6|e)
		line = line[4:]
	}
	return out, line
}

// block appends n bytes of the characters that wait.
func (d *decoder) block(out []byte, n int) []byte {
	q := &d.quad
	b := [3]byte{q[0]<<2 | q[1]>>4, q[1]<<4 | q[2]>>2, q[2]<<6 | q[3]}
	d.quad, d.n, d.pad = [4]byte{}, 0, 0
	return append(out, b[:n]...)
}

// finish appends what remains at the end of a part.
func (d *decoder) finish(out []byte) []byte {
	if n := d.n - d.pad; n >= 2 {
		out = d.block(out, n-1)
	}
	*d = decoder{}
	return out
}

// quotedPrintable appends what a line, or a piece of one, stands for (RFC 2045
// section 6.7); bad: it has an escape that is none, whose sign is left out. last:
// the line ends here. lax is that of version 7.0, where white space behind a soft
// break makes it none.
func (d *decoder) quotedPrintable(out, line []byte, last, lax bool) (_ []byte, bad bool) {
	d.soft = false
	if last && !lax {
		n := len(line)
		for n > 0 && (line[n-1] == ' ' || line[n-1] == '\t') {
			n--
		}
		line = line[:n]
	}
	if d.held > 0 {
		var joined [4]byte
		b := append(joined[:0], d.hold[:d.held]...)
		d.held = 0
		n := min(len(line), cap(b)-len(b))
		b = append(b, line[:n]...)
		if len(b) < 3 && !last {
			d.held = copy(d.hold[:], b)
			return out, false
		}
		if len(b) >= 3 && unhex(b[1]) >= 0 && unhex(b[2]) >= 0 {
			out = append(out, byte(unhex(b[1])<<4|unhex(b[2])))
			line = line[3-(len(b)-n):]
		} else {
			out = append(out, b[1:len(b)-n]...)
			bad = true
		}
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c != '=' {
			out = append(out, c)
			continue
		}
		rest := line[i+1:]
		switch {
		case len(rest) == 0 && last:
			d.soft = true
		case len(rest) < 2 && !last:
			d.held = copy(d.hold[:], line[i:])
			return out, bad
		case len(rest) >= 2 && unhex(rest[0]) >= 0 && unhex(rest[1]) >= 0:
			out = append(out, byte(unhex(rest[0])<<4|unhex(rest[1])))
			i += 2
		default:
			bad = true
		}
	}
	return out, bad
}

// unhex returns the value of a hex digit, or -1.
func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
