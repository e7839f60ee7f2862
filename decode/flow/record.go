package flow

import (
	"weir/decode/event"
	"weir/decode/packet"
)

// Names tells the names of application protocols by number.
type Names func(app uint16) string

// AppendRecord appends the members of a flow event: app_proto and its kin, the
// flow object, and tcp or icmp members. kept is what of the flow's packets the
// source has kept back, nil if it kept none.
func AppendRecord(b []byte, f *Flow, name Names, txs uint64, kept *Kept) []byte {
	b = appendSPI(b, f)
	b = appendApp(b, f, name)
	b = event.Open(b, "flow")
	b = event.Uint(b, "pkts_toserver", f.Pkts[0])
	b = event.Uint(b, "pkts_toclient", f.Pkts[1])
	b = event.Uint(b, "bytes_toserver", f.Bytes[0])
	b = event.Uint(b, "bytes_toclient", f.Bytes[1])
	if kept != nil {
		b = kept.append(b)
	}
	b = appendTimes(b, f)
	if f.Has(Emergency) {
		b = event.Bool(b, "emergency", true)
	}
	switch {
	case f.Has(BypassCapture):
		b = event.Str(b, "bypass", "capture")
	case f.Has(BypassLocal):
		b = event.Str(b, "bypass", "local")
	}
	b = event.Str(b, "state", f.State.String())
	b = event.Str(b, "reason", f.Reason())
	b = event.Bool(b, "alerted", f.Has(Alerted))
	if f.Has(Dropped) {
		b = event.Str(b, "action", "drop")
	} else if f.Has(Passed) {
		b = event.Str(b, "action", "pass")
	}
	b = f.Exceptions.append(b)
	if txs > 0 {
		b = event.Uint(b, "tx_cnt", txs)
	}
	b = event.Close(b)
	return appendTransport(b, f)
}

// appendSPI appends the security parameter index that an ESP flow is of.
func appendSPI(b []byte, f *Flow) []byte {
	if f.Proto != packet.ProtoESP {
		return b
	}
	return event.Uint(b, "spi", uint64(f.Key.BPort)<<16|uint64(f.Key.APort))
}

// appendTimes appends start, end and age in seconds.
func appendTimes(b []byte, f *Flow) []byte {
	b = event.Time(b, "start", f.Start)
	b = event.Time(b, "end", f.Last)
	return event.Uint(b, "age", uint64(max(f.Last/1e9-f.Start/1e9, 0)))
}

// appendApp appends the application protocols of the flow and, where they
// differ, of its directions.
func appendApp(b []byte, f *Flow, name Names) []byte {
	if f.App != 0 {
		b = event.Str(b, "app_proto", name(f.App))
	}
	if f.AppTS != 0 && f.AppTS != f.App {
		b = event.Str(b, "app_proto_ts", name(f.AppTS))
	}
	if f.AppTC != 0 && f.AppTC != f.App {
		b = event.Str(b, "app_proto_tc", name(f.AppTC))
	}
	if f.AppOrig != 0 && f.AppOrig != f.App {
		b = event.Str(b, "app_proto_orig", name(f.AppOrig))
	}
	if f.AppExpected != 0 && f.AppExpected != f.App {
		b = event.Str(b, "app_proto_expected", name(f.AppExpected))
	}
	return b
}

// Reason says why the flow ended, as records name it.
func (f *Flow) Reason() string {
	switch {
	case f.Has(Forced):
		return "forced"
	case f.Has(Reused):
		return "tcp_reuse"
	case f.Has(Shutdown):
		return "shutdown"
	case f.Has(TimedOut):
		return "timeout"
	}
	return "unknown"
}

// appendTransport appends what is special to TCP and ICMP.
func appendTransport(b []byte, f *Flow) []byte {
	switch f.Proto {
	case packet.ProtoTCP:
		b = appendTCP(b, f)
	case packet.ProtoICMP, packet.ProtoICMPv6:
		b = event.Uint(b, "icmp_type", uint64(f.ICMPType))
		b = event.Uint(b, "icmp_code", uint64(f.ICMPCode))
		if f.Has(SeenTC) {
			b = event.Uint(b, "response_icmp_type", uint64(counterpart(f.Proto, f.ICMPType)))
			b = event.Uint(b, "response_icmp_code", 0) // the code is no part of the flow
		}
	}
	return b
}

// appendTCP appends the tcp object.
func appendTCP(b []byte, f *Flow) []byte {
	st := &f.Stream
	all := st.Flags[0] | st.Flags[1]
	b = event.Open(b, "tcp")
	for i, key := range [...]string{"tcp_flags", "tcp_flags_ts", "tcp_flags_tc"} {
		v := all
		if i > 0 {
			v = st.Flags[i-1]
		}
		b = event.Hex(b, key, []byte{v}, "")
	}
	b = AppendTCPFlags(b, all)
	if !st.HasSession {
		return event.Close(b)
	}
	b = event.Str(b, "state", st.State.String())
	if st.Gap[0] {
		b = event.Bool(b, "ts_gap", true)
	}
	if st.Gap[1] {
		b = event.Bool(b, "tc_gap", true)
	}
	b = event.Uint(b, "ts_max_regions", uint64(max(st.MaxRegions[0], 1)))
	b = event.Uint(b, "tc_max_regions", uint64(max(st.MaxRegions[1], 1)))
	return event.Close(b)
}

// AppendTCPFlags appends a member for each flag that is set.
func AppendTCPFlags(b []byte, flags uint8) []byte {
	for i, key := range [...]string{"syn", "fin", "rst", "psh", "ack", "urg", "ecn", "cwr"} {
		bit := [...]uint8{packet.SYN, packet.FIN, packet.RST, packet.PSH, packet.ACK, packet.URG, packet.ECE, packet.CWR}[i]
		if flags&bit != 0 {
			b = event.Bool(b, key, true)
		}
	}
	return b
}

// AppendNetflow appends the members of a netflow event: one direction i.
func AppendNetflow(b []byte, f *Flow, i int, name Names) []byte {
	if f.Proto == packet.ProtoICMP || f.Proto == packet.ProtoICMPv6 {
		typ, code := f.ICMPType, f.ICMPCode
		if i == 1 {
			typ, code = counterpart(f.Proto, typ), 0
		}
		b = event.Uint(b, "icmp_type", uint64(typ))
		b = event.Uint(b, "icmp_code", uint64(code))
	}
	b = appendSPI(b, f)
	if f.App == 0 {
		b = event.Str(b, "app_proto", "unknown")
	}
	b = appendApp(b, f, name)
	b = event.Open(b, "netflow")
	b = event.Uint(b, "pkts", f.Pkts[i])
	b = event.Uint(b, "bytes", f.Bytes[i])
	b = appendTimes(b, f)
	if f.Pkts[i] > 0 {
		b = event.Uint(b, "min_ttl", uint64(f.TTL[i][0]))
		b = event.Uint(b, "max_ttl", uint64(f.TTL[i][1]))
	}
	b = event.Close(b)
	if f.Proto == packet.ProtoTCP && f.Stream.HasSession {
		b = event.Open(b, "tcp")
		b = event.Hex(b, "tcp_flags", []byte{f.Stream.Flags[i]}, "")
		b = AppendTCPFlags(b, f.Stream.Flags[i])
		b = event.Close(b)
	}
	return b
}
