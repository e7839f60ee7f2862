package pgsql

import (
	"bytes"

	"weir/decode/cursor"
	"weir/decode/field"
)

// Types of authentication.
const (
	authOK           = 0
	authCleartext    = 3
	authMD5          = 5
	authSCM          = 6
	authGSS          = 7
	authGSSContinue  = 8
	authSSPI         = 9
	authSASL         = 10
	authSASLContinue = 11
	authSASLFinal    = 12
)

// secured handles the answer to a request for encryption.
func (p *parser) secured(answer byte) {
	t := p.waiting()
	if t == nil {
		return
	}
	t.secured, t.answered = answer, true
	finish(t)
	p.env.Host.TriggerRaw(field.ToClient)
	switch {
	case answer == 'S' && t.kind == askSSL:
		p.env.Host.Upgrade("", "tls")
	case answer == 'G' && t.kind == askGSS:
		p.env.Host.NoInspect(false)
	}
}

// response handles a message of the server; size is that of its whole body, bytes.
func (p *parser) response(kind byte, body []byte, size int) {
	t := p.waiting()
	if t == nil {
		return // to what was not kept, or a notice
	}
	t.Touch(field.ToClient)
	last := false
	c := cursor.New(body)
	switch kind {
	case 'Z':
		p.ready, last = true, true
	case 'R':
		last = p.authentication(t, int32(c.U32()), c.Rest())
	case 'S':
		if len(t.statuses) < maxPairs {
			key, value, _ := bytes.Cut(body, []byte{0})
			t.statuses = append(t.statuses, pair{t.keep(key), t.keep(word(value))})
		}
	case 'K':
		t.backend, t.key = [2]uint32{c.U32(), c.U32()}, true
	case 'T':
		t.columns = int(c.U16())
	case 'D':
		t.rows.messages++
		t.rows.bytes += uint64(max(0, size-2-4*int(c.U16())))
	case 'G', 'H', 'W':
		c.Skip(1) // format
		t.copyKind, t.copyCols = kind, int(c.U16())
		last = kind == 'G'
	case 'd':
		t.copyOut.messages++
		t.copyOut.bytes += uint64(size)
	case 'C':
		t.complete = t.keep(word(body))
	case 'E':
		t.failed(body)
		last = !p.ready
	}
	t.answered = true
	if last {
		finish(t)
		p.env.Host.TriggerRaw(field.ToClient)
	}
}

// authentication handles a step of authentication; it reports whether the client's
// turn is next.
func (p *parser) authentication(t *Tx, kind int32, data []byte) bool {
	p.asked = kind
	switch kind {
	case authSASLFinal:
		t.final = t.keep(data)
		return false
	case authMD5:
		t.salt = t.keep(data)
	}
	t.auth = kind
	return kind != authOK
}

// failed reads the fields of an error: a letter and a text each.
func (t *Tx) failed(b []byte) {
	t.failure = t.failure[:0]
	for len(b) > 1 && b[0] != 0 && len(t.failure) < maxPairs {
		value, rest, ok := bytes.Cut(b[1:], []byte{0})
		if !ok {
			return
		}
		t.failure = append(t.failure, failure{b[0], t.keep(value)})
		b = rest
	}
}
