package eve

import (
	"weir/decode/event"
)

// origin is where the packet of an event comes from.
type origin struct {
	iface string // of live traffic; it has no place in a capture
	file  string // the capture, if it is to be named
	// owners is that of Options.
	owners func(b []byte, ev *event.Event) []byte
}

// appendEvent appends ev as one line of JSON. It returns nil if the output does
// not take it.
func appendEvent(b []byte, ev *event.Event, r *route, from origin) []byte {
	b = append(b, r.head.prefix...)
	b = append(b, `{"timestamp":"`...)
	b = event.AppendTime(b, ev.Time)
	b = append(b, '"')
	if ev.FlowID != 0 {
		b = event.Int(b, "flow_id", ev.FlowID)
	}
	if ev.ParentID != 0 {
		b = event.Int(b, "parent_id", ev.ParentID)
	}
	switch {
	case from.iface == "":
		if ev.Num != 0 {
			b = event.Uint(b, "pcap_cnt", ev.Num)
		}
	case ev.Type != "stats": // which is of all interfaces
		b = event.Str(b, "in_iface", from.iface)
	}
	b = append(b, `,"event_type":"`...)
	if ev.Shown != "" {
		b = append(b, ev.Shown...)
	} else {
		b = append(b, ev.Type...)
	}
	b = append(b, '"')
	if len(ev.VLAN) > 0 {
		b = event.OpenArray(b, "vlan")
		for _, v := range ev.VLAN {
			b = event.ElemUint(b, uint64(v))
		}
		b = event.CloseArray(b)
	}
	if ev.Src.IsValid() {
		if ev.Swap != nil && ev.Swap.Swapped(r.opts.Opts) {
			turned := *ev
			turned.Src, turned.Dst, turned.SrcPort, turned.DstPort = ev.Dst, ev.Src, ev.DstPort, ev.SrcPort
			ev = &turned
		}
		if ev.Addrs != nil {
			moved := *ev
			moved.Src, moved.Dst = ev.Addrs.Addresses(r.opts.Opts, ev.Src, ev.Dst)
			ev = &moved
		}
		b = appendTuple(b, ev)
	}
	if ev.Ether != nil && r.head.ethernet {
		b = event.Open(b, "ether")
		b = event.Hex(b, "dest_mac", ev.Ether[:6], ":")
		b = event.Hex(b, "src_mac", ev.Ether[6:12], ":")
		b = event.Uint(b, "ether_type", uint64(ev.Ether[12])<<8|uint64(ev.Ether[13]))
		b = event.Close(b)
	}
	if ev.SrcMACs != nil && r.head.ethernet {
		b = event.Open(b, "ether")
		b = appendMACs(b, "dest_macs", ev.DstMACs)
		b = appendMACs(b, "src_macs", ev.SrcMACs)
		b = event.Close(b)
	}
	if ev.PktSrc != "" {
		b = event.Str(b, "pkt_src", ev.PktSrc)
	}
	if r.head.metadata && ev.Meta != nil {
		b = ev.Meta.AppendEvent(b, &r.opts)
	}
	if r.head.communityID && ev.Community != nil {
		b = append(event.Key(b, "community_id"), '"')
		b = ev.Community.AppendCommunityID(b, r.head.seed, r.head.swapped)
		b = append(b, '"')
	}
	if ev.HasTx {
		b = event.Uint(b, "tx_id", ev.TxID)
		if ev.TxGuessed {
			b = event.Bool(b, "tx_guessed", true)
		}
	}
	if ev.AppProto != "" {
		b = event.Str(b, "app_proto", ev.AppProto)
	}
	if ev.Dir != "" {
		b = event.Str(b, "direction", ev.Dir)
	}
	if from.file != "" {
		b = event.Str(b, "pcap_filename", from.file)
	}
	if ev.Body != nil {
		if b = ev.Body.AppendEvent(b, &r.opts); b == nil {
			return nil
		}
	}
	if from.owners != nil && ev.HasPorts {
		b = from.owners(b, ev)
	}
	return append(b, '}', '\n')
}

// appendMACs appends an array of hardware addresses.
func appendMACs(b []byte, key string, macs []byte) []byte {
	b = event.OpenArray(b, key)
	for ; len(macs) >= 6; macs = macs[6:] {
		b = event.ElemHex(b, macs[:6], ":")
	}
	return event.CloseArray(b)
}

// appendTuple appends addresses, ports and protocol.
func appendTuple(b []byte, ev *event.Event) []byte {
	b = event.Addr(b, "src_ip", ev.Src)
	if ev.HasPorts {
		b = event.Uint(b, "src_port", uint64(ev.SrcPort))
	}
	b = event.Addr(b, "dest_ip", ev.Dst)
	if ev.HasPorts {
		b = event.Uint(b, "dest_port", uint64(ev.DstPort))
	}
	b = event.Str(b, "proto", event.ProtoName(ev.Proto))
	if ev.IPVer != 0 {
		b = event.Uint(b, "ip_v", uint64(ev.IPVer))
	}
	if ev.HasICMP {
		b = event.Uint(b, "icmp_type", uint64(ev.ICMPType))
		b = event.Uint(b, "icmp_code", uint64(ev.ICMPCode))
	}
	return b
}

// Encode appends ev as one line of JSON, as an output without options has it.
func Encode(b []byte, ev *event.Event) []byte { return appendEvent(b, ev, &route{}, origin{}) }
