package detect

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/decode/field"
	"weir/decode/packet"
	"weir/detect/mpm"
)

// maxShownBytes bounds what an explanation shows of a buffer.
const maxShownBytes = 64

// miss says why a gate did not hold, and what would help.
func (x *Explainer) miss(o *observation, i int) (why string, hints []string) {
	g, p, f := &x.gates[i], o.p, o.f
	switch g.Kind {
	case GateProtocol:
		return "the packet is " + packetProtocol(p), nil
	case GateApp:
		if o.w.in.Proto == nil {
			return "no application protocol is known of the flow at this packet", nil
		}
		return "the flow is " + o.w.in.Proto.Name, nil
	case GateDirection:
		return "the packet goes " + p.Dir.String(), nil
	case GateFlow:
		switch {
		case f == nil:
			return "the packet belongs to no flow", nil
		case x.s.flow.established && !p.Has(packet.Established):
			return "the connection is not established at this packet", []string{"leave established out if the capture begins in the middle of the connection, or set stream.midstream"}
		case x.s.flow.notEstablished && p.Has(packet.Established):
			return "the connection is established", nil
		case p.Has(packet.Rebuilt):
			return "the packet was put together from fragments", nil
		}
		return "the packet was not put together from fragments", nil
	case GateSource:
		return x.wrongEnd(p.SrcAddr().String(), g, x.s.src.ContainsAddr(p.DstAddr()), "the destination is in it: the rule's addresses may be the wrong way round")
	case GateDestination:
		return x.wrongEnd(p.DstAddr().String(), g, x.s.dst.ContainsAddr(p.SrcAddr()), "the source is in it: the rule's addresses may be the wrong way round")
	case GateSourcePort:
		return x.wrongEnd(strconv.Itoa(int(p.SrcPort)), g, x.s.sport.Contains(p.DstPort), "the destination port is in it: the rule's ports may be the wrong way round")
	case GateDestPort:
		return x.wrongEnd(strconv.Itoa(int(p.DstPort)), g, x.s.dport.Contains(p.SrcPort), "the source port is in it: the rule's ports may be the wrong way round")
	case GatePacket:
		return packetFact(g.Text, p), nil
	case GateState:
		if strings.HasPrefix(g.Text, "xbits") || strings.HasPrefix(g.Text, "hostbits") {
			return "it does not hold at this packet", x.setters(g)
		}
		return x.bitsOf(o), x.setters(g)
	case GateEvent:
		return "the packet has no such event", nil
	case GateTx:
		return "the flow has no transaction yet", nil
	case GateHook:
		return "the transaction has not come so far", nil
	case GateFrame:
		return "there is no such frame", nil
	case GateBuffer:
		return x.missBuffer(o, g)
	case GateField:
		return x.missField(o, g), nil
	case GateMatch:
		return x.missMatch(o, i)
	}
	return "", nil
}

func (x *Explainer) wrongEnd(is string, g *Gate, other bool, hint string) (string, []string) {
	why := fmt.Sprintf("%s is not in %s", is, g.Text)
	if other {
		return why, []string{hint}
	}
	return why, nil
}

// packetProtocol names the protocol of a packet.
func packetProtocol(p *packet.Packet) string {
	if p.Version == 0 {
		return "no IP packet"
	}
	name := map[uint8]string{
		packet.ProtoTCP: "TCP", packet.ProtoUDP: "UDP", packet.ProtoICMP: "ICMP", packet.ProtoICMPv6: "ICMPv6",
		packet.ProtoSCTP: "SCTP", packet.ProtoIGMP: "IGMP",
	}[p.Proto]
	return fmt.Sprintf("%s over IPv%d", cmp.Or(name, "protocol "+strconv.Itoa(int(p.Proto))), p.Version)
}

// packetFact says what a packet has of what a keyword compares.
func packetFact(text string, p *packet.Packet) string {
	name, _, _ := strings.Cut(strings.TrimSuffix(text, ";"), ":")
	var v any
	switch name {
	case "dsize":
		return fmt.Sprintf("the payload has %d bytes", p.PayLen)
	case "flags", "tcp.flags":
		if !isTCP(p) {
			return "the packet is no TCP"
		}
		return "the flags are " + flagLetters(p.TCP.Flags)
	case "ttl":
		v = p.TTL
	case "tos":
		v = p.TOS
	case "id":
		v = p.IPID
	case "itype":
		v = p.ICMP.Type
	case "icode":
		v = p.ICMP.Code
	case "icmp_id":
		v = p.ICMP.ID
	case "icmp_seq":
		v = p.ICMP.Seq
	case "seq", "tcp.seq":
		v = p.TCP.Seq
	case "ack", "tcp.ack":
		v = p.TCP.Ack
	case "window", "tcp.window":
		v = p.TCP.Window
	case "tcp.mss":
		v = p.TCP.MSS
	case "ip_proto":
		v = p.Proto
	case "fragoffset":
		v = p.FragOff / 8
	default:
		return "the packet or its flow does not have it"
	}
	return fmt.Sprintf("%s of the packet is %d", name, v)
}

// flagLetters spells TCP flags as rules do.
func flagLetters(f uint8) string {
	var b []byte
	for i, l := range "FSRPAUEC" {
		if f&(1<<i) != 0 {
			b = append(b, byte(l))
		}
	}
	if b == nil {
		return "0"
	}
	return string(b)
}

// bitsOf lists what is set in the flow.
func (x *Explainer) bitsOf(o *observation) string {
	var names []string
	if st := o.w.flowState(o.f); st != nil {
		for _, id := range st.bits {
			names = append(names, x.e.bitNames[id])
		}
		for _, n := range st.ints {
			names = append(names, fmt.Sprintf("%s=%d", strings.TrimPrefix(x.e.bitNames[n.id], intPrefix), n.value))
		}
	}
	if len(names) == 0 {
		return "nothing is set in the flow at this packet"
	}
	return "set in the flow at this packet: " + strings.Join(names, ", ")
}

// setters names the rules that set the bits that a gate asks for.
func (x *Explainer) setters(g *Gate) (hints []string) {
	const most = 10
	_, value, _ := strings.Cut(strings.TrimSuffix(g.Text, ";"), ":")
	words := split(value)
	if x.setBy == nil || len(words) < 2 || words[0] != "isset" {
		return nil
	}
	for name := range strings.SplitSeq(words[1], "|") {
		name = strings.TrimSpace(name)
		switch sids := x.setBy[name]; {
		case len(sids) == 0:
			hints = append(hints, "no rule that is loaded sets "+name)
		case len(sids) > most:
			hints = append(hints, fmt.Sprintf("%d rules set %s, the first: %d", len(sids), name, sids[0]))
		default:
			hints = append(hints, fmt.Sprintf("%s is set by %s", name, strings.Trim(fmt.Sprint(sids), "[]")))
		}
	}
	return hints
}

// missField says why a condition on a transaction does not hold.
func (x *Explainer) missField(o *observation, g *Gate) string {
	def := (*field.Def)(nil)
	if o.w.in.Proto != nil {
		def = x.s.units[g.unit].of(o.w.in.Proto)
	}
	switch {
	case o.tx == nil:
		return "there is no transaction"
	case def == nil:
		return o.w.in.Proto.Name + " has no such field"
	}
	dir := x.s.side(def, o.dir)
	if def.Dir&dir == 0 {
		return "it is of the other direction"
	}
	if def.Uint != nil {
		if v, ok := def.Uint(o.tx, dir, 0); ok {
			return fmt.Sprintf("%s is %d", def.Name, v)
		}
		return def.Name + " is not there"
	}
	return "it does not hold for this transaction"
}

// missBuffer says why a buffer is not there.
func (x *Explainer) missBuffer(o *observation, g *Gate) (string, []string) {
	u := &x.s.units[g.unit]
	if u.absent == absentOnly {
		return g.Buffer + " is there", nil
	}
	if u.def == nil {
		if o.p.PayLen == 0 {
			return "the packet has no payload", nil
		}
		return "there is nothing to look at yet", nil
	}
	if o.tx == nil || o.w.in.Proto == nil {
		return "there is no transaction", nil
	}
	def := u.of(o.w.in.Proto)
	if def == nil {
		return fmt.Sprintf("%s has no %s", o.w.in.Proto.Name, g.Buffer), nil
	}
	dir := x.s.side(def, o.dir)
	switch {
	case def.Dir&dir == 0:
		return fmt.Sprintf("%s is of the other direction (%s)", g.Buffer, def.Dir), nil
	case def.State[dir.Index()] > o.tx.Base().Progress[dir.Index()] && !o.w.in.Last:
		return g.Buffer + " is not complete in this capture", nil
	}
	return g.Buffer + " is not in this transaction", nil
}

// missMatch says how a matcher came near: what it would take to fit.
func (x *Explainer) missMatch(o *observation, i int) (why string, hints []string) {
	g := &x.gates[i]
	m := g.match[len(g.match)-2]
	before := g.match[:len(g.match)-2]
	x.try(o, g, before)
	st := &o.w.match
	buf, base := st.buf, int(st.base)
	prev := 0
	if g.last > 0 {
		prev = st.marks[g.last-1]
	}
	fits := func(m matcher) (end int, ok bool) {
		list := append(slices.Clone(before), m, matcher{kind: mMark, fastOff: uint16(g.last)})
		if ok = x.try(o, g, list); ok {
			end, buf, base = st.marks[g.last], st.buf, int(st.base)
		}
		return end + base, ok
	}
	in := fmt.Sprintf("%s is %s", g.Buffer, show(buf))
	if m.negated {
		m.negated = false
		if end, ok := fits(m); ok && m.kind == mContent {
			return fmt.Sprintf("it stands at %d of %s", end-len(m.pattern), g.Buffer), nil
		}
		return "what must not be there is: " + in, nil
	}
	switch m.kind {
	case mContent:
		return x.missContent(o, g, m, prev+base, in, fits)
	case mPCRE:
		if m.relative {
			m.relative = false
			if end, ok := fits(m); ok {
				return fmt.Sprintf("it matches up to %d, not behind %d, where the match before it ends", end, prev+base), []string{"R makes it relative to the match before"}
			}
		}
		return "the expression does not match: " + in, nil
	case mIsDataAt:
		return fmt.Sprintf("%s has %d bytes, the match before it ends at %d", g.Buffer, len(buf), prev+base), nil
	case mBSize:
		return fmt.Sprintf("%s has %d bytes", g.Buffer, len(buf)), nil
	case mByteTest, mByteJump, mByteExtract, mByteMath:
		if v, _, ok := st.number(&m, prev); ok {
			return fmt.Sprintf("the value read is %d (0x%x); the match before it ends at %d", v, uint64(v), prev+base), nil
		}
		return fmt.Sprintf("there is no number to read: the buffer has %d bytes, the match before it ends at %d", len(buf), prev+base), nil
	case mDataset:
		return "the set's answer for the value is no: " + in, nil
	case mBase64:
		return "what is decoded does not fit: " + in, nil
	}
	return in, nil
}

// relaxation takes one demand off a content.
type relaxation struct {
	has    func(m *matcher) bool
	change func(m *matcher)
	why    func(m *matcher, start, end, prev int) string
}

var relaxations = []relaxation{
	{func(m *matcher) bool { return m.hasWithin }, func(m *matcher) { m.hasWithin = false }, func(m *matcher, start, end, prev int) string {
		return fmt.Sprintf("found at %d, ending at %d; within:%d of the match before, which ends at %d, allows up to %d", start, end, m.within.v, prev, prev+int(m.distance.v+m.within.v))
	}},
	{func(m *matcher) bool { return m.hasDist }, func(m *matcher) { m.hasDist = false }, func(m *matcher, start, _, prev int) string {
		return fmt.Sprintf("found at %d; distance:%d behind the match before, which ends at %d, asks for %d at least", start, m.distance.v, prev, prev+int(m.distance.v))
	}},
	{func(m *matcher) bool { return m.hasDist || m.hasWithin }, func(m *matcher) { m.hasDist, m.hasWithin = false, false }, func(m *matcher, start, _, prev int) string {
		return fmt.Sprintf("found at %d, before the end of the match that it is relative to, %d", start, prev)
	}},
	{func(m *matcher) bool { return m.hasDepth }, func(m *matcher) { m.hasDepth = false }, func(m *matcher, start, end, _ int) string {
		limit := m.depth.v
		if m.hasOff {
			limit += m.offset.v
		}
		return fmt.Sprintf("found at %d, ending at %d; depth:%d allows up to %d", start, end, m.depth.v, limit)
	}},
	{func(m *matcher) bool { return m.hasOff }, func(m *matcher) { m.hasOff = false }, func(m *matcher, start, _, _ int) string {
		return fmt.Sprintf("found at %d; offset:%d asks for more", start, m.offset.v)
	}},
	{func(m *matcher) bool { return m.hasOff || m.hasDepth }, func(m *matcher) { m.hasOff, m.hasDepth = false, false }, func(m *matcher, start, _, _ int) string {
		return fmt.Sprintf("found at %d, outside of offset and depth", start)
	}},
	{func(m *matcher) bool { return m.atStart }, func(m *matcher) { m.atStart = false }, func(_ *matcher, start, _, _ int) string {
		return fmt.Sprintf("found at %d, not at the start", start)
	}},
	{func(m *matcher) bool { return m.atEnd }, func(m *matcher) { m.atEnd = false }, func(_ *matcher, start, end, _ int) string {
		return fmt.Sprintf("found at %d, ending at %d, not at the end", start, end)
	}},
	{func(m *matcher) bool { return !m.nocase }, func(m *matcher) {
		m.nocase = true
		m.finder = mpm.NewFinder(lowerBytes(m.pattern), true)
	}, func(_ *matcher, start, _, _ int) string {
		return fmt.Sprintf("stands at %d in other letters: add nocase", start)
	}},
	{func(*matcher) bool { return true }, func(m *matcher) {
		p := lowerBytes(m.pattern)
		*m = matcher{kind: mContent, nocase: true, pattern: p, finder: mpm.NewFinder(p, true)}
	}, func(_ *matcher, start, _, prev int) string {
		return fmt.Sprintf("found at %d only without regard to case and place; the match before it ends at %d", start, prev)
	}},
}

// missContent says why a content was not found: a demand that is too strict,
// another buffer that holds it, or how much of it is there.
func (x *Explainer) missContent(o *observation, g *Gate, m matcher, prev int, in string, fits func(matcher) (int, bool)) (string, []string) {
	for _, r := range relaxations {
		if !r.has(&m) {
			continue
		}
		looser := m
		r.change(&looser)
		if end, ok := fits(looser); ok {
			m.resolve(&o.w.match)
			return r.why(&m, end-len(m.pattern), end, prev), nil
		}
	}
	x.try(o, g, nil)
	n, at := nearest(o.w.match.buf, m.pattern, m.nocase)
	hints := x.elsewhere(o, g, m.pattern)
	if n >= 3 && n*2 >= len(m.pattern) && at+n < len(o.w.match.buf) && n < len(m.pattern) {
		hints = append(hints, fmt.Sprintf("its first %d of %d bytes stand at %d; then %s comes, not %s", n, len(m.pattern),
			at+int(o.w.match.base), show(o.w.match.buf[at+n:min(at+n+8, len(o.w.match.buf))]), show(m.pattern[n:min(n+8, len(m.pattern))])))
	}
	return "it is not there: " + in, hints
}

// resolve puts the values of variables in the place of their names.
func (m *matcher) resolve(st *matchState) {
	for _, n := range [...]*number{&m.offset, &m.depth, &m.distance, &m.within} {
		*n = number{v: n.get(st)}
	}
}

// nearest returns how long a prefix of pat stands in b, and where.
func nearest(b, pat []byte, nocase bool) (most, at int) {
	if nocase {
		b = lowerBytes(b)
	}
	for n := len(pat) - 1; n > 0; n-- {
		if i := bytes.Index(b, pat[:n]); i >= 0 {
			return n, i
		}
	}
	return 0, 0
}

// elsewhere looks for a content in other buffers.
func (x *Explainer) elsewhere(o *observation, g *Gate, pat []byte) (hints []string) {
	pat = lowerBytes(pat)
	note := func(name string, b []byte) bool {
		if i := bytes.Index(lowerBytes(b), pat); i >= 0 && name != g.Buffer {
			hints = append(hints, fmt.Sprintf("it stands in %s at %d", name, i))
			return true
		}
		return false
	}
	note("payload", o.p.Payload())
	if o.tx == nil || o.w.in.Proto == nil {
		return hints
	}
	for i := range o.w.in.Proto.Fields {
		d := &o.w.in.Proto.Fields[i]
		dir := o.dir
		if d.Dir != field.Both {
			dir = d.Dir
		}
		if d.State[dir.Index()] > o.tx.Base().Progress[dir.Index()] {
			continue
		}
		switch d.Kind {
		case field.KindBytes:
			note(d.Name, d.Bytes(o.tx, dir))
		case field.KindMulti:
			for k := range maxValues {
				b, ok := d.Multi(o.tx, dir, k)
				if !ok || note(d.Name, b) {
					break
				}
			}
		}
	}
	return hints
}

// maxValues bounds how many values of a multi-buffer are looked at for a hint.
const maxValues = 256

// show quotes the beginning of a buffer.
func show(b []byte) string {
	more := ""
	if len(b) > maxShownBytes {
		b, more = b[:maxShownBytes], "…"
	}
	return strconv.Quote(string(b)) + more
}
