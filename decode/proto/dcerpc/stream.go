package dcerpc

import (
	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/msrpc"
)

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if p.udp {
		p.parseDatagram(in.Dir, in.Data)
		return proto.Result{Consumed: len(in.Data)}
	}
	d := in.Dir.Index()
	if in.Gap > 0 {
		p.gap(in.Dir)
		return proto.Result{}
	}
	if p.lost[d] && len(in.Data) > 0 {
		if confirmTCP(in.Data, in.Dir) != proto.Yes {
			return proto.Result{Consumed: len(in.Data)}
		}
		p.lost[d] = false
	}
	used := 0
	for used < len(in.Data) {
		b := in.Data[used:]
		if len(b) < msrpc.HeaderLen {
			return proto.Result{Consumed: used, Need: msrpc.HeaderLen, Status: proto.Incomplete}
		}
		h, ok := msrpc.ParseHeader(b)
		if !ok {
			return proto.Result{Consumed: used, Status: proto.Stop}
		}
		if len(b) < h.Len {
			return proto.Result{Consumed: used, Need: h.Len, Status: proto.Incomplete}
		}
		t := p.message(in.Dir, &h, b[:h.Len])
		if t != nil {
			p.env.Host.Frame(in.Dir, framePDU, used, int64(h.Len), &t.Tx)
			p.env.Host.Frame(in.Dir, frameHeader, used, msrpc.HeaderLen, &t.Tx)
			p.env.Host.Frame(in.Dir, frameData, used+msrpc.HeaderLen, int64(h.Len-msrpc.HeaderLen), &t.Tx)
		}
		used += h.Len
	}
	return proto.Result{Consumed: used}
}

// gap ends the calls that the missing bytes may have been part of.
func (p *parser) gap(dir field.Dir) {
	p.lost[dir.Index()] = true
	for i := range p.txs.Len() {
		if t := p.txs.At(i); dir == field.ToClient || !t.done(field.ToServer) {
			t.Advance(field.ToServer, msrpc.Done)
			t.Advance(field.ToClient, msrpc.Done)
		}
	}
}

// done reports whether a direction is complete.
func (t *Tx) done(d field.Dir) bool { return t.Progress[d.Index()] >= msrpc.Done }

// message handles one message, of which b is the whole, and returns its transaction,
// or nil.
func (p *parser) message(dir field.Dir, h *msrpc.Header, b []byte) *Tx {
	switch h.Type {
	case msrpc.Bind, msrpc.AlterContext:
		p.binder.Bind(h, b)
		t := p.request(h)
		if h.Type == msrpc.Bind {
			t.Interfaces = append(t.Interfaces[:0], p.binder.New()...)
		}
		t.Advance(field.ToServer, msrpc.Done)
		return t
	case msrpc.BindAck, msrpc.AlterContextResp:
		p.binder.Ack(h, b)
		t := p.response(h)
		if t.HasReq && t.Req == msrpc.Bind {
			t.Interfaces = append(t.Interfaces[:0], p.binder.New()...)
		}
		t.Advance(field.ToClient, msrpc.Done)
		return t
	case msrpc.BindNak, msrpc.Fault:
		t := p.response(h)
		t.Advance(field.ToClient, msrpc.Done)
		return t
	case msrpc.Request:
		t := p.request(h)
		t.Interfaces = append(t.Interfaces[:0], p.binder.Interfaces...)
		t.RequestBody(h, b)
		return p.fragment(t, dir, h)
	case msrpc.Response:
		t := p.response(h)
		t.ResponseBody(b)
		return p.fragment(t, dir, h)
	}
	return p.txs.Last()
}

// fragment ends the direction with its last fragment.
func (p *parser) fragment(t *Tx, dir field.Dir, h *msrpc.Header) *Tx {
	if h.Flags&msrpc.LastFrag != 0 {
		t.Advance(dir, msrpc.Done)
		p.env.Host.TriggerRaw(dir)
	} else {
		t.Touch(dir)
	}
	return t
}

// request returns the transaction that a message of the client belongs to: that of
// the fragments before it, or a new one.
func (p *parser) request(h *msrpc.Header) *Tx {
	for i := p.txs.Len() - 1; i >= 0; i-- {
		if t := p.txs.At(i); t.ID() == h.CallID && t.HasReq && t.Req == h.Type && !t.done(field.ToServer) {
			return t
		}
	}
	t := p.open()
	t.Call.ID, t.Req, t.HasReq, t.minor = h.CallID, h.Type, true, h.Minor
	t.Call.Little[0] = h.Little
	return t
}

// response returns the transaction that a message of the server belongs to: the
// oldest of that call that has no answer yet, or a new one without request.
func (p *parser) response(h *msrpc.Header) *Tx {
	var t *Tx
	for i := range p.txs.Len() {
		if x := p.txs.At(i); x.ID() == h.CallID && !x.done(field.ToClient) {
			t = x
			break
		}
	}
	if t == nil {
		t = p.open()
		t.Call.ID, t.minor = h.CallID, h.Minor
		t.Advance(field.ToServer, msrpc.Done)
	}
	t.Res, t.HasRes = h.Type, true
	t.Call.Little[1] = h.Little
	return t
}

// ID returns the number of the call.
func (t *Tx) ID() uint32 { return t.Call.ID }
