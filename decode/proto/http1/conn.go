package http1

import (
	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/httprange"
)

// verdict is what a step of the parser says.
type verdict uint8

const (
	again  verdict = iota // go on with what is left
	more                  // more bytes are needed
	broken                // the connection cannot be parsed any further
)

// phase is what comes next in one direction.
type phase uint8

const (
	idle       phase = iota // between two messages
	inFirst                 // first line
	inHeaders               // headers or trailers
	inConnect               // wait for the answer to CONNECT
	inBody                  // body of known length
	untilEnd                // body that ends with the connection
	inChunkLen              // length of a chunk
	inChunk                 // chunk
	inChunkEnd              // line end behind a chunk
	inFinal                 // message complete: what follows?
	probing                 // in a tunnel: is there HTTP?
	ignoring                // no HTTP any more
	phases
)

// steps take what they can of b and say how much that was. end: nothing
// follows b.
var steps = [2][phases]func(p *parser, b []byte, end bool) (int, verdict){
	{
		idle: (*parser).requestIdle, inFirst: (*parser).requestFirst, inHeaders: (*parser).requestHeader,
		inConnect: (*parser).requestConnect, inBody: (*parser).requestBody, inChunkLen: (*parser).requestChunk,
		inChunk: (*parser).requestChunkData, inChunkEnd: (*parser).requestChunkEnd, inFinal: (*parser).requestFinal,
		probing: (*parser).requestProbe, ignoring: (*parser).requestIgnore,
	},
	{
		idle: (*parser).responseIdle, inFirst: (*parser).responseFirst, inHeaders: (*parser).responseHeader,
		inBody: (*parser).responseBody, untilEnd: (*parser).responseUntilEnd, inChunkLen: (*parser).responseChunk,
		inChunk: (*parser).responseChunkData, inChunkEnd: (*parser).responseChunkEnd, inFinal: (*parser).responseFinal,
		ignoring: (*parser).ignore,
	},
}

// side is how far one direction of the connection is.
type side struct {
	phase phase
	tx    *Tx   // in work; nil between two messages
	left  int64 // bytes of the body or chunk to come; -1 is until the end
	// bareLF: the header line before ended without a CR. With some servers the
	// CR follows.
	bareLF bool
	// waiting is how many bytes of an unfinished line were left to the pipeline.
	waiting int
	// held is the beginning of a line before a gap: what follows the gap is taken
	// for its end, and the pipeline does not give these bytes again.
	held []byte
	done bool // no further data is looked at
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
	// at is where the step in work stands in the bytes of the call.
	at      int
	upgrade upgrade

	ranges   *httprange.Table // of the worker
	rangeKey []byte           // scratch
}

// upgrade is what a connection turns into after the current call.
type upgrade struct {
	wanted       bool
	name, expect string
}

// noOptions hold for a parser without configuration.
var noOptions = &options{def: defaultConfig(), rangeMemcap: httprange.DefaultMemcap, rangeTimeout: httprange.DefaultTimeout}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*options)
	if opt == nil {
		opt = noOptions
	}
	for _, tx := range p.txs.All() {
		p.drop(tx.(*Tx))
	}
	p.txs.Reset()
	p.txs.Pool = &pool
	*p = parser{env: env, cfg: opt.server(env.Flow), txs: p.txs, ranges: opt.table(env.Files), rangeKey: p.rangeKey}

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
	p.drop(tx.(*Tx))
	p.txs.Free(tx)
}

// drop gives back what a transaction holds of the worker's memory.
func (p *parser) drop(t *Tx) {
	t.req.body.release()
	t.res.body.release()
	p.freeFiles(t)
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	s := p.side(in.Dir)
	if s.done {
		return proto.Result{Consumed: len(in.Data)}
	}
	if in.Gap > 0 {
		return p.gap(in.Dir, in.Gap, in.Left)
	}
	data, before := in.Data, len(s.held)
	if before > 0 {
		s.held = append(s.held, data...)
		data = s.held
	}
	used := 0
	for {
		p.at = max(used-before, 0)
		n, v := steps[in.Dir.Index()][s.phase](p, data[used:], in.End)
		if used += n; n > 0 {
			s.waiting = 0
		}
		if s.done {
			used = len(data)
			break
		}
		if v == broken {
			s.done, s.held = true, nil
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
		if u.name == "" {
			used = len(data) // the tunnel begins behind the answer's segment
		}
	}
	s.waiting = len(data) - used
	if before > 0 {
		s.held = append(s.held[:0], data[used:]...)
		return proto.Result{Consumed: len(in.Data)}
	}
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
	tx.req.body.pool, tx.res.body.pool = p.env.Buffers, p.env.Buffers
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
func (p *parser) line(s *side, b []byte, end bool) (line []byte, ok bool) {
	if i := indexLF(b); i >= 0 {
		line = b[:i+1]
	} else if end && len(b) > 0 {
		line = b
	}
	return line, !p.tooLong(s, line, b)
}

// tooLong reports whether a line is longer than allowed. That is looked at for
// lines that come in pieces only, as they are what has to be held. b is what is
// there if the line is not whole.
func (p *parser) tooLong(s *side, line, b []byte) bool {
	if line == nil {
		return len(b) > p.cfg.fieldLimit
	}
	return s.waiting > 0 && len(line) > p.cfg.fieldLimit
}

// gap passes over n bytes that are missing; left is what waited before them. Of
// a body of known length, or one that ends with the connection, a gap is a
// part. Elsewhere what is missing leaves no trace: what follows is taken for the
// next byte, as other engines do.
func (p *parser) gap(dir field.Dir, n int, left []byte) proto.Result {
	s := p.side(dir)
	if len(left) > 0 && len(s.held) == 0 {
		s.held = append(s.held, left...)
		n -= len(left)
	}
	switch s.phase {
	case untilEnd:
		p.bodyGap(dir, n)
	case inBody:
		k := int(min(int64(n), s.left))
		p.bodyGap(dir, k)
		if s.left -= int64(k); s.left > 0 {
			break
		}
		if s.phase = inFinal; k < n {
			p.complete(dir)
		}
	case inFinal:
		p.complete(dir)
	}
	return proto.Result{}
}

// complete ends the message in work of a direction.
func (p *parser) complete(dir field.Dir) {
	if dir == field.ToClient {
		p.responseComplete()
	} else {
		p.requestComplete()
	}
}
