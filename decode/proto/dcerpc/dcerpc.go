package dcerpc

import (
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/msrpc"
)

// defaultMaxTx is how many transactions of a connection wait for their end, unless
// the configuration says otherwise; the oldest gives way.
const defaultMaxTx = 1024

// Protocol is DCE RPC.
var Protocol = &proto.Protocol{
	Name:      "dcerpc",
	Doc:       "Distributed computing environment RPC.",
	Transport: proto.TCP | proto.UDP,
	Patterns: []proto.Pattern{
		{Transport: proto.TCP, Dir: field.Both, Bytes: "\x05\x00", Depth: 2, Confirm: confirmTCP},
		{Transport: proto.UDP, Dir: field.Both, Bytes: "\x04\x00", Depth: 2, Confirm: confirmUDP},
	},
	Setup:  setup,
	New:    func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:  true,
	Fields: msrpc.Fields(func(t *Tx) *msrpc.Call { return &t.Call }),
	Frames: []string{"pdu", "hdr", "data"},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "fragments of the request"}, {Name: "request_complete", Doc: "the request is whole"}},
		{{Name: "response_started", Doc: "fragments of the response"}, {Name: "response_complete", Doc: "the response is whole"}},
	},
	Done:    [2]uint8{msrpc.Done, msrpc.Done},
	Records: []proto.Record{{Type: "dcerpc", Doc: "A call, or a bind, with its answer.", Append: appendRecord}},
	Little:  func(tx proto.Transaction, d field.Dir) bool { return tx.(*Tx).Call.Little[d.Index()] },
}

// Indices into Protocol.Frames.
const (
	framePDU = iota
	frameHeader
	frameData
)

// Tx is a call.
type Tx struct {
	proto.Tx
	msrpc.Call
	format   msrpc.Format
	datagram bool
	minor    uint8
	activity msrpc.UUID // of a datagram
	seq      uint32     // of a datagram
}

// settings are those of the protocol's section.
type settings struct {
	format msrpc.Format
	maxTx  int
}

// defaults are the settings without a configuration.
var defaults = settings{format: msrpc.Format9, maxTx: defaultMaxTx}

func setup(o event.Options) (any, error) {
	return &settings{
		format: msrpc.FormatOf(o.String("suricata-version", "")),
		maxTx:  max(1, int(min(o.Uint("max-tx", defaultMaxTx), 1<<16))),
	}, nil
}

// parser is the state of one flow.
type parser struct {
	env    *proto.Env
	opt    *settings
	udp    bool
	lost   [2]bool // messages are out of step after a gap, by direction
	binder msrpc.Binder
	txs    proto.TxList[Tx, *Tx]
}

// pool holds transactions for reuse.
var pool sync.Pool

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	if p.opt, _ = env.Options.(*settings); p.opt == nil {
		p.opt = &defaults
	}
	p.udp = env.Flow.Proto == 17
	p.lost = [2]bool{}
	p.binder.Reset()
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	call := t.Call
	call.Reset()
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, Call: call}
}

// open opens a transaction. If too many are open, the oldest is given up: it
// completes as it is.
func (p *parser) open() *Tx {
	for i := 0; i < p.txs.Len() && p.txs.Len()-i >= p.opt.maxTx; i++ {
		t := p.txs.At(i)
		t.Advance(field.ToServer, msrpc.Done)
		t.Advance(field.ToClient, msrpc.Done)
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.format = p.opt.format
	return t
}

// confirmTCP wants the header of a message; responses come from the server.
func confirmTCP(b []byte, dir field.Dir) proto.Verdict {
	if len(b) < 10 {
		return proto.More
	}
	if t := msrpc.Type(b[2]); !t.Known() || b[4]&0xee != 0 || b[5] > 3 {
		return proto.No
	}
	return side(msrpc.Type(b[2]), dir)
}

// side says whether a message of that type comes from where it should.
func side(t msrpc.Type, dir field.Dir) proto.Verdict {
	if t.FromServer() != (dir == field.ToClient) {
		return proto.Reversed
	}
	return proto.Yes
}

// confirmUDP wants the header of a datagram.
func confirmUDP(b []byte, dir field.Dir) proto.Verdict {
	h, ok := msrpc.ParseDatagram(b)
	switch {
	case !ok:
		return proto.No
	case h.Type.FromServer() && dir == field.ToServer:
		return proto.Reversed
	}
	return proto.Yes
}
