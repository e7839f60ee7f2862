package msrpc

import (
	"weir/decode/cursor"
)

// UUID is a name of 16 bytes in the order of its text.
type UUID [16]byte

// readUUID reads one in the byte order of the message: its first three parts are
// numbers (C706 appendix A).
func readUUID(n numbers) (u UUID) {
	copy(u[:], n.Bytes(16))
	if n.little {
		u[0], u[1], u[2], u[3] = u[3], u[2], u[1], u[0]
		u[4], u[5] = u[5], u[4]
		u[6], u[7] = u[7], u[6]
	}
	return u
}

// Append appends the text of u.
func (u UUID) Append(b []byte) []byte {
	const digits = "0123456789abcdef"
	for i, x := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[x>>4], digits[x&15])
	}
	return b
}

// Interface is a presentation context: an interface that the client wants to use
// and what the server says to it.
type Interface struct {
	UUID         UUID
	Major, Minor uint16
	Context      uint16
	Acked        bool   // the server has answered
	Result       uint16 // 0 accepts (C706 section 12.6.3.1, p_cont_def_result_t)
}

// Binder is what a connection or a pipe has agreed on.
type Binder struct {
	Interfaces []Interface
	last       int // where the last bind's begin
}

// Reset forgets it and keeps the memory.
func (d *Binder) Reset() { *d = Binder{Interfaces: d.Interfaces[:0]} }

// Bind reads a bind or an alter_context, of which b is the whole.
func (d *Binder) Bind(h *Header, b []byte) {
	c := cursor.New(b)
	c.Skip(HeaderLen + 8) // sizes of fragments and the group
	n := numbers{&c, h.Little}
	items := int(c.U8())
	c.Skip(3)
	if h.Type == Bind {
		d.Interfaces = d.Interfaces[:0]
	}
	d.last = len(d.Interfaces)
	for ; items > 0 && len(d.Interfaces) < MaxInterfaces; items-- {
		var i Interface
		i.Context = n.u16()
		transfers := int(c.U8())
		c.Skip(1)
		i.UUID = readUUID(n)
		i.Major, i.Minor = n.u16(), n.u16()
		c.Skip(transfers * 20)
		if c.Short() {
			return
		}
		d.Interfaces = append(d.Interfaces, i)
	}
}

// Ack reads the answer to a bind or an alter_context.
func (d *Binder) Ack(h *Header, b []byte) {
	c := cursor.New(b)
	c.Skip(HeaderLen + 8)
	n := numbers{&c, h.Little}
	c.Skip(int(n.u16())) // the second address
	c.Skip(-c.Pos() & 3)
	items := int(c.U8())
	c.Skip(3)
	for i := d.last; items > 0 && i < len(d.Interfaces); items, i = items-1, i+1 {
		result := n.u16()
		c.Skip(2 + 20) // reason and transfer syntax
		if c.Short() {
			return
		}
		x := &d.Interfaces[i]
		x.Acked, x.Result = true, result
	}
}

// New returns the interfaces of the last bind or alter_context.
func (d *Binder) New() []Interface { return d.Interfaces[min(d.last, len(d.Interfaces)):] }
