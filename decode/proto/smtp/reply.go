package smtp

import (
	"bytes"
	"slices"

	"weir/decode/field"
)

// knownCodes are the codes of replies: RFC 5321 section 4.2.3, RFC 4954 section 6
// and 4.7.
var knownCodes = [...]int{
	211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 450, 451, 452, 455, 500, 501, 502, 503, 504, 550, 551, 552, 553, 554, 555,
}

// laterCodes are those that version 7.0 does not know: RFC 3207, 4954, 7372, 7504.
var laterCodes = [...]int{401, 402, 432, 435, 454, 521, 525, 530, 534, 535, 538, 541, 556}

// code reads the code of a reply; 0 if it is not known.
func (p *parser) code(line []byte) int {
	if len(line) < 3 {
		return 0
	}
	n := 0
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	if slices.Contains(knownCodes[:], n) || !p.opt.v7 && slices.Contains(laterCodes[:], n) {
		return n
	}
	return 0
}

// reply handles a line of the server. whole is its length with its end.
func (p *parser) reply(line []byte, at int, whole int64) bool {
	q := command{tx: p.cur}
	queued := len(p.queue) > 0
	if queued {
		q = p.queue[0]
		if p.opt.v7 {
			q.tx = p.cur
		}
	}
	t := q.tx
	if t != nil {
		p.env.Host.Frame(field.ToClient, frameResponse, at, whole, &t.Tx)
	} else {
		p.env.Host.Frame(field.ToClient, frameResponse, at, whole, nil)
	}
	code := p.code(line)
	if code == 0 {
		p.event(t, evInvalidReply, field.ToClient)
		return false
	}
	more := len(line) > 3 && line[3] == '-'
	if !queued {
		if !p.greeted {
			p.greeted = !more
			if code != 220 && code != 554 {
				p.event(t, evInvalidReply, field.ToClient)
			}
		}
		return true
	}
	p.answer(q, t, code, more, line)
	if t != nil {
		t.Touch(field.ToClient)
	}
	if !more {
		p.queue = p.queue[:copy(p.queue, p.queue[1:])]
	}
	return true
}

// answer does what a line of a reply means for its command; more says that others
// follow.
func (p *parser) answer(q command, t *Tx, code int, more bool, line []byte) {
	switch q.kind {
	case hello, reset:
		if len(line) > 4 && bytes.EqualFold(bytes.TrimSpace(line[4:]), []byte("pipelining")) {
			p.pipes = true
		}
		if q.kind == reset && !more && t != nil {
			if p.opt.v7 {
				t.complete()
			} else {
				t.Advance(field.ToClient, progComplete)
			}
		}
	case startTLS:
		switch {
		case code != 220:
			p.event(t, evTLSRejected, field.ToClient)
		case !more:
			p.upgraded = true
			if t != nil {
				t.complete()
			}
			p.env.Host.Upgrade("", "tls")
		}
	case data:
		p.dataReply(t, code, more)
	case message, lastChunk:
		if t != nil && !more {
			t.Advance(field.ToClient, progComplete)
		}
	}
}

// dataReply handles a line of the reply to DATA.
func (p *parser) dataReply(t *Tx, code int, more bool) {
	behind := len(p.queue) > 1
	switch {
	case behind && p.queue[1].kind != message:
		p.event(t, evInvalidPipelined, field.ToClient)
	case code != 354:
		p.event(t, evDataRejected, field.ToClient)
		if !behind {
			p.data = false // what follows are commands again
		}
	case !more:
		if !behind {
			p.data, p.agreed = true, true
		}
		if t != nil {
			t.Advance(field.ToClient, progData)
		}
	}
}
