package bittorrent

import "bytes"

// maxDepth bounds how deep values may nest.
const maxDepth = 16

// value returns the value that b begins with, and what follows it; ok is false if
// there is none (BEP 3, "bencoding").
func value(b []byte, depth int) (v, rest []byte, ok bool) {
	if len(b) == 0 || depth > maxDepth {
		return nil, nil, false
	}
	switch b[0] {
	case 'i':
		end := bytes.IndexByte(b, 'e')
		if end < 2 {
			return nil, nil, false
		}
		return b[:end+1], b[end+1:], true
	case 'l', 'd':
		rest = b[1:]
		for len(rest) > 0 && rest[0] != 'e' {
			if _, rest, ok = value(rest, depth+1); !ok {
				return nil, nil, false
			}
		}
		if len(rest) == 0 {
			return nil, nil, false
		}
		return b[:len(b)-len(rest)+1], rest[1:], true
	}
	_, rest, ok = text(b)
	return b[:len(b)-len(rest)], rest, ok
}

// text returns the string that b begins with, and what follows it.
func text(b []byte) (s, rest []byte, ok bool) {
	n, i := 0, 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		if n = n*10 + int(b[i]-'0'); n > len(b) {
			return nil, nil, false
		}
	}
	if i == 0 || i == len(b) || b[i] != ':' || len(b)-i-1 < n {
		return nil, nil, false
	}
	return b[i+1 : i+1+n], b[i+1+n:], true
}

// find returns the value of a key of the dictionary b, nil without one.
func find(b []byte, key string) []byte {
	if len(b) == 0 || b[0] != 'd' {
		return nil
	}
	for rest := b[1:]; ; {
		k, after, ok := text(rest)
		if !ok {
			return nil
		}
		v, after, ok := value(after, 1)
		if !ok {
			return nil
		}
		if string(k) == key {
			return v
		}
		rest = after
	}
}

// findText returns the string that a key of the dictionary b has, nil without one.
func findText(b []byte, key string) []byte {
	s, _, _ := text(find(b, key))
	return s
}

// number returns the value of an integer that is not negative.
func number(b []byte) (n uint64, ok bool) {
	if len(b) < 3 || b[0] != 'i' || len(b) > 20 {
		return 0, false
	}
	for _, c := range b[1 : len(b)-1] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
