package modbus

import (
	"encoding/binary"

	"weir/decode/cursor"
)

const (
	headerBytes = 7 // transaction, protocol, length, unit (Messaging Guide section 3.1.3)
	minLength   = 2 // of the length field: unit and function
	maxLength   = 254

	maxBits      = 2000 // coils or inputs that one request may read (V1.1b3 section 6.1)
	maxRegisters = 125
	maxReadBytes = 250 // of a response
	coilOn       = 0xff00
)

// kind says which members of a message are set.
type kind uint8

const (
	kindNone       kind = iota
	kindData            // data
	kindException       // sub
	kindDiagnostic      // sub, data
	kindTunnel          // sub, data
	kindRead            // read; of a request
	kindReadData        // data; of a response
	kindWrite           // write: address and value; also what a response to kindWriteMany is
	kindWriteMany       // write, data
	kindMask            // write: address, masks
	kindReadWrite       // read, write, data
)

// flags are what is wrong with a message.
type flags uint8

const (
	flagValue flags = 1 << iota
	flagLength
	flagException
	flagFunction
	flagProtocol
)

// message is a request or a response.
type message struct {
	there       bool
	kind        kind
	flags       flags
	unit        uint8
	function    uint8 // with the bit of exceptions
	transaction uint16
	protocol    uint16
	sub         uint16 // subfunction, type or exception code
	read, write span
	data        []byte
}

// span is where a function reads or writes.
type span struct {
	address uint16
	count   uint16 // quantity, or the value of a single one
	or      uint16 // second mask; count is the first
}

// header reads the header that begins b, and returns the length of the message; ok
// is false if it cannot be right.
func (m *message) header(b []byte) (n int, ok bool) {
	m.there = true
	m.transaction, m.protocol = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if m.protocol != 0 {
		m.flags |= flagProtocol
	}
	n = int(binary.BigEndian.Uint16(b[4:]))
	if n < minLength || n > maxLength {
		m.flags |= flagLength
		return headerBytes - 1 + n, false
	}
	m.unit = b[6]
	return headerBytes - 1 + n, true
}

// parse reads function and data, all of b, which m.data aliases then.
func (m *message) parse(b []byte, request bool) {
	m.function = b[0]
	b = b[1:]
	if m.function >= exception && !request {
		m.readException(b)
		return
	}
	if request && (m.function == 0 || m.function >= exception) {
		m.flags |= flagFunction
	}
	f := m.describe()
	c := cursor.New(b)
	switch f.layout {
	case readTable:
		if request {
			m.readRequest(&c, f.access&accBits != 0)
		} else {
			m.readResponse(&c)
		}
	case writeOne:
		m.writeOne(&c, request && f.access&accBits != 0)
	case writeMany:
		if request {
			m.writeMany(&c, f.access&accBits != 0)
		} else {
			m.writeOne(&c, false)
		}
	case writeMasked:
		m.write = span{address: c.U16(), count: c.U16(), or: c.U16()}
		m.kind = kindMask
	case readWriteMany:
		if !request {
			m.readResponse(&c)
			break
		}
		if m.readRequest(&c, false); !c.Short() {
			m.readWrite(&c)
			return
		}
	default:
		m.opaque(&c, f, request)
		return
	}
	switch {
	case !c.Short():
		if c.Len() > 0 {
			m.flags |= flagLength
		}
	case m.kind == kindReadData:
		m.kind, m.flags = kindNone, m.flags&^flagValue|flagLength
	default:
		m.kind, m.data, m.flags = kindData, b, m.flags&^flagValue|flagLength
	}
}

// describe returns what is known of the message's function.
func (m *message) describe() *function {
	if f := &functions[m.function&^exception]; f.name != "" {
		return f
	}
	return &unnamed
}

func (m *message) readException(b []byte) {
	if len(b) == 0 {
		m.kind, m.data, m.flags = kindData, b, m.flags|flagLength
		return
	}
	m.kind, m.sub = kindException, uint16(b[0])
	if nameOf(exceptions[:], m.sub, "") == "" || m.sub == 8 && !fileFunction(m.function&^exception) {
		m.flags |= flagException
	}
	if len(b) > 1 {
		m.flags |= flagLength
	}
}

// fileFunction reports whether a function may find a parity error (section 7).
func fileFunction(code uint8) bool { return code == 20 || code == 21 }

func (m *message) readRequest(c *cursor.Cursor, bits bool) {
	m.kind = kindRead
	m.read = span{address: c.U16(), count: c.U16()}
	most := uint16(maxRegisters)
	if bits {
		most = maxBits
	}
	if m.read.count == 0 || m.read.count > most {
		m.flags |= flagValue
	}
}

func (m *message) readResponse(c *cursor.Cursor) {
	m.kind = kindReadData
	n := int(c.U8())
	m.data = c.Rest()
	if n == 0 || n > maxReadBytes || n != len(m.data) {
		m.flags |= flagValue
	}
}

func (m *message) writeOne(c *cursor.Cursor, coil bool) {
	m.kind = kindWrite
	m.write = span{address: c.U16(), count: c.U16()}
	if coil && m.write.count != 0 && m.write.count != coilOn {
		m.flags |= flagValue
	}
}

func (m *message) writeMany(c *cursor.Cursor, bits bool) {
	m.kind = kindWriteMany
	m.write = span{address: c.U16(), count: c.U16()}
	n := int(c.U8())
	m.data = c.Rest()
	if n != size(m.write.count, bits) {
		m.flags |= flagValue
	}
	if n != len(m.data) || m.write.count == 0 {
		m.flags |= flagLength
	}
}

// readWrite reads the second half of function 23.
func (m *message) readWrite(c *cursor.Cursor) {
	half := *m
	m.writeMany(c, false)
	if m.kind = kindReadWrite; c.Short() {
		*m = half
		m.flags |= flagLength
	}
}

// size returns how many bytes so many coils or registers take.
func size(count uint16, bits bool) int {
	if bits {
		return (int(count) + 7) / 8
	}
	return 2 * int(count)
}

// opaque reads data without a layout.
func (m *message) opaque(c *cursor.Cursor, f *function, request bool) {
	want := f.response
	if request {
		want = f.request
	}
	switch f.layout {
	case diagnostic:
		m.kind, m.sub = kindDiagnostic, c.U16()
	case tunnel:
		m.kind, m.sub = kindTunnel, uint16(c.U8())
	default:
		m.kind = kindData
	}
	if c.Short() {
		m.kind, m.flags = kindNone, m.flags|flagLength
		return
	}
	m.data = c.Rest()
	if want >= 0 && len(m.data) != want || want == atLeastOne && len(m.data) == 0 {
		m.flags |= flagLength
	}
}

// answers reports whether m is a response to the request q.
func (m *message) answers(q *message) bool {
	if m.transaction != q.transaction || m.unit != q.unit || m.function&^exception != q.function&^exception {
		return false
	}
	switch m.kind {
	case kindNone:
		return m.describe().access == 0
	case kindDiagnostic, kindTunnel:
		return q.kind != m.kind || q.sub == m.sub
	}
	return true
}

// compare flags a response whose data is not what the request q asked for.
func (m *message) compare(q *message) {
	var same bool
	switch m.kind {
	case kindReadData:
		// Registers that functions 3 and 4 read are counted as if they were bits: so
		// do the engines whose rules and records this follows.
		same = len(m.data) == size(q.read.count, q.kind == kindRead) || q.kind != kindRead && q.kind != kindReadWrite
	case kindWrite, kindMask:
		same = m.write == q.write || q.kind == kindData || q.kind == kindNone
	default:
		return
	}
	if !same {
		m.flags |= flagValue
	}
}
