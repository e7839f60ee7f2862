package mqtt

import (
	"encoding/binary"

	"weir/decode/field"
	"weir/decode/proto"
)

// parser is the state of one flow.
type parser struct {
	env       *proto.Env
	opt       *settings
	txs       proto.TxList[Tx, *Tx]
	version   uint8 // protocol level of CONNECT
	connected bool
	open      int    // transactions that are not complete
	skip      [2]int // bytes of a long message still to be passed over
	tx        *Tx    // of the message in work
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = &settings{defaultMaxMessage, defaultMaxTx}
	}
	p.txs.Reset()
	*p = parser{env: env, opt: opt, txs: p.txs}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	if !tx.(*Tx).complete {
		p.open--
	}
	p.txs.Free(tx)
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if in.Gap > 0 {
		return proto.Result{Status: proto.Stop}
	}
	d := in.Dir.Index()
	used := min(p.skip[d], len(in.Data))
	p.skip[d] -= used
	for used < len(in.Data) {
		b := in.Data[used:]
		head, length, st := header(b)
		switch st {
		case headShort:
			return proto.Result{Consumed: used, Need: head, Status: proto.Incomplete}
		case headBroken:
			p.begin(in.Dir)
			p.tx.NoLog = true
			p.tx.AddEvent(evMalformed, in.Dir)
			p.end()
			return proto.Result{Consumed: used, Status: proto.Stop}
		}
		m := message{kind: b[0] >> 4, flags: b[0] & 15, length: length, head: head, version: p.version}
		total := head + length
		if length > p.opt.maxMessage {
			m.cut = true
			p.message(in.Dir, m, nil)
			p.frames(in.Dir, used, head, total)
			n := min(total, len(b))
			p.skip[d] = total - n
			used += n
			continue
		}
		if len(b) < total {
			return proto.Result{Consumed: used, Need: total, Status: proto.Incomplete}
		}
		p.message(in.Dir, m, b[head:total])
		p.frames(in.Dir, used, head, total)
		used += total
	}
	return proto.Result{Consumed: used}
}

// frames names the parts of a message.
func (p *parser) frames(dir field.Dir, at, head, total int) {
	if !p.env.Frames {
		return
	}
	t := p.tx.Base()
	p.env.Host.Frame(dir, framePDU, at, int64(total), t)
	p.env.Host.Frame(dir, frameHeader, at, int64(head), t)
	p.env.Host.Frame(dir, frameData, at+head, int64(total-head), t)
}

// headState says what came of reading a fixed header.
type headState uint8

const (
	headWhole headState = iota
	headShort           // more bytes are needed
	headBroken
)

// header reads the fixed header (MQTT 5.0 section 2.1): its size, and how many bytes
// follow it.
func header(b []byte) (size, length int, st headState) {
	for i := 1; i <= 4; i++ {
		if i >= len(b) {
			return i + 1, 0, headShort
		}
		length |= int(b[i]&0x7f) << (7 * (i - 1))
		if b[i]&0x80 == 0 {
			return i + 1, length, headWhole
		}
	}
	return 0, 0, headBroken
}

// begin opens a transaction.
func (p *parser) begin(dir field.Dir) {
	if p.open >= p.opt.maxTx {
		for _, tx := range p.txs.All() {
			if t := tx.(*Tx); !t.complete {
				t.AddEvent(evTooMany, t.Dirs)
				p.finish(t)
				break
			}
		}
	}
	p.tx = p.txs.Open(p.env.Now, resetTx)
	p.tx.Dirs = dir
	p.tx.Inspected[dir.Reverse().Index()] = true
	p.open++
}

// end completes the transaction in work.
func (p *parser) end() { p.finish(p.tx) }

func (p *parser) finish(t *Tx) {
	if t.complete {
		return
	}
	t.complete = true
	p.open--
	t.Advance(field.ToServer, done)
	t.Advance(field.ToClient, done)
}

// add puts a message into the transaction in work.
func (t *Tx) add(m message, body []byte) {
	m.off = len(t.data)
	t.data = append(t.data, body...)
	t.messages = append(t.messages, m)
}

// message handles a message; body is nil if it was passed over.
func (p *parser) message(dir field.Dir, m message, body []byte) {
	switch {
	case m.cut:
		p.single(dir, m, nil)
		return
	case m.kind == connect:
		p.version = level(body)
		m.version = p.version
	}
	if !wellFormed(&m, body) {
		p.begin(dir)
		p.tx.NoLog = true
		p.tx.AddEvent(evMalformed, dir)
		p.end()
		return
	}
	switch m.kind {
	case unassigned:
		p.single(dir, m, body)
		p.tx.AddEvent(evUnassigned, dir)
	case connect:
		p.begin(dir)
		p.tx.add(m, body)
		p.tx.conn = true
		if p.connected {
			p.tx.AddEvent(evDoubleConnect, dir)
		}
	case connack:
		p.answer(dir, m, body, func(t *Tx) bool { return t.conn }, true, evMissingConnect)
		p.connected = true
	case publish:
		p.published(dir, m, body)
	case pubrec, pubrel:
		p.reply(dir, m, body, publish, false, evMissingPublish)
	case puback, pubcomp:
		p.reply(dir, m, body, publish, true, evMissingPublish)
	case subscribe, unsubscribe:
		p.begin(dir)
		p.tx.add(m, body)
		p.tx.id, p.tx.hasID = binary.BigEndian.Uint16(body), true
		p.introduced(dir)
	case suback:
		p.reply(dir, m, body, subscribe, true, evMissingSubscribe)
	case unsuback:
		p.reply(dir, m, body, unsubscribe, true, evMissingUnsubscribe)
	default:
		p.single(dir, m, body)
		p.introduced(dir)
	}
}

// introduced notes a message outside of a session.
func (p *parser) introduced(dir field.Dir) {
	if !p.connected {
		p.tx.AddEvent(evUnintroduced, dir)
	}
}

// single makes a transaction of one message.
func (p *parser) single(dir field.Dir, m message, body []byte) {
	p.begin(dir)
	p.tx.add(m, body)
	p.end()
}

// published handles PUBLISH.
func (p *parser) published(dir field.Dir, m message, body []byte) {
	p.begin(dir)
	p.tx.add(m, body)
	switch m.qos() {
	case 0:
		p.end()
	case 3:
		p.tx.AddEvent(evInvalidQoS, dir)
		p.end()
	default:
		x := readPublish(&m, body)
		if !x.hasID {
			p.tx.AddEvent(evMissingID, dir)
			p.end()
			break
		}
		p.tx.id, p.tx.hasID = x.id, true
	}
	p.introduced(dir)
}

// reply handles an answer to the request of a type, by its identifier.
func (p *parser) reply(dir field.Dir, m message, body []byte, to uint8, last bool, missing uint8) {
	id := binary.BigEndian.Uint16(body)
	p.answer(dir, m, body, func(t *Tx) bool { return t.hasID && t.id == id && t.messages[0].kind == to }, last, missing)
	p.introduced(dir)
}

// answer adds a message to the newest open transaction that fits takes; last completes it.
func (p *parser) answer(dir field.Dir, m message, body []byte, fits func(*Tx) bool, last bool, missing uint8) {
	for i := p.txs.Len() - 1; i >= 0; i-- {
		t := p.txs.At(i)
		if t.complete || !fits(t) {
			continue
		}
		t.add(m, body)
		p.tx = t
		if last {
			p.end()
		}
		return
	}
	p.single(dir, m, body)
	p.tx.AddEvent(missing, dir)
}
