package smtp

import (
	"bytes"

	"weir/decode/field"
)

// kind is what a reply has to know of its command.
type kind uint8

const (
	other kind = iota
	hello
	reset
	startTLS
	data
	message // the end of a message
	chunk
	lastChunk
)

// command is one that waits for its reply.
type command struct {
	kind kind
	tx   *Tx // nil if it belongs to no mail, or to one that is over
}

// is reports whether a line begins with a word, given in lower case.
func is(line []byte, word string) bool {
	return len(line) >= len(word) && bytes.EqualFold(line[:len(word)], []byte(word))
}

// argument returns the next word behind n bytes of a line.
func argument(line []byte, n int) []byte {
	if len(line) <= n {
		return nil
	}
	b := bytes.TrimLeft(line[n:], " ")
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		b = b[:i]
	}
	return b
}

// mail returns the transaction that a command belongs to, opened if it begins one.
func (p *parser) mail(line []byte) *Tx {
	ends := is(line, "rset") || is(line, "quit") || is(line, "starttls") && !p.opt.v7
	switch {
	case p.cur == nil && (p.opt.v7 || !p.any || !ends):
		return p.open()
	case p.cur != nil && p.cur.requestDone() && !ends:
		return p.open()
	}
	return p.cur
}

// command handles a line of the client. whole is its length with its end.
func (p *parser) command(line []byte, at int, whole int64) bool {
	if p.inChunk {
		return p.chunkLine(int(whole))
	}
	t := p.mail(line)
	if !p.greeted {
		p.event(t, evNoWelcome, field.ToServer)
	}
	ok := true
	switch {
	case is(line, "starttls"):
		p.push(startTLS)
	case is(line, "data"):
		p.dataCommand(t)
	case is(line, "bdat"):
		ok = p.bdat(t, line)
	case is(line, "helo"), is(line, "ehlo"):
		t = p.hello(t, line)
	case is(line, "mail from"):
		if t.hasFrom {
			p.event(t, evDuplicateFields, field.ToServer)
		} else {
			t.hasFrom = true
			t.from = append(t.from[:0], argument(line, len("mail from:"))...)
		}
		p.push(other)
	case is(line, "rcpt to"):
		if len(t.rcptEnd) < maxRecipients {
			t.rcpt = append(t.rcpt, argument(line, len("rcpt to:"))...)
			t.rcptEnd = append(t.rcptEnd, len(t.rcpt))
		}
		p.push(other)
	case is(line, "rset"):
		p.chunked = 0
		p.push(reset)
		if t != nil && !p.opt.v7 {
			t.Advance(field.ToServer, progComplete)
		}
	default:
		p.push(other)
	}
	if t != nil {
		p.env.Host.Frame(field.ToServer, frameCommand, at, whole, &t.Tx)
		t.Touch(field.ToServer)
	}
	return ok
}

// hello handles the greeting of a client. One in the middle of a mail takes the
// mail back (RFC 5321 section 4.1.4).
func (p *parser) hello(t *Tx, line []byte) *Tx {
	if !p.hasHelo {
		p.hasHelo = true
		p.helo = append(p.helo[:0], argument(line, len("helo "))...)
		p.push(hello)
		return t
	}
	p.event(t, evDuplicateFields, field.ToServer)
	if p.opt.v7 || !t.hasFrom && len(t.rcptEnd) == 0 && !t.data {
		p.push(hello)
		return t
	}
	p.push(reset)
	t.Advance(field.ToServer, progComplete)
	return p.open()
}

// dataCommand handles DATA. Behind a server that takes pipelined commands the
// message may follow at once. A second message in one mail is not read, unless the
// first was refused before it began; version 7.0 reads neither.
func (p *parser) dataCommand(t *Tx) {
	if t.data {
		p.event(t, evUnparsable, field.ToServer)
		if p.opt.v7 || t.begun() {
			p.push(other)
			return
		}
	}
	p.beginMessage(t)
	t.Advance(field.ToServer, progData)
	p.push(data)
	p.agreed = false
	if p.pipes {
		p.data = true
	}
}
