package detect

import (
	"fmt"
)

// Bounds of what rules are made to and of what they may cost. Rules come from
// many hands and traffic from anybody: what a rule set takes is in proportion to
// its text, and checking one rule against one buffer ends. The bounds of the
// language itself are those of package rules, those of one regular expression
// regex.Limits.
const (
	maxVars       = 16   // variables of one rule
	maxUnits      = 64   // buffers and fields that one rule looks at
	maxTransforms = 16   // transforms of one buffer
	maxFastBytes  = 64   // of a content, by which its rule is found
	manyPorts     = 16   // ports from which on a group of them counts as any port
	maxWindows    = 256  // windows of a body that are inspected at one packet: a multipart request may have many files
	defaultSteps  = 3000 // attempts to fit one rule to one buffer, see Options.Recursion

	// maxPatternSteps bounds the steps of all regular expressions while one rule
	// is fitted to one buffer: each may be tried behind every match of what
	// stands before it. About 10 ms.
	maxPatternSteps = 1 << 20

	// Of all rules together. The public rule sets take a tenth of it.
	maxProgramBytes  = 192 << 20 // regular expressions
	maxAddressRanges = 1 << 21   // runs of addresses, 64 bytes each
	maxListed        = 1 << 22   // entries of an index of addresses, 4 bytes each
)

var errUnits = fmt.Errorf("more than %d buffers in one rule", maxUnits)

// cut shortens a long fast pattern: what it finds is checked in full, and sets
// grow with their patterns.
func (f *fastPattern) cut() {
	n := len(f.pattern)
	switch {
	case n <= maxFastBytes:
	case f.end:
		f.pattern = f.pattern[n-maxFastBytes:]
		if f.offset > 0 {
			f.offset += n - maxFastBytes
		}
	default:
		f.pattern = f.pattern[:maxFastBytes]
	}
}

// charge counts what the rules take of a bound, and says when it is exceeded.
func charge(sum *int, n, limit int, what string) error {
	if *sum += n; *sum > limit {
		*sum -= n
		return fmt.Errorf("%s of all rules take more than %d", what, limit)
	}
	return nil
}

// maxMessage bounds what an error says, bytes: it may quote its rule.
const maxMessage = 400

// message is the text of err, without the middle of what it quotes if it is long:
// the reason stands at the end.
func message(err error) string {
	s := err.Error()
	if len(s) <= maxMessage {
		return s
	}
	return s[:maxMessage/2] + " ... " + s[len(s)-maxMessage/2:]
}
