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
	long    [2]bool   // the rest of a line that was too long is passed over

	hasHelo bool
	helo    []byte

	data     bool // the client sends a message
	agreed   bool // the server has asked for it
	frame    bool // the frame of the message is open
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
		if n < 0 && len(rest) <= maxLine {
			break
		}
		line, ended := rest, n >= 0
		if ended {
			line = rest[:n+1]
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

// line handles a line with its end, or the next piece of one that is too long. at
// is where it begins in the input. It returns false if parsing cannot go on.
func (p *parser) line(dir field.Dir, line []byte, ended bool, at int) bool {
	d := dir.Index()
	if d == 0 && p.data {
		p.message(line, at)
		return true
	}
	if p.long[d] {
		p.long[d] = !ended
		return true
	}
	whole := int64(len(line))
	if ended {
		line = line[:len(line)-1]
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
	}
	cut := len(line) > maxLine
	if cut {
		line = line[:maxLine]
	}
	p.long[d] = !ended
	if d == 0 {
		return p.command(line, cut, at, whole)
	}
	return p.reply(line, cut, at, whole)
}

// push puts a command into the queue of those that wait for a reply.
func (p *parser) push(k kind) {
	if len(p.queue) < maxQueue {
		p.queue = append(p.queue, command{k, p.cur})
	}
}
