package detect

import (
	"fmt"
	"strings"

	"weir/decode/field"
	"weir/rules"
)

// Gate is one thing that a rule asks for, in the order in which it is explained.
type Gate struct {
	Kind   string `json:"kind"`             // see the gate kinds
	Text   string `json:"text"`             // as the rule says it
	Buffer string `json:"buffer,omitempty"` // in which it is looked for
	// What has come as far as this gate and passed it.
	Packets uint64 `json:"packets"`
	Flows   int    `json:"flows"`
	Txs     int    `json:"transactions"`

	unit   int       // -1: none
	match  []matcher // of a unit, up to this gate, each with a mark behind it
	last   int       // index of this gate's own matcher among them, without marks
	weight int       // how unlikely it is to pass by chance
	holds  func(w *Worker, o *observation) bool
}

// Kinds of gates.
const (
	GateLoads       = "rule loads"
	GateProtocol    = "protocol"
	GateApp         = "application protocol"
	GateDirection   = "direction"
	GateFlow        = "flow state"
	GateSource      = "source address"
	GateDestination = "destination address"
	GateSourcePort  = "source port"
	GateDestPort    = "destination port"
	GateEnds        = "both ends together" // of rules with <>
	GatePacket      = "packet"
	GateReputation  = "reputation"
	GateState       = "state" // flowbits and its kin
	GateEvent       = "event"
	GateStreamSize  = "stream size"
	GateHook        = "hook"
	GateTx          = "transaction"
	GateFrame       = "frame"
	GateBuffer      = "buffer"
	GateField       = "field" // an integer or custom keyword
	GateMatch       = "match" // content, pcre, byte_test ...
	GateThreshold   = "threshold"
	GateAlert       = "alert"
)

// Explainer says why one rule fires or does not. It watches one worker, whose
// own functions it lets check the parts of the rule one at a time, over the same
// packets, buffers and transactions. Not for the packet path.
type Explainer struct {
	e     *Builder
	draft *draft
	s     *signature
	gates []Gate
	first int // gates behind the last that observations check: thresholds, verdict

	best    *Near
	loss    int
	fired   []Firing
	total   int
	alerts  int
	setBy   map[string][]uint32
	passed  uint64 // packets that no rule was run on
	packets uint64
	depth   int           // of the packet in work: how many gates in a row have held
	num     uint64        // its number
	flows   map[int64]int // likewise, by flow
	txs     map[txKey]*seenTx
	held    []bool  // of the last observation
	matches []Match // of the last observation
	fitting *Firing // of the packet in work; nil: the rule has not fitted
	passing *signature
}

// txKey names a transaction and its direction.
type txKey struct {
	flow int64
	id   uint64
	dir  field.Dir
}

// seenTx is what is known of a transaction: the gates that have held once, for
// the engine too waits for the parts of a rule one by one.
type seenTx struct {
	held    []bool
	matches []Match
	depth   int
}

// Bounds of what an explanation remembers.
const (
	maxFirings = 100
	maxSeen    = 1 << 18 // transactions, flows
)

// Explain adds a rule, as Add does, and returns what explains it to a worker
// given to Watch. A newer rule of the same gid:sid takes the place of r; it is to
// be explained then.
func (b *Builder) Explain(r *rules.Rule) (*Explainer, *rules.Error) {
	b.draft = &draft{rule: r}
	defer func() { b.draft = nil }()
	if err := b.Add(r); err != nil {
		return nil, err
	}
	x := &Explainer{e: b, draft: b.draft, s: b.sigs[b.ids[ruleID{r.GID, r.SID}]], flows: map[int64]int{}, txs: map[txKey]*seenTx{}}
	return x, nil
}

// Watch makes x explain its rule by what w inspects; before it inspects, once.
func (w *Worker) Watch(x *Explainer) {
	x.build()
	w.ex = x
	if w.costs == nil {
		w.Profile() // rules are checked where they are counted
	}
}

// SetBy tells which rules set a flow bit, host bit or xbit: for hints.
func (x *Explainer) SetBy(rules map[string][]uint32) { x.setBy = rules }

// neutral returns a rule that asks for nothing, of which the functions of the
// engine check one part.
func (s *signature) neutral() *signature {
	anyAddr, anyPort := &rules.AddressSet{Any: true}, &rules.PortSet{Any: true}
	return &signature{
		protos: protoIP, src: anyAddr, dst: anyAddr, sport: anyPort, dport: anyPort, dir: field.Both,
		bidir: s.bidir, wholeTx: s.wholeTx, eventOnly: s.eventOnly, rarities: &rarities{},
	}
}

// part adds a gate that the engine's conditions decide.
func (x *Explainer) part(kind, text string, weight int, change func(n *signature)) {
	n := x.s.neutral()
	change(n)
	x.add(Gate{Kind: kind, Text: text, weight: weight, unit: -1, holds: func(w *Worker, o *observation) bool {
		if x.s.eventOnly && o.p.Version == 0 {
			// There is no header that could be checked.
			for _, c := range n.packet {
				if !c(o.p, o.f) {
					return false
				}
			}
			return n.src.Any && n.dst.Any && n.appEvent == 0
		}
		return w.conditions(n, o.p, o.f)
	}})
}

func (x *Explainer) add(g Gate) { x.gates = append(x.gates, g) }

// build lists the gates of the rule.
func (x *Explainer) build() {
	s, d, r := x.s, x.draft, x.draft.rule
	proto := r.Proto.S
	if r.Hook.S != "" {
		proto += ":" + r.Hook.S
	}
	x.add(Gate{Kind: GateLoads, Text: r.Pos.String(), unit: -1, holds: func(*Worker, *observation) bool { return true }})
	x.part(GateProtocol, proto, 1, func(n *signature) { n.protos = s.protos })
	if s.dir != field.Both {
		text := "its buffers are " + s.dir.String()
		if s.flow.dir != 0 {
			text = d.flow
		}
		x.part(GateDirection, text, 1, func(n *signature) { n.dir = s.dir })
	}
	if s.flow.set {
		x.part(GateFlow, d.flow, 1, func(n *signature) { n.flow = s.flow; n.flow.dir = 0 })
	}
	x.part(GateSource, r.Src.S, 1, func(n *signature) { n.src = s.src })
	x.part(GateSourcePort, r.SrcPort.S, 1, func(n *signature) { n.sport = s.sport })
	x.part(GateDestination, r.Dst.S, 1, func(n *signature) { n.dst = s.dst })
	x.part(GateDestPort, r.DstPort.S, 1, func(n *signature) { n.dport = s.dport })
	if s.bidir {
		text := fmt.Sprintf("%s %s <> %s %s", r.Src.S, r.SrcPort.S, r.Dst.S, r.DstPort.S)
		x.part(GateEnds, text, 1, func(n *signature) { n.src, n.sport, n.dst, n.dport = s.src, s.sport, s.dst, s.dport })
	}
	if s.app != nil {
		x.add(Gate{Kind: GateApp, Text: appNames(s), weight: 1, unit: -1, holds: func(w *Worker, _ *observation) bool { return w.appFits(s) }})
	}
	for i := range s.packet {
		text, weight := "hook "+r.Hook.S, 1
		if k := i - (len(s.packet) - len(d.packet)); k >= 0 {
			text = d.packet[k]
		}
		if strings.Contains(text, "-event:") {
			weight = 8 // what such a rule is about
		}
		x.part(GatePacket, text, weight, func(n *signature) { n.packet = s.packet[i : i+1] })
	}
	for i := range s.reputation {
		x.part(GateReputation, nth(d.reputation, i), 1, func(n *signature) { n.reputation = s.reputation[i : i+1] })
	}
	for i := range s.stateTests {
		x.part(GateState, nth(d.state, i), 1, func(n *signature) { n.stateTests = s.stateTests[i : i+1] })
	}
	if s.appEvent != 0 {
		x.part(GateEvent, d.event, 8, func(n *signature) { n.appEvent = s.appEvent })
	}
	if s.streamSize != nil {
		x.part(GateStreamSize, d.size, 1, func(n *signature) { n.streamSize = s.streamSize })
	}
	if s.hasTx {
		x.add(Gate{Kind: GateTx, Text: "a transaction of " + appNames(s), weight: 3, unit: -1, holds: func(w *Worker, o *observation) bool { return o.tx != nil }})
	}
	if s.hook.set {
		x.add(Gate{Kind: GateHook, Text: r.Hook.S, weight: 3, unit: -1, holds: func(w *Worker, o *observation) bool {
			return o.tx != nil && o.tx.Base().Progress[o.dir.Index()] >= s.hook.state
		}})
	}
	tests := 0
	for i := range s.units {
		u := &s.units[i]
		if u.test == nil {
			x.unit(i)
			continue
		}
		text := nth(d.tests, tests)
		if u.def == fileDef {
			text += d.files
		}
		tests++
		x.add(Gate{Kind: GateField, Text: text, weight: 6, unit: i})
	}
	x.first = len(x.gates)
	for i, l := range s.limits {
		text := nth(d.limits, i)
		if l.kind == thSuppress || l.kind == thRate || text == "" {
			text = "of the threshold file"
		}
		x.add(Gate{Kind: GateThreshold, Text: text, unit: -1})
	}
	x.add(Gate{Kind: GateAlert, Text: strings.TrimSpace(r.Action.S + " " + d.noAlert), unit: -1})
}

// appNames lists the protocols of a rule.
func appNames(s *signature) string {
	var l []string
	for _, p := range s.app {
		l = append(l, p.Name)
	}
	return strings.Join(l, ", ")
}

// unit adds the gates of a buffer: that it is there, then its matchers.
func (x *Explainer) unit(i int) {
	u := &x.s.units[i]
	name, text := u.shownName(), "is there"
	switch u.absent {
	case absentOnly:
		text = "absent;"
	case absentOrElse:
		text = "absent:or_else;"
	}
	for _, t := range u.transforms {
		name += "; " + t.name
	}
	kind := GateBuffer
	if u.frames != nil {
		kind = GateFrame
	}
	x.add(Gate{Kind: kind, Text: text, Buffer: name, weight: 3, unit: i, last: -1})
	var list []matcher
	for j := range u.match {
		m := u.match[j]
		if m.kind == mDataset {
			m.byteArgs = m.reading()
		}
		text, sub := x.draft.textOf(&u.match[j]), []matcher(nil)
		if m.kind == mBase64 {
			sub = m.sub
		}
		for k := range len(sub) + 1 {
			step := m
			if m.kind == mBase64 {
				args := *m.byteArgs
				args.sub = sub[:k]
				step.byteArgs = &args
			}
			if k > 0 {
				text = x.draft.textOf(&sub[k-1]) + " (in base64_data)"
			}
			x.add(Gate{
				Kind: GateMatch, Text: text, Buffer: name, weight: m.weight(), unit: i, last: j,
				match: append(append([]matcher(nil), list...), step, matcher{kind: mMark, fastOff: uint16(j)}),
			})
		}
		list = append(list, m, matcher{kind: mMark, fastOff: uint16(j)})
	}
}

// reading returns the arguments of a dataset keyword such that it changes no set:
// what would be added must not be there yet, what would go must be.
func (a *byteArgs) reading() *byteArgs {
	b, in := *a, *a.in
	switch in.command {
	case setAdd:
		in.command = setIsNotSet
	case setRemove:
		in.command = setIsSet
	}
	b.in = &in
	return &b
}

// weight says how unlikely it is that a matcher fits by chance.
func (m *matcher) weight() int {
	switch {
	case m.negated, m.kind == mIsDataAt:
		return 2
	case m.kind == mContent:
		return 4 + 2*min(len(m.pattern), 16)
	case m.kind == mPCRE:
		return 10
	}
	return 4
}

// shownName is the name of a unit's buffer.
func (u *unit) shownName() string {
	switch {
	case u.def != nil:
		return u.def.Name
	case u.name != "":
		return u.name
	}
	return "payload"
}
