// Package detect runs rules over packets, streams and transactions.
//
// A Builder compiles rules to an Engine, which is immutable and shared. Each
// worker has a Worker of it, which implements decode.Inspector.
//
// Rules are found by their fast pattern, one content of each: those of
// transaction buffers in a set for each buffer, protocol and direction; those of
// the payload in sets by transport, direction and server port, or by
// application protocol. What a set finds, and the few rules without a content,
// is then checked in full, in the order of the rules.
package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"weir/decode/field"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/detect/dataset"
	"weir/detect/mpm"
	"weir/detect/regex"
	"weir/rules"
)

// Options set up a Builder.
type Options struct {
	Vars       *rules.Vars
	Classes    map[string]rules.Class
	References map[string]string // prefix of the URL by kind
	PCRELimit  int               // steps of one match
	Recursion  int               // attempts to fit one rule to one buffer; 0: 3000
	Quarantine int               // a rule given up at its step limits so often goes out of use; 0: never
	AlertMax   int               // alerts of one packet
	RuleDir    string            // where files that rules name are looked up
	// KeepReferences: alerts may show the references of their rule.
	KeepReferences bool
	KeepRaw        bool          // alerts may show the text of their rule
	Reputation     *Reputation   // nil without
	Limits         []rules.Limit // of threshold.config
	Actions        []string      // action-order; nil: pass, drop, reject, alert
	MaxFlowbits    int           // names that the flowbits of one rule may use; 0: any
	Countries      *Countries    // nil: no rule may ask for them
	Datasets       Datasets      // sets that rules look values up in
	GuessTx        bool          // alerts on packets and streams show the transaction, where only one is open
	TxShown        int           // such alerts that show the same transaction
	Sets           SetCache      // nil without
	Processes      Processes     // nil: not known
	// Off are keywords that the configuration turns off, and by which setting.
	Off map[string]string
	IPS bool // the traffic counts as inline: verdicts take effect
}

// Builder compiles rules.
type Builder struct {
	set       *proto.Set
	opt       Options
	fields    map[string][]defOf // by keyword and alias
	modifiers map[string][]defOf
	classes   map[string]rules.Class
	bits      map[string]int
	bitNames  []string // by their values
	regexps   map[string]*regex.Program
	addrs     map[string]*rules.AddressSet
	portSets  map[string]*rules.PortSet
	finders   map[searched]*mpm.Finder
	interned  map[string][]byte
	covered   map[coverKey][]*defOf
	hashLists map[string]map[string]bool
	sets      []*dataset.Set
	files     FileNeeds

	draft *draft // of the rule that is explained; nil: none

	programBytes, addressRanges int // taken, see bounds.go

	// Scratch of metadata.
	entries []entry
	firsts  map[string]int
	text    []byte

	overlaps bool // a rule asks for segments that overlap and differ
	shares   bool // a rule counts or remembers across flows
	tags     bool // a rule records packets that follow its alerts
	hostTags bool // of hosts

	ids  map[ruleID]int // index of each rule in sigs
	sigs []*signature
	errs []*rules.Error
	odd  []*rules.Error
}

// Report tells what became of a set of rules.
type Report struct {
	Loaded   int
	Errors   []*rules.Error
	Warnings []*rules.Error // what has no effect, or may not be meant
}

// NewBuilder returns a builder for rules on the given protocols.
func NewBuilder(set *proto.Set, opt Options) *Builder {
	if opt.Vars == nil {
		opt.Vars = &rules.Vars{}
	}
	b := &Builder{
		set: set, opt: opt, fields: map[string][]defOf{}, modifiers: map[string][]defOf{}, classes: opt.Classes,
		bits: map[string]int{}, regexps: map[string]*regex.Program{}, addrs: map[string]*rules.AddressSet{}, portSets: map[string]*rules.PortSet{},
		finders: map[searched]*mpm.Finder{}, interned: map[string][]byte{}, covered: map[coverKey][]*defOf{}, hashLists: map[string]map[string]bool{}, ids: map[ruleID]int{}, firsts: map[string]int{},
	}
	for _, p := range set.All() {
		if p.Files {
			for i := range fileFields {
				b.fields[fileFields[i].Name] = append(b.fields[fileFields[i].Name], defOf{p, &fileFields[i]})
			}
		}
		for i := range p.Fields {
			d := defOf{p, &p.Fields[i]}
			for _, name := range append([]string{d.def.Name}, d.def.Aliases...) {
				b.fields[name] = append(b.fields[name], d)
			}
			for _, name := range d.def.Modifiers {
				b.modifiers[name] = append(b.modifiers[name], d)
			}
		}
	}
	return b
}

// addresses parses an address group, or takes it from those parsed before.
func (b *Builder) addresses(s string) (*rules.AddressSet, error) {
	if a, ok := b.addrs[s]; ok {
		return a, nil
	}
	a, err := rules.ParseAddresses(s, b.opt.Vars)
	if err == nil {
		err = charge(&b.addressRanges, len(a.Ranges), maxAddressRanges, "the address ranges")
	}
	if err != nil {
		return nil, err
	}
	b.addrs[s] = a
	return a, nil
}

// ports parses a port group, or takes it from those parsed before.
func (b *Builder) ports(s string) (*rules.PortSet, error) {
	if p, ok := b.portSets[s]; ok {
		return p, nil
	}
	p, err := rules.ParsePorts(s, b.opt.Vars)
	if err == nil {
		b.portSets[s] = p
	}
	return p, err
}

// Add compiles one rule. One that cannot be used is left out; the error stands
// in the report too. The builder keeps nothing of r.
func (b *Builder) Add(r *rules.Rule) *rules.Error {
	s, err := b.compile(r)
	if err != nil {
		b.errs = append(b.errs, err)
		return err
	}
	id := ruleID{s.gid, s.sid}
	i, again := b.ids[id]
	switch {
	case !again:
		b.ids[id] = len(b.sigs)
		b.sigs = append(b.sigs, s)
	case s.rev > b.sigs[i].rev:
		b.sigs[i] = s
	default:
		err := &rules.Error{Pos: r.Pos, SID: r.SID, Msg: fmt.Sprintf("is there already, with revision %d", b.sigs[i].rev)}
		b.errs = append(b.errs, err)
		return err
	}
	return nil
}

// ruleID names a rule; of several with one name the newest counts.
type ruleID struct{ gid, sid uint32 }

// Build makes an engine of the rules added. It ends the builder's use.
func (b *Builder) Build() (*Engine, *Report, error) {
	b.applyLimits(b.opt.Limits)
	order(b.sigs, b.opt.Actions)
	e := &Engine{gen: generations.Add(1), sigs: b.sigs, overlaps: b.overlaps, files: b.files, set: b.set, opt: b.opt, shares: b.shares, sets: b.sets, tags: b.tags, hostTags: b.hostTags, bitNames: b.bitNames}
	err := e.group()
	e.opt.Sets = nil
	return e, &Report{Loaded: len(b.sigs), Errors: b.errs, Warnings: b.odd}, err
}

// varUse is what a rule does with variables of one kind.
type varUse struct{ reads, sets bool }

// settersFirst ranks rules that read variables behind those that set them.
func (u varUse) settersFirst() int {
	switch {
	case u.sets && !u.reads:
		return 0
	case u.sets:
		return 1
	case u.reads:
		return 2
	}
	return 3
}

// readersFirst ranks rules that read variables before those that set them.
func (u varUse) readersFirst() int { return varUse{u.sets, u.reads}.settersFirst() }

// order puts rules in the order of inspection: by action, in the order given;
// what sets flow bits, integers and host bits before what reads them, what reads
// xbits before what sets them; higher priority first; then as loaded.
func order(sigs []*signature, actions []string) {
	var rank [actConfig + 1]int
	for i, name := range actionOrder {
		rank[actionNames[name]] = 2 * (len(actions) + i) // behind those that are named
	}
	for i, name := range actions {
		rank[actionNames[name]] = 2 * i
	}
	rank[actConfig] = rank[actAlert] - 1
	slices.SortStableFunc(sigs, func(x, y *signature) int {
		return cmp.Or(
			cmp.Compare(rank[x.action], rank[y.action]), cmp.Compare(x.bits.settersFirst(), y.bits.settersFirst()),
			cmp.Compare(x.ints.settersFirst(), y.ints.settersFirst()), cmp.Compare(x.hosts.settersFirst(), y.hosts.settersFirst()),
			cmp.Compare(x.xbits.readersFirst(), y.xbits.readersFirst()), cmp.Compare(x.priority, y.priority))
	})
	for i, s := range sigs {
		s.order = i
	}
}

// Engine is a compiled set of rules; immutable.
type Engine struct {
	gen      uint32 // of all engines of the process
	sigs     []*signature
	set      *proto.Set
	opt      Options
	shares   bool
	sets     []*dataset.Set
	tags     bool
	hostTags bool
	overlaps bool
	files    FileNeeds
	bitNames []string // of flow bits and integers, by number

	events   []*signature // by decoder and stream events
	onFrames []*signature
	payload  [3][2]ruleGroup  // packet payload, by transport and direction
	stream   [2]ruleGroup     // reassembled payload, by direction
	plain    [3][2]plainGroup // no pattern, by transport and direction
	ipOnly   [2][]*signature  // by direction
	ipIndex  [2]*addrIndex    // of ipOnly
	// protoOnly are rules on the protocol alone, by direction.
	protoOnly [2][]*signature
	app       [][2]appGroup // by protocol ID and direction
}

// Transports in the arrays of Engine.
const (
	trTCP = iota
	trUDP
	trOther
)

func transport(p *packet.Packet) int {
	switch p.Proto {
	case packet.ProtoTCP:
		return trTCP
	case packet.ProtoUDP:
		return trUDP
	}
	return trOther
}

// ruleGroup finds rules by a pattern in payload: those for any port, those for
// one, those of an application protocol.
type ruleGroup struct {
	any    patternSet
	byPort portTable[patternSet]
	byApp  []*patternSet // by proto.ID, as far as any has rules; nil: none
}

// portTable holds something for some ports, in pages.
type portTable[T any] [256]*[256]*T

// at returns what is held for port p, or nil.
func (t *portTable[T]) at(p uint16) *T {
	if page := t[p>>8]; page != nil {
		return page[p&255]
	}
	return nil
}

// make returns what is held for port p, made at first use.
func (t *portTable[T]) make(p uint16) *T {
	page := t[p>>8]
	if page == nil {
		page = new([256]*T)
		t[p>>8] = page
	}
	if page[p&255] == nil {
		page[p&255] = new(T)
	}
	return page[p&255]
}

// all yields what is held, by port.
func (t *portTable[T]) all(yield func(*T) bool) {
	for _, page := range t {
		if page == nil {
			continue
		}
		for _, x := range page {
			if x != nil && !yield(x) {
				return
			}
		}
	}
}

// plainGroup are rules without a pattern.
type plainGroup struct {
	any    []*signature
	byPort portTable[[]*signature]
	index  *addrIndex // of any
}

// bufferSet finds rules by a pattern in one buffer.
type bufferSet struct {
	def        *field.Def
	transforms []transform
	key        string
	patternSet
}

// appGroup are the rules on transactions of one protocol and direction.
type appGroup struct {
	buffers []*bufferSet
	plain   []*signature
	bodies  []*field.Def // bodies that any rule looks at
}

// group distributes the rules to the places where they are found.
func (e *Engine) group() error {
	e.app = make([][2]appGroup, len(e.set.All())+2)
	for _, s := range e.sigs {
		s.wholeFlow = s.isWholeFlow()
		switch {
		case s.eventOnly:
			e.events = append(e.events, s)
		case s.onFrames:
			e.onFrames = append(e.onFrames, s)
		case s.hasTx && (s.fast == nil || !s.units[s.fast.unit].payload):
			e.groupApp(s)
		case s.fast != nil:
			e.groupPayload(s)
		case s.isProtoOnly():
			for d := range e.protoOnly {
				if s.dir&(1<<d) != 0 {
					e.protoOnly[d] = append(e.protoOnly[d], s)
				}
			}
		case s.isIPOnly():
			for d := range e.ipOnly {
				if s.dir&(1<<d) != 0 {
					e.ipOnly[d] = append(e.ipOnly[d], s)
				}
			}
		default:
			e.groupPlain(s)
		}
	}
	for t := range e.plain {
		for d := range e.plain[t] {
			e.plain[t][d].index = newAddrIndex(e.plain[t][d].any)
		}
	}
	for d := range e.ipOnly {
		e.ipIndex[d] = newAddrIndex(e.ipOnly[d])
	}
	return e.buildSets()
}

// isIPOnly reports whether a rule looks at addresses and ports alone: what it
// says of one packet it says of all of a flow's direction.
func (s *signature) isIPOnly() bool {
	return len(s.units) == 0 && len(s.packet) == 0 && len(s.stateTests) == 0 && s.streamSize == nil && s.appEvent == 0 &&
		s.app == nil && !s.flow.set && s.files == nil && s.store == nil && !s.certs
}

// isProtoOnly reports whether a rule looks at the protocol of the flow alone: it
// is checked once for each direction, when that is known.
func (s *signature) isProtoOnly() bool {
	return s.app == nil && s.appTests > 0 && len(s.units) == 0 && len(s.packet) == s.appTests && len(s.stateTests) == 0
}

// isWholeFlow reports whether what a rule says of a packet, it says of the flow:
// rules on addresses, on the protocol, on transactions or on frames alone.
func (s *signature) isWholeFlow() bool {
	if s.hasTx || s.onFrames || s.isIPOnly() {
		return true
	}
	return (s.app != nil || s.appTests > 0) && len(s.units) == 0 && len(s.packet) == s.appTests && len(s.stateTests) == 0
}

func (e *Engine) groupApp(s *signature) {
	for _, p := range s.app {
		for d := range 2 {
			if s.dir&(1<<d) == 0 {
				continue
			}
			g := &e.app[p.ID][d]
			for i := range s.units {
				if def := s.units[i].of(p); def != nil && def.Kind == field.KindBody && !slices.Contains(g.bodies, def) {
					g.bodies = append(g.bodies, def)
				}
			}
			if s.fast == nil {
				g.plain = append(g.plain, s)
				continue
			}
			u := &s.units[s.fast.unit]
			def := u.of(p)
			if def == nil || def.Dir&(1<<d) == 0 {
				continue
			}
			key := transformKey(u.transforms)
			var set *bufferSet
			for _, b := range g.buffers {
				if b.def == def && b.key == key {
					set = b
				}
			}
			if set == nil {
				set = &bufferSet{def: def, transforms: u.transforms, key: key}
				g.buffers = append(g.buffers, set)
			}
			set.add(s)
		}
	}
}

// of returns the unit's field for a protocol, or nil.
func (u *unit) of(p *proto.Protocol) *field.Def {
	for _, a := range u.alts {
		if a.proto == p {
			return a.def
		}
	}
	return nil
}

func transformKey(ts []transform) string {
	var b strings.Builder
	for _, t := range ts {
		b.WriteString(t.name)
		b.WriteByte(';')
	}
	return b.String()
}

// transports returns the places of a rule's protocols.
func (s *signature) transports() (out []int) {
	if s.protos&protoTCP != 0 {
		out = append(out, trTCP)
	}
	if s.protos&protoUDP != 0 {
		out = append(out, trUDP)
	}
	if s.protos&(protoICMP|protoICMPv6|protoSCTP|protoIGMP|protoOther) != 0 {
		out = append(out, trOther)
	}
	return out
}

// serverPorts returns the ports of the server's side in a direction; nil is any.
func (s *signature) serverPorts(d int) []uint16 {
	ps := s.dport
	if d == 1 {
		ps = s.sport
	}
	if s.bidir || ps.Any || ps.Count() > manyPorts {
		return nil
	}
	var out []uint16
	for _, r := range ps.Ranges() {
		for p := int(r[0]); p <= int(r[1]); p++ {
			out = append(out, uint16(p))
		}
	}
	return out
}

// bounded reports whether a content of the payload is tied to a place, or the
// rule to the place of a packet in its stream: then it is looked for in packets
// as well as in the stream.
func (s *signature) bounded() bool {
	if s.streamSize != nil {
		return true
	}
	for i := range s.units {
		if !s.units[i].payload {
			continue
		}
		for j := range s.units[i].match {
			if m := &s.units[i].match[j]; m.kind == mContent && (m.hasOff || m.hasDepth || m.atStart) {
				return true
			}
		}
	}
	return false
}

// onPacket and onStream say where the payload of a TCP rule is looked for.
func (s *signature) onPacket() bool { return s.needPacket || !s.needStream && s.bounded() }
func (s *signature) onStream() bool { return !s.needPacket }

func (e *Engine) groupPayload(s *signature) {
	for _, t := range s.transports() {
		for d := range 2 {
			if s.dir&(1<<d) == 0 {
				continue
			}
			if t != trTCP || s.onPacket() {
				e.payload[t][d].add(s, d)
			}
			if t == trTCP && s.onStream() {
				e.stream[d].add(s, d)
			}
		}
	}
}

func (g *ruleGroup) add(s *signature, d int) {
	if s.app != nil {
		for _, p := range s.app {
			for len(g.byApp) <= int(p.ID) {
				g.byApp = append(g.byApp, nil)
			}
			if g.byApp[p.ID] == nil {
				g.byApp[p.ID] = &patternSet{}
			}
			g.byApp[p.ID].add(s)
		}
		return
	}
	ports := s.serverPorts(d)
	if ports == nil {
		g.any.add(s)
		return
	}
	for _, p := range ports {
		g.byPort.make(p).add(s)
	}
}

func (e *Engine) groupPlain(s *signature) {
	for _, t := range s.transports() {
		for d := range 2 {
			if s.dir&(1<<d) == 0 {
				continue
			}
			g := &e.plain[t][d]
			ports := s.serverPorts(d)
			if ports == nil {
				g.any = append(g.any, s)
				continue
			}
			for _, p := range ports {
				list := g.byPort.make(p)
				*list = append(*list, s)
			}
		}
	}
}

// ChecksOverlaps reports whether a rule asks for TCP segments that overlap and
// differ, which streams compare on demand only.
func (e *Engine) ChecksOverlaps() bool { return e.overlaps }
