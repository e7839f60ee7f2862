package smtp

import (
	"bytes"

	"weir/decode/field"
	"weir/decode/proto"
)

const (
	// maxLine bounds what is kept of a line, bytes; RFC 5321 section 4.5.3.1.4
	// allows 512 of a command.
	maxLine = 4096
	// maxQueue bounds the commands that wait for a reply.
	maxQueue = 1024
)

// parser is the state of one connection.
type parser struct {
	env *proto.Env
	opt *settings
	txs proto.TxList[Tx, *Tx]
	cur *Tx // the mail in work, or nil

	queue   []command // commands without a reply yet, oldest first
	any     bool      // a transaction was opened
	greeted bool      // the server has spoken first
	pipes   bool      // it takes pipelined commands

	hasHelo bool
	helo    []byte

	data     bool // the client sends a message
	agreed   bool // the server has asked for it
	frame    bool // the frame of the message is open
	inLine   bool // a line of it is not whole yet
	chunk    uint64
	chunked  uint64 // bytes of chunks, for version 7.0
	inChunk  bool
	lastPart bool // BDAT LAST
	upgraded bool
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = &defaults
	}
	p.txs.Reset()
	*p = parser{env: env, opt: opt, txs: p.txs, queue: p.queue[:0], helo: p.helo[:0]}
	p.txs.Pool = &pool
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
		if d == 0 && p.inChunk && !p.opt.v7 {
			used += p.passChunk(len(rest))
			continue
		}
		n := bytes.IndexByte(rest, '\n')
		if n < 0 && len(rest) <= maxLine && !(in.End && d == 0 && p.data) {
			break
		}
		line, ended := rest[:min(n+1, maxLine)], n >= 0 && n < maxLine
		if n < 0 {
			line = rest[:min(len(rest), maxLine)]
		}
		at := used
		used += len(line)
		if !p.line(in.Dir, line, ended, at) {
			return proto.Result{Consumed: used, Status: proto.Stop}
		}
		if p.upgraded {
			return proto.Result{Consumed: used}
		}
	}
	if t := p.cur; p.data && t != nil && t.mail != nil {
		t.mail.Flush((*parts)(p))
	}
	if used < len(b) {
		return proto.Result{Consumed: used, Need: len(b) - used + 1, Status: proto.Incomplete}
	}
	return proto.Result{Consumed: used}
}

// line handles a line with its end, or a piece of maxLine bytes of one that is too
// long: the pieces of commands and replies are left out, the end of the line is
// taken for a line. at is where it begins in the input. It returns false if parsing
// cannot go on.
func (p *parser) line(dir field.Dir, line []byte, ended bool, at int) bool {
	d := dir.Index()
	if d == 0 && p.data {
		p.message(line, at)
		return true
	}
	if !ended {
		t := p.cur
		if d == 1 && !p.opt.v7 && len(p.queue) > 0 {
			t = p.queue[0].tx
		}
		p.event(t, evTruncatedLine, dir)
		return true
	}
	whole := int64(len(line))
	line = bytes.TrimSuffix(line[:len(line)-1], []byte{'\r'})
	if d == 0 {
		return p.command(line, at, whole)
	}
	return p.reply(line, at, whole)
}

// push puts a command into the queue of those that wait for a reply.
func (p *parser) push(k kind) {
	if len(p.queue) < maxQueue {
		p.queue = append(p.queue, command{k, p.cur})
	}
}
