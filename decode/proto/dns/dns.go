package dns

import (
	"encoding/binary"
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// maxOpen bounds the transactions of a flow that wait for inspection or
// logging; what comes beyond is dropped with the oldest.
const maxOpen = 256

// Protocol is DNS.
var Protocol = &proto.Protocol{
	Name:      "dns",
	Doc:       "Domain name system over UDP and TCP.",
	Transport: proto.TCP | proto.UDP,
	Probes: []proto.Probe{
		{Transport: proto.UDP, Ports: "53", SourcePorts: "53", Min: headerLen, Func: probeUDP},
		{Transport: proto.TCP, Ports: "53", SourcePorts: "53", Min: 2 + headerLen, Func: probeTCP},
	},
	Setup:  setup,
	New:    func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:  true,
	Fields: fields,
	Events: events,
	Frames: []string{framePDU: "pdu"},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the message is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the message is whole"}},
	},
	Done:           [2]uint8{1, 1},
	Unidirectional: true,
	Records: []proto.Record{{
		Type:    "dns",
		Doc:     "A DNS message.",
		Options: logOptions,
		Append:  appendRecord,
		Alert:   appendAlert,
		Dir:     messageDir,
		Client:  shownFromClient,
	}},
}

// parser holds the messages of one flow.
type parser struct {
	env *proto.Env
	udp bool
	// old: messages are read as version 7.0 reads them.
	old bool
	txs proto.TxList[Tx, *Tx]
	// mixed: responses come from either side, as queries do.
	mixed bool
	// lost is set by direction while the length prefixes of TCP are out of step
	// after a gap.
	lost  [2]bool
	quiet quiet
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	p.udp = env.Flow.Proto == 17
	s, _ := env.Options.(*settings)
	p.old = s != nil && s.old
	p.lost = [2]bool{}
	p.quiet.n = 0
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	p.quiet.note(tx.(*Tx))
	p.txs.Free(tx)
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction but keeps its memory.
func resetTx(t *Tx) {
	*t = Tx{
		Tx:      proto.Tx{Events: t.Events[:0]},
		queries: t.queries[:0],
		records: t.records[:0],
		names:   t.names[:0],
	}
}

// settings are those of the protocol's section.
type settings struct{ old bool }

// setup reads them.
func setup(o event.Options) (any, error) {
	return &settings{old: strings.HasPrefix(o.String("suricata-version", ""), "7.")}, nil
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if p.udp {
		p.message(in.Dir, in.Data, 0)
		return proto.Result{Consumed: len(in.Data)}
	}
	return p.stream(in)
}

// stream takes messages with their length in front (RFC 1035 section 4.2.2).
func (p *parser) stream(in *proto.Input) proto.Result {
	d := in.Dir.Index()
	if in.Gap > 0 {
		p.lost[d] = true
		return proto.Result{}
	}
	b := in.Data
	if p.lost[d] && len(b) > 0 {
		if probeTCP(b, in.Dir, p.env.Flow) == proto.No {
			return proto.Result{Consumed: len(b)}
		}
		p.lost[d] = false
	}
	used := 0
	for len(b)-used >= 2 {
		n := int(binary.BigEndian.Uint16(b[used:]))
		if len(b)-used-2 < n {
			return proto.Result{Consumed: used, Need: 2 + n, Status: proto.Incomplete}
		}
		if n > 0 {
			p.message(in.Dir, b[used+2:used+2+n], used+2)
		}
		used += 2 + n
	}
	if used < len(b) {
		return proto.Result{Consumed: used, Need: 2, Status: proto.Incomplete}
	}
	return proto.Result{Consumed: used}
}

// framePDU is a message without the length that TCP has in front of it.
const framePDU = 0

// message parses one message, which stands at offset at of the input, and opens
// its transaction. One that cannot be read
// opens none; its event goes to the transaction before, if that is open yet.
func (p *parser) message(dir field.Dir, b []byte, at int) {
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.Dirs = dir
	if p.env.Frames {
		p.env.Host.Frame(dir, framePDU, at, int64(len(b)), &t.Tx)
	}
	err := t.parse(b, p.old)
	if err != nil {
		p.txs.Undo(t)
		if last := p.txs.Last(); last != nil {
			last.event(evMalformedData)
		}
		return
	}
	switch {
	case p.mixed:
	case dir == field.ToServer && t.Response():
		t.event(evNotRequest)
	case dir == field.ToClient && !t.Response() && len(b) >= headerLen:
		t.event(evNotResponse)
	}
	if t.Flags&flagZ != 0 {
		t.event(evZFlagSet)
	}
	if t.Opcode() >= 7 {
		t.event(evInvalidOpcode)
	}
	if t.Response() {
		p.silence(t)
	}
	t.broken = t.HasEvent(evNotRequest) || t.HasEvent(evNotResponse)
	t.Advance(dir, 1)
	t.Inspected[dir.Reverse().Index()] = true
}

// probeUDP recognises a datagram.
func probeUDP(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict { return probe(b, len(b), dir) }

// probeTCP recognises a message with its length in front.
func probeTCP(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	if len(b) < 2+headerLen {
		return proto.More
	}
	return probe(b[2:], int(binary.BigEndian.Uint16(b)), dir)
}

// probe judges a message of which b, perhaps cut, are the first of n bytes.
func probe(b []byte, n int, dir field.Dir) proto.Verdict {
	h, ok := parseHeader(b)
	if !ok {
		return proto.No
	}
	if !h.plausible(n) {
		return proto.No
	}
	if h.counts[0] > 0 && len(b) >= n {
		var t Tx
		r := messageReader{b: b, at: headerLen, tx: &t}
		if err := r.question(); err != nil && err != errShort {
			return proto.No
		}
	}
	if (h.flags&flagQR != 0) != (dir == field.ToClient) {
		return proto.Reversed
	}
	return proto.Yes
}

// messageDir is the direction a message travels in.
func messageDir(tx proto.Transaction) field.Dir { return tx.(*Tx).dir() }

// shownFromClient says that records of version 2 name the client first.
func shownFromClient(opt any) bool {
	o, _ := opt.(*options)
	return o != nil && o.version == recordV2
}

// versions of the record format.
const (
	recordV2 = 2 // that of 7.0: a question is "query", a response "answer"
	recordV3 = 3
)

// options are those of a dns type of an eve-log output.
type options struct {
	version             uint64
	requests, responses bool
	detailed, grouped   bool
	types               map[uint16]bool // nil: all
}

// logOptions reads them.
func logOptions(o event.Options) (any, error) {
	opt := &options{
		version:   o.Uint("version", recordV3),
		requests:  o.Bool("requests", o.Bool("query", true)),
		responses: o.Bool("responses", o.Bool("answer", true)),
	}
	if opt.version != recordV2 && opt.version != recordV3 {
		o.Reject("version", "2 or 3")
		opt.version = recordV3
	}
	formats := o.Strings("formats")
	for _, f := range formats {
		switch f {
		case "detailed":
			opt.detailed = true
		case "grouped":
			opt.grouped = true
		default:
			o.Reject("formats", "detailed, grouped")
		}
	}
	if len(formats) == 0 {
		opt.detailed, opt.grouped = true, true
	}
	for _, name := range o.Strings("types") {
		n, ok := typeByName(name)
		if !ok {
			o.Reject("types", "names of record types such as a, aaaa, txt")
			continue
		}
		if opt.types == nil {
			opt.types = map[uint16]bool{}
		}
		opt.types[n] = true
	}
	return opt, nil
}
