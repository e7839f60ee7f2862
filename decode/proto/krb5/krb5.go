package krb5

import (
	"encoding/binary"
	"sync"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/der"
)

const (
	maxMessage = 1 << 20 // bytes
	maxOpen    = 256     // transactions that wait for inspection; the oldest gives way
	done       = 1       // Progress of a direction whose message is whole
)

// Protocol is Kerberos.
var Protocol = &proto.Protocol{
	Name:      "krb5",
	Doc:       "Kerberos (RFC 4120).",
	Transport: proto.TCP | proto.UDP,
	Probes: []proto.Probe{
		{Transport: proto.UDP, Ports: "88", SourcePorts: "88", Min: 10, Func: probeUDP},
		{Transport: proto.TCP, Ports: "88", SourcePorts: "88", Min: 14, Func: probeTCP},
	},
	New:    func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Fields: fields,
	Events: []proto.EventDef{
		{Name: "malformed_data", Doc: "A message does not follow its format."},
		{Name: "weak_encryption", Doc: "The server answers with a cipher that is weak (RFC 6649, 8429)."},
	},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the message is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the message is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records:        []proto.Record{{Type: "krb5", Doc: "A message.", Append: appendRecord, Dir: shownDir}},
}

// Indices into Protocol.Events.
const (
	evMalformedData = iota
	evWeakEncryption
)

// Types of messages (RFC 4120 section 7.5.7).
const (
	asReq    = 10
	asRep    = 11
	tgsReq   = 12
	tgsRep   = 13
	apReq    = 14
	apRep    = 15
	krbError = 30
)

// Tx is one message.
type Tx struct {
	proto.Tx
	kind   uint8
	failed uint8 // of an error: type of the request before it, 0 without
	udp    bool
	realm  []byte
	// hasRealm and the like: the value is there.
	hasRealm, hasCName, hasSName bool
	cname, sname                 []byte // parts, each behind its length of two bytes
	code                         int64
	hasCode                      bool
	etype, ticket                int64
	hasEtype, hasTicket          bool
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, realm: t.realm[:0], cname: t.cname[:0], sname: t.sname[:0]}
}

// parser is the state of one flow.
type parser struct {
	env     *proto.Env
	udp     bool
	request uint8 // type of the last request
	txs     proto.TxList[Tx, *Tx]
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	p.udp = env.Flow.Proto == 17
	p.request = 0
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if p.udp {
		p.message(in.Dir, in.Data)
		return proto.Result{Consumed: len(in.Data)}
	}
	used := 0
	for used < len(in.Data) {
		b := in.Data[used:]
		if len(b) < 4 {
			return proto.Result{Consumed: used, Need: 4, Status: proto.Incomplete}
		}
		n := int(binary.BigEndian.Uint32(b))
		if n > maxMessage {
			p.broken(in.Dir)
			return proto.Result{Consumed: used, Status: proto.Stop}
		}
		if len(b) < 4+n {
			return proto.Result{Consumed: used, Need: 4 + n, Status: proto.Incomplete}
		}
		if !p.message(in.Dir, b[4:4+n]) {
			return proto.Result{Consumed: used, Status: proto.Stop}
		}
		used += 4 + n
	}
	return proto.Result{Consumed: used}
}

// message handles a message; false if it is none.
func (p *parser) message(dir field.Dir, b []byte) bool {
	if len(b) == 0 {
		return true
	}
	kind := b[0] & 0x1f
	body := der.Path(b, 0x60|kind, der.Sequence)
	if b[0]&0xe0 != 0x60 || body == nil {
		p.broken(dir)
		return false
	}
	t := p.open(dir)
	t.kind = kind
	ok := true
	switch kind {
	case asReq, tgsReq:
		p.request = kind
		ok = t.readRequest(body)
	case asRep, tgsRep:
		ok = t.readReply(body)
		p.request = 0
		if ok && (t.hasEtype && weak(t.etype)) {
			t.AddEvent(evWeakEncryption, dir)
		}
	case krbError:
		ok = t.readError(body)
		t.failed, p.request = p.request, 0
	case apReq, apRep:
	default:
		ok = false
	}
	if !ok {
		t.AddEvent(evMalformedData, dir)
	}
	t.Advance(dir, done)
	return ok
}

// open opens the transaction of a message of that direction.
func (p *parser) open(dir field.Dir) *Tx {
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.udp, t.Dirs = p.udp, dir
	t.Inspected[dir.Reverse().Index()] = true
	return t
}

// broken notes bytes that are no message.
func (p *parser) broken(dir field.Dir) {
	t := p.open(dir)
	t.NoLog = true
	t.AddEvent(evMalformedData, dir)
	t.Advance(dir, done)
}

func probeUDP(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	kind := b[0] & 0x1f
	if b[0]&0xe0 != 0x60 || kind < asReq || kind > apRep && kind != krbError {
		return proto.No
	}
	// The version stands at the beginning, in element 0 or 1.
	at := 2
	for range 2 {
		if at < len(b) && b[at-1] > 0x80 {
			at += int(b[at-1] & 0x7f)
		}
		if at+1 >= len(b) {
			return proto.No
		}
		if b[at] == der.Sequence {
			at += 2
			continue
		}
		break
	}
	if at >= len(b) || b[at] != 0xa0 && b[at] != 0xa1 {
		return proto.No
	}
	reply := kind == asRep || kind == tgsRep || kind == apRep || kind == krbError
	if reply != (dir == field.ToClient) {
		return proto.Reversed
	}
	return proto.Yes
}

func probeTCP(b []byte, dir field.Dir, f *flow.Flow) proto.Verdict {
	if n := binary.BigEndian.Uint32(b); n > maxMessage || n < 10 {
		return proto.No
	}
	return probeUDP(b[4:], dir, f)
}

// shownDir is the direction of the packet that brings the record about: over TCP the
// one that acknowledges the message.
func shownDir(tx proto.Transaction) field.Dir {
	t := tx.(*Tx)
	if t.udp {
		return t.Dirs
	}
	return t.Dirs.Reverse()
}
