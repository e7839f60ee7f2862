package http1

import (
	"weir/decode/buffer"
	"weir/decode/field"
)

// maxHeld bounds what is kept of a body without a limit that nobody inspects,
// bytes.
const maxHeld = 1 << 20

// body keeps the part of a body that is still to be inspected.
type body struct {
	pool      *buffer.Pool // that buf is of; may be nil
	buf       []byte
	base      uint64 // place of buf[0] in the body
	kept      uint64 // bytes taken, up to the limit
	inspected uint64 // bytes that the rules have seen
	full      bool   // the limit is reached
	done      bool   // nothing more comes
	any       bool   // there is a body, perhaps empty
}

// release gives the memory back and empties the body.
func (b *body) release() {
	*b = body{buf: b.pool.Free(b.buf)}
}

// add takes the next bytes, as far as the limit allows.
func (b *body) add(data []byte, limit uint64) {
	b.any = true
	if limit > 0 {
		room := limit - min(b.kept, limit)
		if uint64(len(data)) >= room {
			data = data[:room]
			b.full = true
		}
	}
	if hold := max(limit, maxHeld); uint64(len(b.buf)+len(data)) > hold {
		b.forget(b.kept - min(b.kept, hold/2))
	}
	b.buf = b.pool.Append(b.buf, data)
	b.kept += uint64(len(data))
}

// forget drops what is before offset off of the body.
func (b *body) forget(off uint64) {
	if off <= b.base {
		return
	}
	n := copy(b.buf, b.buf[min(off-b.base, uint64(len(b.buf))):])
	b.buf = b.buf[:n]
	b.base = b.kept - uint64(n)
}

// window returns what is to be inspected now. Before there are enough bytes it
// is empty, unless nothing more comes or flush is set.
func (b *body) window(c *bodyConfig, inline, flush bool) field.Window {
	if !b.any {
		return field.Window{}
	}
	if !flush && !b.ready(c, inline) {
		return field.Window{}
	}
	off := b.start(c)
	if off < b.base {
		off = b.base
	}
	data := b.buf[off-b.base:]
	seen := int(max(b.inspected, off) - off)
	return field.Window{Data: data[:len(data):len(data)], Offset: off, End: b.done || flush || b.full, Seen: min(seen, len(data))}
}

// ready reports whether there are enough bytes to be inspected, or all.
func (b *body) ready(c *bodyConfig, inline bool) bool {
	return b.done || b.full || inline || b.kept >= c.min
}

// start is the first byte of the window: with the configured number of bytes
// already inspected before the new ones, or a quarter of them where the new ones
// are many.
func (b *body) start(c *bodyConfig) uint64 {
	if b.inspected <= c.min {
		return 0
	}
	fresh := b.kept - b.inspected
	if fresh >= c.window {
		return b.inspected - c.window/4
	}
	return b.inspected - min(b.inspected, c.window-fresh)
}

// seen notes that the rules have seen everything, and lets go of what no window
// to come will show; of all, if nothing more comes and keep is not set.
func (b *body) seen(c *bodyConfig, inline, keep bool) {
	if !b.ready(c, inline) {
		return // they have seen nothing
	}
	b.inspected = b.kept
	switch {
	case b.done && !keep:
		b.buf, b.base = b.pool.Free(b.buf), b.kept
	case b.inspected > c.min:
		b.forget(b.inspected - min(b.inspected, c.window))
	}
}

// bodyData takes bytes of a body as they are behind the transfer coding. It
// returns false if the connection is not to be parsed any further.
func (p *parser) bodyData(dir field.Dir, b []byte) bool {
	t := p.side(dir).tx
	m := t.side(dir)
	m.wire += uint64(len(b))
	t.Touch(dir)
	if !m.codings.active() {
		p.decoded(t, dir, b)
		return true
	}
	return p.uncode(t, dir, b)
}

// decoded takes bytes of a body with all codings undone.
func (p *parser) decoded(t *Tx, dir field.Dir, b []byte) {
	m := t.side(dir)
	m.entity += uint64(len(b))
	limit := t.cfg.body[dir.Index()].limit
	f := t.transfers[dir.Index()].file
	switch {
	case limit == 0 || f != nil && f.Store:
		// A file that is kept is not cut by the limit of inspection.
		m.body.add(b, limit)
		p.fileData(t, dir, b)
	case m.body.kept < limit:
		p.fileData(t, dir, b[:min(uint64(len(b)), limit-m.body.kept)])
		m.body.add(b, limit)
	default:
		p.closeFile(t, dir, true)
	}
}

// bodyGap notes that n bytes of a body are lost.
func (p *parser) bodyGap(dir field.Dir, n int) {
	t := p.side(dir).tx
	m := t.side(dir)
	m.wire += uint64(n)
	t.Touch(dir)
	m.codings.lose()
	p.fileGap(t, dir, n)
}

// endBody ends the body of the message in work.
func (p *parser) endBody(dir field.Dir) {
	t := p.side(dir).tx
	m := t.side(dir)
	if m.codings.active() {
		p.finishCodings(t, dir)
		m.codings.reset()
	}
	m.body.done = true
	p.endFile(t, dir)
}
