package tftp

import (
	"bytes"
	"encoding/binary"
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// Kinds of datagrams (RFC 1350 section 5, RFC 2347).
const (
	readRequest  = 1
	writeRequest = 2
	optionAck    = 6
)

const (
	maxOpen = 64 // transactions that wait for inspection; the oldest gives way
	done    = 1  // Progress of a direction whose request is whole
)

// Protocol is TFTP.
var Protocol = &proto.Protocol{
	Name:      "tftp",
	Doc:       "Trivial file transfer (RFC 1350).",
	Transport: proto.UDP,
	Probes:    []proto.Probe{{Transport: proto.UDP, Ports: "69", Min: 4, Func: probe}},
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the request is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the request is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records:        []proto.Record{{Type: "tftp", Doc: "A request for a file.", Append: appendRecord, Dir: func(tx proto.Transaction) field.Dir { return tx.Base().Dirs }}},
}

// Tx is a request.
type Tx struct {
	proto.Tx
	kind uint16
	file []byte
	mode string
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) { *t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, file: t.file[:0]} }

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
	kind, file, mode, ok := request(in.Data)
	if !ok {
		return proto.Result{Consumed: len(in.Data)}
	}
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.Dirs = in.Dir
	t.Inspected[in.Dir.Reverse().Index()] = true
	t.kind, t.mode = kind, mode
	t.file = append(t.file, file...)
	t.Advance(in.Dir, done)
	return proto.Result{Consumed: len(in.Data)}
}

// request reads a request; ok is false for everything else.
func request(b []byte) (kind uint16, file []byte, mode string, ok bool) {
	if len(b) < 2 {
		return 0, nil, "", false
	}
	kind = binary.BigEndian.Uint16(b)
	if kind != readRequest && kind != writeRequest {
		return 0, nil, "", false
	}
	file, rest, ok := bytes.Cut(b[2:], []byte{0})
	if !ok {
		return 0, nil, "", false
	}
	name, _, ok := bytes.Cut(rest, []byte{0})
	if !ok {
		return 0, nil, "", false
	}
	for _, mode = range [...]string{"octet", "netascii", "mail"} {
		if strings.EqualFold(string(name), mode) {
			return kind, file, mode, true
		}
	}
	return 0, nil, "", false
}

// probe wants one of the kinds.
func probe(b []byte, _ field.Dir, _ *flow.Flow) proto.Verdict {
	if kind := binary.BigEndian.Uint16(b); kind < readRequest || kind > optionAck {
		return proto.No
	}
	return proto.Yes
}

// appendRecord writes the tftp object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	if t.kind == readRequest {
		b = event.Str(b, "packet", "read")
	} else {
		b = event.Str(b, "packet", "write")
	}
	b = event.Bytes(b, "file", t.file)
	b = event.Str(b, "mode", t.mode)
	return event.Close(b), true
}
