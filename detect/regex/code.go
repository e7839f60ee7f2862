package regex

// Assertions, by the letter that kAssert and opAssert carry.
const (
	bufBegin    = 'A'
	bufEnd      = 'z'
	bufEndLF    = 'Z' // at the end, or before a newline there
	lineBegin   = '^'
	lineEnd     = '$'
	searchBegin = 'G'
	wordEdge    = 'b'
	noWordEdge  = 'B'
)

type op uint8

const (
	opByte       op = iota // c
	opFold                 // letter c in either case
	opSet                  // a byte of table x
	opStr                  // string x
	opStrFold              // string x, which is in lower case, in either case
	opSplit                // go on at x, later at y; each only if the next byte is in table f, g
	opJump                 // to x
	opMark                 // register x = position
	opClose                // group with registers x, x+1: from register y to here
	opLoopTest             // if nothing was matched since register x, go to y
	opRepeat               // min to max bytes of table x, as many as possible; table f: what can follow
	opRepeatLazy           // as few as possible
	opRepeatPoss           // as many as possible, and no less
	opRef                  // what group x matched; c: in either case
	opCutBegin             // register x = height of the stack, register y = position
	opCutEnd               // drop the choices above register x; y: go back to the position in register y
	opNegBegin             // like opCutBegin behind a choice to go on at min
	opNegEnd               // take back everything above register x; min: go on there at register y, or -1: fail
	opBack                 // back by x bytes
	opAssert               // c
	opIfGroup              // group x has matched, or go to y
	opIfCalled             // inside a call of the code at x (-1: of any), or go to y
	opCall                 // the code at x
	opReturn               // end of the code at x: back, if it was called
	opKeep                 // the match starts here
	opFail
	opMatch
)

// tableRef names a byte set: table ref>>3, bit ref&7.
type tableRef int32

const noTable tableRef = -1

// inst is one instruction. Its places in code are absolute.
type inst struct {
	op       op
	c        byte
	endF     bool // opSplit, opRepeat: f may also be the end of the buffer
	endG     bool
	turn     bool // opSplit: closes a loop
	one      bool // opRepeat: table f is only the byte c
	x, y     int32
	min, max int32 // max -1: no limit
	f, g     tableRef
	until    int16 // opRepeat: all bytes but this one, -1: other sets
	row      int32 // of the memo, -1: none
}

func (p *Program) in(t tableRef, b byte) bool { return p.tables[t>>3][b]>>(t&7)&1 != 0 }
