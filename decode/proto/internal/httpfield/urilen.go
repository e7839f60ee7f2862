package httpfield

import (
	"fmt"
	"strconv"
	"strings"
)

// URILength is the argument of urilen.
type URILength struct {
	lo, hi int
	Norm   bool // of the normalised URI
}

// Fits reports whether a length is within.
func (l URILength) Fits(n int) bool { return n >= l.lo && n <= l.hi }

// ParseURILen reads "n", "<n", ">n" and "n<>m", of which the bounds are not part,
// and norm or raw behind a comma.
func ParseURILen(arg string) (l URILength, err error) {
	size, kind, _ := strings.Cut(arg, ",")
	switch strings.TrimSpace(kind) {
	case "", "raw":
	case "norm":
		l.Norm = true
	default:
		return l, fmt.Errorf("urilen: value %q: want norm or raw", kind)
	}
	size = strings.TrimSpace(size)
	read := func(s string) int {
		n, e := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
		if e != nil {
			err = fmt.Errorf("urilen: value %q: want a number up to 65535", s)
		}
		return int(n)
	}
	if a, b, ok := strings.Cut(size, "<>"); ok {
		l.lo, l.hi = read(a)+1, read(b)-1
		if err == nil && l.hi < l.lo {
			err = fmt.Errorf("urilen: range %q is empty", size)
		}
		return l, err
	}
	switch {
	case strings.HasPrefix(size, "<"):
		l.lo, l.hi = 0, read(size[1:])-1
	case strings.HasPrefix(size, ">"):
		l.lo, l.hi = read(size[1:])+1, 1<<30
	default:
		l.lo = read(size)
		l.hi = l.lo
	}
	return l, err
}
