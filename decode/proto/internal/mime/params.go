package mime

import "bytes"

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
