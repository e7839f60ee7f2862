package decode

import (
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
)

// settleVerdict counts what becomes of a packet of inline traffic, and reports
// it if it is dropped.
func (w *worker) settleVerdict(p *packet.Packet, f *flow.Flow) {
	if !w.ips || p.Has(packet.Pseudo) {
		return
	}
	c := &w.counters.verdicts
	switch {
	case p.Reject != 0:
		c.rejected++
	case p.Has(packet.Dropped):
		c.blocked++
	case p.Has(packet.Rewritten):
		c.replaced++
		return
	default:
		c.accepted++
		return
	}
	c.reasons[p.DropReason]++
	if !w.wantsDrop {
		return
	}
	w.drop = dropRecord{p: p, rule: w.in.DropRule, first: true}
	if p.DropReason == packet.DropFlow {
		w.drop.rule = nil
	}
	if f != nil {
		i := p.Dir.Index()
		w.drop.first = f.Flags&dropLogged[i] == 0
		f.Flags |= dropLogged[i]
	}
	w.packetHead("drop", p, f)
	w.ev.Body = &w.drop
	w.pub.Publish(&w.ev)
}

var dropLogged = [2]flow.Flags{flow.DropLoggedTS, flow.DropLoggedTC}

// verdicts counts what became of packets of inline traffic.
type verdicts struct {
	accepted, blocked, rejected, replaced uint64
	reasons                               [packet.NumDropReasons]uint64
}

func (v *verdicts) add(o *verdicts) {
	v.accepted += o.accepted
	v.blocked += o.blocked
	v.rejected += o.rejected
	v.replaced += o.replaced
	for i := range v.reasons {
		v.reasons[i] += o.reasons[i]
	}
}

// append appends the object ips of the statistics.
func (v *verdicts) append(b []byte) []byte {
	b = event.Open(b, "ips")
	b = event.Uint(b, "accepted", v.accepted)
	b = event.Uint(b, "blocked", v.blocked)
	b = event.Uint(b, "rejected", v.rejected)
	b = event.Uint(b, "replaced", v.replaced)
	b = event.Open(b, "drop_reason")
	for r := packet.NotDropped + 1; r < packet.NumDropReasons; r++ {
		b = event.Uint(b, r.Counter(), v.reasons[r])
	}
	return event.Close(event.Close(b))
}

// dropOptions are those of a drop type of an eve-log output.
type dropOptions struct {
	alerts, verdict, all bool
	version              VerdictNames
}

// DropOptions reads the drop section of an eve-log output.
func DropOptions(o event.Options) (any, error) {
	d := &dropOptions{alerts: o.Bool("alerts", false), verdict: o.Bool("verdict", false), version: NamesOf(o)}
	switch o.String("flows", "start") {
	case "start":
	case "all":
		d.all = true
	default:
		o.Reject("flows", "start, all")
	}
	return d, nil
}

// dropRecord is the body of a drop event.
type dropRecord struct {
	p     *packet.Packet
	rule  event.Appender // nil unless a rule dropped it
	first bool           // of its flow and direction
}

// AppendEvent implements event.Appender.
func (d *dropRecord) AppendEvent(b []byte, out *event.Output) []byte {
	o, _ := out.Opts.(*dropOptions)
	if o == nil {
		o = &dropOptions{}
	}
	if !d.first && !o.all {
		return nil
	}
	b = event.Open(b, "drop")
	b = appendDropped(b, d.p)
	if d.p.DropReason != packet.NotDropped {
		b = event.Str(b, "reason", d.p.DropReason.String())
	}
	b = event.Close(b)
	if o.verdict {
		b = AppendVerdict(b, d.p, o.version)
	}
	if o.alerts && d.rule != nil {
		b = d.rule.AppendEvent(b, out)
	}
	return b
}

// appendDropped appends what the headers of a dropped packet say.
func appendDropped(b []byte, p *packet.Packet) []byte {
	switch p.Version {
	case 4:
		b = event.Uint(b, "len", uint64(p.IPLen))
		b = event.Uint(b, "tos", uint64(p.TOS))
		b = event.Uint(b, "ttl", uint64(p.TTL))
		b = event.Uint(b, "ipid", uint64(p.IPID))
	case 6:
		b = event.Uint(b, "len", uint64(p.IPLen-40))
		b = event.Uint(b, "tc", uint64(p.TOS))
		b = event.Uint(b, "hoplimit", uint64(p.TTL))
	}
	if p.L4 == 0 {
		return b
	}
	switch p.Proto {
	case packet.ProtoTCP:
		t := &p.TCP
		b = event.Uint(b, "tcpseq", uint64(t.Seq))
		b = event.Uint(b, "tcpack", uint64(t.Ack))
		b = event.Uint(b, "tcpwin", uint64(t.Window))
		for _, f := range [...]struct {
			name string
			bit  uint8
		}{{"syn", packet.SYN}, {"ack", packet.ACK}, {"psh", packet.PSH}, {"rst", packet.RST}, {"urg", packet.URG}, {"fin", packet.FIN}} {
			b = event.Bool(b, f.name, t.Flags&f.bit != 0)
		}
		b = event.Uint(b, "tcpurgp", uint64(t.Urgent))
	case packet.ProtoUDP:
		b = event.Uint(b, "udplen", uint64(p.PayLen)+8)
	case packet.ProtoICMP, packet.ProtoICMPv6:
		if p.ICMP.HasID {
			b = event.Uint(b, "icmp_id", uint64(p.ICMP.ID))
			b = event.Uint(b, "icmp_seq", uint64(p.ICMP.Seq))
		}
	}
	return b
}

// VerdictNames says which names verdicts have: those of version 9 or the ones
// before.
type VerdictNames bool

// NamesOf returns the names for an output's version.
func NamesOf(o event.Options) VerdictNames {
	v := o.String("suricata-version", "")
	return VerdictNames(v != "" && v[0] < '9')
}

// AppendVerdict appends the object verdict: what became of the packet.
func AppendVerdict(b []byte, p *packet.Packet, old VerdictNames) []byte {
	action := "alert"
	switch {
	case p.Has(packet.Dropped):
		action = "drop"
	case p.Has(packet.Passed):
		action = "pass"
	}
	b = event.Open(b, "verdict")
	b = event.Str(b, "action", action)
	if p.Reject != 0 {
		key := "reject_target"
		if old {
			key = "reject-target"
		}
		b = event.Str(b, key, p.Reject.Target())
		how := "icmp-prohib"
		if p.Proto == packet.ProtoTCP {
			how = "tcp-reset"
		}
		b = event.CloseArray(event.ElemStr(event.OpenArray(b, "reject"), how))
	}
	return event.Close(b)
}
