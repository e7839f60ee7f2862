package rdp

import (
	"sync"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	maxOpen = 64 // transactions that wait for inspection; the oldest gives way
	done    = 1  // Progress of a direction whose message is whole
	// maxKept bounds the memory of settings that is kept for the next, bytes.
	maxKept = 4096
)

// Protocol is RDP.
var Protocol = &proto.Protocol{
	Name:      "rdp",
	Doc:       "Remote desktop ([MS-RDPBCGR]).",
	Transport: proto.TCP,
	Probes:    []proto.Probe{{Transport: proto.TCP, Ports: "3389", Min: 7, Func: probe}},
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the message is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the message is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	// A record comes with the packet that acknowledges its message.
	Records: []proto.Record{{Type: "rdp", Doc: "A message of the beginning of a connection.", Append: appendRecord,
		Dir: func(tx proto.Transaction) field.Dir { return tx.Base().Dirs.Reverse() }}},
}

// kind is what a message is.
type kind uint8

const (
	initialRequest kind = iota
	initialResponse
	connectRequest
	connectResponse
)

// Tx is one message.
type Tx struct {
	proto.Tx
	kind kind
	// data is the cookie of a request for a connection, the negotiation of the
	// response, or the settings of the client.
	data []byte
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
	// over: nothing that follows is parsed, by direction.
	over [2]bool
	txs  proto.TxList[Tx, *Tx]
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.txs.Reset()
	*p = parser{env: env, txs: p.txs}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	i := in.Dir.Index()
	used := 0
	for used < len(in.Data) && !p.over[i] {
		b := in.Data[used:]
		if b[0] != tpktVersion { // TLS, or broken
			p.over[i] = true
			break
		}
		n, ok := size(b)
		switch {
		case !ok && len(b) >= tpktLen:
			return proto.Result{Consumed: used, Status: proto.Stop}
		case !ok:
			return proto.Result{Consumed: used, Need: tpktLen, Status: proto.Incomplete}
		case len(b) < n:
			return proto.Result{Consumed: used, Need: n, Status: proto.Incomplete}
		}
		p.message(b[tpktLen:n], in.Dir)
		used += n
	}
	return proto.Result{Consumed: len(in.Data)}
}

// message handles the content of a packet.
func (p *parser) message(b []byte, dir field.Dir) {
	k, data, ok := read(b)
	if !ok {
		return
	}
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.Dirs, t.kind = dir, k
	t.Inspected[dir.Reverse().Index()] = true
	t.data = append(t.data, data...)
	t.Advance(dir, done)
	if k >= connectRequest {
		p.over[dir.Index()] = true
	}
}

// probe wants a request for a connection from the client, or its confirmation.
func probe(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	if _, ok := size(b); !ok {
		return proto.No
	}
	want := uint8(codeRequest)
	if dir == field.ToClient {
		want = codeConfirm
	}
	switch b[5] & 0xf0 {
	case want:
		return proto.Yes
	case codeRequest, codeConfirm:
		return proto.Reversed
	}
	return proto.No
}
