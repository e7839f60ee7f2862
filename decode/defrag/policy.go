package defrag

// Policy says which copy of a byte the receiver keeps when fragments overlap
// (Novak, "Target-based fragmentation reassembly", 2005).
type Policy uint8

// Policies.
const (
	PolicyBSD Policy = iota
	PolicyBSDRight
	PolicyLinux
	PolicyWindows
	PolicySolaris
	PolicyFirst
	PolicyLast
)

// span is where a fragment lies in the payload of its datagram.
type span struct{ off, end int }

// replaces reports whether a fragment at new takes the bytes that it shares
// with an earlier one at old.
func (p Policy) replaces(old, new span) bool {
	switch p {
	case PolicyFirst:
		return false
	case PolicyLast:
		return true
	case PolicyBSDRight, PolicyLinux:
		// The one that starts earlier; the later of those that start together.
		return new.off <= old.off
	case PolicyWindows:
		// The earlier one, unless the later covers it on both sides.
		return new.off < old.off && new.end > old.end
	case PolicySolaris:
		return new.off < old.off && new.end >= old.end
	}
	// BSD: the one that starts earlier; the earlier of those that start together.
	return new.off < old.off
}
