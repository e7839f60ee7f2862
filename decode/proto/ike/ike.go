package ike

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	maxOpen       = 256  // transactions that wait for inspection; the oldest gives way
	maxPayloads   = 128  // of a message that are read
	maxChosen     = 32   // attributes of a choice that are remembered
	maxRemembered = 1024 // bytes of a key or nonce that are remembered
	maxKept       = 4096 // bytes of a message whose memory is kept for the next
	done          = 1    // Progress of a direction whose message is whole
)

// Protocol is IKE.
var Protocol = &proto.Protocol{
	Name:      "ike",
	Families:  []string{"ikev2"}, // its name up to suricata-version 5
	Doc:       "Internet key exchange (RFC 2409, 7296).",
	Transport: proto.UDP,
	Probes:    []proto.Probe{{Transport: proto.UDP, Ports: "500", Min: headerLen, Func: probe}},
	Setup: func(o event.Options) (any, error) {
		v := o.String("suricata-version", "")
		return &settings{lists: !strings.HasPrefix(v, "7") && !strings.HasPrefix(v, "8")}, nil
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
	Records:        []proto.Record{{Type: "ike", Doc: "A message.", Append: appendRecord, Dir: func(tx proto.Transaction) field.Dir { return tx.Base().Dirs }}},
}

// settings are those that a version of the configuration brings.
type settings struct {
	lists bool // records have attributes as a list
}

// payload is one payload of a message: its kind and where it stands in Tx.data.
type payload struct {
	kind     uint8
	off, end int
}

// attribute is a value of a transform. Version 2 has the kind of transform as class.
type attribute struct {
	class uint16
	value uint64
}

// remembered is what a flow remembers of one side, version 1.
type remembered struct{ key, nonce []byte }

// Tx is one message.
type Tx struct {
	proto.Tx
	lists    bool
	data     []byte // the message; a whole header
	version  uint8
	payloads []payload
	ended    bool // version 2: the payloads end as they ought to
	errors   int  // version 2: notifications of errors
	doi      uint32
	// chosen is what the server chose, in this message or an earlier one.
	chosen []attribute
	// fresh: the choice is of this message.
	fresh bool
	sides [2]remembered // by direction
	spis  [32]byte      // both indices, in digits
	// digits are the vendor IDs, one behind the other.
	digits    []byte
	hasDigits bool
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory, if it is not much.
func resetTx(t *Tx) {
	old := *t
	*t = Tx{Tx: proto.Tx{Events: old.Events[:0]}, payloads: old.payloads[:0], chosen: old.chosen[:0], digits: old.digits[:0]}
	if cap(old.data) <= maxKept {
		t.data = old.data[:0]
	}
	for i := range old.sides {
		t.sides[i] = remembered{key: old.sides[i].key[:0], nonce: old.sides[i].nonce[:0]}
	}
}

// parser is the state of one flow.
type parser struct {
	env    *proto.Env
	lists  bool
	doi    uint32
	chosen []attribute
	sides  [2]remembered
	txs    proto.TxList[Tx, *Tx]
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	s, _ := env.Options.(*settings)
	p.txs.Reset()
	*p = parser{env: env, lists: s == nil || s.lists, chosen: p.chosen[:0], sides: p.sides, txs: p.txs}
	for i := range p.sides {
		p.sides[i].key, p.sides[i].nonce = p.sides[i].key[:0], p.sides[i].nonce[:0]
	}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	b := message(in.Data)
	if len(b) == 0 {
		return proto.Result{Consumed: len(in.Data)}
	}
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.lists, t.Dirs = p.lists, in.Dir
	t.Inspected[in.Dir.Reverse().Index()] = true
	if !isHeader(b) {
		t.NoLog = true
		t.AddEvent(evMalformed, in.Dir)
	} else {
		t.data = append(t.data, b...)
		t.version = b[17] >> 4
		hex.Encode(t.spis[:], b[:16])
		if t.version == 1 {
			p.read1(t, in.Dir)
		} else {
			p.read2(t, in.Dir)
		}
		t.doi = p.doi
		t.chosen = append(t.chosen, p.chosen...)
		for i := range p.sides {
			t.sides[i].key = append(t.sides[i].key, p.sides[i].key...)
			t.sides[i].nonce = append(t.sides[i].nonce, p.sides[i].nonce...)
		}
	}
	t.Advance(in.Dir, done)
	return proto.Result{Consumed: len(in.Data)}
}

// message takes the marker off that stands in front of messages on port 4500
// (RFC 3948 section 2.2), if the configuration has that port.
func message(b []byte) []byte {
	if len(b) >= 4 && binary.BigEndian.Uint32(b) == 0 {
		return b[4:]
	}
	return b
}

// isHeader reports whether b begins with a header of a known version.
func isHeader(b []byte) bool {
	if len(b) < headerLen {
		return false
	}
	v := b[17] >> 4
	return v == 1 || v == 2
}

// probe wants a header of version 1.0 or 2.0 with a fitting length (RFC 7296
// section 3.1).
func probe(b []byte, _ field.Dir, _ *flow.Flow) proto.Verdict {
	b = message(b)
	if len(b) < headerLen || b[17] != 0x10 && b[17] != 0x20 || b[18] < 1 || int(binary.BigEndian.Uint32(b[24:])) != len(b) {
		return proto.No
	}
	return proto.Yes
}
