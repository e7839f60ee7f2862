package decode

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// CertSink keeps certificates that rules ask for. It is used by all workers.
type CertSink interface {
	// KeepCerts takes what one side has shown; c is valid for the call.
	KeepCerts(c *Certs)
}

// Certs is the certificates of one side, and the packet that they are stored for.
type Certs struct {
	proto.Certs
	Client bool           // they are the client's
	Packet *packet.Packet // nil at the end of the flow
	Flow   *flow.Flow
	Now    int64 // packet clock, ns
}

// keepCerts hands on the certificates of a transaction that rules have asked for.
func (w *worker) keepCerts(p *packet.Packet, f *flow.Flow, pr *proto.Protocol, tx proto.Transaction) {
	t := tx.Base()
	for i, dir := range [...]field.Dir{field.ToServer, field.ToClient} {
		if t.Certs&dir == 0 {
			continue
		}
		c := pr.Certs(tx, dir)
		if len(c.Chain) == 0 {
			continue // they may come yet
		}
		t.Certs &^= dir
		w.certs.KeepCerts(&Certs{c, i == 0, p, f, w.now})
	}
}
