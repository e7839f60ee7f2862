package snmp

import (
	"strings"
	"sync"

	"weir/decode/cursor"
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/der"
)

const (
	minLen  = 4       // bytes of a message that is recognised: up to its version
	maxOpen = 64      // transactions that wait for inspection; the oldest gives way
	maxKept = 4 << 10 // bytes of memory that a transaction keeps for the next
	done    = 1       // Progress of a direction whose message is whole
)

// Protocol is SNMP.
var Protocol = &proto.Protocol{
	Name:      "snmp",
	Doc:       "Network management (RFC 3411).",
	Transport: proto.UDP,
	Probes:    []proto.Probe{{Transport: proto.UDP, Ports: "161,162", Min: minLen, Func: probe}},
	Setup: func(o event.Options) (any, error) {
		return &settings{old: strings.HasPrefix(o.String("suricata-version", ""), "7")}, nil
	},
	New:    func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Fields: fields,
	Events: events,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the message is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the message is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records:        []proto.Record{{Type: "snmp", Doc: "A message.", Append: appendRecord, Dir: func(tx proto.Transaction) field.Dir { return tx.Base().Dirs }}},
}

// Indices into Protocol.Events.
const (
	evMalformed = iota
	evUnknownModel
	evVersion
)

var events = []proto.EventDef{
	evMalformed:    {Name: "malformed_data", Doc: "A message does not follow its format."},
	evUnknownModel: {Name: "unknown_security_model", Doc: "A message of version 3 has another security model than the user-based one."},
	evVersion:      {Name: "version_mismatch", Doc: "A message is of another version than the flow's first."},
}

// settings are those that a version of the configuration brings.
type settings struct {
	old bool // what is malformed has no transaction
}

// Tx is one message.
type Tx struct {
	proto.Tx
	message
	version uint8  // of the flow: 1, 2 or 3
	data    []byte // the message, to which its parts refer
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory, if it is not much.
func resetTx(t *Tx) {
	data := t.data[:0]
	if cap(data) > maxKept {
		data = nil
	}
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, data: data}
}

// parser is the state of one flow.
type parser struct {
	env     *proto.Env
	old     bool
	version uint8 // of the first message, 0 before it
	txs     proto.TxList[Tx, *Tx]
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	s, _ := env.Options.(*settings)
	p.txs.Reset()
	*p = parser{env: env, old: s != nil && s.old, txs: p.txs}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if len(in.Data) == 0 {
		return proto.Result{}
	}
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.data = append(t.data, in.Data...)
	if !t.read(t.data) {
		if p.old {
			p.txs.Undo(t)
			return proto.Result{Consumed: len(in.Data)}
		}
		t.message, t.NoLog = message{}, true
		t.AddEvent(evMalformed, in.Dir)
	}
	t.Dirs = in.Dir
	t.Inspected[in.Dir.Reverse().Index()] = true
	if v := t.message.version; v != 0 {
		if p.version == 0 {
			p.version = v
		}
		if v != p.version {
			t.AddEvent(evVersion, in.Dir)
		}
		if v == 3 && t.model != modelUser {
			t.AddEvent(evUnknownModel, in.Dir)
		}
	}
	t.version = p.version
	t.Advance(in.Dir, done)
	return proto.Result{Consumed: len(in.Data)}
}

// probe wants the beginning of a message that is whole: its version, and that
// something follows it, the header in version 3.
func probe(b []byte, _ field.Dir, _ *flow.Flow) proto.Verdict {
	c := cursor.New(b)
	tag, body := der.Next(&c)
	if tag != der.Sequence || body == nil {
		return proto.No
	}
	c = cursor.New(body)
	version, ok := readVersion(&c)
	tag, rest := der.Next(&c)
	if !ok || rest == nil || version == 3 && tag != der.Sequence {
		return proto.No
	}
	return proto.Yes
}
