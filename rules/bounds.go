package rules

import (
	"errors"
	"fmt"
	"strconv"
)

// Bounds of the language. Rules come from many hands: whatever a text says, it
// costs time and memory in proportion to its size. What goes into an engine has
// bounds of its own, see package detect.
const (
	maxRule    = 1 << 20 // bytes of one rule
	maxOptions = 4096    // options of one rule
	maxDepth   = 64      // groups, negations and variables inside each other

	// maxItems bounds what one address or port group holds when its variables
	// are put in: variables that name others twice double with each of them.
	maxItems = 1 << 17

	// MaxContent is the longest content, bytes.
	MaxContent = 1<<16 - 1
)

// maxQuoted bounds what an error quotes of a rule, bytes.
const maxQuoted = 80

// Quote returns s in quotes, cut if it is long, as errors show what a rule says.
func Quote(s string) string {
	if len(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:maxQuoted]) + fmt.Sprintf(" and %d bytes more", len(s)-maxQuoted)
}

var (
	errDepth = fmt.Errorf("groups nest deeper than %d", maxDepth)
	errItems = fmt.Errorf("more than %d items, variables put in", maxItems)
	errAny   = errors.New("!any matches nothing")
	errNone  = errors.New("nothing is left")
)

// budget bounds the parsing of one group.
type budget struct{ items int }

// take counts one item at a depth.
func (b *budget) take(depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	if b.items++; b.items > maxItems {
		return errItems
	}
	return nil
}
