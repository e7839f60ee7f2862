package rfb

import (
	"encoding/binary"
	"sync"

	"weir/decode/field"
	"weir/decode/proto"
)

const (
	maxText = 64 << 10 // bytes of a name or reason
	done    = 1        // Progress when the session is set up
)

// Protocol is RFB.
var Protocol = &proto.Protocol{
	Name:      "rfb",
	Doc:       "Remote framebuffer (RFC 6143).",
	Transport: proto.TCP,
	Patterns:  []proto.Pattern{{Transport: proto.TCP, Dir: field.Both, Bytes: "RFB ", Depth: 4}},
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Fields:    fields,
	Events: []proto.EventDef{
		evMalformed:     {Name: "malformed_message", Doc: "A message does not follow its format."},
		evUnimplemented: {Name: "unimplemented_security_type", Doc: "A security type that is not followed."},
		evUnknownResult: {Name: "unknown_security_result", Doc: "A result of security that there is not."},
		evConfused:      {Name: "confused_state", Doc: "A side speaks that ought to wait."},
	},
	Frames:  []string{"pdu"},
	FrameTx: true,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the session is set up"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the session is set up"}},
	},
	Done:    [2]uint8{done, done},
	Records: []proto.Record{{Type: "rfb", Doc: "How a session is set up.", Append: appendRecord}},
}

// Indices into Protocol.Events.
const (
	evMalformed = iota
	evUnimplemented
	evUnknownResult
	evConfused
)

// Security types (RFC 6143 section 7.1.2).
const (
	securityNone = 1
	securityVNC  = 2
)

// Results of security (section 7.1.3).
const (
	resultOK      = 0
	resultFail    = 1
	resultTooMany = 2 // of the protocol's extension by others
	resultUnknown = 3
)

// version is the number in a ProtocolVersion message, as sent.
type version struct {
	known        bool
	major, minor [3]byte
}

// Tx is the set-up of a session.
type Tx struct {
	proto.Tx
	versions  [2]version // by direction
	security  uint32
	chosen    bool
	challenge [16]byte
	response  [16]byte
	answered  uint8 // 1 with the challenge, 2 with the response
	result    uint32
	judged    bool // there is a result
	reason    []byte
	shared    bool
	asked     bool // ClientInit was seen
	screen    bool // ServerInit was seen
	width     uint16
	height    uint16
	format    [16]byte
	name      []byte
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, reason: t.reason[:0], name: t.name[:0]}
}

// step is what comes next.
type step uint8

const (
	serverVersion step = iota
	clientVersion
	serverSecurity   // 3.3: the server decides
	serverSecurities // from 3.7 on: it offers
	clientSecurity
	challenge
	response
	securityResult
	failureReason
	clientInit
	serverInit
	over // nothing more is looked at
)

// fromServer says which side each step belongs to.
var fromServer = [...]bool{
	serverVersion: true, serverSecurity: true, serverSecurities: true, challenge: true, securityResult: true,
	failureReason: true, serverInit: true, over: false,
}

// parser is the state of one flow.
type parser struct {
	env  *proto.Env
	txs  proto.TxList[Tx, *Tx]
	tx   *Tx
	step step
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env, p.tx, p.step = env, nil, serverVersion
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	if tx.(*Tx) == p.tx {
		p.tx = nil
	}
	p.txs.Free(tx)
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if in.Gap > 0 {
		return proto.Result{Status: proto.Stop}
	}
	used := 0
	for used < len(in.Data) && p.step != over {
		if p.tx == nil {
			p.tx = p.txs.Open(p.env.Now, resetTx)
		}
		if fromServer[p.step] != (in.Dir == field.ToClient) {
			p.fail(evConfused, in.Dir)
			break
		}
		b := in.Data[used:]
		n, ok := p.size(b)
		switch {
		case !ok:
			p.fail(evMalformed, in.Dir)
			return proto.Result{Consumed: len(in.Data)}
		case len(b) < n:
			return proto.Result{Consumed: used, Need: n, Status: proto.Incomplete}
		}
		if p.env.Frames {
			p.env.Host.Frame(in.Dir, 0, used, int64(n), p.tx.Base())
		}
		p.message(in.Dir, b[:n])
		used += n
	}
	return proto.Result{Consumed: len(in.Data)}
}

// fail ends the session with an event.
func (p *parser) fail(ev uint8, dir field.Dir) {
	p.tx.AddEvent(ev, dir)
	p.end()
}

// end ends the set-up.
func (p *parser) end() {
	p.step = over
	p.tx.Advance(field.ToServer, done)
	p.tx.Advance(field.ToClient, done)
}

// size returns how long the next message is, or how much of it says so; false if it
// is none.
func (p *parser) size(b []byte) (n int, ok bool) {
	switch p.step {
	case serverVersion, clientVersion:
		return 12, true
	case serverSecurity, securityResult:
		return 4, true
	case serverSecurities:
		return 1 + int(b[0]), true
	case challenge, response:
		return 16, true
	case failureReason:
		return text(b, 0)
	case serverInit:
		return text(b, 20)
	}
	return 1, true // clientSecurity, clientInit
}

// text returns the size of a message that ends in a text with its length before it, at.
func text(b []byte, at int) (n int, ok bool) {
	if len(b) < at+4 {
		return at + 4, true
	}
	size := binary.BigEndian.Uint32(b[at:])
	return at + 4 + int(size), size <= maxText
}

// message handles a whole message.
func (p *parser) message(dir field.Dir, b []byte) {
	t := p.tx
	switch p.step {
	case serverVersion, clientVersion:
		v := &t.versions[dir.Index()]
		if string(b[:4]) != "RFB " || b[7] != '.' || b[11] != '\n' {
			p.fail(evMalformed, dir)
			return
		}
		v.known, v.major, v.minor = true, [3]byte(b[4:7]), [3]byte(b[8:11])
		switch {
		case p.step == serverVersion:
			p.step = clientVersion
		case string(v.minor[:]) == "003":
			p.step = serverSecurity
		default:
			p.step = serverSecurities
		}
	case serverSecurity:
		p.choose(dir, binary.BigEndian.Uint32(b))
	case serverSecurities:
		if p.step = clientSecurity; b[0] == 0 {
			p.step = failureReason
		}
	case clientSecurity:
		p.choose(dir, uint32(b[0]))
	case challenge:
		t.challenge, t.answered, p.step = [16]byte(b), 1, response
	case response:
		t.response, t.answered, p.step = [16]byte(b), 2, securityResult
	case securityResult:
		p.judge(dir, binary.BigEndian.Uint32(b))
	case failureReason:
		t.reason = append(t.reason, b[4:]...)
		p.end()
	case clientInit:
		t.asked, t.shared, p.step = true, b[0] != 0, serverInit
	case serverInit:
		t.screen = true
		t.width, t.height = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		t.format = [16]byte(b[4:20])
		t.name = append(t.name, b[24:]...)
		p.end()
	}
}

// at38 reports whether the session is of version 3.8 or a later one.
func (p *parser) at38() bool {
	m := p.tx.versions[field.ToServer.Index()].minor
	return string(m[:]) >= "008"
}

// choose goes on with a security type.
func (p *parser) choose(dir field.Dir, kind uint32) {
	t := p.tx
	if kind == 0 {
		p.step = failureReason
		return
	}
	t.security, t.chosen = kind, true
	switch kind {
	case securityVNC:
		p.step = challenge
	case securityNone:
		if p.step = clientInit; p.at38() {
			p.step = securityResult
		}
	default:
		p.fail(evUnimplemented, dir)
	}
}

// judge goes on with a result of security.
func (p *parser) judge(dir field.Dir, result uint32) {
	t := p.tx
	t.judged, t.result = true, min(result, resultUnknown)
	switch {
	case result == resultOK:
		p.step = clientInit
	case result > resultTooMany:
		p.fail(evUnknownResult, dir)
	case p.at38():
		p.step = failureReason
	default:
		p.end()
	}
}
