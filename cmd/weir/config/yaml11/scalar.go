package yaml11

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Bool reads a truth value: yes, true, on, 1 or no, false, off, 0, in any case.
func Bool(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "yes", "true", "on", "1":
		return true, true
	case "no", "false", "off", "0":
		return false, true
	}
	return false, false
}

var (
	errNumber = errors.New("want a whole number")
	errSize   = errors.New("want a size: a number of bytes, or one with kb, mb, gb, KiB, MiB, GiB")
)

// Uint reads a whole number: decimal, hexadecimal (0x1f) or octal (017, 0o17).
func Uint(s string) (uint64, error) {
	s = strings.TrimPrefix(s, "+")
	if strings.ContainsAny(s, "_bB") && !strings.HasPrefix(strings.ToLower(s), "0x") || strings.Contains(s, "_") {
		return 0, errNumber
	}
	v, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		return 0, errNumber
	}
	return v, nil
}

// Size reads a number of bytes. The units kb and KiB, mb and MiB, gb and GiB
// count by 1024 both, in any case; a fraction ("1.5 mb") is cut to whole bytes.
func Size(s string) (uint64, error) {
	s = strings.TrimSpace(s)
	if v, err := Uint(s); err == nil {
		return v, nil
	}
	i := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if i <= 0 {
		return 0, errSize
	}
	unit := 1.0
	switch strings.ToLower(strings.TrimSpace(s[i:])) {
	case "kb", "kib":
		unit = 1 << 10
	case "mb", "mib":
		unit = 1 << 20
	case "gb", "gib":
		unit = 1 << 30
	default:
		return 0, errSize
	}
	v, err := strconv.ParseFloat(s[:i], 64)
	if err != nil || v*unit >= math.MaxInt64 {
		return 0, errSize
	}
	return uint64(v * unit), nil
}

// isNull reports whether a plain scalar stands for no value.
func isNull(s string) bool {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}
