package smb

// appendText appends text from the wire; UTF-16 loses its zero bytes, as records
// and rules have always had it.
func appendText(dst, b []byte, unicode bool) []byte {
	if !unicode {
		return append(dst, b...)
	}
	for i := 0; i+1 < len(b); i += 2 {
		dst = append(dst, b[i])
		if b[i+1] != 0 {
			dst = append(dst, b[i+1])
		}
	}
	return dst
}

// terminated returns the text at the beginning of b up to its zero, and how long it
// is with it.
func terminated(b []byte, unicode bool) (text []byte, n int) {
	if !unicode {
		for i, c := range b {
			if c == 0 {
				return b[:i], i + 1
			}
		}
		return b, len(b)
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return b[:i], i + 2
		}
	}
	return b[:len(b)&^1], len(b)
}
