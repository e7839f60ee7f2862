package bittorrent

import (
	"sync"

	"weir/decode/field"
	"weir/decode/proto"
)

const (
	maxOpen = 256  // transactions that wait for inspection; the oldest gives way
	maxKept = 2048 // bytes of a message whose memory is kept for the next
	done    = 1    // Progress of a direction whose message is whole
)

// Protocol is BitTorrent's distributed hash table.
var Protocol = &proto.Protocol{
	Name:      "bittorrent-dht",
	Doc:       "BitTorrent's distributed hash table (BEP 5).",
	Transport: proto.UDP,
	Patterns:  patterns("d1:ad2:id20:", "d1:rd2:id20:", "d2:ip6:", "d1:el"),
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Events:    []proto.EventDef{{Name: "malformed_packet", Doc: "A message does not follow its format."}},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the message is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the message is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records: []proto.Record{{
		Type: "bittorrent-dht", Shown: "bittorrent_dht", Key: "bittorrent_dht", Doc: "A message.", Append: appendRecord,
		Dir: func(tx proto.Transaction) field.Dir { return tx.Base().Dirs },
	}},
}

// patterns makes patterns that stand at the very start.
func patterns(words ...string) []proto.Pattern {
	ps := make([]proto.Pattern, len(words))
	for i, w := range words {
		ps[i] = proto.Pattern{Transport: proto.UDP, Dir: field.Both, Bytes: w, Depth: len(w)}
	}
	return ps
}

// evMalformed is an index into Protocol.Events.
const evMalformed = 0

// Tx is one message.
type Tx struct {
	proto.Tx
	data []byte // a dictionary
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
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.Dirs = in.Dir
	t.Inspected[in.Dir.Reverse().Index()] = true
	v, _, ok := value(in.Data, 0)
	if ok = ok && v[0] == 'd'; ok {
		t.data = append(t.data, v...)
	} else {
		t.NoLog = true
	}
	if !ok || !valid(v) {
		t.AddEvent(evMalformed, in.Dir)
	}
	t.Advance(in.Dir, done)
	return proto.Result{Consumed: len(in.Data)}
}

// valid reports whether a message has what all have, and what its kind has.
func valid(b []byte) bool {
	if find(b, "t") == nil {
		return false
	}
	switch string(findText(b, "y")) {
	case "q":
		return find(b, "q") != nil && findText(find(b, "a"), "id") != nil
	case "r":
		return findText(find(b, "r"), "id") != nil
	case "e":
		e := find(b, "e")
		return len(e) > 0 && e[0] == 'l'
	}
	return false
}
