package enip

import (
	"encoding/binary"
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	done         = 1   // Progress of a direction that is complete
	defaultMaxTx = 256 // transactions without a response
	headerBytes  = 24  // of the encapsulation (section 2-3.1)
)

// Protocol is EtherNet/IP.
var Protocol = &proto.Protocol{
	Name:         "enip",
	Doc:          "EtherNet/IP and the Common Industrial Protocol.",
	Transport:    proto.TCP | proto.UDP,
	OffByDefault: true,
	Probes: []proto.Probe{
		{Transport: proto.TCP, Ports: "44818", SourcePorts: "44818", Min: headerBytes, Func: probe},
		{Transport: proto.UDP, Ports: "44818", SourcePorts: "44818", Min: headerBytes, Func: probe},
	},
	Setup: func(o event.Options) (any, error) {
		return &settings{
			maxTx: int(min(max(o.Uint("max-tx", defaultMaxTx), 1), 1<<16)),
			v7:    strings.HasPrefix(o.String("suricata-version", ""), "7"),
		}, nil
	},
	New:     func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:   true,
	Fields:  fields,
	Events:  events,
	Frames:  []string{framePDU: "pdu"},
	FrameTx: true,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the request is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the response is whole"}},
	},
	Done:    [2]uint8{done, done},
	Records: []proto.Record{{Type: "enip", Doc: "A request and its response.", Append: appendRecord}},
}

// framePDU is a message.
const framePDU = 0

// settings are those of the protocol's section.
type settings struct {
	maxTx int
	v7    bool // version 7 pairs no messages and has no records
}

// Indices into Protocol.Events.
const (
	evTooMany = iota
	evInvalidPDU
)

var events = []proto.EventDef{
	evTooMany:    {Name: "too_many_transactions", Doc: "More requests than max-tx wait for their response."},
	evInvalidPDU: {Name: "invalid_pdu", Doc: "A message does not follow its format."},
}

// Tx is a request with its response, by direction.
type Tx struct {
	proto.Tx
	sides [2]message
	v7    bool
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	old := *t
	*t = Tx{Tx: proto.Tx{Events: old.Events[:0]}}
	for i := range old.sides {
		o := &old.sides[i]
		t.sides[i] = message{text: o.text[:0], cips: o.cips[:0], segments: o.segments[:0]}
	}
}

// side returns the message of a direction; nil if it has not come.
func (t *Tx) side(dir field.Dir) *message {
	if m := &t.sides[dir.Index()]; m.there {
		return m
	}
	return nil
}

// parser is the state of one flow.
type parser struct {
	env  *proto.Env
	opt  *settings
	udp  bool
	txs  proto.TxList[Tx, *Tx]
	open int     // transactions without a response
	lost [2]bool // after a gap: where a message begins is not known
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

// probe wants a header of a known command, without a status if it is a request.
func probe(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	if !known(binary.LittleEndian.Uint16(b)) {
		return proto.No
	}
	if dir == field.ToServer && binary.LittleEndian.Uint32(b[8:]) != 0 {
		return proto.No
	}
	return proto.Yes
}
