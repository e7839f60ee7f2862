package modbus

import (
	"weir/decode/field"
	"weir/decode/proto"
)

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if in.Gap > 0 {
		return proto.Result{}
	}
	d := in.Dir.Index()
	used := min(p.skip[d], len(in.Data))
	p.skip[d] -= used
	for used < len(in.Data) {
		b := in.Data[used:]
		if len(b) < headerBytes {
			return proto.Result{Consumed: used, Need: headerBytes, Status: proto.Incomplete}
		}
		var m message
		n, ok := m.header(b)
		switch {
		case !ok:
			p.message(in.Dir, m)
			taken := min(n, len(b))
			p.skip[d] = n - taken
			used += taken
			continue
		case len(b) < n:
			return proto.Result{Consumed: used, Need: n, Status: proto.Incomplete}
		}
		m.parse(b[headerBytes:n], in.Dir == field.ToServer)
		p.message(in.Dir, m)
		used += n
	}
	return proto.Result{Consumed: used}
}

// message takes a message, whose data is valid for the call.
func (p *parser) message(dir field.Dir, m message) {
	if dir == field.ToServer {
		p.ask(m)
	} else {
		p.answer(m)
	}
	p.env.Host.TriggerRaw(dir)
}

// ask takes a request. Where too many wait for a response the oldest ends.
func (p *parser) ask(m message) {
	flooded := p.open >= p.opt.flood
	if flooded {
		for i := range p.txs.Len() {
			if t := p.txs.At(i); t.Progress[1] < done {
				t.Advance(field.ToClient, done)
				p.open--
				break
			}
		}
	}
	t := p.txs.Open(p.env.Now, resetTx)
	p.open++
	t.keep(field.ToServer, m)
	if flooded {
		t.AddEvent(evFlooded, field.Both)
	}
	t.Advance(field.ToServer, done)
}

// answer takes a response.
func (p *parser) answer(m message) {
	t := p.find(&m)
	if t == nil {
		t = p.txs.Open(p.env.Now, resetTx)
		t.AddEvent(evUnsolicited, field.Both)
		t.Advance(field.ToServer, done)
	} else {
		p.open--
		m.compare(&t.sides[0])
	}
	t.keep(field.ToClient, m)
	t.Advance(field.ToClient, done)
}

// find returns the oldest open transaction whose request m answers, or nil.
func (p *parser) find(m *message) *Tx {
	for i := range p.txs.Len() {
		if t := p.txs.At(i); t.Progress[1] < done && m.answers(&t.sides[0]) {
			return t
		}
	}
	return nil
}

// keep copies a message into the transaction and notes what is wrong with it.
func (t *Tx) keep(dir field.Dir, m message) {
	i := dir.Index()
	t.data[i] = append(t.data[i][:0], m.data...)
	m.data = t.data[i]
	t.sides[i] = m
	value, length := uint8(evValue), uint8(evLength)
	if dir == field.ToClient {
		value = evMismatch
		if m.describe().access != 0 {
			length = evMismatch
		}
	}
	for _, e := range [...]struct {
		flag flags
		ev   uint8
	}{{flagProtocol, evProtocol}, {flagValue, value}, {flagLength, length}, {flagException, evException}, {flagFunction, evFunction}} {
		if m.flags&e.flag != 0 {
			t.AddEvent(e.ev, field.Both)
		}
	}
}
