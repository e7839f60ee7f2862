package ntp

import (
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	headerLen = 48 // bytes (RFC 5905 section 7.3)
	minLen    = 4  // of a message for control or private use that is recognised
	maxOpen   = 64 // transactions that wait for inspection; the oldest gives way
	done      = 1  // Progress of a direction whose message is whole
)

// Modes (RFC 5905 figure 10).
const (
	modeActive  = 1
	modeClient  = 3
	modeControl = 6
	modePrivate = 7
)

// Protocol is NTP.
var Protocol = &proto.Protocol{
	Name:      "ntp",
	Doc:       "Network time (RFC 5905).",
	Transport: proto.UDP,
	Probes:    []proto.Probe{{Transport: proto.UDP, Ports: "123", SourcePorts: "123", Min: minLen, Func: probe}},
	Setup: func(o event.Options) (any, error) {
		return &settings{old: strings.HasPrefix(o.String("suricata-version", ""), "7")}, nil
	},
	New:    func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Fields: fields,
	Events: []proto.EventDef{{Name: "malformed_data", Doc: "A message is shorter than its header, or of another version."}},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the message is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the message is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records:        []proto.Record{{Type: "ntp", Doc: "A message.", Append: appendRecord, Dir: func(tx proto.Transaction) field.Dir { return tx.Base().Dirs }}},
}

// evMalformed is an index into Protocol.Events.
const evMalformed = 0

// settings are those that a version of the configuration brings.
type settings struct {
	old bool // requests alone are transactions
}

// Tx is one message.
type Tx struct {
	proto.Tx
	valid         bool
	version, mode uint8
	stratum       uint8
	reference     [4]byte
	whole         bool // stratum and reference are there
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) { *t = Tx{Tx: proto.Tx{Events: t.Events[:0]}} }

// parser is the state of one flow.
type parser struct {
	env *proto.Env
	old bool
	txs proto.TxList[Tx, *Tx]
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	s, _ := env.Options.(*settings)
	p.env, p.old = env, s != nil && s.old
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
	valid := isMessage(in.Data)
	if valid && p.old && !isRequest(in.Data[0]&7) {
		return proto.Result{Consumed: len(in.Data)}
	}
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.Dirs = in.Dir
	t.Inspected[in.Dir.Reverse().Index()] = true
	if t.valid = valid; valid {
		t.version, t.mode = in.Data[0]>>3&7, in.Data[0]&7
		if t.mode != modeControl && t.mode != modePrivate {
			t.whole, t.stratum, t.reference = true, in.Data[1], [4]byte(in.Data[12:16])
		}
	} else {
		t.NoLog = true
		t.AddEvent(evMalformed, in.Dir)
	}
	t.Advance(in.Dir, done)
	return proto.Result{Consumed: len(in.Data)}
}

// isMessage reports whether b is a message of version 3 or 4, or one for control or
// private use of version 2 on.
func isMessage(b []byte) bool {
	if len(b) < minLen {
		return false
	}
	version, mode := b[0]>>3&7, b[0]&7
	if mode == modeControl || mode == modePrivate {
		return version >= 2 && version <= 4
	}
	return len(b) >= headerLen && (version == 3 || version == 4)
}

// isRequest reports whether messages of that mode ask for an answer.
func isRequest(mode uint8) bool { return mode == modeActive || mode == modeClient }

// probe wants a message.
func probe(b []byte, _ field.Dir, _ *flow.Flow) proto.Verdict {
	if !isMessage(b) {
		return proto.No
	}
	return proto.Yes
}

// appendRecord writes the ntp object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	if !t.valid {
		return b, false
	}
	b = append(b, '{')
	b = event.Uint(b, "version", uint64(t.version))
	b = event.Uint(b, "mode", uint64(t.mode))
	if t.whole {
		b = event.Uint(b, "stratum", uint64(t.stratum))
		b = event.Hex(b, "reference_id", t.reference[:], "")
	}
	return event.Close(b), true
}
