// Package msrpc reads the messages of DCE RPC (The Open Group C706, [MS-RPCE]),
// wherever they travel: over TCP and UDP themselves, or in the named pipes of SMB.
//
// A Call is one request and its response, put together from fragments; a Binder
// is what a connection has agreed on. Memory is bounded by MaxStub bytes of a
// call and direction and by MaxInterfaces of a connection.
package msrpc

import (
	"weir/decode/cursor"
	"weir/decode/field"
)

// Bounds of what is kept.
const (
	// MaxStub is how much of the data of a call is kept by direction, bytes.
	MaxStub = 1 << 20
	// MaxInterfaces is how many presentation contexts of a connection are known.
	MaxInterfaces = 64
)

// Type is the type of a message (C706 section 12.6.4.1).
type Type uint8

// Types that something is done with.
const (
	Request          Type = 0
	Response         Type = 2
	Fault            Type = 3
	Bind             Type = 11
	BindAck          Type = 12
	BindNak          Type = 13
	AlterContext     Type = 14
	AlterContextResp Type = 15
	Auth3            Type = 16
)

var typeNames = [...]string{
	"REQUEST", "PING", "RESPONSE", "FAULT", "WORKING", "NOCALL", "REJECT", "ACK", "CL_CANCEL", "FACK", "CANCEL_ACK",
	"BIND", "BINDACK", "BINDNAK", "ALTER_CONTEXT", "ALTER_CONTEXT_RESP", "AUTH3", "SHUTDOWN", "CO_CANCEL", "ORPHANED",
}

// Known reports whether the type has a name.
func (t Type) Known() bool { return int(t) < len(typeNames) }

// String returns the name that records use.
func (t Type) String() string {
	if t.Known() {
		return typeNames[t]
	}
	return "UNKNOWN"
}

// FromServer reports whether it is the server that sends the type.
func (t Type) FromServer() bool {
	switch t {
	case Response, Fault, BindAck, BindNak, AlterContextResp:
		return true
	}
	return false
}

// HeaderLen is the length of the header of every message of a connection, bytes.
const HeaderLen = 16

// Flags of a header.
const (
	FirstFrag = 1 << iota
	LastFrag
)

// Header is that of a message of a connection (C706 section 12.6.3.1).
type Header struct {
	Major, Minor uint8
	Type         Type
	Flags        uint8
	Little       bool // numbers behind are little endian
	Len          int  // of the message with the header, bytes
	AuthLen      int
	CallID       uint32
}

// ParseHeader reads the header at the beginning of b. ok is false if it cannot be
// one, or if b is too short for it.
func ParseHeader(b []byte) (h Header, ok bool) {
	c := cursor.New(b)
	h.Major, h.Minor, h.Type, h.Flags = c.U8(), c.U8(), Type(c.U8()), c.U8()
	drep := c.Bytes(4)
	if c.Short() {
		return h, false
	}
	h.Little = drep[0]&0x10 != 0
	n := numbers{&c, h.Little}
	h.Len, h.AuthLen, h.CallID = int(n.u16()), int(n.u16()), n.u32()
	return h, !c.Short() && h.Major == 5 && h.Minor <= 1 && h.Len >= HeaderLen
}

// Begins reports whether b begins with a message of a connection.
func Begins(b []byte) bool {
	h, ok := ParseHeader(b)
	return ok && h.Type.Known() && b[4]&0xee == 0
}

// numbers reads numbers in the byte order of a message.
type numbers struct {
	*cursor.Cursor
	little bool
}

func (n numbers) u16() uint16 {
	if n.little {
		return n.LE16()
	}
	return n.U16()
}

func (n numbers) u32() uint32 {
	if n.little {
		return n.LE32()
	}
	return n.U32()
}

// Call is a request and its response. It is part of a transaction and reused
// with it.
type Call struct {
	// Req and Res are the types of the messages, valid if HasReq and HasRes.
	Req, Res       Type
	HasReq, HasRes bool
	ID             uint32
	Context        uint16
	Opnum          uint16
	Frags          [2]uint16 // of the data, by direction
	Stub           [2][]byte // the data, by direction
	Little         [2]bool   // byte order by direction
	// Interfaces are those of a bind, or for a request those of the connection.
	Interfaces []Interface
}

// Reset empties the call and keeps its memory.
func (c *Call) Reset() {
	*c = Call{Stub: [2][]byte{c.Stub[0][:0], c.Stub[1][:0]}, Interfaces: c.Interfaces[:0]}
}

// Add appends the data of a fragment.
func (c *Call) Add(dir field.Dir, b []byte) {
	d := dir.Index()
	c.Stub[d] = append(c.Stub[d], b[:min(len(b), MaxStub-len(c.Stub[d]))]...)
	if c.Frags[d] < 1<<16-1 {
		c.Frags[d]++
	}
}

// RequestBody reads a request, of which b is the whole: context, number of the
// operation and data, to which an object counts.
func (c *Call) RequestBody(h *Header, b []byte) {
	cur := cursor.New(b)
	cur.Skip(HeaderLen + 4) // and the allocation hint
	n := numbers{&cur, h.Little}
	c.Context, c.Opnum = n.u16(), n.u16()
	c.Add(field.ToServer, cur.Rest())
}

// ResponseBody reads a response. All behind the header counts as its data, as
// rules have always had it: allocation hint, context and cancel count too.
func (c *Call) ResponseBody(b []byte) { c.Add(field.ToClient, b[HeaderLen:]) }
