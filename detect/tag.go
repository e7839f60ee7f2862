package detect

import (
	"fmt"
	"strconv"

	"weir/decode"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
)

// tagDef is what a rule's tag keyword asks for: packets that follow an alert are
// recorded, those of its flow or those of a host.
type tagDef struct {
	host   bool // the packets of a host, not of the flow
	dst    bool // the destination of the alert's packet, not its source
	metric byte // 'p' packets, 's' seconds, 'b' bytes
	count  uint64
}

// Bounds of tags.
const (
	tagPackets = 256 // packets of a session tag that gives no bound
	maxTags    = 50  // of one flow or host
	tagAgain   = 10  // so often an alert begins a tag anew
)

// tag is a tag in force.
type tag struct {
	def            *tagDef
	sig            int
	first          int64 // s
	packets, bytes uint64
	begun          int  // times
	fresh          bool // the packet that it begins with is not counted for it again
}

// tagKeyword compiles session|host[,count,packets|seconds|bytes[,src|dst]].
func tagKeyword(c *compiler, v string) error {
	p := split(v)
	d := &tagDef{metric: 'p', count: tagPackets}
	switch p[0] {
	case "session":
	case "host":
		d.host = true
	default:
		return fmt.Errorf("value %q: want session or host", p[0])
	}
	rest := p[1:]
	if len(rest) == 1 || len(rest) > 3 {
		return fmt.Errorf("value %q: want %s,count,packets|seconds|bytes,src|dst", v, p[0])
	}
	if len(rest) >= 2 {
		n, err := strconv.ParseUint(rest[0], 10, 32)
		if err != nil {
			return fmt.Errorf("count %q: want a number", rest[0])
		}
		d.count = n
		switch rest[1] {
		case "packets", "seconds", "bytes":
			d.metric = rest[1][0]
		default:
			return fmt.Errorf("metric %q: want packets, seconds or bytes", rest[1])
		}
	}
	if len(rest) == 3 {
		switch {
		case !d.host:
			return fmt.Errorf("value %q: a session has no direction", v)
		case rest[2] == "dst":
			d.dst = true
		case rest[2] != "src":
			return fmt.Errorf("direction %q: want src or dst", rest[2])
		}
	} else if d.host {
		return fmt.Errorf("value %q: want src or dst behind host", v)
	}
	c.s.tags = append(c.s.tags, d)
	c.e.tags = true
	if d.host {
		c.e.shares, c.e.hostTags = true, true
	}
	return nil
}

// begin puts the tags of a rule that has matched in force, shown or not.
func (w *Worker) begin(s *signature, p *packet.Packet, f *flow.Flow) {
	p.Flags |= packet.Tagged
	for _, d := range s.tags {
		if !d.host {
			if f != nil {
				st := w.makeState(f)
				st.tags = beginTag(st.tags, d, s.order, p)
			}
			continue
		}
		host := p.Src
		if d.dst {
			host = p.Dst
		}
		w.turn()
		w.shared.mu.Lock()
		if tags := w.shared.tags[host]; tags != nil || len(w.shared.tags) < maxBits {
			w.shared.tags[host] = beginTag(tags, d, s.order, p)
		}
		w.shared.mu.Unlock()
	}
}

func beginTag(tags []tag, d *tagDef, sig int, p *packet.Packet) []tag {
	for i := range tags {
		if t := &tags[i]; t.def == d && t.sig == sig {
			if t.begun < tagAgain {
				*t = tag{def: d, sig: sig, first: p.Time / 1e9, begun: t.begun + 1, fresh: t.fresh}
			}
			return tags
		}
	}
	if len(tags) == maxTags {
		return tags
	}
	return append(tags, tag{def: d, sig: sig, first: p.Time / 1e9, packets: 1, bytes: uint64(p.Size), begun: 1, fresh: true})
}

// follow counts p for the tags of its flow and its hosts, and records it if any
// is in force.
func (w *Worker) follow(p *packet.Packet, f *flow.Flow) {
	if p.Has(packet.Pseudo) {
		return
	}
	tagged := false
	if st := w.flowState(f); st != nil && len(st.tags) > 0 {
		st.tags, tagged = countTags(st.tags, p)
	}
	if w.e.hostTags && p.Version != 0 {
		w.turn()
		w.shared.mu.Lock()
		for _, host := range [...]*[16]byte{&p.Src, &p.Dst} {
			if tags, ok := w.shared.tags[*host]; ok {
				left, any := countTags(tags, p)
				tagged = tagged || any
				if len(left) == 0 {
					delete(w.shared.tags, *host)
				} else {
					w.shared.tags[*host] = left
				}
			}
		}
		w.shared.mu.Unlock()
	}
	if !tagged {
		return
	}
	p.Flags |= packet.Tagged
	if !w.pub.Wants("packet") {
		return
	}
	decode.PacketHead(&w.ev, "packet", p, f)
	w.ev.Meta = w.Variables(f, p)
	w.ev.Body = taggedPacket{p}
	w.pub.Publish(&w.ev)
}

// countTags counts p and forgets the tags that are used up.
func countTags(tags []tag, p *packet.Packet) (left []tag, any bool) {
	left = tags[:0]
	for _, t := range tags {
		if t.fresh {
			t.fresh = false
			left = append(left, t)
			continue
		}
		t.packets++
		t.bytes += uint64(p.Size)
		n := t.packets
		switch t.def.metric {
		case 's':
			n = uint64(max(p.Time/1e9-t.first, 0))
		case 'b':
			n = t.bytes
		}
		if n <= t.def.count {
			left, any = append(left, t), true
		}
	}
	return left, any
}

// taggedPacket is the body of the record of a tagged packet.
type taggedPacket struct{ p *packet.Packet }

// AppendEvent implements event.Appender.
func (t taggedPacket) AppendEvent(b []byte, out *event.Output) []byte {
	if o, _ := out.Opts.(*alertOptions); o == nil || !o.tagged {
		return nil
	}
	return appendPacket(b, t.p)
}

// appendPacket appends a packet's bytes and what they begin with.
func appendPacket(b []byte, p *packet.Packet) []byte {
	b = appendBase64(event.Key(b, "packet"), p.Data)
	b = event.Open(b, "packet_info")
	b = event.Uint(b, "linktype", uint64(p.Link.Captured()))
	if name := p.Link.Name(); name != "" {
		b = event.Str(b, "linktype_name", name)
	}
	return event.Close(b)
}
