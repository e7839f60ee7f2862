package pgsql

import (
	"bytes"
	"encoding/binary"

	"weir/decode/cursor"
	"weir/decode/field"
)

// startup handles a message without a type: its length and a code begin it.
func (p *parser) startup(b []byte) (n, need int, ok bool) {
	if len(b) < 8 {
		return 0, 8, true
	}
	n = int(binary.BigEndian.Uint32(b))
	if n < 8 || n > maxStartup {
		p.broken(field.ToServer, evInvalidLength)
		return 0, 0, false
	}
	if len(b) < n {
		return 0, n, true
	}
	code := binary.BigEndian.Uint32(b[4:])
	switch {
	case code == codeSSL:
		p.open(askSSL).Advance(field.ToServer, done)
		p.secure = true
	case code == codeGSS:
		p.open(askGSS).Advance(field.ToServer, done)
		p.secure = true
	case code == codeCancel && n >= 16:
		t := p.open(askCancel)
		t.process, t.secret = binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
		finish(t)
	case code>>16 == 3:
		p.starting = false
		t := p.open(askStartup)
		t.version = code
		t.parameters(b[8:n])
		t.Advance(field.ToServer, done)
	default:
		p.broken(field.ToServer, evMalformedRequest)
		return 0, 0, false
	}
	p.env.Host.TriggerRaw(field.ToServer)
	return n, 0, true
}

// parameters reads the names and values of a start-up message.
func (t *Tx) parameters(b []byte) {
	for len(t.pairs) < maxPairs {
		key, rest, ok := bytes.Cut(b, []byte{0})
		if !ok || len(key) == 0 {
			return
		}
		value, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return
		}
		t.pairs = append(t.pairs, pair{t.keep(key), t.keep(value)})
		b = rest
	}
}

// word returns the text in front of the first zero byte.
func word(b []byte) []byte {
	w, _, _ := bytes.Cut(b, []byte{0})
	return w
}

// request handles a message of the client; size is that of its whole body, bytes.
func (p *parser) request(kind byte, body []byte, size int) {
	last := p.txs.Last()
	if last != nil && last.Progress[1] >= done {
		last = nil
	}
	var t *Tx
	switch kind {
	case 'Q':
		t = p.open(askQuery)
		t.query = t.keep(word(body))
	case 'p':
		t = p.password(body)
	case 'X':
		t = p.open(askEnd)
		finish(t)
	case 'd', 'c', 'f':
		t = last
		if t == nil || t.kind != askCopy || t.copyEnd != 0 {
			t = p.open(askCopy)
		}
		if kind == 'd' {
			t.copyIn.messages++
			t.copyIn.bytes += uint64(size)
			t.Touch(field.ToServer)
			return
		}
		t.copyEnd = kind
	default:
		return // of the extended protocol: neither they nor their answers are kept
	}
	t.Advance(field.ToServer, done)
	p.env.Host.TriggerRaw(field.ToServer)
}

// password opens the transaction of a step of authentication, of the kind that the
// server has asked for.
func (p *parser) password(body []byte) *Tx {
	switch p.asked {
	case authSASL:
		t := p.open(askSASLFirst)
		c := cursor.New(body)
		mechanism := word(body)
		c.Skip(len(mechanism) + 1)
		t.query = t.keep(mechanism)
		if n := int32(c.U32()); n > 0 {
			t.more = t.keep(c.Bytes(min(int(n), c.Len())))
		}
		return t
	case authSASLContinue, authGSSContinue, authGSS, authSSPI:
		t := p.open(askSASL)
		t.query = t.keep(body)
		return t
	}
	t := p.open(askPassword)
	t.query = t.keep(word(body))
	return t
}
