package http1

import (
	"weir/decode/field"
	"weir/decode/proto"
)

// verdict is what a step of the parser says.
type verdict uint8

const (
	again  verdict = iota // go on with what is left
	more                  // more bytes are needed
	broken                // the connection cannot be parsed any further
)

// side is how far one direction of the connection is.
type side struct {
	step func(p *parser, b []byte, end bool) (int, verdict)
	tx   *Tx   // in work; nil between two messages
	left int64 // bytes of the body or chunk to come; -1 is until the end
	// bareLF: the header line before ended without a CR. With some servers the
	// CR follows.
	bareLF bool
	// waiting is how many bytes of an unfinished line were left to the pipeline.
	waiting int
	done    bool // no further data is looked at
}

// parser holds one connection.
type parser struct {
	env      *proto.Env
	cfg      *serverConfig
	txs      proto.TxList[Tx, *Tx]
	req, res side
	// nextRes is the ID of the transaction that the next response belongs to.
	nextRes uint64
	// stopped: what follows is no HTTP.
	stopped bool
	upgrade upgrade
}

// upgrade is what a connection turns into after the current call.
type upgrade struct {
	wanted       bool
	name, expect string
}

// noOptions hold for a parser without configuration.
var noOptions = &options{def: defaultConfig()}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*options)
	if opt == nil {
		opt = noOptions
	}
	p.txs.Reset()
	*p = parser{env: env, cfg: opt.server(env.Flow), txs: p.txs}
	p.req.step, p.res.step = (*parser).requestIdle, (*parser).responseIdle
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	for _, s := range [...]*side{&p.req, &p.res} {
		if s.tx != nil && proto.Transaction(s.tx) == tx {
			s.tx, s.done = nil, true
		}
	}
	p.txs.Free(tx)
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	s := p.side(in.Dir)
	if s.done {
		return proto.Result{Consumed: len(in.Data)}
	}
	if in.Gap > 0 {
		return p.gap(in.Dir, in.Gap)
	}
	used := 0
	for {
		n, v := s.step(p, in.Data[used:], in.End)
		used += n
		if s.done {
			used = len(in.Data)
			break
		}
		if v == broken {
			s.done = true
			return proto.Result{Consumed: len(in.Data), Status: proto.Stop}
		}
		if v == more || p.upgrade.wanted {
			break
		}
	}
	if p.upgrade.wanted {
		u := p.upgrade
		p.upgrade = upgrade{}
		p.env.Host.Upgrade(u.name, u.expect)
	}
	s.waiting = len(in.Data) - used
	if s.waiting > 0 {
		return proto.Result{Consumed: used, Status: proto.Incomplete}
	}
	return proto.Result{Consumed: used}
}

func (p *parser) side(dir field.Dir) *side {
	if dir == field.ToClient {
		return &p.res
	}
	return &p.req
}

// open begins a transaction, or returns nil if there are too many.
func (p *parser) open() *Tx {
	if p.cfg.maxTx > 0 && p.txs.Len() > p.cfg.maxTx {
		return nil
	}
	tx := p.txs.Open(p.env.Now, resetTx)
	tx.cfg = p.cfg
	tx.req.length, tx.res.length = -1, -1
	tx.req.version, tx.res.version = versionNone, versionNone
	return tx
}

// find returns the open transaction of that ID, or nil.
func (p *parser) find(id uint64) *Tx {
	for i := range p.txs.Len() {
		if tx := p.txs.At(i); tx.ID == id {
			return tx
		}
	}
	return nil
}

// line returns the next line of b with its end; nil if it is not whole. At the
// end of a direction what is there counts as a line. ok is false if the line
// is too long.
func (p *parser) line(b []byte, end bool) (line []byte, ok bool) {
	i := indexLF(b)
	switch {
	case i >= 0:
		b = b[:i+1]
	case !end || len(b) == 0:
		return nil, len(b) <= p.cfg.fieldLimit
	}
	return b, len(b) <= p.cfg.fieldLimit+2
}

// gap takes n bytes of a direction as lost: bodies of known length go on behind
// them, anything else ends.
func (p *parser) gap(dir field.Dir, n int) proto.Result {
	s := p.side(dir)
	if s.tx == nil || s.left == 0 || s.waiting > 0 {
		return p.lost(dir)
	}
	if s.left > 0 && int64(n) > s.left {
		// The rest of the gap hides the beginning of the next message.
		lost := int64(n) - s.left
		p.bodyGap(dir, int(s.left))
		s.left = 0
		_ = lost
		if _, v := s.step(p, nil, false); v == broken {
			return p.lost(dir)
		}
		if s.tx != nil {
			p.complete(dir)
		}
		return proto.Result{}
	}
	p.bodyGap(dir, n)
	if s.left > 0 {
		if s.left -= int64(n); s.left == 0 {
			s.step(p, nil, false)
		}
	}
	return proto.Result{}
}

// lost ends the parsing of a direction.
func (p *parser) lost(dir field.Dir) proto.Result {
	p.side(dir).done = true
	return proto.Result{Status: proto.Stop}
}

// complete ends the message in work of a direction.
func (p *parser) complete(dir field.Dir) {
	if dir == field.ToClient {
		p.responseComplete()
	} else {
		p.requestComplete()
	}
}
