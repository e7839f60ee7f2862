package detect

import (
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
)

// intTest is a comparison with an integer, in the syntax that all integer
// keywords share.
type intTest struct {
	mode   intMode
	negate bool
	lo, hi uint64 // hi: of a range, which excludes both ends; the value of a mask
}

type intMode uint8

const (
	intEqual intMode = iota
	intBelow
	intAbove
	intAtMost
	intAtLeast
	intBetween
	intMask // n & lo == hi
)

const wantInt = "want n, !n, <n, <=n, >n, >=n, a-b, !a-b, a<>b, &mask=n or &mask!=n"

// parseInt parses a comparison. Numbers are decimal or hexadecimal and may have
// a unit: kb, mb, gb and kib, mib, gib are powers of 1024. names, if not nil,
// stand for values.
func parseInt(v string, names []field.EnumName) (t intTest, err error) {
	s := strings.TrimSpace(v)
	bad := func() (intTest, error) {
		if names == nil {
			return intTest{}, fmt.Errorf("value %q: %s", v, wantInt)
		}
		return intTest{}, fmt.Errorf("value %q: %s, or one of %s", v, wantInt, nameList(names))
	}
	if mask, ok := strings.CutPrefix(s, "&"); ok {
		m, val, ok := strings.Cut(mask, "=")
		if m, t.negate = strings.CutSuffix(m, "!"); !ok {
			return bad()
		}
		var ok1, ok2 bool
		t.mode = intMask
		t.lo, ok1 = number64(m)
		t.hi, ok2 = number64(val)
		if !ok1 || !ok2 {
			return bad()
		}
		return t, nil
	}
	if rest, ok := strings.CutPrefix(s, "!"); ok {
		s, t.negate = strings.TrimSpace(strings.TrimPrefix(rest, "=")), true
	}
	for _, p := range [...]struct {
		s string
		m intMode
	}{{"<=", intAtMost}, {">=", intAtLeast}, {"<", intBelow}, {">", intAbove}, {"=", intEqual}} {
		if rest, ok := strings.CutPrefix(s, p.s); ok && (!t.negate || p.m == intEqual) {
			s, t.mode = rest, p.m
			if t.lo, ok = number64(s); !ok && (p.m != intEqual || !named(&t, s, names)) {
				return bad()
			}
			return t, nil
		}
	}
	if n, ok := number64(s); ok {
		t.lo = n
		return t, nil
	}
	if named(&t, s, names) {
		return t, nil
	}
	a, b, ok := strings.Cut(s, "<>")
	if !ok {
		a, b, ok = strings.Cut(s, "-")
	}
	if !ok {
		return bad()
	}
	t.mode = intBetween
	var ok1, ok2 bool
	t.lo, ok1 = number64(a)
	t.hi, ok2 = number64(b)
	if !ok1 || !ok2 {
		return bad()
	}
	if t.hi <= t.lo || t.hi-t.lo == 1 {
		return t, fmt.Errorf("value %q: nothing lies between %d and %d", v, t.lo, t.hi)
	}
	return t, nil
}

// named looks s up among names.
func named(t *intTest, s string, names []field.EnumName) bool {
	s = strings.TrimSpace(s)
	for _, e := range names {
		if strings.EqualFold(e.Name, s) {
			t.lo = e.Value
			return true
		}
	}
	return false
}

func nameList(names []field.EnumName) string {
	const most = 12
	var l []string
	for _, e := range names {
		if len(l) == most {
			l = append(l, "…")
			break
		}
		l = append(l, e.Name)
	}
	return strings.Join(l, ", ")
}

// number64 parses a number with an optional unit.
func number64(s string) (uint64, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	shift := 0
	for _, u := range [...]struct {
		name  string
		shift int
	}{{"kib", 10}, {"kb", 10}, {"mib", 20}, {"mb", 20}, {"gib", 30}, {"gb", 30}} {
		if rest, ok := strings.CutSuffix(s, u.name); ok && !strings.HasPrefix(s, "0x") {
			s, shift = strings.TrimSpace(rest), u.shift
			break
		}
	}
	base := 10
	if rest, ok := strings.CutPrefix(s, "0x"); ok {
		s, base = rest, 16
	}
	n, err := strconv.ParseUint(s, base, 64)
	if err != nil || n<<shift>>shift != n {
		return 0, false
	}
	return n << shift, true
}

// fits compares n.
func (t *intTest) fits(n uint64) bool {
	var ok bool
	switch t.mode {
	case intEqual:
		ok = n == t.lo
	case intBelow:
		ok = n < t.lo
	case intAbove:
		ok = n > t.lo
	case intAtMost:
		ok = n <= t.lo
	case intAtLeast:
		ok = n >= t.lo
	case intBetween:
		ok = n > t.lo && n < t.hi
	case intMask:
		ok = n&t.lo == t.hi
	}
	return ok != t.negate
}

// which says how many of the values of a keyword must fit.
type which struct {
	mode  whichMode
	index int     // negative counts from the end
	count intTest // of values that fit
}

type whichMode uint8

const (
	whichAny whichMode = iota
	whichAll
	whichAll1     // all, and at least one
	whichOrAbsent // any, or there is none
	whichIndex
	whichCount
)

// parseWhich parses what may follow the comparison behind a comma.
func parseWhich(s string) (w which, err error) {
	s = strings.TrimSpace(s)
	switch s {
	case "any":
		return w, nil
	case "all":
		return which{mode: whichAll}, nil
	case "all1":
		return which{mode: whichAll1}, nil
	case "or_absent":
		return which{mode: whichOrAbsent}, nil
	}
	if rest, ok := strings.CutPrefix(s, "nb"); ok {
		w.mode = whichCount
		w.count, err = parseInt(rest, nil)
		return w, err
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return w, fmt.Errorf("index %q: want a number, any, all, all1, or_absent or nb and a comparison", s)
	}
	return which{mode: whichIndex, index: n}, nil
}

// fits reports whether enough of the values of get fit.
func (w *which) fits(t *intTest, get func(i int) (uint64, bool)) bool {
	n, hits := 0, 0
	at := false
	for ; ; n++ {
		v, ok := get(n)
		if !ok {
			break
		}
		hit := t.fits(v)
		if hit {
			hits++
		}
		switch {
		case hit && (w.mode == whichAny || w.mode == whichOrAbsent):
			return true
		case !hit && (w.mode == whichAll || w.mode == whichAll1):
			return false
		case w.mode == whichIndex && n == w.index:
			at = hit
		}
	}
	switch w.mode {
	case whichAll:
		return true
	case whichAll1:
		return n > 0
	case whichOrAbsent:
		return n == 0
	case whichIndex:
		if w.index >= 0 || n+w.index < 0 {
			return at
		}
		v, _ := get(n + w.index)
		return t.fits(v)
	case whichCount:
		return w.count.fits(uint64(hits))
	}
	return false
}

// integerTest compiles the argument of an integer field.
func integerTest(d *field.Def, v string) (func(tx any, dir field.Dir) bool, error) {
	var w which
	multi := d.Kind == field.KindMultiUint
	if cmp, index, ok := strings.Cut(v, ","); ok && multi {
		var err error
		if w, err = parseWhich(index); err != nil {
			return nil, err
		}
		v = cmp
	}
	t, err := parseInt(v, d.Enum)
	if err != nil {
		return nil, err
	}
	if !multi {
		return func(tx any, dir field.Dir) bool {
			n, ok := d.Uint(tx, dir, 0)
			return ok && t.fits(n)
		}, nil
	}
	return func(tx any, dir field.Dir) bool {
		return w.fits(&t, func(i int) (uint64, bool) { return d.Uint(tx, dir, i) })
	}, nil
}
