package regex

// front is what a continuation of a match can begin with: the next byte is one
// of s, or nothing follows and end is set, or it can be anything.
type front struct {
	s   set
	end bool
	any bool
}

var frontAny = front{any: true}

func (f *front) or(o *front) {
	f.s.or(&o.s)
	f.end = f.end || o.end
	f.any = f.any || o.any
}

// frontOf returns what a match of n and of what follows can begin with; it may
// hold more than that, never less.
func (c *compiler) frontOf(n *node, follow front) front {
	if c.spend(n); c.err != nil {
		return frontAny
	}
	switch n.kind {
	case kByte, kSet:
		s, _ := n.single()
		return front{s: s}
	case kCat:
		for i := len(n.sub) - 1; i >= 0; i-- {
			follow = c.frontOf(n.sub[i], follow)
		}
		return follow
	case kAlt:
		var f front
		for _, s := range n.sub {
			sf := c.frontOf(s, follow)
			f.or(&sf)
		}
		return f
	case kRepeat:
		if n.max == 0 {
			return follow
		}
		f := c.frontOf(n.sub[0], follow)
		if n.min == 0 {
			f.or(&follow)
		}
		return f
	case kGroup, kAtomic:
		return c.frontOf(n.sub[0], follow)
	case kLook:
		if follow.any && !n.neg && !n.behind {
			return c.frontOf(n.sub[0], frontAny)
		}
		return follow
	case kAssert:
		switch n.c {
		case bufEnd:
			return front{end: true}
		case bufEndLF, lineEnd:
			return front{s: setLF, end: true}
		}
		return follow
	case kCond:
		if n.cond == condDefine {
			return follow
		}
		f, no := c.frontOf(n.sub[0], follow), c.frontOf(n.sub[1], follow)
		f.or(&no)
		return f
	case kKeep:
		return follow
	case kFail:
		return front{}
	}
	return frontAny
}

// nullable reports whether n may match nothing.
func nullable(n *node) bool {
	switch n.kind {
	case kByte, kSet, kFail:
		return false
	case kCat:
		for _, s := range n.sub {
			if !nullable(s) {
				return false
			}
		}
		return true
	case kAlt:
		for _, s := range n.sub {
			if nullable(s) {
				return true
			}
		}
		return false
	case kRepeat:
		return n.min == 0 || nullable(n.sub[0])
	case kGroup, kAtomic:
		return nullable(n.sub[0])
	}
	return true
}

// behindMax bounds a branch of a look-behind, as PCRE2.
const behindMax = 65535

// width returns the number of bytes that n matches, if that is fixed. depth bounds
// calls that go in circles.
func (c *compiler) width(n *node, depth int) (w int, ok bool) {
	if c.spend(n); c.err != nil || depth > maxNesting {
		return 0, false
	}
	switch n.kind {
	case kByte, kSet:
		return 1, true
	case kCat:
		for _, s := range n.sub {
			if s.kind == kFail {
				return w, true
			}
			k, ok := c.width(s, depth)
			if w += k; !ok || w > behindMax {
				return 0, false
			}
		}
		return w, true
	case kAlt:
		w, ok = c.width(n.sub[0], depth)
		for _, s := range n.sub[1:] {
			k, fixed := c.width(s, depth)
			if !fixed || k != w {
				return 0, false
			}
		}
		return w, ok
	case kGroup, kAtomic:
		return c.width(n.sub[0], depth)
	case kRepeat:
		w, ok = c.width(n.sub[0], depth)
		w *= int(n.min)
		return w, ok && n.min == n.max && w <= behindMax
	case kRef, kCall:
		if n.num == 0 || int(n.num) >= len(c.groups) || c.groups[n.num] == nil {
			return 0, false
		}
		return c.width(c.groups[n.num], depth+10)
	case kCond:
		if n.cond == condDefine {
			return 0, true
		}
		w, ok = c.width(n.sub[0], depth)
		k, fixed := c.width(n.sub[1], depth)
		return w, ok && fixed && k == w
	}
	return 0, true
}

// leadSet returns the set of the unlimited repeat that n begins with. If an
// attempt to match at its place has failed, no other place in the same run of
// bytes can do better.
func leadSet(n *node) (s set, ok bool) {
	switch n.kind {
	case kCat:
		if len(n.sub) > 0 {
			return leadSet(n.sub[0])
		}
	case kGroup:
		return leadSet(n.sub[0])
	case kRepeat:
		if n.max == unlimited {
			return n.sub[0].single()
		}
	}
	return s, false
}

// startsWith reports whether every match of n begins with one of these
// assertions.
func startsWith(n *node, is func(c byte) bool) bool {
	switch n.kind {
	case kAssert:
		return is(n.c)
	case kCat:
		for _, s := range n.sub {
			if startsWith(s, is) {
				return true
			}
			if s.kind != kLook && s.kind != kAssert && s.kind != kKeep {
				return false
			}
		}
		return false
	case kAlt:
		for _, s := range n.sub {
			if !startsWith(s, is) {
				return false
			}
		}
		return true
	case kGroup, kAtomic:
		return startsWith(n.sub[0], is)
	}
	return false
}

// walk calls f for n and everything below it.
func walk(n *node, f func(*node)) {
	f(n)
	for _, s := range n.sub {
		walk(s, f)
	}
}
