package ldap

import (
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	maxMessage   = 1 << 20   // bytes of a message that is taken as a whole
	maxKept      = 256 << 10 // bytes of the messages of a transaction
	maxResponses = 1 << 14   // of a transaction
	defaultMaxTx = 256       // transactions without their last response
	done         = 1         // Progress of a direction that is complete
	startTLS     = "1.3.6.1.4.1.1466.20037"
)

// Protocol is LDAP.
var Protocol = &proto.Protocol{
	Name:      "ldap",
	Doc:       "Directory access (RFC 4511).",
	Transport: proto.TCP | proto.UDP,
	Since:     8,
	Probes: []proto.Probe{
		{Transport: proto.TCP, Ports: "389,3268", Min: 7, Func: probe},
		{Transport: proto.UDP, Ports: "389,3268", Min: 7, Func: probe},
	},
	Setup: func(o event.Options) (any, error) {
		return &settings{maxTx: int(min(o.Uint("max-tx", defaultMaxTx), 1<<16))}, nil
	},
	New:     func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:   true,
	Fields:  fields,
	Events:  events,
	Frames:  []string{framePDU: "pdu"},
	FrameTx: true,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the request is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the last response is whole"}},
	},
	Done:    [2]uint8{done, done},
	Records: []proto.Record{{Type: "ldap", Doc: "A request and its responses.", Append: appendRecord}},
}

// framePDU is a message.
const framePDU = 0

// settings are those of the protocol's section.
type settings struct{ maxTx int }

// message is one message: its operation and where its body stands in Tx.data.
type message struct {
	id       uint32
	op       uint8
	kept     bool // the body was kept
	off, end int
}

// Tx is a request with its responses.
type Tx struct {
	proto.Tx
	request    message
	hasRequest bool
	responses  []message
	data       []byte // bodies
	lists      [lists]list
	pairs      []byte // memory of the values "type=value"
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory, if it is not much.
func resetTx(t *Tx) {
	const most = 16 << 10
	old := *t
	*t = Tx{Tx: proto.Tx{Events: old.Events[:0]}, responses: old.responses[:0]}
	if cap(old.data) <= most {
		t.data = old.data[:0]
	}
	if cap(old.pairs) <= most {
		t.pairs = old.pairs[:0]
	}
	for i := range old.lists {
		clear(old.lists[i].values)
		t.lists[i].values = old.lists[i].values[:0]
	}
}

// body returns the body of a message, nil if it was not kept.
func (t *Tx) body(m *message) []byte {
	if !m.kept {
		return nil
	}
	return t.data[m.off:m.end]
}

// keep copies the body of a message.
func (t *Tx) keep(m message, body []byte) message {
	if body == nil || len(t.data)+len(body) > maxKept {
		return m
	}
	m.kept, m.off = true, len(t.data)
	t.data = append(t.data, body...)
	m.end = len(t.data)
	return m
}

// parser is the state of one flow.
type parser struct {
	env  *proto.Env
	opt  *settings
	udp  bool
	txs  proto.TxList[Tx, *Tx]
	skip [2]int  // bytes of a long message still to be passed over
	lost [2]bool // after a gap: where a message begins is not known
	// open counts the transactions whose last response has not come.
	open int
	// frameTx is what frames show of their transaction, which is counted from 1.
	frameTx proto.Tx
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = &settings{maxTx: defaultMaxTx}
	}
	p.txs.Reset()
	*p = parser{env: env, opt: opt, udp: env.Flow.Proto == 17, txs: p.txs}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// probe wants a message with an operation, and tells the side by it.
func probe(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	n, st := size(b)
	switch {
	case st == headBroken || n > 1<<24:
		return proto.No
	case st == headShort:
		return proto.More
	}
	m, _, st := head(b)
	switch st {
	case headBroken:
		return proto.No
	case headShort:
		if len(b) < n {
			return proto.More
		}
		return proto.No
	}
	if isRequest(m.op) != (dir == field.ToServer) {
		return proto.Reversed
	}
	return proto.Yes
}
