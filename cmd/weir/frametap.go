package main

import (
	"weir/decode"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/sinks/pcaplog"
)

// frameTap is one worker's part in a packet log. Where alerts or tags say what is
// kept, the first one of a TCP connection brings along the segments that its
// streams still hold: they led to it.
type frameTap struct {
	l    *packetLog
	file int // index of the log's writers
	held pcaplog.Held

	// Of the frame in work.
	want   bool
	follow []segmentOf
}

// segmentOf is what is known of a frame that may be wanted later.
type segmentOf struct {
	flow int64
	dir  int
	end  uint32 // sequence number behind the payload
}

// Packet implements decode.FrameLog.
func (t *frameTap) Packet(p *packet.Packet, f *flow.Flow, s decode.Segments) {
	o := t.l.o
	hit := t.fits(p, f)
	tcp := f != nil && p.Proto == packet.ProtoTCP
	if tcp && o.Conditional != "all" {
		switch {
		case hit:
			t.take(f)
		case p.Has(packet.StreamAdded) && !p.Has(packet.Pseudo) && p.PayLen > 0:
			t.follow = append(t.follow, segmentOf{f.ID, p.Dir.Index(), p.TCP.Seq + uint32(p.PayLen)})
		}
		t.held.Prune(f.ID, s.From)
	}
	switch {
	case o.HonorPass && (p.Has(packet.Passed) || f != nil && f.Has(flow.Passed)):
	case o.StreamDepth && tcp && s.Full[p.Dir.Index()]:
	default:
		t.want = t.want || hit
	}
}

// fits reports whether the condition of the log holds for a packet.
func (t *frameTap) fits(p *packet.Packet, f *flow.Flow) bool {
	switch t.l.o.Conditional {
	case "alerts":
		return p.Has(packet.Alerted) || f != nil && f.Has(flow.Alerted)
	case "tag":
		return p.Has(packet.Tagged)
	}
	return true
}

// take writes what is held of a connection.
func (t *frameTap) take(f *flow.Flow) {
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	t.held.Take(f.ID, func(fr *packet.Frame) { t.l.write(t.file, fr) })
}

// Frame implements decode.FrameLog.
func (t *frameTap) Frame(f *packet.Frame) {
	if t.want {
		t.l.mu.Lock()
		t.l.write(t.file, f)
		t.l.mu.Unlock()
	} else {
		for _, s := range t.follow {
			t.held.Add(s.flow, s.dir, s.end, f)
		}
	}
	t.want, t.follow = false, t.follow[:0]
}

// FlowEnded implements decode.FrameLog.
func (t *frameTap) FlowEnded(f *flow.Flow) {
	if t.l.o.Conditional == "alerts" && f.Has(flow.Alerted) {
		t.take(f)
	}
	t.held.Drop(f.ID)
}
