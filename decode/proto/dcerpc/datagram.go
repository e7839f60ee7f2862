package dcerpc

import (
	"weir/decode/field"
	"weir/decode/proto/internal/msrpc"
)

// parseDatagram handles one datagram; what is no message is passed over.
func (p *parser) parseDatagram(dir field.Dir, b []byte) {
	h, ok := msrpc.ParseDatagram(b)
	if !ok {
		return
	}
	d := dir.Index()
	switch {
	case h.Type == msrpc.Request && dir == field.ToServer:
	case (h.Type == msrpc.Response || h.Type == msrpc.Fault) && dir == field.ToClient:
	default:
		return
	}
	t := p.call(&h, dir)
	t.Call.Little[d] = h.Little
	if h.Type == msrpc.Request {
		t.Req, t.HasReq, t.Opnum = h.Type, true, h.Opnum
		t.Interfaces = append(t.Interfaces[:0], h.Interface)
	} else {
		t.Res, t.HasRes = h.Type, true
	}
	t.Add(dir, h.Body)
	if !h.Fragment || h.Last {
		t.Advance(dir, msrpc.Done)
	} else {
		t.Touch(dir)
	}
}

// call returns the transaction of a datagram: that of its activity and sequence
// number, or a new one.
func (p *parser) call(h *msrpc.Datagram, dir field.Dir) *Tx {
	for i := p.txs.Len() - 1; i >= 0; i-- {
		if t := p.txs.At(i); t.seq == h.Seq && t.activity == h.Activity && !t.done(dir) {
			return t
		}
	}
	t := p.open()
	t.datagram, t.activity, t.seq = true, h.Activity, h.Seq
	if dir == field.ToClient {
		t.Advance(field.ToServer, msrpc.Done)
	}
	return t
}
