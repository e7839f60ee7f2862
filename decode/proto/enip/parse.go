package enip

import (
	"encoding/binary"

	"weir/decode/field"
	"weir/decode/proto"
)

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	d := in.Dir.Index()
	if in.Gap > 0 {
		p.lost[d] = true
		return proto.Result{}
	}
	if p.lost[d] && len(in.Data) > 0 {
		// A message after a gap begins with a segment.
		if len(in.Data) < headerBytes || probe(in.Data, in.Dir, nil) != proto.Yes {
			return proto.Result{Consumed: len(in.Data)}
		}
		p.lost[d] = false
	}
	used := 0
	for used < len(in.Data) {
		b := in.Data[used:]
		n := headerBytes
		if len(b) >= headerBytes {
			n += int(binary.LittleEndian.Uint16(b[2:]))
		}
		switch {
		case len(b) >= n:
		case p.udp:
			p.odd(in.Dir)
			return proto.Result{Consumed: len(in.Data)}
		default:
			return proto.Result{Consumed: used, Need: n, Status: proto.Incomplete}
		}
		if !known(binary.LittleEndian.Uint16(b)) {
			p.odd(in.Dir)
			used += n
			continue
		}
		t := p.message(in.Dir, b[:n])
		if p.env.Frames {
			p.frameTx.ID = t.ID + 1
			p.env.Host.Frame(in.Dir, framePDU, used, int64(n), &p.frameTx)
		}
		used += n
	}
	return proto.Result{Consumed: used}
}

// odd notes bytes that are no message.
func (p *parser) odd(dir field.Dir) {
	t := p.newTx()
	t.NoLog = true
	t.AddEvent(evInvalidPDU, dir)
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
	t := p.txs.Open(p.env.Now, resetTx)
	t.v7 = p.opt.v7
	return t
}

// finish ends a transaction.
func (p *parser) finish(t *Tx) {
	if t.Progress[1] < done {
		p.open--
	}
	t.Advance(field.ToServer, done)
	t.Advance(field.ToClient, done)
}

// message takes a message.
func (p *parser) message(dir field.Dir, b []byte) *Tx {
	var t *Tx
	if dir == field.ToClient && !p.opt.v7 {
		t = p.find(b)
	}
	if t == nil {
		t = p.newTx()
	}
	if p.opt.v7 { // each message is a transaction
		t.Dirs = dir
		t.Inspected[dir.Reverse().Index()] = true
		p.finish(t)
	}
	if !t.sides[dir.Index()].parse(b, dir == field.ToClient) {
		t.AddEvent(evInvalidPDU, dir)
	}
	t.Advance(dir, done)
	if dir == field.ToClient || !answered(t.sides[0].command) {
		p.finish(t)
	}
	p.env.Host.TriggerRaw(dir)
	return t
}

// find returns the oldest open transaction that a response answers, or nil.
func (p *parser) find(b []byte) *Tx {
	command, session := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint32(b[4:])
	for i := range p.txs.Len() {
		t := p.txs.At(i)
		q := &t.sides[0]
		// The session of a request to register one is 0.
		if t.Progress[1] < done && q.there && q.command == command && (q.session == session || command == registerSession) && string(q.context[:]) == string(b[12:20]) {
			return t
		}
	}
	return nil
}
