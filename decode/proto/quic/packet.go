package quic

import (
	"encoding/binary"

	"weir/decode/cursor"
	"weir/decode/field"
)

// Versions.
const (
	version1 = 0x00000001
	version2 = 0x6b3343cf
)

// Types of long headers in the numbering of version 1 (RFC 9000 section 17.2).
const (
	typeInitial = iota
	typeZeroRTT
	typeHandshake
	typeRetry
)

// longType returns the type of a packet with a long header; version 2 numbers them
// differently (RFC 9369 section 3.2).
func longType(first byte, version uint32) int {
	t := int(first >> 4 & 3)
	if version == version2 {
		t = (t + 3) & 3
	}
	return t
}

// maxID is the largest length of a connection ID (RFC 9000 section 17.2), bytes.
const maxID = 20

// datagram handles the packets of a datagram.
func (p *parser) datagram(dir field.Dir, b []byte) {
	for len(b) > 0 {
		if b[0]&0x80 == 0 {
			if b[0]&0x09 == 0x09 && len(b) > 13 && b[9] == 'Q' {
				p.public(dir, b)
			}
			return
		}
		n := p.long(dir, b)
		if n == 0 {
			return
		}
		b = b[n:]
	}
}

// long handles a packet with a long header and returns its length, 0 if nothing
// behind it can be read.
func (p *parser) long(dir field.Dir, b []byte) int {
	c := cursor.New(b)
	first := c.U8()
	version := c.U32()
	if version>>24 == 'Q' {
		p.long46(dir, version, &c)
		return 0
	}
	dst := c.Bytes(int(c.U8()))
	src := c.Bytes(int(c.U8()))
	if c.Short() || len(dst) > maxID || len(src) > maxID {
		return 0
	}
	if version == 0 { // negotiation of the version
		p.open(dir, 0)
		return 0
	}
	salt, v2 := saltOf(version)
	if salt == nil {
		p.open(dir, version)
		return 0
	}
	switch longType(first, version) {
	case typeRetry:
		if dir == field.ToClient && !p.retried { // a client takes one (RFC 9000 section 17.2.5.2)
			p.retried = true
			p.keys = nil
			p.crypto[0].reset()
			p.hello[0] = false
		}
		return 0
	case typeInitial:
		c.Skip(int(min(c.Varint(), uint64(len(b))))) // token
	}
	size := int(min(c.Varint(), uint64(len(b)+1)))
	at := c.Pos()
	if c.Short() || size > len(b)-at {
		return 0
	}
	if longType(first, version) != typeInitial {
		return at + size
	}
	if p.keys == nil {
		if dir != field.ToServer {
			p.open(dir, version)
			return at + size
		}
		p.keys = newKeys(salt, dst, v2)
	}
	if p.hello[dir.Index()] {
		return at + size // sent again, or an acknowledgement
	}
	t := p.open(dir, version)
	buf := p.scratch(size)
	if plain, ok := p.keys.open(buf, dir.Index(), b[:at+size], at); ok {
		p.frames(t, dir, plain)
	} else {
		t.AddEvent(evFailedDecrypt, dir)
	}
	if p.env.Buffers != nil {
		p.env.Buffers.Put(buf)
	}
	return at + size
}

// scratch returns an empty buffer for n bytes, of the worker's.
func (p *parser) scratch(n int) []byte {
	if p.env.Buffers == nil {
		return make([]byte, 0, n)
	}
	return p.env.Buffers.Get(n)
}

// Frames that Initial packets may have (RFC 9000 section 17.2.2).
const (
	framePadding = 0x00
	framePing    = 0x01
	frameAck     = 0x02
	frameAckECN  = 0x03
	frameCrypto  = 0x06
	frameClose   = 0x1c
)

// maxRanges bounds the ranges of an acknowledgement that are read.
const maxRanges = 1024

// frames reads the frames of an Initial packet.
func (p *parser) frames(t *Tx, dir field.Dir, b []byte) {
	c := cursor.New(b)
	a := &p.crypto[dir.Index()]
	for c.Len() > 0 {
		switch kind := c.Varint(); kind {
		case framePadding, framePing:
		case frameAck, frameAckECN:
			c.Varint()
			c.Varint()
			n := c.Varint()
			if n > maxRanges {
				t.AddEvent(evErrorOnData, dir)
				return
			}
			c.Varint()
			for ; n > 0; n-- {
				c.Varint()
				c.Varint()
			}
			if kind == frameAckECN {
				c.Varint()
				c.Varint()
				c.Varint()
			}
		case frameCrypto:
			off, n := c.Varint(), c.Varint()
			data := c.Bytes(int(min(n, uint64(len(b)+1))))
			if c.Short() {
				break
			}
			if !a.add(off, data) {
				t.AddEvent(evCryptoTooLong, dir)
				return
			}
		case frameClose:
			c.Rest()
		default:
			t.AddEvent(evErrorOnData, dir)
			return
		}
		if c.Short() {
			t.AddEvent(evErrorOnData, dir)
			return
		}
	}
	m := a.message()
	if m == nil {
		return
	}
	p.hello[dir.Index()] = true
	t.raw = append(t.raw[:0], m[4:]...)
	switch {
	case m[0] == 1 && dir == field.ToServer:
		t.hasTLS = t.hello.ParseClient(t.raw)
	case m[0] == 2 && dir == field.ToClient:
		t.hasTLS = t.hello.ParseServer(t.raw)
	}
	if !t.hasTLS {
		t.AddEvent(evErrorOnData, dir)
	}
	p.crypto[dir.Index()] = assembly{} // its memory is not needed any more
	p.keys.dirs[dir.Index()].forget()
}

// be32 reads four bytes.
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
