package smb

import (
	"weir/decode/field"
	"weir/decode/proto/internal/msrpc"
)

// maxFragment bounds what is held of a message of a pipe that comes in several
// reads, bytes: its length has two.
const maxFragment = 1 << 16

// callRequest reads a message of DCE RPC that the client writes to a pipe and
// returns its transaction, or nil if it is none.
func (p *parser) callRequest(version uint8, cmd uint16, message uint64, hd *handle, b []byte) *Tx {
	h, ok := msrpc.ParseHeader(b)
	if !ok {
		return nil
	}
	b = b[:min(h.Len, len(b))]
	t := p.callOf(hd.id, func(t *Tx) bool {
		return h.Type == msrpc.Request && t.call.ID == h.CallID && t.call.HasReq && t.call.Req == h.Type && !t.requested
	})
	if t == nil {
		t = p.open(version, cmd)
		t.kind, t.id = kindRPC, hd.id
		c := &t.call
		c.ID, c.Req, c.HasReq, c.Little[0] = h.CallID, h.Type, true, h.Little
	}
	t.message = message
	switch h.Type {
	case msrpc.Bind, msrpc.AlterContext:
		hd.binder.Bind(&h, b)
		t.call.Interfaces = append(t.call.Interfaces[:0], hd.binder.New()...)
	case msrpc.Request:
		t.call.Interfaces = append(t.call.Interfaces[:0], hd.binder.Interfaces...)
		t.call.RequestBody(&h, b)
		if h.Flags&msrpc.LastFrag == 0 {
			t.Touch(field.ToServer)
			return t
		}
	}
	t.requested = true
	t.Advance(field.ToServer, msrpc.Done)
	if h.Type == msrpc.Auth3 {
		t.complete()
	}
	return t
}

// callOf returns the call of a pipe opened last that fits, or nil.
func (p *parser) callOf(id guid, fits func(t *Tx) bool) *Tx {
	for i := p.txs.Len() - 1; i >= 0; i-- {
		if t := p.txs.At(i); t.kind == kindRPC && t.id == id && !t.done(field.ToClient) && fits(t) {
			return t
		}
	}
	return nil
}

// callResponse reads what the client gets from a pipe: messages of DCE RPC or parts
// of them. t is the call that asked for it, nil if it is a plain read. It returns the
// transaction of the last message.
func (p *parser) callResponse(version uint8, cmd uint16, hd *handle, t *Tx, b []byte) *Tx {
	if len(hd.part) > 0 {
		hd.part = append(hd.part, b[:min(len(b), maxFragment)]...)
		b = hd.part
	}
	for len(b) > 0 {
		h, ok := msrpc.ParseHeader(b)
		if !ok {
			if len(b) >= msrpc.HeaderLen {
				hd.part = hd.part[:0]
				return t
			}
			break
		}
		if len(b) < h.Len {
			break
		}
		t = p.callMessage(version, cmd, hd, &h, b[:h.Len])
		b = b[h.Len:]
	}
	hd.part = append(hd.part[:0], b...)
	return t
}

// callMessage handles a whole message of the server's.
func (p *parser) callMessage(version uint8, cmd uint16, hd *handle, h *msrpc.Header, b []byte) *Tx {
	t := p.callOf(hd.id, func(t *Tx) bool { return t.call.ID == h.CallID })
	if t == nil {
		t = p.open(version, cmd)
		t.kind, t.id, t.call.ID, t.requested = kindRPC, hd.id, h.CallID, true
		t.Advance(field.ToServer, msrpc.Done)
	}
	c := &t.call
	c.Res, c.HasRes, c.Little[1] = h.Type, true, h.Little
	switch h.Type {
	case msrpc.BindAck, msrpc.AlterContextResp:
		hd.binder.Ack(h, b)
		if c.Req == msrpc.Bind || c.Req == msrpc.AlterContext {
			c.Interfaces = append(c.Interfaces[:0], hd.binder.New()...)
		}
	case msrpc.Response:
		if len(b) > msrpc.HeaderLen+8 {
			c.Add(field.ToClient, b[msrpc.HeaderLen+8:])
		} else {
			c.Add(field.ToClient, nil)
		}
		if h.Flags&msrpc.LastFrag == 0 {
			t.Touch(field.ToClient)
			return t
		}
	}
	t.complete()
	return t
}
