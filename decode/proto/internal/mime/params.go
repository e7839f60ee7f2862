package mime

import (
	"bytes"
	"strconv"
)

// Param returns the value of a parameter of a header such as Content-Type or
// Content-Disposition, without quotes; nil if there is none. name is in lower
// case. A backslash in quotes keeps what follows from ending them.
func Param(v []byte, name string) []byte {
	i := next(v, 0)
	for i < len(v) {
		i = skipSpace(v, i)
		end := i
		for end < len(v) && v[end] != '=' && v[end] != ';' {
			end++
		}
		key := bytes.TrimRight(v[i:end], " \t")
		if end == len(v) || v[end] == ';' {
			i = end + 1
			continue
		}
		start := skipSpace(v, end+1)
		stop := next(v, start)
		if equalFold(key, name) {
			return unquote(v[start:min(stop, len(v))])
		}
		i = stop + 1
	}
	return nil
}

// AppendParam appends the value of a parameter to dst. It may be divided into
// sections and written with a character set and percent signs (RFC 2231 section 3
// and 4); ok is false if there is none.
func AppendParam(dst, v []byte, name string) (_ []byte, ok bool) {
	if b := Param(v, name); b != nil {
		return append(dst, b...), true
	}
	key := append(make([]byte, 0, 32), name...)
	key = append(key, '*')
	if b := Param(v, string(key)); b != nil {
		return appendExtended(dst, b, true), true
	}
	n := len(key)
	for i := range maxSections {
		key = strconv.AppendInt(key[:n], int64(i), 10)
		if b := Param(v, string(key)); b != nil {
			dst, ok = append(dst, b...), true
			continue
		}
		key = append(key, '*')
		b := Param(v, string(key))
		if b == nil {
			break
		}
		dst, ok = appendExtended(dst, b, i == 0), true
	}
	return dst, ok
}

// maxSections bounds the sections of a parameter.
const maxSections = 32

// appendExtended appends a value with percent signs; first: a character set and a
// language stand before it, each with a quote behind.
func appendExtended(dst, b []byte, first bool) []byte {
	if first {
		if i := bytes.IndexByte(b, '\''); i >= 0 {
			if j := bytes.IndexByte(b[i+1:], '\''); j >= 0 {
				b = b[i+j+2:]
			}
		}
	}
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) && unhex(b[i+1]) >= 0 && unhex(b[i+2]) >= 0 {
			dst = append(dst, byte(unhex(b[i+1])<<4|unhex(b[i+2])))
			i += 2
			continue
		}
		dst = append(dst, b[i])
	}
	return dst
}

// next returns the place of the next semicolon from i on that is not in quotes,
// plus one where i is 0: the end of the first word.
func next(v []byte, i int) int {
	first := i == 0
	quoted := false
	for ; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			if first {
				return i + 1
			}
			return i
		}
	}
	return i
}

func skipSpace(v []byte, i int) int {
	for i < len(v) && (v[i] == ' ' || v[i] == '\t' || v[i] == '\r' || v[i] == '\n') {
		i++
	}
	return i
}

// unquote returns what stands in quotes at the beginning of v, or v without
// white space behind it.
func unquote(v []byte) []byte {
	if len(v) == 0 || v[0] != '"' {
		return bytes.TrimRight(v, " \t\r\n")
	}
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return v[1:i]
		}
	}
	return v[1:]
}

func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
