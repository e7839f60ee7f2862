package pgsql

import (
	"encoding/binary"

	"weir/decode/field"
	"weir/decode/proto"
)

// maxStartup bounds a message without a type, bytes; servers refuse longer ones.
const maxStartup = 10000

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
		p.starting, p.secure = false, false
		if !p.plausible(in.Dir, in.Data[used:]) {
			return proto.Result{Consumed: len(in.Data)}
		}
		p.lost[d] = false
	}
	for used < len(in.Data) {
		n, need, ok := p.message(in.Dir, in.Data[used:])
		if !ok {
			return proto.Result{Consumed: used, Status: proto.Stop}
		}
		if need > 0 {
			return proto.Result{Consumed: used, Need: need, Status: proto.Incomplete}
		}
		if rest := len(in.Data) - used; n > rest {
			p.skip[d] = n - rest
			n = rest
		}
		used += n
	}
	return proto.Result{Consumed: used}
}

// plausible reports whether b may begin with a message.
func (p *parser) plausible(dir field.Dir, b []byte) bool {
	if len(b) < 5 {
		return false
	}
	n := binary.BigEndian.Uint32(b[1:])
	return known(dir, b[0]) && n >= 4 && n < 1<<24
}

// known reports whether a side sends messages of that type.
func known(dir field.Dir, kind byte) bool {
	if dir == field.ToServer {
		switch kind {
		case 'B', 'C', 'c', 'd', 'D', 'E', 'f', 'F', 'H', 'p', 'P', 'Q', 'S', 'X':
			return true
		}
		return false
	}
	switch kind {
	case 'R', 'K', '2', '3', 'C', 'd', 'c', 'G', 'H', 'W', 'D', 'I', 'E', 'V', 'v', 'n', 'N', 'A', 't', 'S', '1', 's', 'Z', 'T':
		return true
	}
	return false
}

// message handles the message that begins b and returns its length, or how many
// bytes it takes to see enough of it; ok is false if it is none.
func (p *parser) message(dir field.Dir, b []byte) (n, need int, ok bool) {
	switch {
	case dir == field.ToServer && p.starting && b[0] == 0:
		return p.startup(b)
	case dir == field.ToClient && p.secure:
		p.secure = false
		p.secured(b[0])
		return 1, 0, true
	}
	p.starting = p.starting && dir == field.ToClient
	if len(b) < 5 {
		return 0, 5, true
	}
	size := binary.BigEndian.Uint32(b[1:])
	if !known(dir, b[0]) || size < 4 || size > 1<<30 {
		ev := uint8(evInvalidLength)
		if !known(dir, b[0]) {
			ev = evMalformedRequest
			if dir == field.ToClient {
				ev = evMalformedResponse
			}
		}
		p.broken(dir, ev)
		return 0, 0, false
	}
	n = 1 + int(size)
	take := min(n, maxTake)
	if b[0] == 'd' || b[0] == 'D' && dir == field.ToClient {
		take = min(n, 7) // what is counted
	}
	if len(b) < take {
		return 0, take, true
	}
	if dir == field.ToServer {
		p.request(b[0], b[5:take], n-5)
	} else {
		p.response(b[0], b[5:take], n-5)
	}
	return n, 0, true
}

// broken notes bytes that are no message.
func (p *parser) broken(dir field.Dir, ev uint8) {
	t := p.open(askNothing)
	t.NoLog = true
	t.AddEvent(ev, dir)
	finish(t)
}

// open opens a transaction; where too many are open the oldest ends.
func (p *parser) open(kind asked) *Tx {
	if p.txs.Len() >= p.opt.maxTx {
		t := p.txs.At(0)
		t.AddEvent(evTooMany, field.ToServer)
		finish(t)
		if p.txs.Len() >= 2*p.opt.maxTx {
			p.txs.Free(t)
		}
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.kind, t.auth, t.columns = kind, -1, -1
	return t
}

// finish ends a transaction.
func finish(t *Tx) {
	t.Advance(field.ToServer, done)
	t.Advance(field.ToClient, done)
}

// waiting returns the oldest transaction whose answer is not complete, or nil.
func (p *parser) waiting() *Tx {
	for i := range p.txs.Len() {
		if t := p.txs.At(i); t.Progress[1] < done {
			return t
		}
	}
	return nil
}
