package flow

import (
	"weir/decode/field"
	"weir/decode/packet"
)

// count adds p to the flow and finds its direction. quoted says that p is an
// ICMP error that the flow has because of the packet it is about.
func (t *Table) count(f *Flow, p *packet.Packet, quoted bool) {
	p.Dir = direction(f, p, quoted)
	p.Flags |= packet.FlowPkt
	i := p.Dir.Index()
	f.Pkts[i]++
	f.Bytes[i] += uint64(p.Size)
	f.Last = max(f.Last, p.Time)
	ttl := &f.TTL[i]
	if f.Pkts[i] == 1 {
		*ttl = [2]uint8{p.TTL, p.TTL}
	}
	ttl[0], ttl[1] = min(ttl[0], p.TTL), max(ttl[1], p.TTL)
	if t.opt.KeepMACs {
		t.addMACs(f, p)
	}
	if quoted {
		return
	}
	if i == 0 {
		f.Flags |= SeenTS
	} else {
		f.Flags |= SeenTC
	}
	if f.State == StateBypassed {
		t.countBypassed(f, p)
		return
	}
	if f.Proto != packet.ProtoTCP && f.Seen() {
		if f.State == StateNew {
			f.State = StateEstablished
		}
		p.Flags |= packet.Established
	}
}

func (t *Table) countBypassed(f *Flow, p *packet.Packet) {
	c := &t.Counters
	if f.Has(BypassCapture) {
		c.CapturePkts++
		c.CaptureBytes += uint64(p.Size)
		return
	}
	c.LocalPkts++
	c.LocalBytes += uint64(p.Size)
}

// direction tells the way of p within f. Where the addresses are the same the
// ports tell; protocols without sides have one direction.
func direction(f *Flow, p *packet.Packet, quoted bool) field.Dir {
	var fromClient bool
	switch p.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		if p.SrcPort != p.DstPort {
			fromClient = p.SrcPort == f.Port[0]
		} else {
			fromClient = p.Src == f.Addr[0]
		}
	case packet.ProtoICMP, packet.ProtoICMPv6:
		if quoted {
			// It answers who sent the packet it is about.
			m := &p.ICMP
			fromClient = m.QuotedSrc != f.Addr[0] || m.QuotedSPort != f.Port[0]
		} else {
			fromClient = p.Src == f.Addr[0]
		}
	default:
		fromClient = true
	}
	if fromClient {
		return field.ToServer
	}
	return field.ToClient
}

// Reverse swaps the directions of a flow.
func (t *Table) Reverse(f *Flow) {
	f.Flags ^= Reversed
	f.Addr[0], f.Addr[1] = f.Addr[1], f.Addr[0]
	f.Port[0], f.Port[1] = f.Port[1], f.Port[0]
	f.Pkts[0], f.Pkts[1] = f.Pkts[1], f.Pkts[0]
	f.Bytes[0], f.Bytes[1] = f.Bytes[1], f.Bytes[0]
	f.TTL[0], f.TTL[1] = f.TTL[1], f.TTL[0]
	f.AppTS, f.AppTC = f.AppTC, f.AppTS
	seen := f.Flags & (SeenTS | SeenTC)
	f.Flags &^= SeenTS | SeenTC
	if seen&SeenTS != 0 {
		f.Flags |= SeenTC
	}
	if seen&SeenTC != 0 {
		f.Flags |= SeenTS
	}
	if m := t.macsOf(f); m != nil {
		m[0], m[1] = m[1], m[0]
	}
}
