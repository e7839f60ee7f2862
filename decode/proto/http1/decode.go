package http1

// appendDecoded appends b with percent signs undone.
func appendDecoded(dst, b []byte, d *decoding) []byte {
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == '%':
			var n int
			if c, n = decodePercent(b[i:], d); n == 0 {
				i++
				continue
			}
			i += n
			if c == 0 && n > 1 && d.nulEncodedEnd {
				return dst
			}
		case c == '+' && d.plus:
			c = ' '
			i++
		case c == 0 && d.nulRawEnd:
			return dst
		default:
			i++
		}
		dst = append(dst, c)
	}
	return dst
}

// appendPath appends a path with percent signs undone and separators made alike.
func appendPath(dst, b []byte, d *decoding) []byte {
	start := len(dst)
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == '%':
			var n int
			if c, n = decodePercent(b[i:], d); n == 0 {
				i++
				continue
			}
			if n > 1 {
				if c == 0 && d.nulEncodedEnd {
					return dst
				}
				if n == 3 && !d.sepDecode && d.separator(c) {
					c, n = '%', 1
				}
			}
			i += n
		case c == 0 && d.nulRawEnd:
			return dst
		default:
			i++
		}
		if c == '\\' && d.backslash {
			c = '/'
		}
		if d.lower {
			c = toLower(c)
		}
		if d.sepCompress && c == '/' && len(dst) > start && dst[len(dst)-1] == '/' {
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

func (d *decoding) separator(c byte) bool { return c == '/' || c == '\\' && d.backslash }

// decodePercent decodes what begins with the percent sign b[0] and says how
// many bytes of b it took: 0 if the sign is to be left out.
func decodePercent(b []byte, d *decoding) (c byte, n int) {
	if len(b) < 3 {
		return d.badPercent(b, 0)
	}
	if d.percentU && (b[1] == 'u' || b[1] == 'U') {
		if len(b) < 6 {
			return d.badPercent(b, 0)
		}
		for _, x := range b[2:6] {
			if hexValue(x) < 0 {
				return d.badPercent(b, 6)
			}
		}
		return narrow(hexByte(b[2:]), hexByte(b[4:])), 6
	}
	if hexValue(b[1]) < 0 || hexValue(b[2]) < 0 {
		return d.badPercent(b, 3)
	}
	return hexByte(b[1:]), 3
}

// badPercent decodes a percent sign that is not followed by hex digits; forced
// is the length that digits would have, 0 if they are not there.
func (d *decoding) badPercent(b []byte, forced int) (c byte, n int) {
	switch {
	case d.invalid == dropPercent:
		return 0, 0
	case d.invalid == forcePercent && forced == 3:
		return hexByte(b[1:]), 3
	case d.invalid == forcePercent && forced == 6:
		return narrow(hexByte(b[2:]), hexByte(b[4:])), 6
	}
	return '%', 1
}

// hexByte reads two hex digits. What is no digit counts as servers that do not
// check make of it.
func hexByte(b []byte) byte { return looseHex(b[0])<<4 + looseHex(b[1]) }

func looseHex(c byte) byte {
	if c >= 'A' {
		return c&0xdf - 'A' + 10
	}
	return c - '0'
}

// narrow brings a character of two bytes to one: itself below 256, else what
// looks most like it.
func narrow(hi, lo byte) byte {
	if hi == 0 {
		return lo
	}
	return bestFit(rune(hi)<<8 | rune(lo))
}

// removeDotSegments takes "." and ".." out of the path that stands in b from
// off on (RFC 3986 section 5.2.4). A slash that is left over at the end goes,
// too.
func removeDotSegments(b []byte, off int) []byte {
	in := b[off:]
	w := 0 // in[:w] is the output, never longer than what was read
	r := 0
	for r < len(in) {
		rest := in[r:]
		switch {
		case hasPrefix(rest, "../"):
			r += 3
		case hasPrefix(rest, "./"):
			r += 2
		case hasPrefix(rest, "/./"), string(rest) == "/.":
			if r += 2; len(in)-r <= 1 {
				r = len(in)
			}
		case hasPrefix(rest, "/../"), string(rest) == "/..":
			if r += 3; len(in)-r <= 1 {
				r = len(in)
			}
			w = lastSegment(in[:w])
		case string(rest) == ".", string(rest) == "..":
			r = len(in)
		default:
			in[w] = in[r]
			w, r = w+1, r+1
			for r < len(in) && in[r] != '/' {
				in[w] = in[r]
				w, r = w+1, r+1
			}
		}
	}
	return b[:off+w]
}

func hasPrefix(b []byte, p string) bool { return len(b) >= len(p) && string(b[:len(p)]) == p }

// lastSegment returns the length of a path without its last segment and the
// slash before it.
func lastSegment(b []byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == '/' {
			return i
		}
	}
	return 0
}
