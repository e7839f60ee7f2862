package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/decode/field"
	"weir/decode/packet"
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

// show quotes the beginning of a buffer.
func show(b []byte) string {
	more := ""
	if len(b) > maxShownBytes {
		b, more = b[:maxShownBytes], "…"
	}
	return strconv.Quote(string(b)) + more
}
