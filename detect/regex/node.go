package regex

type kind uint8

const (
	kCat    kind = iota // sub in order; without any: empty
	kByte               // c, in either case with fold
	kSet                // one byte of set
	kAlt                // one of sub
	kRepeat             // sub[0], min to max times
	kGroup              // capture group num
	kAtomic
	kLook   // look-around, behind or ahead, neg or not
	kAssert // c, see assertion letters in code.go
	kRef    // what group num matched, in either case with fold
	kCall   // the code of group num, 0: all
	kCond   // cond; sub: yes, no, and with condLook the assertion
	kKeep   // \K
	kFail
)

// unlimited is the maximum of a repeat that has none.
const unlimited = -1

// condition of a kCond.
type condition uint8

const (
	condGroup     condition = iota // group num has matched
	condCalled                     // inside any call
	condCalledFor                  // inside a call of group num
	condDefine                     // never
	condLook                       // an assertion
)

type node struct {
	kind   kind
	c      byte
	cond   condition
	fold   bool
	lazy   bool
	poss   bool
	neg    bool
	behind bool
	num    int32
	min    int32
	max    int32
	pos    int32 // in the pattern
	set    *set
	sub    []*node
}

// single reports whether n matches exactly one byte, out of s.
func (n *node) single() (s set, ok bool) {
	switch n.kind {
	case kByte:
		s.add(n.c)
		if n.fold {
			s.fold()
		}
		return s, true
	case kSet:
		return *n.set, true
	case kCat:
		if len(n.sub) == 1 {
			return n.sub[0].single()
		}
	}
	return s, false
}
