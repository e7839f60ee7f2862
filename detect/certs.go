package detect

import (
	"weir/decode/field"
	"weir/decode/proto"
)

// certStore compiles tls.store: when the rule fires, the certificates that the side
// has shown are stored.
func certStore(c *compiler, _ string) error {
	if c.s.app == nil {
		c.s.app = c.e.set.Members("tls")
	}
	c.s.certs = true
	return nil
}

// storeCerts asks for the certificates of the packet's sender; a rule that looks at no
// transaction means all of the flow.
func (w *Worker) storeCerts(tx proto.Transaction, dir field.Dir) {
	if tx != nil {
		tx.Base().Certs |= dir
		return
	}
	for _, tx := range w.in.Txs {
		tx.Base().Certs |= dir
	}
}
