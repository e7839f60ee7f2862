package detect

import (
	"encoding/binary"
	"math"
	"strconv"

	"weir/detect/mpm"
	"weir/detect/regex"
)

// matchKind is the kind of a matcher.
type matchKind uint8

const (
	mContent matchKind = iota
	mPCRE
	mIsDataAt
	mByteTest
	mByteJump
	mByteExtract
	mByteMath
	mBSize
	mBase64
	mEntropy
	mDataset
	mMark // notes where the match before it has ended, for an Explainer
)

// number is a constant or a variable of byte_extract and byte_math.
type number struct {
	v     int64
	isVar bool
	index uint8 // of the variable
}

// bound is a number that says where a content may lie; sets of rules have some
// hundred thousand of them.
type bound struct {
	v     int32
	isVar bool
	index uint8
}

// bound returns the number as one; what is beyond any buffer stays so.
func (n number) bound() bound {
	return bound{v: int32(min(max(n.v, math.MinInt32), math.MaxInt32)), isVar: n.isVar, index: n.index}
}

func (b *bound) get(st *matchState) int64 {
	if b.isVar {
		return st.vars[b.index]
	}
	return int64(b.v)
}

// matcher is one condition on a buffer.
type matcher struct {
	kind     matchKind
	negated  bool
	relative bool // to the end of the match before
	next     bool // the following matcher is relative to this one
	nocase   bool
	// fastMarked: fast_pattern; fastLen, if not 0: only these bytes of it.
	fastMarked                           bool
	hasOff, hasDepth, hasDist, hasWithin bool
	atStart, atEnd                       bool // startswith, endswith
	fastOff, fastLen                     uint16

	pattern  []byte
	finder   *mpm.Finder
	offset   bound
	depth    bound
	distance bound
	within   bound

	re *regex.Program

	*byteArgs // of the kinds that have any
}

// byteArgs are what the byte keywords, isdataat, bsize and base64_decode say;
// apart from matcher because most of a rule set's matchers are contents.
type byteArgs struct {
	bytes      number
	op         byte
	value      number
	byteOff    number
	bitmask    uint64
	hasMask    bool
	little     bool
	dce        bool // in the byte order of the transaction
	str        bool
	base       int
	align      bool
	mult       int64
	fromStart  bool
	fromEnd    bool
	postOffset int64
	out        int       // variable that is set
	sub        []matcher // what is said of base64_data
	size       intTest   // bsize
	in         *setMatch // dataset and datarep
	entropy    *entropyTest
	to         []capture // of pcre
}

// matchState is the scratch of matching one buffer.
type matchState struct {
	buf  []byte
	base uint64 // offset of buf[0] in the stream or body
	end  bool   // nothing follows buf
	// little is the byte order of the transaction in work.
	little bool
	vars   [maxVars]int64
	steps  int
	limit  int // of steps
	// patternSteps are those of regular expressions.
	patternSteps int
	// spent: the last rule was given up for its cost, not because it does not fit.
	spent bool
	re    *regex.Machine
	turn  func() // waits for the worker's turn; may be nil
	// captured are the groups that pcres have found for the rule in work.
	captured []captured
	// entropy is the last one measured, bits a byte; measured: nobody noted it yet.
	entropy  float64
	measured bool
	// context collects what sets hold of the values found; nil: nobody asks.
	context *[]byte
	// marks are the ends of matches, of an Explainer alone.
	marks []int
}

func (n *number) get(st *matchState) int64 {
	if n.isVar {
		return st.vars[n.index]
	}
	return n.v
}

// run reports whether all matchers fit. prev is the end of the match before.
func (st *matchState) run(ms []matcher, prev int) bool {
	if len(ms) == 0 {
		return true
	}
	if st.steps++; st.steps > st.limit {
		st.spent = true
		return false
	}
	m := &ms[0]
	switch m.kind {
	case mContent:
		return st.content(m, ms[1:], prev)
	case mPCRE:
		return st.pcre(m, ms[1:], prev)
	case mIsDataAt:
		at := m.value.get(st)
		if m.relative {
			at += int64(prev)
		}
		if (at < int64(len(st.buf))) == m.negated || at < 0 {
			return false
		}
		return st.run(ms[1:], prev)
	case mBSize:
		return m.size.fits(uint64(len(st.buf))) && st.run(ms[1:], prev)
	case mEntropy:
		st.entropy, st.measured = m.entropy.measure(st.buf)
		return st.measured && m.entropy.fits(st.entropy) && st.run(ms[1:], prev)
	case mDataset:
		return st.inSet(m.in) && st.run(ms[1:], prev)
	case mBase64:
		return st.base64(m, ms[1:], prev)
	case mByteTest:
		v, _, ok := st.number(m, prev)
		if !ok {
			return false
		}
		want := m.value.get(st)
		fits := false
		switch m.op {
		case '<':
			fits = uint64(v) < uint64(want)
		case '>':
			fits = uint64(v) > uint64(want)
		case '=':
			fits = v == want
		case '&':
			fits = v&want != 0
		case '^':
			fits = v|want != 0
		case 'l':
			fits = uint64(v) <= uint64(want)
		case 'g':
			fits = uint64(v) >= uint64(want)
		}
		return fits != m.negated && st.run(ms[1:], prev)
	case mByteJump:
		v, end, ok := st.number(m, prev)
		if !ok {
			return false
		}
		v *= m.mult
		if m.align && v%4 != 0 {
			v += 4 - v%4
		}
		v += m.postOffset
		to := int64(end) + v
		if m.fromStart {
			to = v
		} else if m.fromEnd {
			to = int64(len(st.buf)) + v
		}
		if to < 0 || to > int64(len(st.buf)) {
			return false
		}
		return st.run(ms[1:], int(to))
	case mByteExtract:
		v, end, ok := st.number(m, prev)
		if !ok {
			return false
		}
		v *= m.mult
		if m.align && v%4 != 0 {
			v += 4 - v%4
		}
		st.vars[m.out] = v
		return st.run(ms[1:], end)
	case mByteMath:
		v, end, ok := st.number(m, prev)
		if !ok {
			return false
		}
		r := m.value.get(st)
		switch m.op {
		case '+':
			v += r
		case '-':
			v -= r
		case '*':
			v *= r
		case '/':
			if r == 0 {
				return false
			}
			v /= r
		case 'l':
			v = int64(uint64(v) << uint(r&63))
		case 'r':
			v = int64(uint64(v) >> uint(r&63))
		}
		st.vars[m.out] = v
		return st.run(ms[1:], end)
	case mMark:
		st.marks[m.fastOff] = prev
		return st.run(ms[1:], prev)
	}
	return false
}

// content looks for m and, where it has found it, for what follows.
func (st *matchState) content(m *matcher, rest []matcher, prev int) bool {
	n := len(m.pattern)
	from, to := 0, len(st.buf)
	if m.hasDist || m.hasWithin {
		from = prev
		if m.hasDist {
			from += int(m.distance.get(st))
		}
		if m.hasWithin {
			to = min(to, prev+int(m.distance.get(st))+int(m.within.get(st)))
		}
		from = max(from, 0)
	}
	if m.hasOff {
		from = max(from, int(m.offset.get(st)-int64(st.base)))
	}
	if m.hasDepth {
		limit := m.depth.get(st)
		if m.hasOff {
			limit += m.offset.get(st)
		}
		to = min(to, int(max(limit-int64(st.base), 0)))
	}
	if m.atStart {
		if st.base > 0 {
			to = 0
		}
		to = min(to, n)
	}
	from = max(from, 0)
	if m.atEnd {
		from = max(from, len(st.buf)-n)
	}
	if m.negated {
		if to-from < n || m.find(st.buf[from:to]) < 0 {
			return st.run(rest, prev)
		}
		return false
	}
	for to-from >= n {
		i := m.find(st.buf[from:to])
		if i < 0 {
			return false
		}
		end := from + i + n
		if st.run(rest, end) {
			return true
		}
		if !m.next || st.steps > st.limit || rest[0].anyFurther() {
			return false
		}
		from += i + 1
	}
	return false
}

// anyFurther reports whether m looks for its content from somewhere behind the
// match before up to the end of the buffer: what it has not found behind one
// match it will not find behind a later one.
func (m *matcher) anyFurther() bool {
	return m.kind == mContent && !m.negated && m.hasDist && !m.hasWithin && !m.distance.isVar
}

// find returns the first place of the pattern in b, or -1.
func (m *matcher) find(b []byte) int { return m.finder.Index(b) }

// pcre looks for a regular expression and for what follows.
func (st *matchState) pcre(m *matcher, rest []matcher, prev int) bool {
	from := 0
	if m.relative {
		from = min(prev, len(st.buf))
	}
	for {
		// A match that was given up is none, as in the reference.
		ok, err := m.re.Match(st.buf[from:], 0, st.re)
		if st.patternSteps += st.re.Steps(); err != nil || st.patternSteps > maxPatternSteps {
			st.spent = true
		}
		if m.negated {
			return !ok && st.run(rest, prev)
		}
		if !ok {
			return false
		}
		lo, hi := st.re.Group(0)
		end, mark := from+hi, len(st.captured)
		st.capture(m, from)
		if st.run(rest, end) {
			return true
		}
		st.captured = st.captured[:mark]
		if !m.next || st.steps > st.limit || st.patternSteps > maxPatternSteps {
			return false
		}
		from += lo + 1
		if from > len(st.buf) {
			return false
		}
	}
}

// number reads the bytes that a byte keyword names; end is behind them.
func (st *matchState) number(m *matcher, prev int) (v int64, end int, ok bool) {
	at := m.byteOff.get(st)
	if m.relative {
		at += int64(prev)
	}
	n := m.bytes.get(st)
	if at < 0 || n <= 0 || at+n > int64(len(st.buf)) {
		if !m.str || at < 0 || at >= int64(len(st.buf)) {
			return 0, 0, false
		}
		n = int64(len(st.buf)) - at
	}
	b := st.buf[at : at+n]
	end = int(at + n)
	if m.str {
		var used int
		v, used, ok = parseNumber(b, m.base)
		end = int(at) + used
		if !ok {
			return 0, 0, false
		}
	} else {
		if n > 8 {
			return 0, 0, false
		}
		var t [8]byte
		if m.little || m.dce && st.little {
			copy(t[:], b)
			v = int64(binary.LittleEndian.Uint64(t[:]))
		} else {
			copy(t[8-n:], b)
			v = int64(binary.BigEndian.Uint64(t[:]))
		}
	}
	if m.hasMask {
		v = int64(uint64(v) & m.bitmask >> trailingZeros(m.bitmask))
	}
	return v, end, true
}

func trailingZeros(m uint64) uint {
	n := uint(0)
	for m != 0 && m&1 == 0 {
		m >>= 1
		n++
	}
	return n
}

// parseNumber reads a number in text, as strtoul does: blanks, a sign, digits.
func parseNumber(b []byte, base int) (v int64, used int, ok bool) {
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] >= 9 && b[i] <= 13) {
		i++
	}
	from := i
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		i++
	}
	if base == 16 && i+1 < len(b) && b[i] == '0' && b[i+1]|0x20 == 'x' {
		i += 2
		from = i
	}
	digits := i
	for i < len(b) && digit(b[i]) < base {
		i++
	}
	if i == digits {
		return 0, 0, false
	}
	n, err := strconv.ParseInt(string(b[from:i]), base, 64)
	if err != nil {
		u, err := strconv.ParseUint(string(b[from:i]), base, 64)
		if err != nil {
			return 0, 0, false
		}
		n = int64(u)
	}
	return n, i, true
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int(c|0x20-'a') + 10
	}
	return 99
}
