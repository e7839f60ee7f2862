package modbus

import (
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	done         = 1   // Progress of a direction that is complete
	defaultFlood = 500 // requests without a response
)

// unlimited: a session stays open for as long as the devices run.
var unlimited uint32

// Protocol is Modbus.
var Protocol = &proto.Protocol{
	Name:         "modbus",
	Doc:          "Modbus over TCP.",
	Transport:    proto.TCP,
	OffByDefault: true,
	Probes:       []proto.Probe{{Transport: proto.TCP, Ports: "502", Min: headerBytes + 1, Func: probe}},
	Setup: func(o event.Options) (any, error) {
		return &settings{flood: int(min(o.Uint("request-flood", defaultFlood), 1<<16))}, nil
	},
	New:         func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	StreamDepth: &unlimited,
	Fields:      fields,
	Events:      events,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the request is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the response is whole"}},
	},
	Done:    [2]uint8{done, done},
	Records: []proto.Record{{Type: "modbus", Doc: "A request and its response.", Append: appendRecord}},
}

// settings are those of the protocol's section.
type settings struct{ flood int }

// Tx is a request with its response, by direction.
type Tx struct {
	proto.Tx
	sides [2]message
	data  [2][]byte // what the messages' data aliases
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, data: [2][]byte{t.data[0][:0], t.data[1][:0]}}
}

// parser is the state of one flow.
type parser struct {
	env  *proto.Env
	opt  *settings
	txs  proto.TxList[Tx, *Tx]
	skip [2]int // bytes of a message of a wrong length still to be passed over
	open int    // transactions without a response
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = &settings{flood: defaultFlood}
	}
	p.txs.Reset()
	*p = parser{env: env, opt: opt, txs: p.txs}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// probe wants a message of a known function. An exception from the client of a
// connection that was picked up in its middle says that it is the server.
func probe(b []byte, dir field.Dir, f *flow.Flow) proto.Verdict {
	var m message
	n, ok := m.header(b)
	switch {
	case !ok || m.protocol != 0:
		return proto.No
	case len(b) < n:
		return proto.More
	}
	m.parse(b[headerBytes:n], dir == field.ToServer && b[headerBytes] < exception)
	switch {
	case functions[m.function&^exception].name == "", m.kind == kindNone:
		return proto.No
	case m.function < exception:
		return proto.Yes
	case m.flags != 0:
		return proto.No
	case dir == field.ToServer && f.InMiddle():
		return proto.Reversed
	}
	return proto.Yes
}
