package decode

import (
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// PacketHead fills the head of an event about packet p; f is nil where it
// belongs to no flow. Source and destination are those of the packet.
func PacketHead(ev *event.Event, typ string, p *packet.Packet, f *flow.Flow) {
	*ev = event.Event{Type: typ, Time: p.Time, PktSrc: p.Source()}
	if !p.Has(packet.Pseudo) {
		ev.Num = p.Num
	}
	if p.Version != 0 {
		ev.Src, ev.Dst = p.SrcAddr(), p.DstAddr()
		ev.Proto, ev.IPVer = p.Proto, p.Version
		ports(ev, p.SrcPort, p.DstPort)
		if p.L4 != 0 && (p.Proto == packet.ProtoICMP || p.Proto == packet.ProtoICMPv6) {
			ev.HasICMP, ev.ICMPType, ev.ICMPCode = true, p.ICMP.Type, p.ICMP.Code
		}
	}
	ev.VLAN = p.VLANIDs()
	if p.MACs >= 0 {
		ev.Ether = p.Data[p.MACs : p.MACs+14]
	}
	if f != nil {
		ev.FlowID, ev.ParentID, ev.Community = f.ID, f.ParentID, f
	}
}

// packetHead is PacketHead with what the inspector knows.
func (w *worker) packetHead(typ string, p *packet.Packet, f *flow.Flow) {
	PacketHead(&w.ev, typ, p, f)
	if w.annotator != nil {
		w.ev.Meta = w.annotator.Variables(f, p)
	}
}

// flowHead is FlowHead with what the inspector knows.
func (w *worker) flowHead(typ string, f *flow.Flow, dir field.Dir, p *packet.Packet) {
	FlowHead(&w.ev, typ, f, dir, p)
	if w.annotator != nil {
		w.ev.Meta = w.annotator.Variables(f, p)
	}
}

// FlowHead fills the head of an event about flow f as seen at packet p, which
// may be nil. Source and destination are those of direction dir.
func FlowHead(ev *event.Event, typ string, f *flow.Flow, dir field.Dir, p *packet.Packet) {
	*ev = event.Event{
		Type: typ, Time: f.Last, FlowID: f.ID, ParentID: f.ParentID,
		Proto: f.Proto, IPVer: f.Version, Community: f, VLAN: f.VLANIDs(),
	}
	var sport, dport uint16
	ev.Src, ev.Dst, sport, dport = f.Tuple(dir)
	ports(ev, sport, dport)
	if p == nil {
		return
	}
	ev.Time, ev.PktSrc = p.Time, p.Source()
	if !p.Has(packet.Pseudo) {
		ev.Num = p.Num
	}
	if p.MACs >= 0 {
		ev.Ether = p.Data[p.MACs : p.MACs+14]
	}
}

// ports sets the ports of protocols that have some; of packets whose transport
// header cannot be read they are 0.
func ports(ev *event.Event, s, d uint16) {
	switch ev.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		ev.SrcPort, ev.DstPort, ev.HasPorts = s, d, true
	}
}
