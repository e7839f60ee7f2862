package smtp

import (
	"sync"

	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/proto"
	"weir/decode/proto/internal/mime"
)

// Bounds of one mail.
const (
	maxRecipients = 1000
	maxFiles      = 1000
)

// Tx is one mail.
type Tx struct {
	proto.Tx
	p *parser // whose greeting records show

	hasFrom bool
	from    []byte
	rcpt    []byte // the recipients, one behind the other
	rcptEnd []int  // where each ends
	data    bool   // DATA was given

	mail   *mime.Mail // its message, nil without DATA
	spare  *mime.Mail // memory of mail, for reuse
	digest []byte     // of the body, in hex; scratch
	list   file.List
	file   *file.File // open, or nil
	seen   int        // files that the rules have seen to their end
}

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, from: t.from[:0], rcpt: t.rcpt[:0], rcptEnd: t.rcptEnd[:0],
		spare: t.spare, digest: t.digest[:0], list: file.List{Files: t.list.Files[:0]}}
}

// pool holds transactions for reuse.
var pool sync.Pool

// recipient returns the i-th recipient; ok is false behind the last.
func (t *Tx) recipient(i int) (b []byte, ok bool) {
	if i >= len(t.rcptEnd) {
		return nil, false
	}
	start := 0
	if i > 0 {
		start = t.rcptEnd[i-1]
	}
	return t.rcpt[start:t.rcptEnd[i]], true
}

// requestDone reports whether the client has said all of the mail.
func (t *Tx) requestDone() bool { return t.Progress[0] >= progComplete }

// begun reports whether any of its message has come.
func (t *Tx) begun() bool {
	return t.mail != nil && t.mail.Status() != mime.HeaderReady || len(t.list.Files) > 0
}

// complete marks both directions as done.
func (t *Tx) complete() {
	t.Advance(field.ToServer, progComplete)
	t.Advance(field.ToClient, progComplete)
}

// open starts a mail. If too many are open, the oldest is given up.
func (p *parser) open() *Tx {
	if n := p.txs.Len(); n >= p.opt.maxTx {
		p.txs.At(n - p.opt.maxTx).complete() // those before it are
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.p = p
	p.cur, p.any = t, true
	return t
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	t := tx.(*Tx)
	if p.cur == t {
		p.cur = nil
	}
	for i := range p.queue {
		if p.queue[i].tx == t {
			p.queue[i].tx = nil
		}
	}
	if p.env.Files != nil {
		p.env.Files.Free(&t.list)
	}
	t.file = nil
	p.txs.Free(tx)
}
