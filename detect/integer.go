package detect

import (
	"cmp"
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

// parseFlags parses a list of names of bits. ok is false if v is none.
func parseFlags(v string, names []field.EnumName) (t intTest, ok bool) {
	if names == nil {
		return t, false
	}
	t.mode = intMask
	for word := range strings.SplitSeq(v, ",") {
		name, not := strings.CutPrefix(strings.TrimSpace(word), "!")
		var bit intTest
		if !named(&bit, name, names) {
			return intTest{}, false
		}
		t.lo |= bit.lo
		if !not {
			t.hi |= bit.lo
		}
	}
	return t, true
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
	mode     whichMode
	index    int     // negative counts from the end
	count    intTest // of values that fit
	orAbsent bool    // it is enough that there is no value, or none at index
	// from and to bound the values looked at: from, up to but without to. Both
	// count from the end if negative; to 0 is the end.
	from, to int
}

type whichMode uint8

const (
	whichAny whichMode = iota
	whichAll
	whichIndex
	whichCount
)

// parseWhich parses what may follow the comparison behind a comma: which values
// must fit, and behind a further comma the bounds of those looked at.
func parseWhich(s string) (w which, err error) {
	s, bounds, bounded := strings.Cut(s, ",")
	if bounded {
		lo, hi, ok := strings.Cut(strings.TrimSpace(bounds), ":")
		w.from, err = strconv.Atoi(cmp.Or(lo, "0"))
		if err == nil {
			w.to, err = strconv.Atoi(cmp.Or(hi, "0"))
		}
		if err != nil || !ok {
			return w, fmt.Errorf("bounds %q: want from:to, either of which may be negative or left out", bounds)
		}
	}
	switch s = strings.TrimSpace(s); s {
	case "any":
		return w, nil
	case "all", "all1":
		w.mode = whichAll
		return w, nil
	case "all_or_absent":
		w.mode, w.orAbsent = whichAll, true
		return w, nil
	case "or_absent":
		w.orAbsent = true
		return w, nil
	}
	if rest, ok := strings.CutPrefix(s, "nb"); ok {
		w.mode = whichCount
		w.count, err = parseInt(rest, nil)
		return w, err
	}
	n, out := strings.CutPrefix(s, "oob_or ")
	if w.index, err = strconv.Atoi(strings.TrimSpace(n)); err != nil {
		return w, fmt.Errorf("index %q: want a number, oob_or and a number, any, all, or_absent, all_or_absent or nb and a comparison", s)
	}
	w.mode, w.orAbsent = whichIndex, out
	return w, nil
}

// position returns index i of n values, where a negative one counts from the end.
func position(i, n int) int {
	if i < 0 {
		return n + i
	}
	return i
}

// fits reports whether enough of the values of get fit.
func (w *which) fits(t *intTest, get func(i int) (uint64, bool)) bool {
	n := 0
	for {
		if _, ok := get(n); !ok {
			break
		}
		n++
	}
	from, to := max(position(w.from, n), 0), n
	if w.to != 0 {
		to = min(position(w.to, n), n)
	}
	if w.mode == whichIndex {
		i := position(w.index, to-from)
		if i < 0 || i >= to-from {
			return w.orAbsent
		}
		v, _ := get(from + i)
		return t.fits(v)
	}
	hits := 0
	for i := from; i < to; i++ {
		if v, _ := get(i); t.fits(v) {
			hits++
		}
	}
	switch {
	case w.mode == whichCount:
		return w.count.fits(uint64(hits))
	case to <= from:
		return w.orAbsent
	case w.mode == whichAll:
		return hits == to-from
	}
	return hits > 0
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
	if rest, ok := strings.CutPrefix(strings.TrimSpace(v), "count"); ok && multi {
		t, err := parseInt(rest, nil)
		return func(tx any, dir field.Dir) bool {
			n := uint64(0)
			for _, ok := d.Uint(tx, dir, 0); ok; _, ok = d.Uint(tx, dir, int(n)) {
				n++
			}
			return t.fits(n)
		}, err
	}
	t, ok := parseFlags(v, d.Flags)
	if !ok {
		var err error
		if t, err = parseInt(v, d.Enum); err != nil {
			return nil, err
		}
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
