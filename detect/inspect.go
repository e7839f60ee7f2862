package detect

import (
	"cmp"
	"slices"

	"weir/decode"
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/detect/mpm"
	"weir/detect/regex"
)

// Worker is the scratch of one worker. It implements decode.Inspector.
type Worker struct {
	Alerts     uint64 // raised
	Overflow   uint64 // not raised: their packet had too many
	Suppressed uint64 // not raised: thresholds
	GivenUp    uint64 // checks of rules that have reached a step limit

	e   *Engine
	pub event.Publisher

	scan   mpm.Scratch
	match  matchState
	cand   []uint32 // rules found, by order
	mark   []uint32 // generation in which a rule was put into cand
	gen    uint32
	bufs   []cached
	spare  [][]byte // memory of transformed buffers
	used   int
	alerts []alert

	costs       []cost     // by rule; nil: nobody asks
	quarantines bool       // rules may be taken out of use
	out         []bool     // those that are; nil: none
	epoch       uint64     // of the last packet, see quarantine
	ex          *Explainer // nil: nobody asks; else costs is not nil

	past   []*Takeover // of engines before, oldest first
	states []*flowState
	freeSt []uint32
	freeTx []*txState
	shared *Shared
	turnOf func() // waits for the worker's turn; may be nil

	// Of the inspection in work.
	in      *decode.Inspection
	pass    int    // over the transaction: a body may have several windows
	raw     []byte // stream data, if any is new
	rawBase uint64
	hasRaw  bool
	txFirst []*signature // found in payload, look at transactions too
	ev      event.Event
	body    alertBody
	drop    dropRule
	// What rules have captured from the packet in work, or from the last one.
	packetVars []variable
	varsOf     *packet.Packet
	vars       variables // of the event in work
	txNow      *proto.Tx // the transaction whose rules are looked at; nil: none
	// inStream: the last rule that has fitted has done so in the stream.
	inStream bool
}

// NewWorker returns the engine's inspector for one worker of a run, whose workers
// have shared in common.
func (e *Engine) NewWorker(pub event.Publisher, shared *Shared) *Worker {
	return &Worker{
		e: e, pub: pub, quarantines: e.Quarantines(), mark: make([]uint32, len(e.sigs)), shared: shared,
		match: matchState{re: &regex.Machine{}, limit: cmp.Or(e.opt.Recursion, defaultSteps)},
	}
}

// cached is a buffer of the transaction in work.
type cached struct {
	def  *field.Def
	key  string // transforms
	i    int    // of a multi-buffer
	b    []byte // nil: not there
	base uint64
	end  bool
	seen int // bytes that were scanned before
}

// alert is a rule that has fitted.
type alert struct {
	sig    *signature
	tx     proto.Transaction
	stream bool // it has fitted in the reassembled stream
	// guessed: tx is the one that was open, the rule did not look at it.
	guessed bool
	frame   *decode.Frame // that it has fitted in; nil: none
	// What it does: that of the rule, unless a rate_filter has changed it.
	action  action
	reject  packet.Reject
	changed bool
	context []byte // members: what data sets hold of values found, what was captured for it
}

// change replaces what a rule does for one match.
func (a *alert) change(to action) {
	a.action, a.changed, a.reject = to, true, 0
	if to == actReject {
		a.reject = packet.RejectSrc
	}
}

// txState is what the engine remembers of a transaction and direction.
type txState struct {
	scanned uint64 // buffers of the group that have been scanned
	pending []pending
	// storeFiles: filestore has asked for all files of this direction.
	storeFiles bool
	bits       []int  // of xbits with track tx; kept for the request's direction
	plain      bool   // rules without a pattern have become pending
	gen        uint32 // of the engine whose rules it is about
}

// pending is a rule that waits for more of a transaction.
type pending struct {
	done uint64 // units that have fitted
	sig  uint32
	off  bool // it has fired, or can not any more
}

// waiting reports whether a rule is among those pending.
func waiting(l []pending, sig uint32) bool {
	for i := range l {
		if l[i].sig == sig {
			return true
		}
	}
	return false
}

// Inspect implements decode.Inspector.
func (w *Worker) Inspect(in *decode.Inspection) decode.Verdict {
	w.in = in
	p, f := in.Packet, in.Flow
	if p.Has(packet.NoPacketInspect) || f != nil && f.Has(flow.NoPacketInspect) {
		for _, tx := range in.Txs {
			tx.Base().Inspected = [2]bool{true, true}
		}
		if w.ex != nil {
			w.ex.passed++
		}
		return 0
	}
	w.alerts, w.txFirst, w.hasRaw = w.alerts[:0], w.txFirst[:0], false
	w.drop.a = alert{}
	w.packetVars, w.varsOf = w.packetVars[:0], p
	if w.quarantines && p.Num>>epochShift > w.epoch && !p.Has(packet.Pseudo) {
		w.enterEpoch(p.Num)
	}
	w.newGeneration()
	if p.NEvents > 0 || len(in.AppEvents) > 0 {
		for _, s := range w.e.events {
			w.add(s.order)
		}
	}
	if p.Version != 0 {
		w.find(p, f)
	}
	var v decode.Verdict
	slices.Sort(w.cand)
	if w.ex != nil {
		w.ex.packet(w)
	}
	for _, i := range w.cand {
		s := w.e.sigs[i]
		if s.hasTx && !s.eventOnly {
			w.txFirst = append(w.txFirst, s)
			continue
		}
		if w.tryPacket(s) {
			tx, guessed := w.shownTx(s, p, f)
			w.fire(s, tx)
			w.alerts[len(w.alerts)-1].guessed = guessed
		}
	}
	if w.hasRaw {
		defer in.Stream.RawDone(f, p.Dir, w.rawBase+uint64(len(w.raw)))
	}
	for i := range in.Frames {
		w.used = 0
		w.frame(&in.Frames[i])
	}
	if in.Proto != nil {
		for _, tx := range in.Txs {
			w.tx(tx)
		}
	}
	v |= w.publish(p, f)
	if w.e.tags {
		w.follow(p, f)
	}
	return v
}

func (w *Worker) newGeneration() {
	w.cand = w.cand[:0]
	if w.gen++; w.gen == 0 {
		clear(w.mark)
		w.gen = 1
	}
}

// add puts a rule among the candidates, once.
func (w *Worker) add(i int) {
	if w.mark[i] != w.gen {
		w.mark[i] = w.gen
		w.cand = append(w.cand, uint32(i))
	}
}

// find collects the candidates of a packet.
func (w *Worker) find(p *packet.Packet, f *flow.Flow) {
	in := w.in
	dirs := [2]bool{true, true}
	if f != nil {
		dirs = [2]bool{p.Dir == field.ToServer, p.Dir == field.ToClient}
	}
	t := transport(p)
	app := proto.Unknown
	if in.Proto != nil {
		app = in.Proto.ID
	}
	for d, on := range dirs {
		if !on {
			continue
		}
		port := p.DstPort
		if d == 1 {
			port = p.SrcPort
		}
		if in.Opening || f == nil {
			w.addIndexed(w.e.ipIndex[d], p)
		}
		if len(w.e.protoOnly[d]) > 0 && f != nil && !f.Has(protoDone[d]) && protoKnown(f, d) {
			f.Flags |= protoDone[d]
			for _, s := range w.e.protoOnly[d] {
				w.add(s.order)
			}
		}
		if !in.Further {
			g := &w.e.plain[t][d]
			w.addIndexed(g.index, p)
			if list := g.byPort.at(port); list != nil {
				for _, s := range *list {
					w.add(s.order)
				}
			}
		}
		dark := p.Has(packet.NoPayloadInspect)
		if p.PayLen > 0 && !dark {
			w.payload(&w.e.payload[t][d], p.Payload(), 0, true, port, app)
			if outsideStream(p) {
				w.payload(&w.e.stream[d], p.Payload(), 0, true, port, app)
			}
		}
		if t == trTCP && in.Stream != nil && f != nil {
			if w.raw, w.rawBase, w.hasRaw = in.Stream.Raw(f, p.Dir, p); w.hasRaw && !dark {
				w.payload(&w.e.stream[d], w.raw, w.rawBase, p.Has(packet.StreamEOF), port, app)
			}
		}
	}
}

// protoDone are the flags of a flow whose protocol-only rules have run.
var protoDone = [2]flow.Flags{flow.DetectDoneTS, flow.DetectDoneTC}

// protoKnown reports whether detection of the protocol has ended in a direction.
func protoKnown(f *flow.Flow, d int) bool {
	return f.Has(flow.AppGone) || [2]uint16{f.AppTS, f.AppTC}[d] != 0 || f.Proto != packet.ProtoTCP && f.App != 0
}

// outsideStream reports whether p has TCP payload that no stream has taken:
// stream rules look at it where it stands.
func outsideStream(p *packet.Packet) bool {
	return p.Proto == packet.ProtoTCP && !p.Has(packet.StreamAdded) && !p.Has(packet.Pseudo)
}

// addIndexed puts the rules of an index that may fit p's addresses among the
// candidates.
func (w *Worker) addIndexed(x *addrIndex, p *packet.Packet) {
	for _, list := range [...][]uint32{x.rest, x.src.of(&p.Src), x.dst.of(&p.Dst)} {
		for _, i := range list {
			w.add(int(i))
		}
	}
}

// payload scans b, which begins at offset base of what patterns are tied to and
// ends it if end is set, with the sets of a group.
func (w *Worker) payload(g *ruleGroup, b []byte, base uint64, end bool, port uint16, app proto.ID) {
	w.scanSet(&g.any, b, base, end)
	if s := g.byPort.at(port); s != nil {
		w.scanSet(s, b, base, end)
	}
	if int(app) < len(g.byApp) && g.byApp[app] != nil {
		w.scanSet(g.byApp[app], b, base, end)
	}
}

func (w *Worker) scanSet(s *patternSet, b []byte, base uint64, end bool) {
	if s.set == nil {
		return
	}
	for _, id := range s.set.ScanAt(b, base, end, &w.scan) {
		w.add(int(s.sigs[id]))
	}
}

// header checks what a rule says of protocol, addresses, ports and flow.
func (w *Worker) header(s *signature, p *packet.Packet, f *flow.Flow) bool {
	if s.protos&family(p) == 0 {
		return false
	}
	if s.protos&protoIPv4 != 0 && p.Version != 4 || s.protos&protoIPv6 != 0 && p.Version != 6 {
		return false
	}
	if f != nil && s.dir&p.Dir == 0 {
		return false
	}
	return s.flowFits(p, f) && s.between(p)
}

// between checks the addresses and ports of a rule, which are the same for all
// packets of a flow's direction.
func (s *signature) between(p *packet.Packet) bool {
	if s.wholeTx && p.Dir == field.ToClient {
		return s.tuple(&p.Dst, &p.Src, p.DstPort, p.SrcPort)
	}
	if s.tuple(&p.Src, &p.Dst, p.SrcPort, p.DstPort) {
		return true
	}
	return s.bidir && s.tuple(&p.Dst, &p.Src, p.DstPort, p.SrcPort)
}

func (s *signature) tuple(src, dst *[16]byte, sport, dport uint16) bool {
	return s.dport.Contains(dport) && s.sport.Contains(sport) && s.src.Contains(src) && s.dst.Contains(dst)
}

// flowFits checks the flow keyword.
func (s *signature) flowFits(p *packet.Packet, f *flow.Flow) bool {
	c := &s.flow
	if !c.set {
		return true
	}
	if c.onlyFrag && !p.Has(packet.Rebuilt) || c.noFrag && p.Has(packet.Rebuilt) {
		return false
	}
	if f == nil {
		return c.dir == 0 && !c.established
	}
	if c.established && !p.Has(packet.Established) || c.notEstablished && p.Has(packet.Established) {
		return false
	}
	return true
}

// conditions checks all of a rule but its buffers.
func (w *Worker) conditions(s *signature, p *packet.Packet, f *flow.Flow) bool {
	if !w.header(s, p, f) {
		return false
	}
	if s.needPayload && p.Has(packet.NoPayloadInspect) && !w.hasRaw {
		return false
	}
	for _, c := range s.packet {
		if !c(p, f) {
			return false
		}
	}
	for _, fits := range s.reputation {
		if p.Version == 0 || !fits(p) {
			return false
		}
	}
	for _, t := range s.stateTests {
		if !t(w, f) {
			return false
		}
	}
	if s.appEvent != 0 && !slices.Contains(w.in.AppEvents, s.appEvent) {
		return false
	}
	if s.streamSize != nil {
		sz, ok := w.in.Stream.(interface {
			Sizes(f *flow.Flow) (client, server uint64)
		})
		if !ok || f == nil || !s.streamSize(sz.Sizes(f)) {
			return false
		}
	}
	return true
}

// packetRule checks a rule that looks at no transaction.
func (w *Worker) packetRule(s *signature, p *packet.Packet, f *flow.Flow) bool {
	if s.eventOnly && p.Version == 0 {
		// There is no header that could be checked.
		for _, c := range s.packet {
			if !c(p, f) {
				return false
			}
		}
		return s.appEvent == 0 && len(s.units) == 0 && (s.src.Any && s.dst.Any || p.Version != 0)
	}
	w.match.captured = w.match.captured[:0]
	if !w.conditions(s, p, f) {
		return false
	}
	if s.app != nil && !w.appFits(s) {
		return false
	}
	w.inStream = false
	for i := range s.units {
		if !w.payloadUnit(s, &s.units[i], p, f) {
			return false
		}
	}
	return true
}

// headerUnit checks contents on bytes of the packet's headers.
func (w *Worker) headerUnit(u *unit, p *packet.Packet) bool {
	b := u.header(p)
	if b == nil {
		return u.absent != absentNo
	}
	return u.absent != absentOnly && w.fits(u, b, 0, true)
}

// appFits reports whether the flow speaks one of the rule's protocols.
func (w *Worker) appFits(s *signature) bool {
	return w.in.Proto != nil && slices.Contains(s.app, w.in.Proto)
}

// payloadUnit checks contents on the packet's payload or on the stream.
func (w *Worker) payloadUnit(s *signature, u *unit, p *packet.Packet, f *flow.Flow) bool {
	switch {
	case u.header != nil:
		return w.headerUnit(u, p)
	case u.each != nil:
		fit := false
		u.each(p, func(b []byte) bool {
			fit = w.fits(u, b, 0, true)
			return !fit
		})
		return fit
	}
	if p.Has(packet.NoPayloadInspect) {
		return false
	}
	if p.Proto != packet.ProtoTCP || s.onPacket() || !s.needStream && outsideStream(p) {
		if b := p.Payload(); len(b) > 0 && w.fits(u, b, 0, true) {
			return true
		}
	}
	if p.Proto == packet.ProtoTCP && s.onStream() && w.hasRaw {
		w.inStream = w.fits(u, w.raw, w.rawBase, p.Has(packet.StreamEOF))
		return w.inStream
	}
	return false
}

// fits runs the matchers of a unit over one buffer.
func (w *Worker) fits(u *unit, b []byte, base uint64, end bool) bool {
	st := &w.match
	st.buf, st.base, st.end, st.steps, st.patternSteps = b, base, end, 0, 0
	fits := st.run(u.match, 0)
	if st.measured {
		w.noteEntropy(u.bufferName(), st.entropy)
		st.measured = false
	}
	return fits
}

// shownTx returns the transaction that the alert of a rule on packets or streams
// shows. A rule of an application over UDP fires on the one that its datagram
// stands for; any other on the only one that is not inspected yet, which is a
// guess.
func (w *Worker) shownTx(s *signature, p *packet.Packet, f *flow.Flow) (tx proto.Transaction, guessed bool) {
	datagram := len(s.app) > 0 && f != nil && f.Proto == packet.ProtoUDP
	if !datagram && !w.e.opt.GuessTx {
		return nil, false
	}
	d := p.Dir.Index()
	for i, tx := range w.in.Txs {
		t := tx.Base()
		if t.Inspected[d] {
			continue
		}
		if !datagram && i != len(w.in.Txs)-1 || int(t.Shown) >= w.e.opt.TxShown {
			return nil, false
		}
		t.Shown++
		return tx, f.Proto != packet.ProtoUDP
	}
	return nil, false
}

// fire notes that a rule has fitted, and does what it asks for.
func (w *Worker) fire(s *signature, tx proto.Transaction) {
	if s.store != nil {
		w.store(s, tx, w.in.Packet.Dir, w.in.Flow)
	}
	if s.certs {
		w.storeCerts(tx, w.in.Packet.Dir)
	}
	for _, post := range s.posts {
		post(w, s, w.in.Packet, w.in.Flow)
	}
	a := alert{sig: s, tx: tx, stream: w.inStream, action: s.action, reject: s.reject}
	if len(w.match.captured) > 0 {
		a.context = w.keep(w.in.Flow)
	}
	if s.enriches {
		a.context = w.contextOf(s, tx, a.context)
	}
	w.alerts = append(w.alerts, a)
}

// flowState returns what is remembered of a flow, or nil.
func (w *Worker) flowState(f *flow.Flow) *flowState {
	if f == nil || f.Detect == 0 {
		return nil
	}
	return w.states[f.Detect-1]
}

// makeState returns what is remembered of a flow, made at first use.
func (w *Worker) makeState(f *flow.Flow) *flowState {
	if f.Detect == 0 {
		if n := len(w.freeSt); n > 0 {
			f.Detect = w.freeSt[n-1]
			w.freeSt = w.freeSt[:n-1]
		} else {
			w.states = append(w.states, &flowState{})
			f.Detect = uint32(len(w.states))
		}
	}
	return w.states[f.Detect-1]
}

// EndFlow implements decode.Inspector.
func (w *Worker) EndFlow(f *flow.Flow) {
	if f.Detect == 0 {
		return
	}
	w.states[f.Detect-1].reset()
	w.freeSt = append(w.freeSt, f.Detect)
	f.Detect = 0
}

// EndTx implements decode.Inspector.
func (w *Worker) EndTx(tx *proto.Tx) {
	for d := range tx.Detect {
		if st, ok := tx.Detect[d].(*txState); ok {
			*st = txState{gen: w.e.gen, pending: st.pending[:0], bits: st.bits[:0]}
			w.freeTx = append(w.freeTx, st)
			tx.Detect[d] = nil
		}
	}
}
