package http1

// isSpace reports whether c is white space: that of HTTP and of C.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// isBlank reports whether c is a space or a tab (RFC 9110 section 5.6.3).
func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isFold reports whether a line that begins with c goes on with the header
// before it.
func isFold(c byte) bool { return c == ' ' || c == '\t' || c == 0 }

// tokens are the bytes of a token (RFC 9110 section 5.6.2).
var tokens = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// hexValue returns the value of a hex digit, or -1.
func hexValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func toLower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// equalFold reports whether b is lower, a string in lower case, in any case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if toLower(c) != lower[i] {
			return false
		}
	}
	return true
}

// indexFold returns where lower, a string in lower case, stands in b, or -1.
func indexFold(b []byte, lower string) int {
	for i := 0; i+len(lower) <= len(b); i++ {
		if equalFold(b[i:i+len(lower)], lower) {
			return i
		}
	}
	return -1
}

// contains0 reports whether b, NUL bytes left out, holds lower in any case.
func contains0(b []byte, lower string) bool {
	for i := range b {
		if toLower(b[i]) == lower[0] && prefix0(b[i:], lower) {
			return true
		}
	}
	return false
}

// equal0 reports whether b, NUL bytes left out, is lower in any case.
func equal0(b []byte, lower string) bool {
	zeros := 0
	for _, c := range b {
		if c == 0 {
			zeros++
		}
	}
	return len(b)-zeros == len(lower) && prefix0(b, lower)
}

// prefix0 reports whether b, NUL bytes left out, begins with lower in any case.
func prefix0(b []byte, lower string) bool {
	n := 0
	for _, c := range b {
		if c == 0 {
			continue
		}
		if toLower(c) != lower[n] {
			return false
		}
		if n++; n == len(lower) {
			return true
		}
	}
	return false
}

// trimLeft returns b without white space in front.
func trimLeft(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return b
}

// trimRight returns b without white space behind.
func trimRight(b []byte) []byte {
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// chomp returns a line without the line ends behind it, of which there may be
// several, and lone CRs.
func chomp(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// number reads all of b, but for white space around it, as a number. ok is
// false if there is anything else, nothing, or more than 63 bits.
func number(b []byte, base int) (n int64, ok bool) {
	b = trimRight(trimLeft(b))
	if len(b) == 0 {
		return 0, false
	}
	for _, c := range b {
		v := hexValue(c)
		if v < 0 || v >= base || n > (1<<62)/int64(base) {
			return 0, false
		}
		n = n*int64(base) + int64(v)
	}
	return n, true
}
