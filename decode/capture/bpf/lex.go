package bpf

import (
	"strings"
)

// token is one word or sign of a filter.
type token struct {
	kind tokenKind
	text string
	col  int // from 1
}

type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokWord             // name
	tokNumber           // 80, 0x50
	tokAddr             // 10.0.0.0, 10.1, ::1, 00:11:22:33:44:55
	tokSign             // operator or bracket
)

// signs are the operators, longest first.
var signs = []string{"&&", "||", "<<", ">>", "==", "!=", ">=", "<=", "=", ">", "<", "!", "&", "|", "^", "+", "-", "*", "/", "%", "(", ")", "[", "]", ":"}

// lex cuts a filter into tokens; the last one is tokEnd.
func lex(s string) ([]token, error) {
	var all []token
	for i := 0; i < len(s); {
		c := s[i]
		col := i + 1
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case isColonAddr(s[i:]):
			n := span(s[i:], isColonByte)
			all = append(all, token{tokAddr, s[i : i+n], col})
			i += n
		case isDigit(c):
			n := span(s[i:], func(c byte) bool { return isDigit(c) || isLetter(c) || c == '.' })
			kind := tokNumber
			if strings.Contains(s[i:i+n], ".") {
				kind = tokAddr
			}
			all = append(all, token{kind, s[i : i+n], col})
			i += n
		case isLetter(c) || c == '\\':
			// A backslash makes a keyword a plain word.
			n := 1 + span(s[i+1:], func(c byte) bool { return isDigit(c) || isLetter(c) || c == '-' || c == '_' || c == '.' })
			all = append(all, token{tokWord, s[i : i+n], col})
			i += n
		default:
			sign := ""
			for _, x := range signs {
				if strings.HasPrefix(s[i:], x) {
					sign = x
					break
				}
			}
			if sign == "" {
				return nil, errorAt(col, "character %q has no meaning in a filter", c)
			}
			all = append(all, token{tokSign, sign, col})
			i += len(sign)
		}
	}
	return append(all, token{tokEnd, "", len(s) + 1}), nil
}

// isColonAddr reports whether s begins with an IPv6 or Ethernet address: hex
// digits with at least two colons.
func isColonAddr(s string) bool {
	return strings.Count(s[:span(s, isColonByte)], ":") >= 2
}

func isColonByte(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == ':' || c == '.'
}

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
