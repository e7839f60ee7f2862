package decode

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// app is the application layer of one flow: which protocol each direction was
// found to speak, and the parser. There is one for each flow with payload, so
// what few flows need stands apart.
type app struct {
	w    *worker
	flow *flow.Flow

	proto  *proto.Protocol // of the flow, once it is known
	parser proto.Parser
	env    proto.Env
	rare   *rareApp // nil as long as the flow needs nothing of it

	dir [2]*proto.Protocol // of each direction
	// parsed is up to where the parser has come, by direction.
	parsed [2]uint64
	txs    uint64 // given back

	rec     [2]recognition // how far recognition is, by direction
	started [2]bool
	ended   [2]bool
	// first is the direction of the first data, 0 before it.
	first field.Dir
	// settling: the bytes of the side that spoke first are given again, now
	// that the other side has told the protocol.
	settling bool
}

// rareApp is what the application layer of few flows needs.
type rareApp struct {
	// old is the layer before the last hand-over while it still has
	// transactions to inspect and to log.
	old retired
	// frames are open pieces of the stream that rules look at, by direction.
	frames   [2][]openFrame
	frameID  [2]uint32 // of the last
	streamed [2]bool   // the frame that is all of it was opened
	// change is a request of the parser's to hand the flow over.
	change         bool
	changeTo, want string
}

// appSlab is how many app are allocated at once.
const appSlab = 32

// giveUp is how many bytes of one direction are looked at while the other is
// silent, before the protocol counts as unknown.
const giveUp = 100_000

// app returns the application layer of f, made at first use.
func (w *worker) app(f *flow.Flow) *app {
	if f.Parser != 0 {
		return w.apps[f.Parser-1]
	}
	var a *app
	if n := len(w.freeApps); n > 0 {
		f.Parser = w.freeApps[n-1] + 1
		w.freeApps = w.freeApps[:n-1]
		a = w.apps[f.Parser-1]
	} else {
		if len(w.newApps) == 0 {
			w.newApps = make([]app, appSlab)
		}
		a, w.newApps = &w.newApps[0], w.newApps[1:]
		w.apps = append(w.apps, a)
		f.Parser = uint32(len(w.apps))
	}
	*a = app{w: w, flow: f}
	a.env = proto.Env{Flow: f, Frames: w.wantsFrames, Files: w.files, Buffers: &w.buffers, Host: a}
	if f.AppTS|f.AppTC != 0 {
		// The layer was given up, with what one direction had shown.
		for i, dir := range [...]field.Dir{field.ToServer, field.ToClient} {
			if failedDir(f, dir) {
				a.rec[i] = recognition{true, true}
			}
		}
		return a
	}
	if e, ok := w.announced(f); ok {
		if p := w.rec.set.ByName(e.Proto); p != nil {
			f.Flags |= flow.Expected
			f.ParentID = e.parent
			a.env.Data = e.Data
			a.settle(p)
			a.dir = [2]*proto.Protocol{p, p}
		}
	}
	return a
}

// retired is a protocol that has handed its flow over.
type retired struct {
	proto  *proto.Protocol
	parser proto.Parser
}

// retire keeps the current layer for the rest of its transactions.
func (a *app) retire() {
	if a.parser == nil {
		return
	}
	a.dropOld()
	a.uncommon().old = retired{a.proto, a.parser}
}

// dropOld releases the retired layer.
func (a *app) dropOld() {
	if r := a.rare; r != nil && r.old.parser != nil {
		a.w.release(r.old.proto, r.old.parser)
		r.old = retired{}
	}
}

// uncommon returns a.rare, made at first use.
func (a *app) uncommon() *rareApp {
	if a.rare == nil {
		a.rare = &rareApp{}
	}
	return a.rare
}

// wanted returns the protocol that the last one said would follow, once.
func (a *app) wanted() string {
	if a.rare == nil {
		return ""
	}
	want := a.rare.want
	a.rare.want = ""
	return want
}

// release ends the transactions of a parser and keeps it for reuse.
func (w *worker) release(p *proto.Protocol, ps proto.Parser) {
	for n := len(ps.Txs()); n > 0; n-- {
		tx := ps.Txs()[n-1]
		w.inspector.EndTx(tx.Base())
		for _, l := range tx.Base().Files {
			if l != nil {
				w.files.Free(l)
			}
		}
		ps.Free(tx)
	}
	id := p.ID
	if p.From != "" {
		id = w.rec.set.ByName(p.From).ID
	}
	if _, ok := ps.(proto.Resetter); ok && len(w.idle[id]) < maxIdleParsers {
		w.idle[id] = append(w.idle[id], ps)
	}
}

// endApp releases the application layer of f.
func (w *worker) endApp(f *flow.Flow) {
	if f.Parser == 0 {
		return
	}
	a := w.apps[f.Parser-1]
	a.dropOld()
	if a.parser != nil {
		w.release(a.proto, a.parser)
	}
	a.parser, a.proto, a.flow, a.rare = nil, nil, nil, nil
	w.freeApps = append(w.freeApps, f.Parser-1)
	f.Parser = 0
}

// maxIdleParsers bounds the parsers of one protocol that wait for a flow.
const maxIdleParsers = 256

// newParser makes a parser of a's protocol, or takes an idle one.
func (a *app) newParser() {
	p := a.proto
	a.env.Options = a.w.options[p.ID]
	if !a.w.parsed[p.ID] {
		a.parser = nil
		return
	}
	if idle := a.w.idle[p.ID]; len(idle) > 0 {
		a.parser = idle[len(idle)-1]
		a.w.idle[p.ID] = idle[:len(idle)-1]
		a.parser.(proto.Resetter).Reset(&a.env)
		return
	}
	a.parser = p.New(&a.env)
}

// name is app_proto as events show it.
func (a *app) name() string {
	if a.proto != nil {
		return a.proto.EVEName()
	}
	return ""
}

// tcp takes in-order bytes of one direction and returns how many it is done
// with; the rest comes again with more behind it. offset is that of b in the
// stream; end says that nothing follows.
func (a *app) tcp(dir field.Dir, b []byte, offset uint64, end bool) int {
	f := a.flow
	if f.Has(flow.AppGone) {
		return len(b)
	}
	if a.first == 0 && len(b) > 0 {
		a.first = dir
	}
	d := dir.Index()
	if a.dir[d] == nil {
		if len(b) == 0 {
			return 0
		}
		switch a.detect(dir, b, end) {
		case proto.More:
			return 0
		case proto.No:
			return len(b)
		}
		if a.first != dir && !a.settling && a.dir[1-d] == nil {
			// The other side spoke first and was not understood: now that the
			// protocol is known, its bytes go first.
			a.settling = true
			a.w.streams.Redeliver(f, dir.Reverse(), a.w)
			a.settling = false
			if f.Has(flow.AppGone) {
				return len(b)
			}
		}
	}
	return a.parse(dir, b, offset, end)
}

// detect recognises the protocol of a direction. Yes: a.dir is set, go on and
// parse. More: keep the bytes. No: never.
func (a *app) detect(dir field.Dir, b []byte, end bool) proto.Verdict {
	f, d := a.flow, dir.Index()
	found, v := a.w.rec.recognise(&a.rec[d], proto.TCP, dir, b, f)
	other := a.dir[1-d]
	switch v {
	case proto.Reversed:
		if a.proto == nil && a.started == [2]bool{} {
			a.w.reverse(f)
			a.rec[0], a.rec[1] = a.rec[1], a.rec[0]
			a.first = a.first.Reverse()
			a.dir[1-d] = found
			a.settle(found)
			return proto.More // the stream gives the bytes again, in their true direction
		}
	case proto.Yes:
	case proto.More:
		if other == nil && len(b) > giveUp || end && other == nil {
			return a.fail()
		}
		if other == nil || !end && !a.settling {
			return proto.More
		}
		fallthrough
	default:
		if other == nil {
			if a.rec[d].done() {
				a.setDir(dir, proto.Failed)
			}
			if a.rec[0].done() && a.rec[1].done() || end || len(b) > giveUp {
				return a.fail()
			}
			return proto.More
		}
		// The other side is known: believe it. That is odd only if more bytes would
		// not have told.
		if v != proto.More {
			a.event(proto.EvDetectOneDirection)
		}
		if !a.mayStart(other) {
			return a.fail()
		}
		a.dir[d] = other
		a.setDir(dir, other.ID)
		return proto.Yes
	}
	a.dir[d] = found
	a.setDir(dir, found.ID)
	if other != nil {
		if other != found {
			a.event(proto.EvMismatchBoth)
			a.dir[d] = a.proto
		}
		return proto.Yes
	}
	if !a.mayStart(found) {
		a.event(proto.EvWrongDirectionFirstData)
		return a.fail()
	}
	a.settle(found)
	return proto.Yes
}

// mayStart reports whether the side that spoke first may do so in p.
func (a *app) mayStart(p *proto.Protocol) bool {
	return p.FirstDir == 0 || p.FirstDir.Has(a.first)
}

// done reports whether neither patterns nor probes can find anything any more.
func (r *recognition) done() bool { return r.patsDone && r.probesDone }

// settle makes p the protocol of the flow.
func (a *app) settle(p *proto.Protocol) {
	f := a.flow
	if want := a.wanted(); want != "" && want != p.Name {
		if want == "tls" {
			a.event(proto.EvNoTLSAfterSTARTTLS)
		}
		a.event(proto.EvUnexpectedProtocol)
	}
	a.proto = p
	f.App = uint16(p.ID)
	a.w.counters.app[p.ID].flows[transportOf(f)]++
	a.newParser()
	if depth := a.w.depths[p.ID]; depth != nil {
		a.w.streams.SetDepth(f, *depth)
	}
}

// transportOf is the place of a flow's transport in counters: 0 TCP, 1 UDP.
func transportOf(f *flow.Flow) int {
	if f.Proto == packet.ProtoTCP {
		return 0
	}
	return 1
}

// fail ends all parsing of the flow.
func (a *app) fail() proto.Verdict {
	f := a.flow
	// At the end of a flow that never got that far it stays unknown.
	if a.proto == nil && (f.Proto == packet.ProtoUDP || a.rec[0].done() && a.rec[1].done()) {
		f.App = uint16(proto.Failed)
		a.w.counters.app[proto.Failed].flows[transportOf(f)]++
	}
	f.Flags |= flow.AppGone
	a.w.streams.StopApp(f)
	return proto.No
}

// failDir ends recognition of one direction; the other may still tell.
func (a *app) failDir(dir field.Dir) {
	f := a.flow
	a.rec[dir.Index()] = recognition{true, true}
	a.setDir(dir, proto.Failed)
	if f.App == 0 {
		f.App = uint16(proto.Failed)
	}
	if a.rec[0].done() && a.rec[1].done() {
		a.fail()
	}
}

// setDir notes the outcome for one direction in the flow.
func (a *app) setDir(dir field.Dir, id proto.ID) {
	if dir == field.ToServer {
		a.flow.AppTS = uint16(id)
	} else {
		a.flow.AppTC = uint16(id)
	}
}

// failedDir reports whether the bytes of a direction were not recognised, for good.
func failedDir(f *flow.Flow, dir field.Dir) bool {
	if dir == field.ToServer {
		return f.AppTS == uint16(proto.Failed)
	}
	return f.AppTC == uint16(proto.Failed)
}

// event notes an oddity of protocol detection for the packet in work.
func (a *app) event(e proto.AppEvent) { a.w.appEvents = append(a.w.appEvents, e) }

// parse gives b to the parser. What it has open where a direction reaches the
// stream depth is not whole.
func (a *app) parse(dir field.Dir, b []byte, offset uint64, end bool) int {
	if !end || a.parser == nil || !a.w.streams.DepthReached(a.flow, dir) {
		return a.feed(dir, b, offset, end)
	}
	n := 0
	if len(b) > 0 {
		n = a.feed(dir, b, offset, false)
	}
	if a.parser != nil && !a.flow.Has(flow.AppGone) {
		for _, tx := range a.parser.Txs() {
			if l := tx.Base().Files[dir.Index()]; l != nil {
				for _, f := range l.Files {
					f.Cut()
				}
			}
		}
	}
	return n + a.feed(dir, b[n:], offset+uint64(n), true)
}

// feed gives b to the parser and returns how many bytes it is done with.
func (a *app) feed(dir field.Dir, b []byte, offset uint64, end bool) int {
	d := dir.Index()
	if a.parser == nil || a.flow.Has(flow.AppGone) {
		return len(b)
	}
	a.env.Now = a.w.now
	in := &a.w.input
	*in = proto.Input{Dir: dir, Data: b, End: end, Start: !a.started[d], Offset: offset}
	a.started[d] = true
	if end {
		if a.ended[d] {
			return len(b)
		}
		a.ended[d] = true
	}
	r := a.parser.Parse(in)
	a.parsed[d] = offset + uint64(min(r.Consumed, len(b)))
	if a.rare != nil && a.rare.change {
		a.handOver()
	}
	switch r.Status {
	case proto.Stop:
		a.w.counters.app[a.proto.ID].errors++
		a.fail()
		return len(b)
	case proto.Incomplete:
		if end {
			return len(b)
		}
	}
	return min(r.Consumed, len(b))
}

// gap tells the parser that n bytes of a direction are missing, among them those
// that it left and that do not come again.
func (a *app) gap(dir field.Dir, n int, offset uint64, left []byte) {
	if a.flow.Has(flow.AppGone) {
		return
	}
	if a.proto != nil && a.proto.GapOK && a.dir[dir.Index()] == nil {
		// Of what is missing nothing can be recognised: believe the other side.
		a.dir[dir.Index()] = a.proto
	}
	if a.proto == nil || !a.proto.GapOK {
		if a.proto != nil {
			a.w.counters.app[a.proto.ID].gaps++
		}
		a.fail()
		return
	}
	if a.parser == nil {
		return
	}
	a.env.Now = a.w.now
	in := &a.w.input
	*in = proto.Input{Dir: dir, Gap: n, Left: left, Start: !a.started[dir.Index()], Offset: offset}
	a.started[dir.Index()] = true
	if r := a.parser.Parse(in); r.Status == proto.Stop {
		a.w.counters.app[a.proto.ID].errors++
		a.fail()
	}
	if a.rare != nil && a.rare.change {
		a.handOver()
	}
}

// udp takes one datagram.
func (a *app) udp(dir field.Dir, b []byte) {
	f, d := a.flow, dir.Index()
	if f.Has(flow.AppGone) || len(b) == 0 || a.rec[d].done() {
		return
	}
	if a.dir[d] == nil {
		var st recognition
		found, v := a.w.rec.recognise(&st, proto.UDP, dir, b, f)
		switch {
		case (v == proto.Yes || v == proto.Reversed) && a.proto == nil:
			if v == proto.Reversed {
				a.w.reverse(f)
				dir, d = dir.Reverse(), 1-d
			}
			a.dir[d] = found
			a.settle(found)
		case a.proto != nil:
			a.dir[d] = a.proto
		default:
			a.failDir(dir)
			return
		}
	}
	a.parse(dir, b, 0, false)
}

// handOver ends the parser's work: what follows is another protocol's.
func (a *app) handOver() {
	r := a.rare
	r.change = false
	f := a.flow
	next := a.w.rec.set.ByName(r.changeTo)
	if r.changeTo != "" && next == nil {
		a.event(proto.EvProtocolChangeFailed)
		return
	}
	a.retire()
	f.AppOrig = f.App
	a.env.From = a.name()
	a.proto, a.parser = nil, nil
	a.dir = [2]*proto.Protocol{}
	a.rec = [2]recognition{}
	a.started = [2]bool{}
	a.first = 0
	if next != nil {
		r.want = ""
		a.settle(next)
		a.dir = [2]*proto.Protocol{next, next}
	}
	if p := a.w.rec.set.ByName(r.want); p != nil {
		f.AppExpected = uint16(p.ID)
	}
}

// The methods below implement proto.Host.

// Upgrade implements proto.Host.
func (a *app) Upgrade(name, expect string) {
	r := a.uncommon()
	r.change, r.changeTo, r.want = true, name, expect
}

// Rename implements proto.Renamer.
func (a *app) Rename(name string) bool {
	p := a.w.rec.set.ByName(name)
	if p == nil || !a.w.parsed[p.ID] {
		return false
	}
	f := a.flow
	f.AppOrig, f.App = f.App, uint16(p.ID)
	a.proto = p
	for i, d := range [...]field.Dir{field.ToServer, field.ToClient} {
		if a.dir[i] != nil {
			a.dir[i] = p
			a.setDir(d, p.ID)
		}
	}
	a.w.counters.app[p.ID].flows[transportOf(f)]++
	return true
}

// Expect implements proto.Host.
func (a *app) Expect(e proto.Expectation) { a.w.expect(e, a.flow) }

// NoInspect implements proto.Host.
func (a *app) NoInspect(bypass bool) {
	a.flow.Flags |= flow.NoPayloadInspect
	a.w.streams.Seal(a.flow)
	switch {
	case !bypass:
	case a.flow.Proto == packet.ProtoTCP:
		a.flow.Flags |= flow.BypassNext
	default:
		a.w.bypass(a.flow)
	}
}

// NoRawInspect implements proto.Host.
func (a *app) NoRawInspect(dir field.Dir) {
	a.flow.Flags |= flow.NoPayloadInspect
	a.w.streams.StopRaw(a.flow, dir)
}

// TriggerRaw implements proto.Host.
func (a *app) TriggerRaw(dir field.Dir) { a.w.streams.TriggerRaw(a.flow, dir) }
