package detect

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"weir/decode"
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// appendRule appends the members of the alert object that a rule says.
func (a *alert) appendRule(b []byte, ips bool) []byte {
	s, action := a.sig, "allowed"
	if a.action == actReject || a.action == actDrop && ips {
		action = "blocked"
	}
	b = event.Str(b, "action", action)
	b = event.Uint(b, "gid", uint64(s.gid))
	b = event.Uint(b, "signature_id", uint64(s.sid))
	b = event.Uint(b, "rev", uint64(s.rev))
	b = event.Str(b, "signature", s.msg)
	b = event.Str(b, "category", s.class)
	return event.Uint(b, "severity", uint64(s.priority))
}

// entry is one of a rule's metadata.
type entry struct {
	key, value string
	at         int // where the first of its key stands
}

// metadata makes the metadata member of a rule: a list of values for each key,
// in order of the keys' first appearance.
func (c *compiler) metadata() []byte {
	all := c.e.entries[:0]
	for i := range c.r.Options {
		o := &c.r.Options[i]
		if o.Name != "metadata" {
			continue
		}
		for kv := range strings.SplitSeq(o.Value, ",") {
			if k, v, ok := strings.Cut(strings.TrimSpace(kv), " "); ok {
				all = append(all, entry{k, strings.TrimSpace(v), len(all)})
			}
		}
	}
	c.e.entries = all
	if len(all) == 0 {
		return nil
	}
	// Entries of one key come together, where the first of them stands.
	first := c.e.firsts
	clear(first)
	for i := range all {
		if at, ok := first[all[i].key]; ok {
			all[i].at = at
		} else {
			first[all[i].key] = i
		}
	}
	slices.SortStableFunc(all, func(x, y entry) int { return x.at - y.at })
	b := event.Open(c.e.text[:0], "metadata")
	for i := range all {
		if i == 0 || all[i].at != all[i-1].at {
			b = event.OpenArray(b, all[i].key)
		}
		b = event.ElemStr(b, all[i].value)
		if i == len(all)-1 || all[i].at != all[i+1].at {
			b = event.CloseArray(b)
		}
	}
	c.e.text = event.Close(b)
	return c.e.intern(c.e.text)
}

// reference compiles kind,value, which stands for a URL. A kind that is not
// known loses its place in alerts, not the rule.
func reference(c *compiler, v string) error {
	kind, value, ok := strings.Cut(v, ",")
	kind, value = strings.TrimSpace(kind), strings.TrimSpace(value)
	if !ok || kind == "" || value == "" {
		return fmt.Errorf("value %q: want kind,value", v)
	}
	prefix, known := c.e.opt.References[strings.ToLower(kind)]
	if !c.e.opt.KeepReferences || !known {
		return nil
	}
	if strings.Contains(value, "://") {
		prefix = "" // it has a scheme of its own
	}
	b := c.s.references
	if b == nil {
		b = event.OpenArray(nil, "references")
	} else {
		b = b[:len(b)-1] // its end
	}
	c.s.references = event.CloseArray(event.ElemStr(b, prefix+value))
	return nil
}

// intern returns a copy of text, or that of a rule before.
func (b *Builder) intern(text []byte) []byte {
	if old, ok := b.interned[string(text)]; ok {
		return old
	}
	text = bytes.Clone(text)
	b.interned[string(text)] = text
	return text
}

// alertOptions are those of an alert type of an eve-log output.
type alertOptions struct {
	payload, printable, packet, length bool
	app, ruleMetadata, rawRule         bool
	references, noFlow                 bool
	xff                                forwarded
	verdict, tagged                    bool
	size                               uint64 // of what is shown of a stream, bytes
	names                              decode.VerdictNames
	section                            event.Options
}

// AlertOptions reads the alert section of an eve-log output.
func AlertOptions(o event.Options) (any, error) {
	a := &alertOptions{
		payload: o.Bool("payload", false), printable: o.Bool("payload-printable", false), packet: o.Bool("packet", false),
		length: o.Bool("payload-length", false), app: true, ruleMetadata: true,
		verdict: o.Bool("verdict", false), names: decode.NamesOf(o),
		tagged: o.Bool("tagged-packets", false), xff: readForwarded(o.Sub("xff")), section: o, size: o.Size("payload-buffer-size", decode.DefaultShown),
	}
	m := o.Sub("metadata")
	if len(m.Keys()) > 0 {
		a.app, a.noFlow = m.Bool("app-layer", true), !m.Bool("flow", true)
		r := m.Sub("rule")
		a.ruleMetadata, a.rawRule, a.references = r.Bool("metadata", true), r.Bool("raw", false), r.Bool("reference", false)
	} else if !o.Bool("metadata", true) {
		a.app, a.ruleMetadata, a.noFlow = false, false, true
	}
	return a, nil
}

// alertBody is the body of one alert event.
type alertBody struct {
	w  *Worker
	a  alert
	p  *packet.Packet
	f  *flow.Flow
	pr *proto.Protocol
}

// AppendEvent implements event.Appender.
func (x *alertBody) AppendEvent(b []byte, out *event.Output) []byte {
	o, _ := out.Opts.(*alertOptions)
	if o == nil {
		o = &alertOptions{app: true, ruleMetadata: true}
	}
	s := x.a.sig
	b = event.Open(b, "alert")
	b = x.a.appendRule(b, x.w.e.opt.IPS)
	b = x.target(b)
	if o.ruleMetadata && s.metadata != nil {
		b = append(append(b, ','), s.metadata...)
	}
	if x.a.context != nil {
		b = event.Open(b, "context")
		b = append(b, x.a.context...)
		b = event.Close(b)
	}
	if a, ok := x.address(&o.xff); ok && !o.xff.overwrite {
		b = event.Addr(b, "xff", a)
	}
	if o.references && s.references != nil {
		b = append(append(b, ','), s.references...)
	}
	if o.rawRule {
		b = event.Str(b, "rule", s.raw)
	}
	b = event.Close(b)
	b = decode.AppendHeaders(b, x.p)
	if x.a.tx != nil && o.app && x.pr != nil {
		for i := range x.pr.Records {
			r := &x.pr.Records[i]
			if r.Alert != nil {
				b = r.Alert(b, x.a.tx, x.f, o.section)
			} else {
				key := r.Key
				if key == "" {
					key = r.Type
				}
				mark := len(b)
				var ok bool
				if b, ok = r.Append(event.Key(b, key), x.a.tx, x.f, nil); !ok {
					b = b[:mark]
				}
			}
		}
		b = x.files(b)
	}
	if o.verdict {
		b = decode.AppendVerdict(b, x.p, o.names)
	}
	if x.f != nil {
		b = x.flow(b, o)
	}
	if x.a.frame != nil {
		b = decode.AppendFrame(b, x.a.frame)
	}
	return x.payload(b, o)
}

// target appends which end is the attacked one.
func (x *alertBody) target(b []byte) []byte {
	s, p := x.a.sig, x.p
	if s.target == "" || p.Version == 0 {
		return b
	}
	src, dst, sp, dp := p.SrcAddr(), p.DstAddr(), p.SrcPort, p.DstPort
	if s.target == "src_ip" {
		src, dst, sp, dp = dst, src, dp, sp
	}
	b = event.Open(b, "source")
	b = event.Addr(b, "ip", src)
	if p.L4 != 0 && sp != 0 {
		b = event.Uint(b, "port", uint64(sp))
	}
	b = event.Close(b)
	b = event.Open(b, "target")
	b = event.Addr(b, "ip", dst)
	if p.L4 != 0 && dp != 0 {
		b = event.Uint(b, "port", uint64(dp))
	}
	return event.Close(b)
}

// files appends the files of the transaction.
func (x *alertBody) files(b []byte) []byte {
	t := x.a.tx.Base()
	open := false
	for _, l := range t.Files {
		if l == nil {
			continue
		}
		for _, f := range l.Files {
			if !open {
				b, open = event.OpenArray(b, "files"), true
			}
			b = event.OpenElem(b)
			b = decode.AppendFile(b, f)
			b = event.Close(b)
		}
	}
	if open {
		b = event.CloseArray(b)
	}
	return b
}

// flow appends what the flow is, and the flow so far if the options want it.
func (x *alertBody) flow(b []byte, o *alertOptions) []byte {
	f := x.f
	if x.pr != nil {
		b = event.Str(b, "app_proto", x.pr.EVEName())
	}
	b = event.Str(b, "direction", x.p.Dir.String())
	if o.noFlow {
		return b
	}
	b = event.Open(b, "flow")
	b = event.Uint(b, "pkts_toserver", f.Pkts[0])
	b = event.Uint(b, "pkts_toclient", f.Pkts[1])
	b = event.Uint(b, "bytes_toserver", f.Bytes[0])
	b = event.Uint(b, "bytes_toclient", f.Bytes[1])
	b = event.Time(b, "start", f.Start)
	src, dst, sp, dp := f.Tuple(field.ToServer)
	b = event.Addr(b, "src_ip", src)
	b = event.Addr(b, "dest_ip", dst)
	switch f.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		b = event.Uint(b, "src_port", uint64(sp))
		b = event.Uint(b, "dest_port", uint64(dp))
	}
	return event.Close(b)
}

// payload appends the bytes that the output's options ask for.
func (x *alertBody) payload(b []byte, o *alertOptions) []byte {
	if !o.payload && !o.printable && !o.length && !o.packet {
		return b
	}
	data, stream := x.p.Payload(), 0
	if (x.a.stream || x.a.tx != nil) && x.w.in.Stream != nil {
		if held := x.w.in.Stream.AppendHeld(nil, x.f, x.p.Dir); len(held) > 0 {
			data, stream = held[:min(uint64(len(held)), o.size)], 1
		}
	}
	if o.payload && len(data) > 0 {
		b = appendBase64(event.Key(b, "payload"), data)
	}
	if o.length && len(data) > 0 {
		b = event.Uint(b, "payload_length", uint64(len(data)))
	}
	if o.printable && len(data) > 0 {
		b = event.Bytes(b, "payload_printable", event.AppendPrintable(nil, data))
	}
	if o.payload || o.printable {
		b = event.Uint(b, "stream", uint64(stream))
	}
	if o.packet && !x.p.Has(packet.Pseudo) {
		b = appendPacket(b, x.p)
	}
	return b
}

func appendBase64(b, data []byte) []byte {
	b = append(b, '"')
	return append(base64.StdEncoding.AppendEncode(b, data), '"')
}
