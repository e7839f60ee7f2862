package snmp

import (
	"bytes"

	"weir/decode/cursor"
	"weir/decode/proto/internal/der"
)

// modelUser is the user-based security model (RFC 3414 section 2.4).
const modelUser = 3

// flagEncrypted: the message of version 3 is encrypted (RFC 3412 section 6.4).
const flagEncrypted = 0x02

// Tags of values (RFC 3416 section 3, RFC 1155 section 6).
const (
	tagOctets    = 0x04
	tagOID       = 0x06
	tagAddress   = 0x40
	tagCounter   = 0x41
	tagGauge     = 0x42
	tagTicks     = 0x43
	tagCounter64 = 0x46
	tagUnsigned  = 0x47
	tagPDU       = 0xa0 // of the first type
)

// Types of what is asked (RFC 3416 section 3).
const (
	getRequest = iota
	getNextRequest
	response
	setRequest
	trapV1
	getBulkRequest
	informRequest
	trapV2
	report
	pduTypes
)

// message is the parts of a message; its slices alias the bytes it was read from.
type message struct {
	version   uint8 // 1, 2 or 3; 0: none was read
	encrypted bool
	model     uint32 // security model, version 3
	community []byte // versions 1 and 2, nil without
	user      []byte // version 3 with the user-based model, nil without
	pdu       uint8  // type, valid unless encrypted
	failure   uint32 // error status of a response
	trap      trap
	variables []byte // list of variables
}

// trap is what a trap of version 1 adds (RFC 1157 section 4.1.6).
type trap struct {
	generic    uint32
	enterprise []byte // OID
	address    []byte // four bytes
}

// element reads an element of that tag; nil if it is another.
func element(c *cursor.Cursor, tag byte) []byte {
	got, v := der.Next(c)
	if got != tag {
		return nil
	}
	return v
}

// number reads the value of an integer that is not negative, of at most four bytes
// behind leading zeros.
func number(b []byte) (v uint32, ok bool) {
	if b == nil || len(b) > 0 && b[0] >= 0x80 {
		return 0, false
	}
	b = bytes.TrimLeft(b, "\x00")
	if len(b) > 4 {
		return 0, false
	}
	for _, x := range b {
		v = v<<8 | uint32(x)
	}
	return v, true
}

// readNumber reads an integer.
func readNumber(c *cursor.Cursor) (v uint32, ok bool) { return number(element(c, der.Integer)) }

// readVersion reads the version: 1, 2 or 3.
func readVersion(c *cursor.Cursor) (version uint8, ok bool) {
	switch v, ok := readNumber(c); {
	case !ok:
		return 0, false
	case v == 0 || v == 1:
		return uint8(v) + 1, true
	case v == 3:
		return 3, true
	}
	return 0, false
}

// read reads a message.
func (m *message) read(b []byte) bool {
	c := cursor.New(b)
	c = cursor.New(element(&c, der.Sequence))
	var ok bool
	if m.version, ok = readVersion(&c); !ok {
		return false
	}
	if m.version == 3 {
		return m.readV3(&c)
	}
	if m.community = element(&c, tagOctets); !isText(m.community) {
		return false
	}
	return m.readPDU(&c)
}

// readV3 reads what follows the version 3 (RFC 3412 section 6).
func (m *message) readV3(c *cursor.Cursor) bool {
	head := cursor.New(element(c, der.Sequence))
	_, okID := readNumber(&head)
	_, okSize := readNumber(&head)
	flags := element(&head, tagOctets)
	model, ok := readNumber(&head)
	security := element(c, tagOctets)
	if !ok || !okID || !okSize || len(flags) != 1 || security == nil {
		return false
	}
	if m.model = model; model == modelUser && !m.readUser(security) {
		return false
	}
	if flags[0]&flagEncrypted != 0 {
		m.encrypted = true
		m.user = nil
		return element(c, tagOctets) != nil
	}
	scoped := cursor.New(element(c, der.Sequence))
	engine, name := element(&scoped, tagOctets), element(&scoped, tagOctets)
	return engine != nil && name != nil && m.readPDU(&scoped)
}

// readUser reads the parameters of the user-based security model (RFC 3414 section
// 2.4).
func (m *message) readUser(b []byte) bool {
	c := cursor.New(b)
	c = cursor.New(element(&c, der.Sequence))
	engine := element(&c, tagOctets)
	_, okBoots := readNumber(&c)
	_, okTime := readNumber(&c)
	m.user = element(&c, tagOctets)
	auth, priv := element(&c, tagOctets), element(&c, tagOctets)
	return engine != nil && okBoots && okTime && isText(m.user) && auth != nil && priv != nil
}

// readPDU reads what is asked or answered (RFC 3416 section 3).
func (m *message) readPDU(c *cursor.Cursor) bool {
	tag, body := der.Next(c)
	if body == nil || tag < tagPDU || tag >= tagPDU+pduTypes {
		return false
	}
	m.pdu = tag - tagPDU
	if m.version == 1 && m.pdu > trapV1 {
		return false
	}
	b := cursor.New(body)
	if m.pdu == trapV1 {
		if !m.readTrap(&b) {
			return false
		}
	} else {
		_, okID := readNumber(&b)
		failure, ok := readNumber(&b)
		_, okIndex := readNumber(&b)
		if !ok || !okID || !okIndex {
			return false
		}
		if m.pdu != getBulkRequest { // which has a count there
			m.failure = failure
		}
	}
	m.variables = element(&b, der.Sequence)
	return m.variables != nil && areVariables(m.variables)
}

// readTrap reads the head of a trap of version 1.
func (m *message) readTrap(c *cursor.Cursor) bool {
	m.trap.enterprise = element(c, tagOID)
	m.trap.address = element(c, tagAddress)
	generic, ok := readNumber(c)
	_, okSpecific := readNumber(c)
	_, okTime := number(element(c, tagTicks))
	m.trap.generic = generic
	return m.trap.enterprise != nil && len(m.trap.address) == 4 && ok && okSpecific && okTime
}

// areVariables reports whether b is variables with their values.
func areVariables(b []byte) bool {
	c := cursor.New(b)
	for c.Len() > 0 {
		v := cursor.New(element(&c, der.Sequence))
		if element(&v, tagOID) == nil || !isValue(der.Next(&v)) {
			return false
		}
	}
	return true
}

// isValue reports whether an element can be the value of a variable.
func isValue(tag byte, b []byte) bool {
	if b == nil {
		return false
	}
	switch tag {
	case tagAddress:
		return len(b) == 4
	case der.Integer, tagCounter, tagGauge, tagTicks, tagUnsigned:
		return len(bytes.TrimLeft(b, "\x00")) <= 4
	case tagCounter64:
		return len(bytes.TrimLeft(b, "\x00")) <= 8
	}
	const class, contextSpecific, private = 0xc0, 0x80, 0xc0
	switch tag & class {
	case contextSpecific: // no such object, no such instance, end of the view
		return tag <= contextSpecific+2
	case private:
		return false
	}
	return true
}
