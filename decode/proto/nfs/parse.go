package nfs

import (
	"weir/decode/cursor"
	"weir/decode/field"
)

// Procedures of version 3 (RFC 1813 section 3) that something is done with.
const (
	v3GetAttr  = 1
	v3Lookup   = 3
	v3Access   = 4
	v3Read     = 6
	v3Write    = 7
	v3Create   = 8
	v3Mkdir    = 9
	v3Remove   = 12
	v3Rmdir    = 13
	v3Rename   = 14
	v3ReadDirP = 17
	v3Commit   = 21
)

// Procedures of version 2 (RFC 1094 section 2.2).
const (
	v2GetAttr = 1
	v2Lookup  = 4
	v2Read    = 6
	v2Create  = 9
	v2Remove  = 10
	v2Rename  = 11
	v2Mkdir   = 14
	v2Rmdir   = 15
)

const (
	authUnix   = 1
	handle2Len = 32 // of version 2, bytes
	attr2Len   = 68 // of version 2 (RFC 1094 section 2.3.5), bytes
	attr3Len   = 84 // of version 3 (RFC 1813 section 2.6), bytes
	fileSync   = 2  // a write is stable at once (RFC 1813 section 3.3.7)
)

// opaque reads bytes of variable length, which fill up to a multiple of four.
func opaque(c *cursor.Cursor) []byte {
	n := int(c.U32())
	b := c.Bytes(n)
	if n < 1<<30 {
		c.Skip(min(-n&3, c.Len()))
	}
	return b
}

// message handles a message of ONC RPC.
func (p *parser) message(dir field.Dir, b []byte) {
	c := cursor.New(b)
	xid, kind := c.U32(), c.U32()
	switch {
	case c.Short():
	case kind == 0 && dir == field.ToServer:
		p.call(xid, &c)
	case kind == 1 && dir == field.ToClient:
		p.reply(xid, &c)
	}
}

// call handles a call.
func (p *parser) call(xid uint32, c *cursor.Cursor) {
	c.Skip(4)
	prog, version, procedure := c.U32(), c.U32(), c.U32()
	flavor := c.U32()
	cred := cursor.New(opaque(c))
	c.Skip(4)
	opaque(c)
	if c.Short() || prog != program || version > 3 {
		return
	}
	if version == 3 && (procedure == v3Read || procedure == v3Write) || version == 2 && procedure == v2Read {
		p.transfer(xid, version, procedure, c)
		return
	}
	t := p.open()
	t.version, t.procedure, t.xid, t.auth = version, procedure, xid, flavor
	if flavor == authUnix {
		cred.Skip(4) // stamp
		t.machine = append(t.machine[:0], opaque(&cred)...)
		t.uid, t.gid = cred.U32(), cred.U32()
	}
	if version < 2 {
		t.AddEvent(evNoSuchVersion, field.ToServer)
	} else {
		p.arguments(t, c)
	}
	if c.Short() {
		t.AddEvent(evMalformedData, field.ToServer)
	}
	t.Advance(field.ToServer, done)
}

// readHandle reads a file handle.
func readHandle(c *cursor.Cursor, version uint32) []byte {
	if version == 2 {
		return c.Bytes(handle2Len)
	}
	return opaque(c)
}

// arguments reads those of a call that is not a read nor a write.
func (p *parser) arguments(t *Tx, c *cursor.Cursor) {
	old := t.version == 2
	if t.procedure == 0 {
		return
	}
	t.handle = append(t.handle[:0], readHandle(c, t.version)...)
	switch n := t.procedure; {
	case !old && (n == v3Lookup || n == v3Create || n == v3Mkdir || n == v3Remove || n == v3Rmdir), old && n == v2Lookup,
		old && (n == v2Create || n == v2Remove || n == v2Mkdir || n == v2Rmdir):
		t.name = append(t.name[:0], opaque(c)...)
		t.hashed = !old && n != v3Lookup
	case !old && n == v3Rename, old && n == v2Rename:
		t.name = append(t.name[:0], opaque(c)...)
		readHandle(c, t.version)
		t.to = append(t.to[:0], opaque(c)...)
		t.hashed = !old
	case !old && (n == v3Access || n == v3GetAttr || n == v3ReadDirP || n == v3Commit):
		t.hashed = true
		t.name = append(t.name[:0], p.nameOf(t.handle)...)
		if n == v3Commit {
			p.commit(t.handle)
		}
	}
}

// reply handles a reply.
func (p *parser) reply(xid uint32, c *cursor.Cursor) {
	var t *Tx
	for i := range p.txs.Len() {
		if x := p.txs.At(i); x.xid == xid && !x.replied {
			t = x
			break
		}
	}
	if t == nil {
		return
	}
	t.accepted = c.U32() == 0
	c.Skip(4)
	opaque(c)
	state := c.U32()
	switch {
	case !t.accepted || state != 0 || c.Short():
	case t.procedure != 0:
		t.status = c.U32()
	}
	if t.isFile {
		p.received(t, c)
		return
	}
	t.replied = true
	if t.status == 0 {
		p.learn(t, c)
	}
	t.Advance(field.ToServer, done)
	t.Advance(field.ToClient, done)
}

// learn notes the handle that a reply gives to a name.
func (p *parser) learn(t *Tx, c *cursor.Cursor) {
	switch {
	case t.version == 3 && t.procedure == v3Lookup, t.version == 2 && t.procedure == v2Lookup, t.version == 2 && t.procedure == v2Create:
	case t.version == 3 && t.procedure == v3Create:
		if c.U32() == 0 {
			return
		}
	default:
		return
	}
	h := readHandle(c, t.version)
	if len(h) == 0 || len(t.name) == 0 {
		return
	}
	if t.version == 3 && t.procedure == v3Lookup {
		t.handle, t.hashed = append(t.handle[:0], h...), true
	}
	if len(p.names) < maxNames {
		if len(p.names) < cap(p.names) {
			p.names = p.names[:len(p.names)+1]
		} else {
			p.names = append(p.names, named{})
		}
		p.next = len(p.names) - 1
	} else {
		p.next = (p.next + 1) % maxNames
	}
	n := &p.names[p.next]
	n.handle, n.name = append(n.handle[:0], h...), append(n.name[:0], t.name...)
}

// nameOf returns the name of a handle, nil if it is not known.
func (p *parser) nameOf(handle []byte) []byte {
	for i := len(p.names) - 1; i >= 0; i-- {
		if string(p.names[i].handle) == string(handle) {
			return p.names[i].name
		}
	}
	return nil
}
