package ftp

import (
	"bytes"
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/proto"
)

// Bounds that the configuration may change.
const (
	defaultMaxLine = 4096 // bytes of a line that are kept
	defaultMaxTx   = 1024 // transactions of a flow that wait for their reply
)

// maxReplies bounds the lines kept of one reply.
const maxReplies = 1024

// Protocol is the control connection.
var Protocol = &proto.Protocol{
	Name:      "ftp",
	Doc:       "File transfer, control connection (RFC 959).",
	Transport: proto.TCP,
	FirstDir:  field.ToServer | field.ToClient,
	Patterns:  patterns(),
	Setup:     setup,
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Fields:    fields,
	Events: []proto.EventDef{
		{Name: "request_command_too_long", Doc: "A command is longer than max-line-length."},
		{Name: "too_many_transactions", Doc: "More commands wait for their reply than max-tx."},
		{Name: "response_command_too_long", Doc: "A line of a reply is longer than max-line-length."},
	},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the command is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the reply is whole"}},
	},
	Done: [2]uint8{1, 1},
	Records: []proto.Record{{
		Type: "ftp", Doc: "A command and its reply.", Append: appendRecord,
	}},
}

// Indices into Protocol.Events.
const (
	evRequestTooLong = iota
	evTooMany
	evResponseTooLong
)

// patterns recognise the first command of a client.
func patterns() []proto.Pattern {
	var ps []proto.Pattern
	for _, s := range [...]string{"USER ", "PASS ", "PORT "} {
		ps = append(ps, proto.Pattern{Transport: proto.TCP, Dir: field.ToServer, Bytes: s, Nocase: true, Depth: len(s)})
	}
	return ps
}

// settings are those of the protocol's section.
type settings struct {
	maxLine, maxTx int
	listings       bool // data connections of listings are followed
	v7             bool
}

func setup(o event.Options) (any, error) {
	v7 := strings.HasPrefix(o.String("suricata-version", ""), "7.")
	return &settings{
		maxLine:  int(min(o.Size("max-line-length", defaultMaxLine), 1<<20)),
		maxTx:    int(min(o.Uint("max-tx", defaultMaxTx), 1<<16)),
		listings: !v7, v7: v7,
	}, nil
}

// Tx is a command with its reply.
type Tx struct {
	proto.Tx
	line    []byte // the command's, without its end
	command int    // index into commands, -1 for one that is not known
	cut     bool   // the command was too long
	replies []reply
	text    []byte // of the replies
	// replied: a line of the reply has come; replyCut: one was too long.
	replied, replyCut bool
	active            bool
	port              uint16 // of the data connection, 0 without
	bounced           bool   // PORT names another host than the client
}

// reply is one line of a reply, by place in Tx.text.
type reply struct {
	code     [3]byte // zero for a line without one
	off, end int
}

// args returns what stands behind the command and a blank.
func (t *Tx) args() []byte {
	if t.command < 0 {
		return nil
	}
	n := len(commands[t.command]) + 1
	if len(t.line) <= n {
		return nil
	}
	return t.line[n:]
}

// is reports whether the command is name.
func (t *Tx) is(name string) bool { return t.command >= 0 && commands[t.command] == name }

// parser is the state of one control connection.
type parser struct {
	env  *proto.Env
	opt  *settings
	txs  proto.TxList[Tx, *Tx]
	long [2]bool // the rest of a line that was too long is passed over
	// data is what the last reply to PASV and its kin has agreed on.
	data dataPort
	tls  bool // AUTH TLS was asked for
	half *Tx  // whose reply is over if nothing follows in this call, or nil
	over bool // nothing more is parsed
}

// pool holds transactions for reuse.
var pool sync.Pool

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = &settings{maxLine: defaultMaxLine, maxTx: defaultMaxTx, listings: true}
	}
	p.txs.Reset()
	*p = parser{env: env, opt: opt, txs: p.txs}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	if p.half == tx.(*Tx) {
		p.half = nil
	}
	p.txs.Free(tx)
}

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, line: t.line[:0], replies: t.replies[:0], text: t.text[:0]}
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if in.Gap > 0 {
		return proto.Result{Status: proto.Stop}
	}
	d := in.Dir.Index()
	b := in.Data
	used := 0
	for used < len(b) {
		rest := b[used:]
		n := bytes.IndexByte(rest, '\n')
		if n < 0 && len(rest) <= p.opt.maxLine {
			break
		}
		line := rest
		ended := n >= 0
		if ended {
			line = rest[:n]
			used += n + 1
		} else {
			used = len(b)
		}
		if p.long[d] {
			p.long[d] = !ended
			continue
		}
		p.long[d] = !ended
		line = bytes.TrimSuffix(line, []byte{'\r'})
		cut := len(line) > p.opt.maxLine
		if cut {
			line = line[:p.opt.maxLine]
		}
		if in.Dir == field.ToServer {
			p.request(line, cut)
		} else {
			p.response(line, cut)
		}
		if p.over {
			return proto.Result{Consumed: used, Status: proto.Stop}
		}
	}
	if t := p.half; t != nil {
		p.half = nil
		t.Advance(field.ToClient, 1)
		p.env.Host.TriggerRaw(field.ToClient)
	}
	if used < len(b) {
		return proto.Result{Consumed: used, Need: len(b) - used + 1, Status: proto.Incomplete}
	}
	return proto.Result{Consumed: used}
}

// open starts a transaction. Where too many wait, the oldest says so: in version
// 7.0 it is in the end taken as over, later it is the end of parsing; then open
// returns nil.
func (p *parser) open() *Tx {
	switch n := p.txs.Len(); {
	case n < p.opt.maxTx:
	case p.opt.v7:
		t := p.txs.At(0)
		t.AddEvent(evTooMany, field.ToServer)
		if n >= 2*p.opt.maxTx+1 {
			t.Advance(field.ToServer, 1)
			t.Advance(field.ToClient, 1)
		}
	default:
		if t := p.waiting(); t != nil && p.inFlight() >= p.opt.maxTx {
			t.AddEvent(evTooMany, field.ToServer)
			p.over = true
			return nil
		}
	}
	return p.txs.Open(p.env.Now, resetTx)
}

// inFlight returns how many transactions wait for their reply.
func (p *parser) inFlight() (n int) {
	for i := range p.txs.Len() {
		if p.txs.At(i).Progress[1] == 0 {
			n++
		}
	}
	return n
}

// request handles a command.
func (p *parser) request(line []byte, cut bool) {
	t := p.open()
	if t == nil {
		return
	}
	t.line = append(t.line[:0], line...)
	t.command = findCommand(line)
	if cut {
		t.cut = true
		t.AddEvent(evRequestTooLong, field.ToServer)
	}
	switch {
	case t.is("PORT"), t.is("EPRT"):
		p.offered(t)
	case p.opt.v7 && p.data.port == 0 && (t.is("RETR") || t.is("STOR")):
		p.over = true // as version 7.0 has it
	case t.is("RETR"), t.is("STOR"), p.opt.listings && (t.is("NLST") || t.is("LIST")):
		p.transfer(t)
	case t.is("AUTH TLS"):
		p.tls = true
	}
	t.Advance(field.ToServer, 1)
	p.env.Host.TriggerRaw(field.ToServer)
}

// waiting returns the oldest transaction whose reply has not come; nil without.
func (p *parser) waiting() *Tx {
	for i := range p.txs.Len() {
		if t := p.txs.At(i); t.Progress[1] == 0 {
			return t
		}
	}
	return nil
}

// response handles a line of a reply.
func (p *parser) response(line []byte, cut bool) {
	t := p.waiting()
	if t == nil {
		if t = p.open(); t == nil {
			return
		}
		t.command = -1
		t.Advance(field.ToServer, 1)
	}
	if cut {
		t.replyCut = true
		t.AddEvent(evResponseTooLong, field.ToClient)
	}
	t.replied = true
	t.Touch(field.ToClient)
	var r reply
	more := false
	if len(line) >= 4 && digits(line[:3]) && (line[3] == ' ' || line[3] == '-') {
		r.code = [3]byte(line[:3])
		more = line[3] == '-'
		line = line[4:]
	} else {
		more = len(t.replies) > 0 && t.begun()
	}
	if line = bytes.TrimRight(line, " \t"); len(t.replies) < maxReplies && (len(line) > 0 || r.code != [3]byte{}) {
		r.off = len(t.text)
		t.text = append(t.text, line...)
		r.end = len(t.text)
		t.replies = append(t.replies, r)
	}
	if more {
		return
	}
	p.half = nil
	if r.code == [3]byte{} {
		p.half = t // lines without a code that come together are one reply
		return
	}
	p.answered(t, string(r.code[:]), line)
	if r.code[0] == '1' {
		return // preliminary: another reply follows (RFC 959 section 4.2.1)
	}
	t.Advance(field.ToClient, 1)
	p.env.Host.TriggerRaw(field.ToClient)
}

// begun reports whether a reply of several lines has begun: its first line has a
// code.
func (t *Tx) begun() bool { return t.replies[0].code != [3]byte{} }

// answered acts on the last line of a reply.
func (p *parser) answered(t *Tx, code string, line []byte) {
	switch {
	case t.is("PASV") && code == "227", t.is("EPSV") && code == "229":
		p.passive(t, line)
	case (t.is("PORT") || t.is("EPRT")) && code == "200":
		p.agreed(t)
	case t.is("AUTH TLS") && code == "234":
		p.env.Host.Upgrade("", "tls")
	}
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
