package rules

import (
	"fmt"
	"strings"
)

// Unquote takes the quotes off a value; negated tells of a '!' in front. An
// unquoted value comes back as it is.
func Unquote(v string) (s string, negated bool) {
	v = strings.TrimSpace(v)
	if rest, ok := strings.CutPrefix(v, "!"); ok {
		v, negated = strings.TrimSpace(rest), true
	}
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	return v, negated
}

// Content decodes the argument of content: quoted text with |hex| blocks and
// backslash escapes of '"', ';', ':', '\' and '|'.
func Content(v string) (b []byte, negated bool, err error) {
	v = strings.TrimSpace(v)
	if rest, ok := strings.CutPrefix(v, "!"); ok {
		v, negated = strings.TrimSpace(rest), true
	}
	if len(v) < 2 || v[0] != '"' || v[len(v)-1] != '"' {
		return nil, negated, fmt.Errorf("value %s: want text in double quotes", Quote(v))
	}
	v = v[1 : len(v)-1]
	if v == "" {
		return nil, negated, fmt.Errorf("pattern is empty")
	}
	b = make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		switch c := v[i]; c {
		case '\\':
			if i++; i == len(v) {
				return nil, negated, fmt.Errorf("byte %d: nothing behind the backslash", i)
			}
			if !strings.ContainsRune(`";:\|`, rune(v[i])) {
				return nil, negated, fmt.Errorf("byte %d: escape \\%c: want \\\", \\;, \\:, \\\\ or \\|", i, v[i])
			}
			b = append(b, v[i])
		case '|':
			n := strings.IndexByte(v[i+1:], '|')
			if n < 0 {
				return nil, negated, fmt.Errorf("byte %d: hex block is not closed", i+1)
			}
			if b, err = appendHex(b, v[i+1:i+1+n]); err != nil {
				return nil, negated, fmt.Errorf("byte %d: %w", i+1, err)
			}
			i += n + 1
		case '"':
			return nil, negated, fmt.Errorf("byte %d: quote inside the pattern: want \\\" or |22|", i+1)
		default:
			b = append(b, c)
		}
	}
	if len(b) == 0 {
		return nil, negated, fmt.Errorf("pattern is empty")
	}
	if len(b) > MaxContent {
		return nil, negated, fmt.Errorf("pattern of %d bytes: want at most %d", len(b), MaxContent)
	}
	return b, negated, nil
}

// appendHex decodes pairs of digits with blanks between.
func appendHex(b []byte, s string) ([]byte, error) {
	hi, half := byte(0), false
	for i := 0; i < len(s); i++ {
		c := s[i]
		var v byte
		switch {
		case c == ' ':
			continue
		case c >= '0' && c <= '9':
			v = c - '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = c | 0x20 - 'a' + 10
		default:
			return nil, fmt.Errorf("hex block: %q is no digit", c)
		}
		if !half {
			hi, half = v, true
		} else {
			b, half = append(b, hi<<4|v), false
		}
	}
	if half {
		return nil, fmt.Errorf("hex block: odd number of digits")
	}
	return b, nil
}
