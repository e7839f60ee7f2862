package regex

import "math/bits"

// set is a set of bytes.
type set [4]uint64

var (
	setAll   = set{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	setLF    = setOf('\n')
	setNotLF = setLF.not()
)

func setOf(bs ...byte) (s set) {
	for _, b := range bs {
		s.add(b)
	}
	return s
}

func (s *set) add(c byte)      { s[c>>6] |= 1 << (c & 63) }
func (s *set) has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }

func (s *set) addRange(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		s.add(byte(c))
	}
}

func (s *set) or(o *set) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s *set) not() (o set) {
	for i := range s {
		o[i] = ^s[i]
	}
	return o
}

func (s *set) empty() bool { return s[0]|s[1]|s[2]|s[3] == 0 }

func (s *set) disjoint(o *set) bool {
	return s[0]&o[0]|s[1]&o[1]|s[2]&o[2]|s[3]&o[3] == 0
}

func (s *set) len() int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) + bits.OnesCount64(s[2]) + bits.OnesCount64(s[3])
}

// min returns the lowest byte of a set that is not empty.
func (s *set) min() byte {
	for i, w := range s {
		if w != 0 {
			return byte(i<<6 + bits.TrailingZeros64(w))
		}
	}
	return 0
}

// fold adds the other case of every letter.
func (s *set) fold() {
	const letters = 0x07fffffe // A-Z, or a-z, in the upper half of word 1
	up, low := s[1]&letters, s[1]>>32&letters
	s[1] |= low | up<<32
}

// only returns the byte of a set that has one.
func (s *set) only() (c byte, ok bool) {
	if s.len() != 1 {
		return 0, false
	}
	return s.min(), true
}

// letter returns the lower-case letter of a set that has both cases of one and
// nothing else.
func (s *set) letter() (c byte, ok bool) {
	if s.len() != 2 {
		return 0, false
	}
	c = s.min()
	return c | 0x20, isLetter(c) && s.has(c|0x20) && c&0x20 == 0
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }

// lower maps ASCII letters to lower case.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if isLetter(byte(i)) {
			t[i] |= 0x20
		}
	}
	return t
}()

// shorthand are the sets of escapes such as \d, by their letter.
var shorthand = func() (t [128]*set) {
	word := set{}
	for c := range 256 {
		if isWord(byte(c)) {
			word.add(byte(c))
		}
	}
	digit := set{}
	digit.addRange('0', '9')
	for l, s := range map[byte]set{
		'd': digit, 'w': word, 's': setOf('\t', '\n', '\v', '\f', '\r', ' '),
		'h': setOf('\t', ' ', 0xa0), 'v': setOf('\n', '\v', '\f', '\r', 0x85),
	} {
		n := s.not()
		t[l], t[l-0x20] = &s, &n
	}
	t['N'], t['C'] = &setNotLF, &setAll
	return t
}()

// posix are the classes of [:name:].
var posix = func() map[string]*set {
	class := func(in func(c byte) bool) *set {
		var s set
		for c := range 128 {
			if in(byte(c)) {
				s.add(byte(c))
			}
		}
		return &s
	}
	graph := func(c byte) bool { return c > ' ' && c < 0x7f }
	return map[string]*set{
		"alpha": class(isLetter), "digit": class(isDigit), "word": class(isWord),
		"alnum":  class(func(c byte) bool { return isLetter(c) || isDigit(c) }),
		"upper":  class(func(c byte) bool { return c >= 'A' && c <= 'Z' }),
		"lower":  class(func(c byte) bool { return c >= 'a' && c <= 'z' }),
		"xdigit": class(func(c byte) bool { return hexDigit(c) >= 0 }),
		"ascii":  class(func(c byte) bool { return true }),
		"blank":  class(func(c byte) bool { return c == ' ' || c == '\t' }),
		"cntrl":  class(func(c byte) bool { return c < ' ' || c == 0x7f }),
		"graph":  class(graph),
		"print":  class(func(c byte) bool { return c == ' ' || graph(c) }),
		"punct":  class(func(c byte) bool { return graph(c) && !isLetter(c) && !isDigit(c) }),
		"space":  class(func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }),
	}
}()

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
