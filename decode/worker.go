package decode

import (
	"weir/decode/buffer"
	"weir/decode/defrag"
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/decode/stream"
)

// worker takes frames to events. It owns all its state; nothing here locks.
type worker struct {
	dec       *packet.Decoder
	frags     *defrag.Table
	flows     *flow.Table
	streams   *stream.Engine
	inspector Inspector
	annotator Annotator // the inspector, if it is one; may be nil
	pub       event.Publisher
	index     int
	turns     *turns
	flowEnded func(f *flow.Flow)     // may be nil
	frameLog  FrameLog               // may be nil
	refused   func(p *packet.Packet) // may be nil
	files     *file.Store
	kept      uint64 // files.Kept that was acted on
	fileDepth *uint32
	describer describer   // of stored files; may be nil
	buffers   buffer.Pool // of all parsers
	input     proto.Input // of the parser's call in work

	rec      *recogniser
	options  []any     // of each protocol, by ID
	depths   []*uint32 // of the streams of each protocol, by ID; nil: as all others
	certs    CertSink  // nil: certificates are not kept
	parsed   []bool    // by ID: a flow of the protocol gets a parser
	apps     []*app
	freeApps []uint32 // indices into apps
	newApps  []app    // of the last slab, not yet in apps
	// appEvents are those of protocol detection for the packet in work.
	appEvents []proto.AppEvent
	idle      [][]proto.Parser // by protocol ID
	expected  expectations

	shunt      Shunt                    // may be nil
	shuntAfter uint64                   // bytes
	keptBack   map[*flow.Flow]flow.Kept // of flows in the table, by client and server
	nested     bool                     // the packet in work carries others

	now   int64 // packet clock, ns
	share share // of a live run
	// checksums is nil once it is settled whether they are verified.
	checksums *checksums

	counters               counters
	wantsAnomaly, wantsARP bool
	wantsDrop              bool
	ips                    bool // the traffic counts as inline: verdicts take effect
	wantsFrames            bool
	streamFrames           bool    // all of a direction is a frame that somebody wants
	logsFrames             bool    // frames have records
	frames                 []Frame // reused
	datagram               []Frame // those of the datagram in work
	// bypassAtDepth: flows are shed when a direction reaches the stream depth.
	bypassAtDepth bool

	// Reused for each packet or event.
	in          Inspection
	ev          event.Event
	anomaly     anomaly
	frameRecord frameRecord
	arp         arpRecord
	drop        dropRecord
	record      txRecord
	fileRecord  fileRecord
	flowRecord  flowRecord
	pseudo      packet.Packet
	ether       [14]byte
}

// frame takes one captured frame through the whole path.
func (w *worker) frame(f *packet.Frame) {
	w.now = f.Time
	w.at(f.Num, event.InPacket)
	if w.checksums != nil {
		w.settleChecksums(f.Num)
	}
	all := w.dec.Decode(f)
	w.nested = len(all) > 1
	for _, p := range all {
		w.packet(p)
	}
	if w.frameLog != nil {
		w.frameLog.Frame(f)
	}
}

// at says where in the capture the worker is.
func (w *worker) at(num, sub uint64) {
	w.pub.At(num, sub)
	w.turns.move(w.index, num, sub)
}

// packet takes one decoded packet: flow, stream, application, detection, log.
func (w *worker) packet(p *packet.Packet) {
	if p.Has(packet.Fragment) {
		decoded := p.NEvents
		whole := w.frags.Add(p)
		w.dec.CountEvents(p, decoded)
		if whole != nil {
			for _, q := range w.dec.Rebuilt(p, whole) {
				w.packet(q)
			}
		}
	}
	var a *app
	opening := false
	f := w.flow(p)
	if f != nil {
		if f.State == flow.StateBypassed {
			if w.shunt != nil {
				w.shed(p, f)
			}
			w.tell(p, f)
			return
		}
		if f.Has(flow.Dropped) && w.ips {
			p.Drop(packet.DropFlow)
			w.settleVerdict(p, f)
			w.log(p, f, nil)
			w.tell(p, f)
			return
		}
		opening = f.Pkts[p.Dir.Index()] == 1
		a = w.transport(p, f)
	}
	w.inspect(p, f, a, opening)
	w.tell(p, f)
	if w.files.Kept != w.kept {
		w.kept = w.files.Kept
		if f != nil && w.fileDepth != nil {
			w.streams.RaiseDepth(f, *w.fileDepth)
		}
	}
	if f != nil {
		if w.shunt != nil && w.settled(f) {
			w.bypass(f)
		}
		w.streams.Prune(f)
		w.flows.Settle(f)
	}
}

// flow finds or makes the flow of p, nil if it has none. Where the tuple is used again after its
// flow has ended, the old one is ended first.
func (w *worker) flow(p *packet.Packet) *flow.Flow {
	f, _ := w.flows.Get(p)
	if w.flows.Ended(w.endFlow) && f == nil {
		f, _ = w.flows.Get(p) // there is memory now
	}
	return f
}

// transport hands the payload of p to the application layer: at once, or by way
// of reassembly.
func (w *worker) transport(p *packet.Packet, f *flow.Flow) *app {
	if f.Has(flow.NoPayloadInspect) {
		p.Flags |= packet.NoPayloadInspect // what the packet itself brings about is for those behind it
	}
	switch p.Proto {
	case packet.ProtoTCP:
		due := f.Has(flow.BypassNext)
		w.streams.Segment(p, f, w)
		if due || w.bypassAtDepth && p.HasEvent(packet.EvStreamReassemblyDepthReached) {
			w.bypass(f)
		}
	case packet.ProtoUDP:
		if b := p.Payload(); len(b) > 0 && !f.Has(flow.AppGone) && !failedDir(f, p.Dir) {
			was := f.Flags & flow.Reversed
			a := w.app(f)
			a.udp(p.Dir, b)
			if f.Flags&flow.Reversed != was {
				p.Dir = p.Dir.Reverse()
			}
			if a.proto == nil && failedDir(f, p.Dir) {
				w.endApp(f) // most flows of unknown protocols are not heard of again
			}
		}
	}
	if f.Parser == 0 {
		return nil
	}
	return w.apps[f.Parser-1]
}

// Data implements stream.Sink: in-order bytes of one direction.
func (w *worker) Data(f *flow.Flow, dir field.Dir, b []byte, offset uint64, end bool) int {
	return w.app(f).tcp(dir, b, offset, end)
}

// Gap implements stream.Sink: bytes that will never come.
func (w *worker) Gap(f *flow.Flow, dir field.Dir, n int, offset uint64, left []byte) {
	w.app(f).gap(dir, n, offset, left)
}

// inspect runs detection over a packet and what it brought, then logs.
func (w *worker) inspect(p *packet.Packet, f *flow.Flow, a *app, opening bool) {
	w.in = Inspection{Packet: p, Flow: f, Opening: opening, Last: p.Has(packet.StreamEOF)}
	if f != nil && p.Proto == packet.ProtoTCP {
		w.in.Stream = w.streams
	}
	if a != nil {
		w.in.AppEvents = w.appEvents
		if r := a.rare; r != nil && r.old.parser != nil {
			w.in.Proto, w.in.Txs = r.old.proto, r.old.parser.Txs()
			w.verdict(p, f, w.inspector.Inspect(&w.in))
			w.logTxs(p, f, r.old.proto, r.old.parser, false)
			if len(r.old.parser.Txs()) == 0 {
				a.dropOld()
			}
		}
		w.in.Proto, w.in.Txs = a.proto, nil
		if a.parser != nil {
			w.in.Txs = a.parser.Txs()
		}
		if w.wantsFrames {
			w.in.Frames = w.framesOf(p, f, a)
		}
	}
	w.verdict(p, f, w.inspector.Inspect(&w.in))
	if len(w.in.Frames) > 0 {
		if w.logsFrames {
			w.logFrames(p, f, w.in.Frames)
		}
		if p.Proto == packet.ProtoTCP {
			a.closeFrames(p.Dir)
		}
		w.datagram = w.datagram[:0]
	}
	for w.in.Stream != nil && !w.in.Last && w.streams.GoesOn(f, p.Dir) {
		w.in = Inspection{Packet: p, Flow: f, Proto: w.in.Proto, Stream: w.streams, Further: true}
		w.verdict(p, f, w.inspector.Inspect(&w.in))
	}
	w.settleVerdict(p, f)
	w.log(p, f, a)
}

// verdict carries out what the engine decided.
func (w *worker) verdict(p *packet.Packet, f *flow.Flow, v Verdict) {
	if w.in.DropRule != nil && w.refused != nil {
		w.refused(p)
	}
	if v == 0 {
		return
	}
	if v&VerdictAlerted != 0 {
		p.Flags |= packet.Alerted
	}
	if v&VerdictNoLogTx != 0 {
		p.Flags |= packet.NoLog
	}
	if f == nil {
		return
	}
	if v&VerdictAlerted != 0 {
		f.Flags |= flow.Alerted
	}
	if v&VerdictDropFlow != 0 {
		f.Flags |= flow.Dropped | flow.NoPacketInspect
	}
	if v&VerdictReject != 0 {
		f.Flags |= flow.Rejected
	}
	if v&VerdictPassFlow != 0 {
		f.Flags |= flow.Passed | flow.NoPacketInspect
	}
	if v&VerdictNoLogFlow != 0 {
		f.Flags |= flow.NoLog
	}
	if v&VerdictBypass != 0 && !p.Has(packet.Pseudo) {
		w.bypass(f)
	}
}

// bypass sheds a flow: its packets are counted and no longer looked at.
func (w *worker) bypass(f *flow.Flow) {
	f.State = flow.StateBypassed
	f.Flags |= flow.BypassLocal
	w.streams.StopReassembly(f)
}

// reverse swaps the directions of a flow whose first packet came from the
// server.
func (w *worker) reverse(f *flow.Flow) {
	w.flows.Reverse(f)
	w.streams.Swap(f)
}

// log publishes what a packet yielded besides alerts.
func (w *worker) log(p *packet.Packet, f *flow.Flow, a *app) {
	if p.NEvents > 0 {
		w.countEvents(p)
		if w.wantsAnomaly {
			w.logPacketAnomalies(p, f)
		}
	}
	if w.wantsARP && p.HasARP {
		w.logARP(p)
	}
	if a == nil {
		return
	}
	if len(w.appEvents) > 0 {
		if w.wantsAnomaly {
			w.logAppAnomalies(p, f, a)
		}
		w.appEvents = w.appEvents[:0]
	}
	if a.parser != nil {
		w.logTxs(p, f, a.proto, a.parser, false)
	}
}

// tick lets flows and fragments time out. All workers do it at the same places
// of the capture, so that the result does not depend on their number.
func (w *worker) tick(num uint64, now int64) {
	w.now = now
	w.flows.Expire(now, func(f *flow.Flow) {
		w.at(num, f.FirstNum)
		w.endFlow(f)
	})
	w.frags.Expire(now)
}

// finish ends what is still open at the end of the capture, at now.
func (w *worker) finish(now int64) {
	w.now = now
	w.flows.End(func(f *flow.Flow) {
		f.Flags |= flow.Shutdown
		w.at(event.EndOfCapture, f.FirstNum)
		w.endFlow(f)
	})
	w.turns.move(w.index, event.EndOfCapture, event.InPacket)
}

// endFlow inspects and logs what waited for more, writes the flow's record and
// releases all that belongs to it.
func (w *worker) endFlow(f *flow.Flow) {
	if f.Has(flow.Shunted) {
		w.unshunt(f)
	}
	dropped := w.ips && f.Has(flow.Dropped) // what waits has not come through
	for _, dir := range [...]field.Dir{field.ToServer, field.ToClient} {
		if !dropped && w.needsPseudo(f, dir) {
			w.pseudoPacket(f, dir)
		}
	}
	if f.Parser != 0 && !dropped {
		if a := w.apps[f.Parser-1]; a.parser != nil {
			w.logTxs(nil, f, a.proto, a.parser, true)
		}
	}
	w.logFlow(f)
	if w.frameLog != nil {
		w.frameLog.FlowEnded(f)
	}
	w.inspector.EndFlow(f)
	w.endApp(f)
	if f.Has(flow.BypassCapture) {
		delete(w.keptBack, f)
	}
	w.streams.Release(f)
	w.flows.Release(f)
}

// flowRecord is the body of a flow or netflow event.
type flowRecord struct {
	w    *worker
	flow *flow.Flow
	dir  int // of netflow; -1 for flow
}

// AppendEvent implements event.Appender.
func (r *flowRecord) AppendEvent(b []byte, _ *event.Output) []byte {
	if r.dir < 0 {
		return flow.AppendRecord(b, r.flow, r.w.appName, r.w.txCount(r.flow), r.w.keptOf(r.flow))
	}
	return flow.AppendNetflow(b, r.flow, r.dir, r.w.appName)
}

// appName returns app_proto by number.
func (w *worker) appName(id uint16) string { return w.rec.set.Name(proto.ID(id)) }

// txCount returns how many transactions of the flow have been given back.
func (w *worker) txCount(f *flow.Flow) uint64 {
	if f.Parser == 0 {
		return 0
	}
	return w.apps[f.Parser-1].txs
}

// logFlow writes the records of a flow that has ended.
func (w *worker) logFlow(f *flow.Flow) {
	if w.flowEnded != nil {
		w.flowEnded(f)
	}
	if w.pub.Wants("flow") {
		w.flowRecord = flowRecord{w, f, -1}
		w.flowHead("flow", f, field.ToServer, nil)
		w.ev.Time = w.now
		w.ev.SrcMACs, w.ev.DstMACs = w.flows.MACs(f)
		w.ev.Body = &w.flowRecord
		w.pub.Publish(&w.ev)
	}
	if w.pub.Wants("netflow") {
		for i := range f.Pkts {
			if f.Pkts[i] == 0 {
				continue
			}
			w.flowRecord = flowRecord{w, f, i}
			w.flowHead("netflow", f, field.Dir(1<<i), nil)
			w.ev.Time = w.now
			w.ev.Body = &w.flowRecord
			w.pub.Publish(&w.ev)
		}
	}
}

// needsPseudo reports whether a direction has bytes or transactions that no
// packet has let the rules see.
func (w *worker) needsPseudo(f *flow.Flow, dir field.Dir) bool {
	if f.Proto != packet.ProtoTCP || f.TCP == 0 {
		return false
	}
	if w.streams.Pending(f, dir) {
		return true
	}
	if f.Parser == 0 {
		return false
	}
	if a := w.apps[f.Parser-1]; a.parser != nil {
		for _, tx := range a.parser.Txs() {
			if t := tx.Base(); !t.Inspected[dir.Index()] {
				return true
			}
		}
	}
	return false
}

// pseudoPacket makes a packet of no bytes that ends a direction of a flow.
func (w *worker) pseudoPacket(f *flow.Flow, dir field.Dir) {
	p := &w.pseudo
	i := dir.Index()
	*p = packet.Packet{
		Time: w.now, Flags: packet.Pseudo | packet.StreamEOF | packet.FlowPkt | packet.Established,
		Dir: dir, MACs: -1, Version: f.Version, Proto: f.Proto,
		Src: f.Addr[i], Dst: f.Addr[1-i], SrcPort: f.Port[i], DstPort: f.Port[1-i],
	}
	p.SetSource(packet.SourceFlowTimeout)
	w.counters.pseudo++
	w.streams.Flush(f, p, w)
	var a *app
	if f.Parser != 0 {
		a = w.apps[f.Parser-1]
	}
	w.inspect(p, f, a, false)
	for last := int64(-1); ; {
		from, ok := w.streams.MoreRaw(f, dir)
		if !ok || int64(from) <= last {
			return // a verdict may have ended inspection: nobody takes what there is
		}
		last = int64(from)
		w.in = Inspection{Packet: p, Flow: f, Stream: w.streams, Last: true, Further: true}
		w.verdict(p, f, w.inspector.Inspect(&w.in))
	}
}
