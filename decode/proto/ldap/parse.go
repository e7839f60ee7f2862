package ldap

import (
	"weir/decode/cursor"
	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/der"
)

// Universal tags that package der does not name.
const (
	tagBoolean = 0x01
	tagOctets  = 0x04
	tagEnum    = 0x0a
)

// headState is what became of a look at the beginning of a message.
type headState uint8

const (
	headOK headState = iota
	headShort
	headBroken
)

// size returns the length of the message that begins b, with its head.
func size(b []byte) (n int, st headState) {
	if len(b) < 2 {
		if len(b) == 1 && b[0] != der.Sequence {
			return 0, headBroken
		}
		return 0, headShort
	}
	if b[0] != der.Sequence {
		return 0, headBroken
	}
	if b[1] < 0x80 {
		return 2 + int(b[1]), headOK
	}
	k := int(b[1] & 0x7f)
	if k == 0 || k > 4 {
		return 0, headBroken
	}
	if len(b) < 2+k {
		return 0, headShort
	}
	for _, x := range b[2 : 2+k] {
		n = n<<8 | int(x)
	}
	if n > 1<<30 {
		return 0, headBroken
	}
	return 2 + k + n, headOK
}

// head reads the id and the operation of the message that begins b. The body is
// nil if b ends before it does.
func head(b []byte) (m message, body []byte, st headState) {
	c := cursor.New(b)
	c.Skip(1)
	if n := c.U8(); n >= 0x80 {
		c.Skip(int(n & 0x7f))
	}
	tag, v := der.Next(&c)
	if v == nil && c.Short() {
		return m, nil, headShort
	}
	id, ok := der.Int(v)
	if tag != der.Integer || !ok || id < 0 || id > 1<<31-1 {
		return m, nil, headBroken
	}
	m.id = uint32(id)
	tag, body = der.Next(&c)
	if tag == 0 && c.Short() {
		return m, nil, headShort
	}
	m.op = tag & 0x1f
	if int(m.op) >= len(operations) || operations[m.op].tag != tag {
		return m, nil, headBroken
	}
	return m, body, headOK
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	d := in.Dir.Index()
	if in.Gap > 0 {
		n := min(in.Gap, p.skip[d])
		p.skip[d] -= n
		p.lost[d] = p.lost[d] || n < in.Gap
		return proto.Result{}
	}
	used := min(p.skip[d], len(in.Data))
	p.skip[d] -= used
	if p.lost[d] && used < len(in.Data) {
		if probe(in.Data[used:], in.Dir, nil) != proto.Yes {
			return proto.Result{Consumed: len(in.Data)}
		}
		p.lost[d] = false
	}
	for used < len(in.Data) {
		b := in.Data[used:]
		n, st := size(b)
		if st == headOK && n > len(b) && n > maxMessage && len(b) >= 64 {
			// Too long to be waited for: what it is stands in front.
			m, _, broken := head(b)
			if broken == headBroken {
				return p.broken(in.Dir, used)
			}
			p.message(in.Dir, m, nil)
			p.skip[d] = n - len(b)
			return proto.Result{Consumed: len(in.Data)}
		}
		if st == headShort || st == headOK && n > len(b) {
			if p.udp {
				p.odd(in.Dir, evIncompleteData)
				return proto.Result{Consumed: len(in.Data)}
			}
			return proto.Result{Consumed: used, Need: max(n, 2), Status: proto.Incomplete}
		}
		if st == headBroken {
			return p.broken(in.Dir, used)
		}
		m, body, st := head(b[:n])
		if st != headOK || body == nil || isRequest(m.op) != (in.Dir == field.ToServer) {
			return p.broken(in.Dir, used)
		}
		t := p.message(in.Dir, m, body)
		if p.env.Frames {
			p.frameTx.ID = t.ID + 1
			p.env.Host.Frame(in.Dir, framePDU, used, int64(n), &p.frameTx)
		}
		used += n
	}
	return proto.Result{Consumed: used}
}

// broken notes bytes that are no message: nothing can be told of what follows.
func (p *parser) broken(dir field.Dir, used int) proto.Result {
	p.odd(dir, evInvalidData)
	return proto.Result{Consumed: used, Status: proto.Stop}
}

// odd notes an event about bytes that belong to no request.
func (p *parser) odd(dir field.Dir, ev uint8) {
	t := p.newTx()
	t.NoLog = true
	t.AddEvent(ev, dir)
	p.finish(t)
}

// newTx opens a transaction; where too many are open the oldest ends.
func (p *parser) newTx() *Tx {
	if p.open >= p.opt.maxTx {
		for i := range p.txs.Len() {
			if t := p.txs.At(i); t.Progress[1] < done {
				t.AddEvent(evTooMany, field.ToServer)
				p.finish(t)
				break
			}
		}
	}
	p.open++
	return p.txs.Open(p.env.Now, resetTx)
}

// finish ends a transaction.
func (p *parser) finish(t *Tx) {
	if t.Progress[1] < done {
		p.open--
	}
	t.Advance(field.ToServer, done)
	t.Advance(field.ToClient, done)
}

// message takes a message; body is nil if it is too long.
func (p *parser) message(dir field.Dir, m message, body []byte) *Tx {
	if dir == field.ToServer {
		return p.ask(m, body)
	}
	return p.answer(m, body)
}

// ask takes a request.
func (p *parser) ask(m message, body []byte) *Tx {
	t := p.newTx()
	t.request, t.hasRequest = t.keep(m, body), true
	t.Advance(field.ToServer, done)
	if !answered(m.op) {
		p.finish(t)
	}
	p.env.Host.TriggerRaw(field.ToServer)
	return t
}

// answer takes a response.
func (p *parser) answer(m message, body []byte) *Tx {
	t := p.find(m.id)
	if t == nil {
		t = p.newTx()
		if m.id != 0 || m.op != extendedResponse {
			t.AddEvent(evRequestNotFound, field.ToClient)
		}
		m = t.keep(m, body)
		t.responses = append(t.responses, m)
		p.finish(t)
		return t
	}
	if len(t.responses) < maxResponses {
		m = t.keep(m, body)
		t.responses = append(t.responses, m)
	}
	t.Touch(field.ToClient)
	if !isLast(m.op) {
		return t
	}
	p.finish(t)
	p.env.Host.TriggerRaw(field.ToClient)
	if m.op == extendedResponse && t.request.op == extendedRequest && !p.udp &&
		string(der.Find(t.body(&t.request), tagName)) == startTLS {
		if code, ok := t.result(&m); ok && code == 0 {
			p.env.Host.Upgrade("", "tls")
		}
	}
	return t
}

// find returns the open transaction of that message id, or nil.
func (p *parser) find(id uint32) *Tx {
	for i := p.txs.Len() - 1; i >= 0; i-- {
		if t := p.txs.At(i); t.hasRequest && t.request.id == id && t.Progress[1] < done {
			return t
		}
	}
	return nil
}
