package pgsql

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
	maxTake      = 64 << 10 // bytes of a message that are looked at
	maxKept      = 96 << 10 // bytes that a transaction keeps
	maxPairs     = 64       // parameters of a transaction
	defaultMaxTx = 1024     // transactions of a flow
	done         = 1        // Progress of a direction that is complete
)

// noDepth: streams are followed to their end.
var noDepth uint32

// Protocol is PostgreSQL.
var Protocol = &proto.Protocol{
	Name:         "pgsql",
	Doc:          "PostgreSQL.",
	Transport:    proto.TCP,
	OffByDefault: true,
	Probes:       []proto.Probe{{Transport: proto.TCP, Ports: "5432", Min: 1, Func: probe}},
	Setup: func(o event.Options) (any, error) {
		return &settings{maxTx: int(min(o.Uint("max-tx", defaultMaxTx), 1<<16))}, nil
	},
	New:         func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:       true,
	StreamDepth: &noDepth,
	Fields:      fields,
	Events: []proto.EventDef{
		evTooMany:           {Name: "too_many_transactions", Doc: "More requests wait for their answer than max-tx allows."},
		evMalformedRequest:  {Name: "malformed_request", Doc: "A request does not follow its format."},
		evMalformedResponse: {Name: "malformed_response", Doc: "A response does not follow its format."},
		evInvalidLength:     {Name: "invalid_length", Doc: "A message says a length that it cannot have."},
	},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the request is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the server is ready for the next"}},
	},
	Done:    [2]uint8{done, done},
	Records: []proto.Record{{Type: "pgsql", Doc: "A request and its answer.", Options: logOptions, Append: appendRecord}},
}

// Indices into Protocol.Events.
const (
	evTooMany = iota
	evMalformedRequest
	evMalformedResponse
	evInvalidLength
)

// settings are those of the protocol's section.
type settings struct{ maxTx int }

var fields = []field.Def{
	field.Bytes(field.Field{
		Name: "pgsql.query", Dir: field.ToServer, State: [2]uint8{done, 0}, Log: "pgsql.request.simple_query",
		Doc: "Text of a query.", Example: `pgsql.query; content:"delete"; nocase;`,
	}, func(t *Tx, _ field.Dir) []byte {
		if t.kind != askQuery {
			return nil
		}
		return t.text(t.query)
	}),
}

// span is where a value stands in Tx.data.
type span struct {
	off, end int
	ok       bool
}

// pair is a parameter with its value.
type pair struct{ key, value span }

// asked is what a request is.
type asked uint8

const (
	askNothing asked = iota // no message was read
	askSSL
	askGSS
	askStartup
	askPassword
	askSASLFirst
	askSASL
	askQuery
	askCopy
	askCancel
	askEnd
)

// copied counts the data of a copy.
type copied struct{ messages, bytes uint64 }

// Tx is a request with its answer.
type Tx struct {
	proto.Tx
	data []byte

	kind     asked
	query    span // of a query; password; SASL mechanism
	more     span // SASL data
	pairs    []pair
	process  uint32 // of a request to cancel
	secret   uint32
	version  uint32
	copyIn   copied
	copyEnd  byte // type of the message that ends a copy: 'c' done, 'f' failed, 0 none
	statuses []pair
	failure  []failure
	complete span
	auth     int32 // type of authentication, -1 without
	salt     span  // of a password to be hashed
	final    span  // what ends an authentication by SASL
	key      bool  // backendProcess and backendSecret are set
	backend  [2]uint32
	columns  int // of the rows, -1 without
	copyKind byte
	copyCols int
	rows     copied
	copyOut  copied
	secured  byte // answer to a request for encryption
	answered bool
}

// failure is a field of an error, by its letter.
type failure struct {
	letter byte
	value  span
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory, if it is not much.
func resetTx(t *Tx) {
	*t = Tx{
		Tx: proto.Tx{Events: t.Events[:0]}, data: t.data[:0], pairs: t.pairs[:0], statuses: t.statuses[:0], failure: t.failure[:0],
	}
	if cap(t.data) > 8<<10 {
		t.data = nil
	}
}

// keep copies a value.
func (t *Tx) keep(b []byte) span {
	b = b[:min(len(b), maxKept-len(t.data))]
	at := len(t.data)
	t.data = append(t.data, b...)
	return span{at, len(t.data), true}
}

// text returns a value; nil if it is not there.
func (t *Tx) text(s span) []byte {
	if !s.ok {
		return nil
	}
	return t.data[s.off:s.end:s.end]
}

// parser is the state of one connection.
type parser struct {
	env *proto.Env
	opt *settings
	txs proto.TxList[Tx, *Tx]
	// starting: the client's messages have no type yet. secure: the answer to a
	// request for encryption is a single byte.
	starting, secure bool
	// ready: the server has asked for commands once.
	ready bool
	asked int32 // type of authentication that the server asked for last
	skip  [2]int
	lost  [2]bool
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = &settings{maxTx: defaultMaxTx}
	}
	p.txs.Reset()
	*p = parser{env: env, opt: opt, txs: p.txs, starting: true, asked: authCleartext}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// Codes in the place of a version.
const (
	version3   = 196608
	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSS    = 80877104
)

// probe wants the first message of either side.
func probe(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	if dir == field.ToServer {
		if b[0] != 0 {
			return proto.No
		}
		if len(b) < 8 {
			return proto.More
		}
		switch n := binary.BigEndian.Uint32(b); binary.BigEndian.Uint32(b[4:]) {
		case codeSSL, codeGSS:
			return verdict(n == 8)
		case codeCancel:
			return verdict(n == 16)
		case version3:
			return verdict(n > 8 && n <= maxStartup)
		}
		return proto.No
	}
	if len(b) == 1 {
		return verdict(b[0] == 'S' || b[0] == 'N' || b[0] == 'G')
	}
	if len(b) < 5 {
		return proto.More
	}
	n := binary.BigEndian.Uint32(b[1:])
	return verdict(strings.IndexByte("RSENKZ", b[0]) >= 0 && n >= 5 && n < 1<<16)
}

func verdict(ok bool) proto.Verdict {
	if ok {
		return proto.Yes
	}
	return proto.No
}
