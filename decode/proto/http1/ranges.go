package http1

// contentRange is a Content-Range header (RFC 9110 section 14.4).
type contentRange struct {
	start, end, size  uint64 // end is included
	hasStart, hasSize bool
}

// parseRange reads "bytes 0-99/200", "bytes 0-99/*" and "bytes */200".
func parseRange(b []byte) (r contentRange, ok bool) {
	b = trimRight(trimLeft(b))
	if len(b) < 6 || !equalFold(b[:5], "bytes") {
		return r, false
	}
	b = trimLeft(b[5:])
	if len(b) > 0 && b[0] == '*' {
		b = b[1:]
	} else {
		if r.start, b, ok = cutNumber(b); !ok || len(b) == 0 || b[0] != '-' {
			return r, false
		}
		if r.end, b, ok = cutNumber(b[1:]); !ok {
			return r, false
		}
		r.hasStart = true
	}
	if len(b) == 0 || b[0] != '/' {
		return r, false
	}
	if b = b[1:]; string(b) == "*" {
		return r, r.hasStart
	}
	if r.size, b, ok = cutNumber(b); !ok || len(b) > 0 {
		return r, false
	}
	r.hasSize = true
	return r, true
}

// cutNumber reads the digits at the beginning of b.
func cutNumber(b []byte) (n uint64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	v, ok := number(b[:i], 10)
	return uint64(v), b[i:], ok
}
