// Package cursor reads bytes off the wire without ever reading past their end.
//
// A read beyond the end yields zero and makes the cursor Short for good, so
// that a parser reads a whole header and tests once.
package cursor

import "encoding/binary"

// Cursor is a position in a slice of bytes. It is a value: keep it on the stack
// and call its methods on the variable.
type Cursor struct {
	b     []byte
	at    int
	short bool
}

// New returns a cursor at the start of b.
func New(b []byte) Cursor { return Cursor{b: b} }

// take moves on by n bytes and returns them, or nil if they are not there.
func (c *Cursor) take(n int) []byte {
	if n < 0 || n > len(c.b)-c.at {
		c.short = true
		c.at = len(c.b)
		return nil
	}
	s := c.b[c.at : c.at+n : c.at+n]
	c.at += n
	return s
}

// U8 reads one byte.
func (c *Cursor) U8() uint8 {
	if s := c.take(1); s != nil {
		return s[0]
	}
	return 0
}

// U16 reads two bytes, big endian.
func (c *Cursor) U16() uint16 {
	if s := c.take(2); s != nil {
		return binary.BigEndian.Uint16(s)
	}
	return 0
}

// U24 reads three bytes, big endian.
func (c *Cursor) U24() uint32 {
	if s := c.take(3); s != nil {
		return uint32(s[0])<<16 | uint32(s[1])<<8 | uint32(s[2])
	}
	return 0
}

// U32 reads four bytes, big endian.
func (c *Cursor) U32() uint32 {
	if s := c.take(4); s != nil {
		return binary.BigEndian.Uint32(s)
	}
	return 0
}

// U64 reads eight bytes, big endian.
func (c *Cursor) U64() uint64 {
	if s := c.take(8); s != nil {
		return binary.BigEndian.Uint64(s)
	}
	return 0
}

// LE16 reads two bytes, little endian.
func (c *Cursor) LE16() uint16 {
	if s := c.take(2); s != nil {
		return binary.LittleEndian.Uint16(s)
	}
	return 0
}

// LE24 reads three bytes, little endian.
func (c *Cursor) LE24() uint32 {
	if s := c.take(3); s != nil {
		return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16
	}
	return 0
}

// LE32 reads four bytes, little endian.
func (c *Cursor) LE32() uint32 {
	if s := c.take(4); s != nil {
		return binary.LittleEndian.Uint32(s)
	}
	return 0
}

// LE64 reads eight bytes, little endian.
func (c *Cursor) LE64() uint64 {
	if s := c.take(8); s != nil {
		return binary.LittleEndian.Uint64(s)
	}
	return 0
}

// Varint reads the integer of variable length of QUIC (RFC 9000 section 16):
// the first two bits give the length of 1, 2, 4 or 8 bytes, the rest is the
// value, big endian.
func (c *Cursor) Varint() uint64 {
	if c.at == len(c.b) {
		c.short = true
		return 0
	}
	s := c.take(1 << (c.b[c.at] >> 6))
	if s == nil {
		return 0
	}
	v := uint64(s[0] & 0x3f)
	for _, b := range s[1:] {
		v = v<<8 | uint64(b)
	}
	return v
}

// Bytes reads n bytes; the result aliases the input and is nil if they are not
// there.
func (c *Cursor) Bytes(n int) []byte { return c.take(n) }

// Sub reads n bytes as a cursor of their own, Short from the start if they are
// not there.
func (c *Cursor) Sub(n int) Cursor {
	s := c.take(n)
	return Cursor{b: s, short: c.short}
}

// Skip moves on by n bytes.
func (c *Cursor) Skip(n int) { c.take(n) }

// Rest reads what is left; it aliases the input.
func (c *Cursor) Rest() []byte { return c.take(len(c.b) - c.at) }

// Peek returns what is left without moving on.
func (c *Cursor) Peek() []byte { return c.b[c.at:] }

// Len returns how many bytes are left.
func (c *Cursor) Len() int { return len(c.b) - c.at }

// Pos returns how many bytes have been read.
func (c *Cursor) Pos() int { return c.at }

// Short reports whether a read went beyond the end.
func (c *Cursor) Short() bool { return c.short }
