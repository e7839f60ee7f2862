package regex

import (
	"errors"
	"fmt"
	"unsafe"

	"weir/detect/mpm"
)

// Flags are options of a pattern, by the letters that rules use.
type Flags uint

// Options.
const (
	CaseInsensitive Flags = 1 << iota // i
	Multiline                         // m: ^ and $ match at lines
	DotAll                            // s: . matches a newline too
	Extended                          // x: white space and # comments are ignored
	Anchored                          // A: matches only where the search starts
	DollarEndOnly                     // E: $ does not match before a last newline
	Ungreedy                          // G: repeats are lazy, and greedy with ?
)

// Limits bound compiling and matching. A zero field takes the default.
type Limits struct {
	Pattern int // bytes of a pattern
	Program int // instructions of a program
	Steps   int // steps of one Match: choices taken back, loops, calls, 1 for each 16 bytes that a repeat passes, and 1 for each 64 instructions in a row
	Stack   int // entries on the backtracking stack of a Machine, 12 bytes each
	Depth   int // calls inside each other
}

// Defaults of Limits.
const (
	defaultPattern = 64<<10 - 1 // PCRE2 refuses longer ones at its usual link size
	defaultProgram = 64 << 10   // about 2.5 MB
	defaultSteps   = 128 << 10  // 1 to 3 ms
	defaultStack   = 128 << 10  // 1.5 MB for each worker
	defaultDepth   = 250
)

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		v   *int
		def int
	}{
		{&l.Pattern, defaultPattern}, {&l.Program, defaultProgram}, {&l.Steps, defaultSteps},
		{&l.Stack, defaultStack}, {&l.Depth, defaultDepth},
	} {
		if *f.v <= 0 {
			*f.v = f.def
		}
	}
	return l
}

// ErrLimit says that a match was given up: neither found nor excluded.
var ErrLimit = errors.New("regex: match limit reached")

// SyntaxError is a fault of a pattern.
type SyntaxError struct {
	Pos int // offset in the pattern, bytes
	Msg string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("offset %d: %s", e.Pos, e.Msg) }

// Literal is a string of bytes.
type Literal struct {
	Bytes  []byte // in lower case with NoCase
	NoCase bool   // ASCII letters match in either case
}

// Program is a compiled pattern. It is immutable.
type Program struct {
	code   []inst
	tables [][256]uint8 // eight byte sets each, a bit for each set
	strs   [][]byte
	regs   int // registers: two for each group, then marks
	groups int // with group 0
	names  []groupName
	limits Limits

	hasCall bool
	rows    int // of the memo, 0: there is none

	// How a match can begin.
	anchored  bool     // only at the start of the search
	lineStart bool     // only at the start of the buffer or of a line
	lead      tableRef // starts with this set repeated without limit, noTable: not so
	first     tableRef // the first byte is one of this set, noTable: no set
	firstByte int      // the only first byte, -1: several

	need     need
	find     *mpm.Finder // of need; nil: no literal
	findHead *mpm.Finder // of the literal that each match begins with; nil: none, or find serves
}

type groupName struct {
	name  string
	group int
}

// Compile compiles a pattern. The error is a *SyntaxError.
func Compile(pattern string, flags Flags, lim Limits) (*Program, error) {
	lim = lim.withDefaults()
	if len(pattern) > lim.Pattern {
		return nil, &SyntaxError{lim.Pattern, fmt.Sprintf("pattern of %d bytes: want at most %d", len(pattern), lim.Pattern)}
	}
	ps := parser{src: pattern, opt: flags}
	root := ps.parse()
	if ps.err != nil {
		return nil, ps.err
	}
	return generate(root, &ps, flags, lim)
}

// Size returns what the program takes of memory, bytes.
func (p *Program) Size() int {
	n := int(unsafe.Sizeof(*p)) + cap(p.code)*int(unsafe.Sizeof(inst{})) + cap(p.tables)*256
	for _, s := range p.strs {
		n += cap(s)
	}
	return n
}

// Groups returns the number of capture groups, without group 0.
func (p *Program) Groups() int { return p.groups - 1 }

// Group returns the number of the group of this name.
func (p *Program) Group(name string) (n int, ok bool) {
	for _, g := range p.names {
		if g.name == name {
			return g.group, true
		}
	}
	return 0, false
}

// Name returns the name of group n, "" if it has none.
func (p *Program) Name(n int) string {
	for _, g := range p.names {
		if g.group == n {
			return g.name
		}
	}
	return ""
}

// Required returns the longest literal that each match contains; Bytes is empty
// if there is none.
func (p *Program) Required() Literal { return p.need.lit }
