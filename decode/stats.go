package decode

import (
	"iter"
	"strings"
	"time"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// stats is the body of the stats event: all counters of all workers.
type stats struct {
	pl   *Pipeline
	set  *proto.Set
	more []event.Appender
	part bool // of one worker: what is the run's is left out
}

// Now returns the time of the packet clock, ns since the Unix epoch.
func (pl *Pipeline) Now() int64 { return pl.clock.now }

// PublishStats publishes the counters so far, and those that more append. The
// workers must be at rest.
func (pl *Pipeline) PublishStats(pub event.Publisher, set *proto.Set, more ...event.Appender) {
	if !pub.Wants("stats") {
		return
	}
	pub.Publish(&event.Event{Type: "stats", Time: pl.clock.now, Body: &stats{pl: pl, set: set, more: more}})
}

// AppendStats appends the object of the counters so far, with those that more
// append. The workers must be at rest.
func (pl *Pipeline) AppendStats(b []byte, set *proto.Set, more ...event.Appender) []byte {
	s := stats{pl: pl, set: set, more: more}
	return s.counters(b, &event.Output{})
}

// Flows yields the open flows of all workers, which must be at rest.
func (pl *Pipeline) Flows() iter.Seq[*flow.Flow] {
	return func(yield func(*flow.Flow) bool) {
		for _, w := range pl.workers {
			for f := range w.flows.All() {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// AppendEvent implements event.Appender.
func (s *stats) AppendEvent(b []byte, out *event.Output) []byte {
	o, _ := out.Opts.(*statsOptions)
	if o == nil {
		return s.counters(event.Key(b, "stats"), out)
	}
	if !o.totals && !o.threads {
		return nil
	}
	return o.appendTo(event.Key(b, "stats"), s, out)
}

// counters appends the object of all counters.
func (s *stats) counters(b []byte, out *event.Output) []byte {
	b = append(b, '{')
	if !s.part {
		b = event.Uint(b, "uptime", s.pl.uptime())
	}
	b = s.decoder(b)
	b = s.streamEvents(b)
	b = s.tcp(b)
	b = s.memcap(b)
	b = s.verdicts(b)
	b = s.exceptions(b)
	b = s.flow(b)
	b = s.bypassed(b)
	b = s.defrag(b)
	b = s.appLayer(b)
	for _, m := range s.more {
		b = m.AppendEvent(b, out)
	}
	return event.Close(b)
}

func (s *stats) decoder(b []byte) []byte {
	var c packet.Counters
	for _, w := range s.pl.workers {
		c.Add(&w.dec.Counters)
	}
	b = event.Open(b, "decoder")
	for _, n := range c.List() {
		b = event.Uint(b, n.Name, n.Value)
	}
	b = event.Open(b, "event")
	group := ""
	for e := packet.Event(1); e < packet.NumEvents && e.IsDecoder(); e++ {
		g, name := packet.EventGroup(e)
		if g == "" {
			continue
		}
		if g != group {
			if group != "" {
				b = event.Close(b)
			}
			b = event.Open(b, g)
			group = g
		}
		b = event.Uint(b, name, c.Events[e])
	}
	if group != "" {
		b = event.Close(b)
	}
	return event.Close(event.Close(b))
}

func (s *stats) tcp(b []byte) []byte {
	var sum [24]uint64
	names := [...]string{
		"syn", "synack", "rst", "active_sessions", "sessions", "ssn_memcap_drop", "pseudo", "pseudo_failed",
		"invalid_checksum", "midstream_pickups", "pkt_on_wrong_thread", "ack_unseen_data", "segment_memcap_drop",
		"stream_depth_reached", "reassembly_gap", "overlap", "overlap_diff_data", "insert_data_normal_fail",
		"insert_data_overlap_fail", "urg", "urgent_oob_data", "memuse", "reassembly_memuse",
	}
	for _, w := range s.pl.workers {
		c := &w.streams.Counters
		mem, held := w.streams.MemUse()
		for i, v := range [...]uint64{
			c.Syn, c.SynAck, c.Rst, c.Active, c.Sessions, c.SSNMemCapDrop, c.Pseudo, 0,
			c.InvalidChecksum, c.Midstream, 0, c.AckUnseen, c.SegmentDrop,
			c.DepthReached, c.Gap, c.Overlap, c.OverlapDiff, c.InsertFail,
			c.InsertOverlapFail, c.Urg, c.UrgentOOB, mem, held,
		} {
			sum[i] += v
		}
	}
	b = event.Open(b, "tcp")
	for i, n := range names {
		b = event.Uint(b, n, sum[i])
	}
	return event.Close(b)
}

// streamEvents are the counters of stream events, where they are asked for.
func (s *stats) streamEvents(b []byte) []byte {
	if !s.pl.streamEvents {
		return b
	}
	b = event.Open(b, "stream")
	for e := packet.Event(1); e < packet.NumEvents; e++ {
		if e.IsDecoder() {
			continue
		}
		var n uint64
		for _, w := range s.pl.workers {
			n += w.counters.events[e]
		}
		b = event.Uint(b, strings.TrimPrefix(e.Name(), "stream."), n)
	}
	return event.Close(b)
}

// memcap tells how near the fullest memory is to its cap, percent.
func (s *stats) memcap(b []byte) []byte {
	var sessions, held, flows uint64
	for _, w := range s.pl.workers {
		m, h := w.streams.MemUse()
		sessions, held, flows = sessions+m, held+h, flows+w.flows.MemUse()
	}
	var pressure uint64
	for _, m := range [...]struct{ use, limit uint64 }{
		{sessions, s.pl.stream.MemCap}, {held, s.pl.stream.ReassemblyMemCap}, {flows, s.pl.flowMemCap},
	} {
		if m.limit > 0 {
			pressure = max(pressure, m.use*100/m.limit)
		}
	}
	s.pl.pressureMax = max(s.pl.pressureMax, pressure)
	if s.pl.version < 8 {
		return event.Uint(event.Uint(b, "memcap_pressure", pressure), "memcap_pressure_max", s.pl.pressureMax)
	}
	b = event.Open(b, "memcap")
	b = event.Uint(b, "pressure", pressure)
	return event.Close(event.Uint(b, "pressure_max", s.pl.pressureMax))
}

func (s *stats) flow(b []byte) []byte {
	var sum [14]uint64
	names := [...]string{
		"memcap", "total", "active", "tcp", "udp", "icmpv4", "icmpv6", "tcp_reuse", "get_used", "get_used_eval",
		"get_used_failed", "emerg_mode_entered", "emerg_mode_over", "memuse",
	}
	var capture uint64
	var state [4]uint64
	var tcpState [11]uint64
	for _, w := range s.pl.workers {
		c := &w.flows.Counters
		for i, v := range [...]uint64{
			c.MemCap, c.Total, c.Active, c.TCP, c.UDP, c.ICMPv4, c.ICMPv6, c.TCPReuse, c.GetUsed, c.GetUsedEval,
			c.GetUsedFailed, c.EmergencyEntered, c.EmergencyOver, w.flows.MemUse(),
		} {
			sum[i] += v
		}
		capture += c.EndCapture
		for i, v := range c.EndState {
			state[i] += v
		}
		for i, v := range c.EndTCPState {
			tcpState[i] += v
		}
	}
	b = event.Open(b, "flow")
	for i, n := range names {
		b = event.Uint(b, n, sum[i])
	}
	b = event.Open(b, "end")
	b = event.Open(b, "state")
	for i, n := range [...]string{"new", "established", "closed", "local_bypassed"} {
		b = event.Uint(b, n, state[i])
	}
	b = event.Uint(b, "capture_bypassed", capture)
	b = event.Close(b)
	b = event.Open(b, "tcp_state")
	for i, n := range [...]string{
		"none", "syn_sent", "syn_recv", "established", "fin_wait1", "fin_wait2", "time_wait", "last_ack", "close_wait", "closing", "closed",
	} {
		b = event.Uint(b, n, tcpState[i])
	}
	return event.Close(event.Close(event.Close(b)))
}

// verdicts counts what became of packets, where the traffic is inline.
func (s *stats) verdicts(b []byte) []byte {
	if !s.pl.stream.IPS {
		return b
	}
	var sum verdicts
	for _, w := range s.pl.workers {
		sum.add(&w.counters.verdicts)
	}
	return sum.append(b)
}

// exceptions counts what was done at limits.
func (s *stats) exceptions(b []byte) []byte {
	var sum flow.ExceptionCounters
	for _, w := range s.pl.workers {
		sum.Add(&w.streams.Counters.Exceptions)
	}
	return event.Close(sum.Append(event.Open(b, "exception_policy")))
}

// bypassed counts what came for flows that had been shed.
func (s *stats) bypassed(b []byte) []byte {
	var local, capture [2]uint64
	var shunted shuntCounters
	shunts := false
	for _, w := range s.pl.workers {
		c := &w.flows.Counters
		local[0] += c.LocalPkts
		local[1] += c.LocalBytes
		capture[0] += c.CapturePkts
		capture[1] += c.CaptureBytes
		shunted.add(&w.counters.shunt)
		shunts = shunts || w.shunt != nil
	}
	b = event.Open(b, "flow_bypassed")
	b = event.Uint(b, "local_pkts", local[0])
	b = event.Uint(b, "local_bytes", local[1])
	b = event.Uint(b, "local_capture_pkts", capture[0])
	b = event.Uint(b, "local_capture_bytes", capture[1])
	if shunts {
		b = shunted.append(b)
	}
	return event.Close(b)
}

func (s *stats) defrag(b []byte) []byte {
	var v [5]uint64
	for _, w := range s.pl.workers {
		c := &w.frags.Counters
		for i, n := range [...]uint64{c.Fragments4, c.Reassembled4, c.Fragments6, c.Reassembled6, c.MaxFragHits} {
			v[i] += n
		}
	}
	b = event.Open(b, "defrag")
	b = event.Open(b, "ipv4")
	b = event.Uint(b, "fragments", v[0])
	b = event.Close(event.Uint(b, "reassembled", v[1]))
	b = event.Open(b, "ipv6")
	b = event.Uint(b, "fragments", v[2])
	b = event.Close(event.Uint(b, "reassembled", v[3]))
	b = event.Uint(b, "max_frag_hits", v[4])
	return event.Close(b)
}

func (s *stats) appLayer(b []byte) []byte {
	all := make([]appCounter, len(s.pl.workers[0].counters.app))
	for _, w := range s.pl.workers {
		for i := range all {
			c := &w.counters.app[i]
			for t := range c.flows {
				all[i].flows[t] += c.flows[t]
				all[i].txs[t] += c.txs[t]
			}
			all[i].errors += c.errors
			all[i].gaps += c.gaps
		}
	}
	b = event.Open(b, "app_layer")
	b = event.Open(b, "flow")
	s.eachTransport(func(p *proto.Protocol, t int, name string) { b = event.Uint(b, name, all[p.ID].flows[t]) })
	b = event.Uint(b, "failed_tcp", all[proto.Failed].flows[0])
	b = event.Uint(b, "failed_udp", all[proto.Failed].flows[1])
	b = event.Close(b)
	b = event.Open(b, "tx")
	s.eachTransport(func(p *proto.Protocol, t int, name string) { b = event.Uint(b, name, all[p.ID].txs[t]) })
	b = event.Close(b)
	b = event.Open(b, "error")
	for _, p := range s.set.All() {
		b = event.Open(b, p.EVEName())
		b = event.Uint(b, "gap", all[p.ID].gaps)
		b = event.Uint(b, "parser", all[p.ID].errors)
		b = event.Close(b)
	}
	return event.Close(event.Close(b))
}

// eachTransport calls f for each protocol and transport with the counter's name:
// a protocol of both has one for each.
func (s *stats) eachTransport(f func(p *proto.Protocol, transport int, name string)) {
	for _, p := range s.set.All() {
		switch p.Transport {
		case proto.TCP:
			f(p, 0, p.EVEName())
		case proto.UDP:
			f(p, 1, p.EVEName())
		default:
			f(p, 0, p.EVEName()+"_tcp")
			f(p, 1, p.EVEName()+"_udp")
		}
	}
}

// uptime returns for how long a live pipeline has run, s; 0 of captures.
func (pl *Pipeline) uptime() uint64 {
	if pl.started.IsZero() {
		return 0
	}
	return uint64(time.Since(pl.started) / time.Second)
}
