package nfs

import (
	"weir/decode/cursor"
	"weir/decode/field"
)

// fileTx returns the transaction of a file in that direction, opened at its first
// piece.
func (p *parser) fileTx(version, procedure uint32, dir field.Dir, handle []byte) *Tx {
	for i := range p.txs.Len() {
		if t := p.txs.At(i); t.isFile && t.dir == dir && !t.last && string(t.handle) == string(handle) {
			return t
		}
	}
	t := p.open()
	t.version, t.procedure, t.isFile, t.dir, t.accepted = version, procedure, true, dir, true
	t.handle = append(t.handle[:0], handle...)
	t.hashed = true
	t.name = append(t.name[:0], p.nameOf(handle)...)
	return t
}

// transfer handles a call to read or to write.
func (p *parser) transfer(xid, version, procedure uint32, c *cursor.Cursor) {
	handle := readHandle(c, version)
	var offset, count uint64
	if version == 2 {
		offset, count = uint64(c.U32()), uint64(c.U32())
	} else {
		offset, count = c.U64(), uint64(c.U32())
	}
	if c.Short() {
		return
	}
	if version == 2 || procedure == v3Read {
		t := p.fileTx(version, procedure, field.ToClient, handle)
		t.xid, t.offset, t.count, t.replied = xid, offset, count, false
		return
	}
	stable := c.U32()
	data := opaque(c)
	if c.Short() {
		return
	}
	t := p.fileTx(version, procedure, field.ToServer, handle)
	t.xid, t.replied = xid, false
	p.piece(t, offset, data)
	if stable == fileSync {
		p.end(t, false)
	}
}

// received handles the reply to a read or a write.
func (p *parser) received(t *Tx, c *cursor.Cursor) {
	t.replied = true
	if t.dir == field.ToServer || t.status != 0 {
		return
	}
	var eof bool
	if t.version == 2 {
		attr := cursor.New(c.Bytes(attr2Len))
		attr.Skip(20)
		size := uint64(attr.U32())
		data := opaque(c)
		eof = t.offset+uint64(len(data)) >= size
		p.piece(t, t.offset, data)
	} else {
		if c.U32() != 0 {
			c.Skip(attr3Len)
		}
		c.Skip(4)
		eof = c.U32() != 0
		p.piece(t, t.offset, opaque(c))
	}
	if c.Short() {
		t.AddEvent(evMalformedData, field.ToClient)
		return
	}
	if eof {
		p.end(t, false)
	}
}

// piece takes a piece of a file: what is missing before it is a gap.
func (p *parser) piece(t *Tx, offset uint64, b []byte) {
	d := t.dir.Index()
	if t.file == nil {
		if p.env.Files == nil {
			return
		}
		t.file = p.env.Files.Open(&t.list, t.name, t.Base().ID)
		t.Files[d] = &t.list
		t.at = 0
	} else {
		t.chunks++
	}
	if offset > t.at {
		t.file.Gap(offset - t.at)
		t.at = offset
	}
	if skip := t.at - offset; skip < uint64(len(b)) {
		b = b[skip:]
		t.file.Append(b, p.env.Files.Window)
		t.at += uint64(len(b))
	}
	t.Touch(t.dir)
}

// commit ends the files that are written to a handle.
func (p *parser) commit(handle []byte) {
	for i := range p.txs.Len() {
		if t := p.txs.At(i); t.isFile && t.dir == field.ToServer && string(t.handle) == string(handle) {
			p.end(t, false)
		}
	}
}

// end ends a file.
func (p *parser) end(t *Tx, cut bool) {
	if t.file != nil {
		t.file.Close(cut)
	}
	t.file, t.last = nil, true
	t.Advance(field.ToServer, done)
	t.Advance(field.ToClient, done)
}
