package websocket

import (
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/decompress"
)

const (
	defaultMax = 64<<10 - 1 // bytes of a payload that are kept
	mostMax    = 1 << 20    // that can be configured
	maxKept    = 8 << 10    // bytes of memory that a transaction keeps for the next
	maxOpen    = 1024       // transactions that wait for inspection; the oldest gives way
	done       = 1          // Progress of a direction whose frame is whole
)

// Protocol is WebSocket over TCP.
var Protocol = &proto.Protocol{
	Name:      "websocket",
	Doc:       "WebSocket (RFC 6455), behind an upgrade of HTTP/1.",
	Transport: proto.TCP,
	Since:     8,
	Setup: func(o event.Options) (any, error) {
		return &settings{maxPayload: int(min(o.Size("max-payload-size", defaultMax), mostMax))}, nil
	},
	New:    func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:  true,
	Fields: fields,
	Events: []proto.EventDef{
		evSkipped:    {Name: "skip_end_of_payload", Doc: "A payload is longer than max-payload-size: its end is passed over."},
		evReassembly: {Name: "reassembly_limit_reached", Doc: "The frames of a message are longer than max-payload-size: what follows is passed over."},
	},
	Frames:  []string{framePDU: "pdu", frameHeader: "header", frameData: "data"},
	FrameTx: true,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the frame is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the frame is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records: []proto.Record{{
		Type: "websocket", Doc: "A frame.", Options: logOptions, Append: appendRecord, Alert: appendAlert,
		Dir: func(tx proto.Transaction) field.Dir { return tx.Base().Dirs },
	}},
}

// Indices into Protocol.Events.
const (
	evSkipped = iota
	evReassembly
)

// Frames.
const (
	framePDU = iota
	frameHeader
	frameData
)

// settings are those of the protocol's section.
type settings struct{ maxPayload int }

var noSettings = &settings{maxPayload: defaultMax}

// Tx is one frame.
type Tx struct {
	proto.Tx
	flags   byte // first byte of the frame without the opcode
	opcode  byte
	masked  bool
	mask    uint32
	payload []byte // without mask and compression
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory, if it is not much.
func resetTx(t *Tx) {
	b := t.payload[:0]
	if cap(b) > maxKept {
		b = nil
	}
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, payload: b}
}

// parser is the state of one connection.
type parser struct {
	env   *proto.Env
	opt   *settings
	txs   proto.TxList[Tx, *Tx]
	sides [2]side
}

// side is what one end has sent.
type side struct {
	skip uint64 // bytes of a payload still to be passed over
	// A message that goes on in further frames.
	open       bool
	compressed bool
	message    []byte
	decoder    *decompress.Flate // keeps its window between messages; nil before the first
	inflated   []byte            // scratch: the message in work without compression
	// size counts all bytes that a message inflates to, of which limit are kept.
	size, limit int
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = noSettings
	}
	for i := range p.sides {
		p.sides[i].release()
	}
	p.txs.Reset()
	*p = parser{env: env, opt: opt, txs: p.txs}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// opcodeNames are the kinds of frames (RFC 6455 section 11.8).
var opcodeNames = []field.EnumName{
	{Name: "continuation", Value: opContinuation}, {Name: "text", Value: opText}, {Name: "binary", Value: opBinary},
	{Name: "close", Value: opClose}, {Name: "ping", Value: opPing}, {Name: "pong", Value: opPong},
}

// opcodeName returns the name of an opcode, "" without.
func opcodeName(op byte) string {
	for _, n := range opcodeNames {
		if n.Value == uint64(op) {
			return n.Name
		}
	}
	return ""
}
