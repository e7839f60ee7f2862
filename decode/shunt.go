package decode

import (
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
)

// Shunt keeps packets of flows that need no more inspection back at the source and
// counts them there. Beginnings and ends of connections (SYN, FIN, RST) come all the
// same. Workers call it at the same time.
type Shunt interface {
	// Add begins to keep back; it reports whether there was room. Packets of the
	// flow that are on their way already still come.
	Add(k *flow.Key) bool
	// Read returns what was kept back since Add; Remove also ends it. Both report
	// whether the flow was shunted.
	Read(k *flow.Key) (flow.Kept, bool)
	Remove(k *flow.Key) (flow.Kept, bool)
}

// elephant is how many times Options.ShuntAfter a TCP flow has carried that is shed
// although one direction has not reached its depth.
const elephant = 16

// shuntCounters count flows whose packets were kept back.
type shuntCounters struct {
	flows, refused uint64    // added; no room
	closed         uint64    // ended, or let come again
	kept           [2]uint64 // packets and bytes of those
}

func (c *shuntCounters) add(o *shuntCounters) {
	c.flows += o.flows
	c.refused += o.refused
	c.closed += o.closed
	for i, n := range o.kept {
		c.kept[i] += n
	}
}

// append appends what the stats record has of flows that were kept back; of those
// that still are, the source counts.
func (c *shuntCounters) append(b []byte) []byte {
	b = event.Uint(b, "shunted", c.flows)
	b = event.Uint(b, "no_room", c.refused)
	b = event.Uint(b, "closed", c.closed)
	b = event.Uint(b, "pkts", c.kept[0])
	return event.Uint(b, "bytes", c.kept[1])
}

// settled reports whether a flow has carried enough, and nothing looks at its payload
// any more: it is encrypted, or beyond the depth of reassembly.
func (w *worker) settled(f *flow.Flow) bool {
	n := f.Bytes[0] + f.Bytes[1]
	switch {
	case n < w.shuntAfter || f.Has(flow.Passed) || w.nested:
		return false
	case f.Has(flow.NoPayloadInspect):
		return true
	case f.Proto != packet.ProtoTCP:
		return false
	}
	switch w.streams.AtDepth(f) {
	case 2:
		return true
	case 1:
		return n >= elephant*w.shuntAfter
	}
	return false
}

// shed is called at packets of bypassed flows: those that go on are kept back, those
// that end, or begin anew, come again.
func (w *worker) shed(p *packet.Packet, f *flow.Flow) {
	edge := p.Proto == packet.ProtoTCP && p.TCP.Flags&(packet.SYN|packet.FIN|packet.RST) != 0
	switch {
	case f.Has(flow.Shunted):
		if edge {
			w.unshunt(f)
		}
	case edge || w.nested || f.Has(flow.BypassCapture) || !f.Shuntable():
	case w.shunt.Add(&f.Key):
		f.Flags |= flow.Shunted | flow.BypassCapture
		w.counters.shunt.flows++
	default:
		w.counters.shunt.refused++
	}
}

// unshunt lets the packets of a flow come again, and adds what was kept back to it.
func (w *worker) unshunt(f *flow.Flow) {
	f.Flags &^= flow.Shunted
	k, ok := w.shunt.Remove(&f.Key)
	if !ok {
		return
	}
	packets, bytes := k.Packets[0]+k.Packets[1], k.Bytes[0]+k.Bytes[1]
	c := &w.counters.shunt
	c.closed++
	c.kept[0] += packets
	c.kept[1] += bytes
	if packets == 0 {
		return
	}
	if w.keptBack == nil {
		w.keptBack = map[*flow.Flow]flow.Kept{}
	}
	w.keptBack[f] = f.AddKept(k)
}

// seen returns when the last packet of a shunted flow came.
func (w *worker) seen(f *flow.Flow) int64 {
	k, _ := w.shunt.Read(&f.Key)
	return k.Last
}

// keptOf returns what was kept back of a flow, nil if nothing was.
func (w *worker) keptOf(f *flow.Flow) *flow.Kept {
	if !f.Has(flow.BypassCapture) {
		return nil
	}
	k := w.keptBack[f]
	return &k
}
