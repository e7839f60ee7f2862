package smb

import (
	"weir/decode/field"
	"weir/decode/file"
)

// transfer is where a file stands: the bytes up to at are passed on, pieces behind
// wait.
type transfer struct {
	file   *file.File
	dir    field.Dir
	at     uint64
	chunk  uint64 // where the piece in work goes on
	early  []piece
	queued uint64 // bytes of early
}

// piece is one that came before those in front of it.
type piece struct {
	at uint64
	b  []byte
}

func (x *transfer) reset(o *transfer) { *x = transfer{early: o.early[:0]} }

// drop forgets the pieces that wait.
func (x *transfer) drop() {
	clear(x.early)
	x.file, x.early, x.queued = nil, x.early[:0], 0
}

// fileTx returns the transaction of a file in that direction, opened at its first
// piece.
func (p *parser) fileTx(version uint8, cmd uint16, dir field.Dir, id guid) (t *Tx, opened bool) {
	for i := p.txs.Len() - 1; i >= 0; i-- {
		if t := p.txs.At(i); t.kind == kindFile && t.id == id && t.file.dir == dir && !t.done(dir) {
			return t, false
		}
	}
	t = p.open(version, cmd)
	t.kind, t.id, t.hasID = kindFile, id, true
	t.file.dir = dir
	if h := p.findHandle(id); h != nil {
		t.name = append(t.name[:0], h.name...)
	} else {
		t.name = append(t.name[:0], "<unknown>"...)
	}
	return t, true
}

// piece begins a piece of a file at that offset.
func (p *parser) piece(t *Tx, dir field.Dir, offset uint64) {
	x := &t.file
	if x.file == nil && p.env.Files != nil {
		l := &t.lists[dir.Index()]
		x.file = p.env.Files.Open(l, t.name, t.Base().ID)
		t.Files[dir.Index()] = l
	}
	if offset < x.at {
		t.AddEvent(evFileOverlap, dir)
	}
	x.chunk = offset
	t.Touch(dir)
}

// append takes further bytes of the piece in work.
func (p *parser) append(t *Tx, dir field.Dir, b []byte) {
	x := &t.file
	if x.file == nil {
		return
	}
	at := x.chunk
	x.chunk += uint64(len(b))
	switch {
	case at+uint64(len(b)) <= x.at:
		return
	case at < x.at:
		b = b[x.at-at:]
	case at > x.at:
		p.hold(t, dir, at, b)
		return
	}
	p.pass(x, b)
	t.Touch(dir)
	p.ready(x)
}

// pass gives bytes to the file.
func (p *parser) pass(x *transfer, b []byte) {
	x.file.Append(b, p.env.Files.Window)
	x.at += uint64(len(b))
}

// hold keeps a piece that came too early. Too many of them mean that what is
// missing will not come: it is a gap.
func (p *parser) hold(t *Tx, dir field.Dir, at uint64, b []byte) {
	x := &t.file
	l, size, count := &p.opt.read, uint8(evReadQueueSize), uint8(evReadQueueCount)
	if dir == field.ToServer {
		l, size, count = &p.opt.write, evWriteQueueSize, evWriteQueueCount
	}
	over := false
	if l.queueBytes > 0 && x.queued+uint64(len(b)) > l.queueBytes {
		t.AddEvent(size, dir)
		over = true
	}
	n := len(x.early)
	if n > 0 && x.early[n-1].at+uint64(len(x.early[n-1].b)) == at && !over {
		x.early[n-1].b = append(x.early[n-1].b, b...)
		x.queued += uint64(len(b))
		return
	}
	if l.queueCount > 0 && uint64(n) >= l.queueCount {
		t.AddEvent(count, dir)
		over = true
	}
	x.early = append(x.early, piece{at, append([]byte(nil), b...)})
	x.queued += uint64(len(b))
	if over {
		p.flush(x)
	}
}

// ready passes on the pieces that have become due.
func (p *parser) ready(x *transfer) {
	for i := 0; i < len(x.early); {
		e := x.early[i]
		if e.at > x.at {
			i++
			continue
		}
		if end := e.at + uint64(len(e.b)); end > x.at {
			p.pass(x, e.b[x.at-e.at:])
		}
		x.queued -= uint64(len(e.b))
		x.early = append(x.early[:i], x.early[i+1:]...)
		i = 0
	}
}

// flush passes on all pieces that wait, with gaps for what is missing.
func (p *parser) flush(x *transfer) {
	for len(x.early) > 0 {
		first := x.early[0].at
		for _, e := range x.early {
			first = min(first, e.at)
		}
		if first > x.at {
			x.file.Gap(first - x.at)
			x.at = first
		}
		p.ready(x)
	}
}

// lose notes that n bytes of the piece in work are missing.
func (p *parser) lose(t *Tx, dir field.Dir, n int) {
	x := &t.file
	if x.file == nil {
		return
	}
	if x.chunk == x.at {
		x.file.Gap(uint64(n))
		x.at += uint64(n)
		p.ready(x)
	}
	x.chunk += uint64(n)
	t.Touch(dir)
}

// closeFile ends the file of a transaction.
func (p *parser) closeFile(t *Tx, cut bool) {
	if t.kind != kindFile || t.file.file == nil {
		return
	}
	p.flush(&t.file)
	t.file.file.Close(cut)
	t.file.drop()
}

// closeFiles ends the files of a handle.
func (p *parser) closeFiles(id guid) {
	for i := range p.txs.Len() {
		if t := p.txs.At(i); t.kind == kindFile && t.id == id && !t.done(t.file.dir) {
			p.closeFile(t, false)
			t.complete()
		}
	}
}
