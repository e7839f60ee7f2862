package dhcp

import (
	"encoding/binary"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	maxOpen = 256  // transactions that wait for inspection; the oldest gives way
	done    = 1    // Progress of a direction whose message is whole
	maxKept = 2048 // bytes of a message whose memory is kept for the next
)

// Protocol is DHCP.
var Protocol = &proto.Protocol{
	Name:      "dhcp",
	Doc:       "Host configuration (RFC 2131).",
	Transport: proto.UDP,
	Probes:    []proto.Probe{{Transport: proto.UDP, Ports: "67,68", Min: headerLen, Func: probe}},
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Fields:    fields,
	Events: []proto.EventDef{
		evMalformed: {Name: "malformed_options", Doc: "An option does not follow its format; reported as truncated_options where its length is wrong."},
		evTruncated: {Name: "truncated_options", Doc: "The options end within one or without the mark of their end."},
	},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the message is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the message is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records: []proto.Record{{
		Type: "dhcp", Doc: "A message; without the option extended, acknowledgements alone.",
		Options: func(o event.Options) (any, error) { return &recordOptions{extended: o.Bool("extended", false)}, nil },
		Append:  appendRecord,
		Dir:     func(tx proto.Transaction) field.Dir { return tx.Base().Dirs },
	}},
}

// Indices into Protocol.Events.
const (
	evMalformed = iota
	evTruncated
)

// Tx is one message.
type Tx struct {
	proto.Tx
	data []byte // the message; a whole header
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
	env *proto.Env
	txs proto.TxList[Tx, *Tx]
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	p.txs.Reset()
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
	if len(in.Data) < headerLen {
		return proto.Result{Status: proto.Stop}
	}
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.Dirs = in.Dir
	t.Inspected[in.Dir.Reverse().Index()] = true
	t.data = append(t.data, in.Data...)
	it := t.options()
	for it.next() {
	}
	if !it.ended {
		t.AddEvent(evTruncated, in.Dir)
	}
	t.Advance(in.Dir, done)
	return proto.Result{Consumed: len(in.Data)}
}

// probe wants a request or a reply with the cookie in front of the options
// (RFC 2131 section 3).
func probe(b []byte, _ field.Dir, _ *flow.Flow) proto.Verdict {
	const cookie = 0x63825363
	if b[0] != bootRequest && b[0] != bootReply || binary.BigEndian.Uint32(b[headerLen-4:]) != cookie {
		return proto.No
	}
	return proto.Yes
}
