package rules

import (
	"fmt"
	"slices"
)

// Pos is a place in a file; Line and Col count from 1, Col in bytes.
type Pos struct {
	File string
	Line int
	Col  int
}

// String returns file:line:col.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Error is what is wrong with a rule, and where.
type Error struct {
	Pos  Pos
	SID  uint32 // 0 if it is not known
	Msg  string
	Hint string // what to do about it; may be empty
	Log  string // what engine logs say of it by convention; may be empty
}

func (e *Error) Error() string {
	s := e.Pos.String()
	if e.SID != 0 {
		s += fmt.Sprintf(": sid %d", e.SID)
	}
	s += ": " + e.Msg
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Text is a piece of a rule with its place.
type Text struct {
	S   string
	Pos Pos
}

// Direction of a rule.
type Direction uint8

// Directions.
const (
	OneWay  Direction = iota // ->
	BothWay                  // <>
	TxBoth                   // =>
)

// String returns the operator.
func (d Direction) String() string { return [...]string{"->", "<>", "=>"}[d] }

// Option is one keyword of a rule with its argument.
type Option struct {
	Name     string
	Value    string // as written, without blanks around it; empty without one
	HasValue bool
	Pos      Pos // of the name
	ValuePos Pos
}

// Rule is one parsed rule.
type Rule struct {
	Action        Text
	Proto         Text
	Hook          Text // behind the protocol and a colon: http1:request_headers
	Src, SrcPort  Text
	Dir           Direction
	Dst, DstPort  Text
	Options       []Option
	Pos           Pos
	SID, GID, Rev uint32
	HasSID        bool
	Raw           string // the whole rule as written, continuation lines joined
	Requires      []string
	positions     *lineMap
}

// lineMap finds the file position of a byte of a rule that was written over
// several lines.
type lineMap struct {
	file  string
	line  int   // of the first byte
	joins []int // offsets in Raw at which a new line begins
}

// at returns the position of byte i of the rule.
func (m *lineMap) at(i int) Pos {
	n, _ := slices.BinarySearch(m.joins, i+1) // lines joined up to byte i
	start := 0
	if n > 0 {
		start = m.joins[n-1]
	}
	return Pos{m.file, m.line + n, i - start + 1}
}
