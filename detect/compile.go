package detect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/decode/field"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/detect/mpm"
	"weir/rules"
)

// compiler turns one rule into a signature.
type compiler struct {
	e           *Builder
	r           *rules.Rule
	s           *signature
	opt         *rules.Option
	unit        int            // index of the unit that contents go to; -1: payload
	added       place          // of the matcher added last
	last        place          // of the content or pcre that modifiers are about
	vars        map[string]int // byte_extract and byte_math
	hasPriority bool
	flowbits    int        // names that flowbits has used
	files       *fileConds // conditions on files
	nested      bool       // behind base64_data
}

// errUnsupported marks a keyword or protocol that does not exist yet.
type errUnsupported struct{ what string }

func (e errUnsupported) Error() string { return e.what + " is not supported yet" }

// compile turns r into a signature.
func (b *Builder) compile(r *rules.Rule) (*signature, *rules.Error) {
	s := &signature{sid: r.SID, gid: r.GID, rev: r.Rev, priority: 3, dir: field.Both, rarities: &rarities{}}
	c := &compiler{e: b, r: r, s: s, unit: -1, vars: map[string]int{}}
	if b.opt.KeepRaw {
		s.raw = r.Raw
	}
	fail := func(pos rules.Pos, err error) (*signature, *rules.Error) {
		e := &rules.Error{Pos: pos, SID: r.SID, Msg: message(err)}
		if known := (*conventional)(nil); errors.As(err, &known) {
			e.Log = known.log
		}
		return nil, e
	}
	if at, err := c.header(); err != nil {
		return fail(at, err)
	}
	for i := range r.Options {
		c.opt = &r.Options[i]
		if err := c.option(c.opt); err != nil {
			pos := c.opt.Pos
			if c.opt.HasValue {
				pos = c.opt.ValuePos
			}
			return fail(pos, fmt.Errorf("%s: %w", shortName(c.opt.Name), err))
		}
		if b.draft != nil {
			b.draft.note(c, c.opt)
		}
	}
	if err := c.finish(); err != nil {
		return fail(r.Pos, err)
	}
	return s, nil
}

// shortName is the name of a keyword in an error: long ones are cut.
func shortName(name string) string {
	if len(name) > 40 {
		return rules.Quote(name)
	}
	return name
}

// header compiles action, protocol, addresses and ports. An error comes with its
// place.
func (c *compiler) header() (at rules.Pos, err error) {
	r, s := c.r, c.s
	switch r.Action.S {
	case "alert":
	case "pass":
		s.action, s.noAlert = actPass, true
	case "drop":
		s.action = actDrop
	case "reject", "rejectsrc":
		s.action, s.reject = actReject, packet.RejectSrc
	case "rejectdst":
		s.action, s.reject = actReject, packet.RejectDst
	case "rejectboth":
		s.action, s.reject = actReject, packet.RejectSrc|packet.RejectDst
	case "config":
		s.action = actConfig
	default:
		return r.Action.Pos, fmt.Errorf("action %s: want alert, pass, drop, reject, rejectsrc, rejectdst, rejectboth or config", rules.Quote(r.Action.S))
	}
	if err := c.protocol(r.Proto.S); err != nil {
		return r.Proto.Pos, err
	}
	if r.Hook.S != "" {
		if err := c.hook(r.Hook.S); err != nil {
			return r.Hook.Pos, err
		}
	}
	if s.src, err = c.e.addresses(r.Src.S); err != nil {
		return r.Src.Pos, err
	}
	if s.dst, err = c.e.addresses(r.Dst.S); err != nil {
		return r.Dst.Pos, err
	}
	if s.sport, err = c.e.ports(r.SrcPort.S); err != nil {
		return r.SrcPort.Pos, err
	}
	if s.dport, err = c.e.ports(r.DstPort.S); err != nil {
		return r.DstPort.Pos, err
	}
	s.bidir = r.Dir == rules.BothWay
	s.wholeTx = r.Dir == rules.TxBoth
	return r.Pos, nil
}

func (c *compiler) protocol(name string) error {
	s := c.s
	name = strings.ToLower(name)
	switch name {
	case "ip":
		s.protos = protoIP
	case "ip4", "ipv4":
		s.protos = protoIP | protoIPv4
	case "ip6", "ipv6":
		s.protos = protoIP | protoIPv6
	case "tcp":
		s.protos = protoTCP
	case "tcp-pkt":
		s.protos, s.needPacket = protoTCP, true
	case "tcp-stream":
		s.protos, s.needStream = protoTCP, true
	case "udp":
		s.protos = protoUDP
	case "icmp":
		s.protos = protoICMP | protoICMPv6
	case "icmpv4":
		s.protos = protoICMP
	case "icmpv6":
		s.protos = protoICMPv6
	case "sctp":
		s.protos = protoSCTP
	case "igmp":
		s.protos = protoIGMP
	case "pkthdr":
		s.protos = protoIP | protoPkthdr
	default:
		s.app = c.e.set.Members(name)
		if len(s.app) == 0 {
			return fmt.Errorf("protocol %s is unknown", rules.Quote(name))
		}
		for _, p := range s.app {
			if p.Transport&proto.TCP != 0 {
				s.protos |= protoTCP
			}
			if p.Transport&proto.UDP != 0 {
				s.protos |= protoUDP
			}
		}
	}
	return nil
}

// option compiles one option.
func (c *compiler) option(o *rules.Option) error {
	if k, ok := keywords[o.Name]; ok {
		return k.setup(c, o.Value)
	}
	if t, ok := transforms[o.Name]; ok {
		tr, err := t(o.Value)
		if err != nil {
			return err
		}
		return c.transform(tr)
	}
	if defs := c.e.modifiers[o.Name]; defs != nil {
		return c.modifier(defs)
	}
	if defs := c.e.fields[o.Name]; defs != nil {
		return c.field(defs, o.Value)
	}
	return errUnsupported{"keyword"}
}

// field starts a sticky buffer, or adds a condition of an integer or custom
// field.
func (c *compiler) field(defs []defOf, value string) error {
	if why := c.e.opt.Off[defs[0].def.Name]; why != "" {
		return fmt.Errorf("is turned off: %s", why)
	}
	alts := c.covers(defs)
	if len(alts) == 0 {
		return fmt.Errorf("is a keyword of %s, not of %s", defs[0].proto.Name, c.r.Proto.S)
	}
	d := alts[0].def
	c.e.wants(d)
	if d.Dir != field.Both && c.s.flow.dir == 0 && !c.s.wholeTx {
		// The rule is about the direction of its buffers.
		c.s.dir &= d.Dir
	}
	switch d.Kind {
	case field.KindBytes, field.KindMulti, field.KindBody:
		c.enter(unit{def: d, alts: alts}, func(u *unit) bool { return u.def == d && u.test == nil && d.Kind == field.KindBytes })
		return nil
	}
	u := unit{def: d, alts: alts}
	for i, a := range alts {
		test, err := fieldTest(a.def, value)
		switch {
		case err != nil:
			return err
		case i == 0:
			u.test = test
		case u.others == nil:
			u.others = map[*field.Def]txTest{}
			fallthrough
		default:
			u.others[a.def] = test
		}
	}
	c.s.units = append(c.s.units, u)
	return nil
}

// fieldTest compiles the argument of an integer or custom field.
func fieldTest(d *field.Def, value string) (txTest, error) {
	if d.Kind == field.KindCustom {
		return d.Compile(value)
	}
	return integerTest(d, value)
}

// coverKey stands for the fields of a keyword and the protocols of a rule.
type coverKey struct {
	defs *defOf
	apps string // their IDs
}

// covers returns the fields of the protocols that the rule is about.
func (c *compiler) covers(defs []defOf) []*defOf {
	var buf [32]byte
	key := buf[:0]
	for _, p := range c.s.app {
		key = binary.AppendUvarint(key, uint64(p.ID))
	}
	out, known := c.e.covered[coverKey{&defs[0], string(key)}]
	if !known {
		for i := range defs {
			if c.s.app == nil || slices.Contains(c.s.app, defs[i].proto) {
				out = append(out, &defs[i])
			}
		}
		out = slices.Clip(out)
		c.e.covered[coverKey{&defs[0], string(key)}] = out
	}
	if c.s.app == nil && len(out) > 0 {
		// tcp or udp with a buffer: the protocol of the buffer is meant.
		for _, d := range out {
			c.s.app = append(c.s.app, d.proto)
		}
	}
	return out
}

// modifier moves the content before it to a buffer: http_uri and its kin.
func (c *compiler) modifier(defs []defOf) error {
	if !c.last.set || c.last.unit != -1 {
		return fmt.Errorf("no content before it that has no buffer yet")
	}
	alts := c.covers(defs)
	if len(alts) == 0 {
		return fmt.Errorf("is a keyword of %s, not of %s", defs[0].proto.Name, c.r.Proto.S)
	}
	d := alts[0].def
	if d.Dir != field.Both && c.s.flow.dir == 0 && !c.s.wholeTx {
		c.s.dir &= d.Dir
	}
	pay := c.payload()
	m := pay.match[c.last.at]
	// What is relative to the content goes with it.
	end := c.last.at + 1
	for end < len(pay.match) && pay.match[end].relative && pay.match[end].byteArgs != nil {
		end++
	}
	tail := slices.Clone(pay.match[c.last.at+1 : end])
	pay.match = slices.Delete(pay.match, c.last.at, end)
	// Contents of one buffer by modifiers are one list.
	at := -1
	for i := range c.s.units {
		if u := &c.s.units[i]; u.def == d && len(u.transforms) == 0 && u.test == nil {
			at = i
		}
	}
	if at < 0 {
		c.s.units = append(c.s.units, unit{def: d, alts: alts})
		at = len(c.s.units) - 1
	}
	u := &c.s.units[at]
	if (m.hasDist || m.hasWithin || m.relative) && len(u.match) > 0 {
		u.match[len(u.match)-1].next = true
	}
	c.last = place{set: true, unit: at, at: len(u.match)}
	u.match = append(append(u.match, m), tail...)
	return nil
}

// place is where a matcher of the rule stands.
type place struct {
	set    bool
	unit   int  // -1: payload
	nested bool // in what is said of base64_data
	at     int
}

// listAt returns the matchers of a unit, or those about its base64_data.
func (c *compiler) listAt(unit int, nested bool) *[]matcher {
	u := c.unitAt(unit)
	if nested {
		return &u.match[len(u.match)-1].sub
	}
	return &u.match
}

// matcher returns the one at a place; it moves when another joins its list.
func (c *compiler) matcher(p place) *matcher { return &(*c.listAt(p.unit, p.nested))[p.at] }

// payload returns the unit of the payload, made at first use.
func (c *compiler) payload() *unit {
	for i := range c.s.units {
		if c.s.units[i].payload {
			return &c.s.units[i]
		}
	}
	c.s.units = append(c.s.units, unit{payload: true})
	return &c.s.units[len(c.s.units)-1]
}

// unitAt returns unit i; -1 is the payload.
func (c *compiler) unitAt(i int) *unit {
	if i < 0 {
		return c.payload()
	}
	return &c.s.units[i]
}

// add appends a matcher to the current buffer. One that is relative, and stands
// behind a content that a modifier has moved to another buffer, follows it.
func (c *compiler) add(m matcher) place {
	to := place{set: true, unit: c.unit, nested: c.nested}
	if m.relative && m.byteArgs != nil && c.unit < 0 && c.last.set && !c.nested {
		to.unit = c.last.unit
	}
	list := c.listAt(to.unit, to.nested)
	to.at = len(*list)
	if m.relative && to.at > 0 {
		(*list)[to.at-1].next = true
	}
	*list = append(*list, m)
	c.added = to
	return to
}

// enter makes what follows look at the buffer of u. Where the rule has been there
// before, contents may be relative to those that it left there.
func (c *compiler) enter(u unit, same func(u *unit) bool) {
	c.last, c.nested = place{}, false
	for i := range c.s.units {
		if x := &c.s.units[i]; same(x) && x.transforms == nil && x.absent == absentNo {
			c.unit = i
			return
		}
	}
	c.s.units = append(c.s.units, u)
	c.unit = len(c.s.units) - 1
}

// transform notes a transform of the buffer that was just named.
func (c *compiler) transform(t transform) error {
	if c.unit < 0 {
		return fmt.Errorf("no buffer before it")
	}
	u := &c.s.units[c.unit]
	if len(u.match) > 0 {
		// What follows looks at the buffer changed, what came before does not.
		again := *u
		again.match, again.transforms = nil, slices.Clone(u.transforms)
		c.s.units = append(c.s.units, again)
		c.unit = len(c.s.units) - 1
		c.last, c.nested = place{}, false
		u = &c.s.units[c.unit]
	}
	if len(u.transforms) >= maxTransforms {
		return fmt.Errorf("more than %d transforms of one buffer", maxTransforms)
	}
	u.transforms = append(u.transforms, t)
	return nil
}

// variable returns the number of a variable, or a constant.
func (c *compiler) number(s string) (number, error) {
	s = strings.TrimSpace(s)
	if i, ok := c.vars[s]; ok {
		return number{isVar: true, index: uint8(i)}, nil
	}
	v, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		u, err2 := strconv.ParseUint(s, 0, 64)
		if err2 != nil {
			return number{}, fmt.Errorf("value %q: want a number or a variable of byte_extract", s)
		}
		v = int64(u)
	}
	return number{v: v}, nil
}

// declare makes a variable.
func (c *compiler) declare(name string) (int, error) {
	if i, ok := c.vars[name]; ok {
		return i, nil
	}
	if len(c.vars) >= maxVars {
		return 0, fmt.Errorf("more than %d variables", maxVars)
	}
	c.vars[name] = len(c.vars)
	return c.vars[name], nil
}

// finish checks the rule as a whole and chooses its fast pattern.
func (c *compiler) finish() error {
	s := c.s
	s.units = slices.DeleteFunc(s.units, func(u unit) bool { return u.payload && len(u.match) == 0 })
	if len(s.units) > maxUnits {
		return errUnits
	}
	for i := range s.units {
		u := &s.units[i]
		if u.def != nil {
			s.hasTx = true
		}
		if u.def != nil && u.test == nil && len(u.match) == 0 && u.absent == absentNo {
			return fmt.Errorf("buffer %s has no content", u.def.Name)
		}
		for j := range u.match {
			m := &u.match[j]
			if m.kind == mBase64 {
				for k := range m.sub {
					c.prepare(&m.sub[k])
				}
			}
			if m.kind != mContent {
				continue
			}
			c.prepare(m)
			if u.def != nil && u.def.Check != nil && len(u.transforms) == 0 {
				if why := u.def.Check(m.pattern, m.nocase); why != "" && !m.negated {
					return fmt.Errorf("%s: %s", u.def.Name, why)
				}
			}
		}
	}
	if s.flow.dir != 0 {
		if s.wholeTx {
			return fmt.Errorf("flow: a rule with => is about both directions")
		}
		s.dir = s.flow.dir
	}
	if s.txBits && s.app == nil {
		return fmt.Errorf("xbits: track tx: the rule is on no application protocol")
	}
	if s.wholeTx && !s.hasTx {
		return fmt.Errorf("direction =>: the rule looks at no transaction")
	}
	if s.dir == 0 {
		return fmt.Errorf("no direction is left: its buffers are of both")
	}
	if s.protos&protoPkthdr != 0 {
		s.eventOnly = true
	}
	s.limits = inOrder(s.limits)
	s.fast = c.choose()
	s.files = c.files
	s.metadata = c.metadata()
	c.clip()
	return nil
}

// clip gives back what the lists of a rule have grown too long: rule sets are
// large and live as long as the process.
func (c *compiler) clip() {
	s := c.s
	s.units = exact(s.units)
	for i := range s.units {
		s.units[i].match = exact(s.units[i].match)
	}
	s.packet, s.posts, s.stateTests = exact(s.packet), exact(s.posts), exact(s.stateTests)
	if s.rarities.empty() {
		s.rarities = &noRarities
	}
}

// exact returns s without spare capacity.
func exact[T any](s []T) []T {
	if len(s) == cap(s) {
		return s
	}
	return append(make([]T, 0, len(s)), s...)
}

// searched names what is searched for, with or without regard to case.
type searched struct {
	pattern string
	nocase  bool
}

// prepare makes a content ready to be searched for. Rules with the same content
// share what is needed for that.
func (c *compiler) prepare(m *matcher) {
	if m.kind != mContent {
		return
	}
	if m.nocase {
		m.pattern = lowerBytes(m.pattern)
	}
	key := searched{string(m.pattern), m.nocase}
	f := c.e.finders[key]
	if f == nil {
		f = mpm.NewFinder(m.pattern, m.nocase)
		c.e.finders[key] = f
	}
	m.finder = f
}

// choose picks the fast pattern: the one marked, else the best positive content,
// buffers of transactions before payload.
func (c *compiler) choose() *fastPattern {
	var best *fastPattern
	score := -1
	for i := range c.s.units {
		u := &c.s.units[i]
		if u.header != nil || u.each != nil || u.test != nil || u.absent != absentNo || u.def != nil && u.def.NoFastPattern {
			continue
		}
		for j := range u.match {
			m := &u.match[j]
			if m.kind != mContent || m.negated || m.isVariable() {
				continue
			}
			n := min(len(m.pattern), 16) * 4
			if u.def != nil {
				n += 20
			}
			if m.atEnd || m.atStart {
				n += 3
			}
			if m.fastMarked {
				n += 1000
			}
			if n > score {
				score = n
				best = fastOf(i, u, m)
				best.cut()
			}
		}
	}
	return best
}

// isVariable reports whether the place of a content depends on a variable.
func (m *matcher) isVariable() bool {
	return m.offset.isVar || m.depth.isVar || m.distance.isVar || m.within.isVar
}

// fastOf returns the fast pattern for content m of unit i.
func fastOf(i int, u *unit, m *matcher) *fastPattern {
	f := &fastPattern{unit: i, pattern: m.pattern, nocase: m.nocase}
	if m.fastLen > 0 {
		f.pattern = m.pattern[m.fastOff:][:m.fastLen]
		return f
	}
	f.end = m.atEnd && u.def != nil && u.def.Kind != field.KindBody
	if m.hasDist || m.hasWithin {
		return f
	}
	if m.hasOff {
		f.offset = int(m.offset.v)
	}
	if m.hasDepth {
		f.depth = int(m.offset.v + m.depth.v)
	}
	if m.atStart {
		f.depth = len(m.pattern)
	}
	return f
}

func lowerBytes(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		out[i] = c
	}
	return out
}
