package enip

import (
	"bytes"

	"weir/decode/cursor"
	"weir/decode/field"
)

// Commands of the encapsulation (section 2-3.2).
const (
	nop               = 0x00
	listServices      = 0x04
	listIdentity      = 0x63
	listInterfaces    = 0x64
	registerSession   = 0x65
	unregisterSession = 0x66
	sendRRData        = 0x6f
	sendUnitData      = 0x70
	indicateStatus    = 0x72
	cancel            = 0x73
)

var commandNames = []field.EnumName{
	{Name: "nop", Value: nop}, {Name: "list_services", Value: listServices}, {Name: "list_identity", Value: listIdentity},
	{Name: "list_interfaces", Value: listInterfaces}, {Name: "register_session", Value: registerSession},
	{Name: "unregister_session", Value: unregisterSession}, {Name: "send_rr_data", Value: sendRRData}, {Name: "send_unit_data", Value: sendUnitData},
	{Name: "indicate_status", Value: indicateStatus}, {Name: "cancel", Value: cancel},
}

// statusNames are the statuses of the encapsulation (section 2-3.5).
var statusNames = []field.EnumName{
	{Name: "success", Value: 0}, {Name: "invalid_cmd", Value: 1}, {Name: "no_resources", Value: 2}, {Name: "incorrect_data", Value: 3},
	{Name: "invalid_session", Value: 0x64}, {Name: "invalid_length", Value: 0x65}, {Name: "unsupported_prot_rev", Value: 0x69},
	{Name: "encap_header_error", Value: 0x6a},
}

func known(command uint16) bool { return nameOf(commandNames, uint64(command)) != "" }

// answered reports whether a command gets a response.
func answered(command uint16) bool {
	switch command {
	case nop, unregisterSession, indicateStatus, cancel:
		return false
	}
	return true
}

// nameOf returns the name of a value, or "".
func nameOf(names []field.EnumName, v uint64) string {
	for i := range names {
		if names[i].Value == v {
			return names[i].Name
		}
	}
	return ""
}

// Types of items of the common packet format (section 2-6.2).
const (
	itemIdentity    = 0x0c
	itemConnected   = 0xb1
	itemUnconnected = 0xb2
	itemServices    = 0x100

	maxItems = 16
)

// kind says what a message holds behind its header.
type kind uint8

const (
	kindBare kind = iota
	kindSession
	kindIdentity
	kindServices
	kindCIP
)

// identity is what a device says of itself (section 2-4.3).
type identity struct {
	vendor, device, product uint16
	revision, status        uint16 // the major revision is in the lower byte
	serial                  uint32
	state                   uint8
}

// message is a request or a response.
type message struct {
	there        bool
	kind         kind
	command      uint16
	status       uint32
	session      uint32
	context      [8]byte
	version      uint16 // of the protocol; of kinds session, identity and services
	options      uint16 // of kind session
	capabilities uint16 // of kind services
	identity     identity
	text         []byte // name of the product or of the service
	cips         []cip
	segments     []segment // of the paths of cips
}

// parse reads a whole message; false says that what its command promises is not there.
func (m *message) parse(b []byte, response bool) bool {
	c := cursor.New(b)
	m.there = true
	m.command = c.LE16()
	c.Skip(2) // length
	m.session, m.status = c.LE32(), c.LE32()
	copy(m.context[:], c.Bytes(len(m.context)))
	c.Skip(4) // options
	if c.Len() == 0 {
		return true // an error, or a request without data
	}
	switch m.command {
	case registerSession:
		m.kind, m.version, m.options = kindSession, c.LE16(), c.LE16()
	case listServices, listIdentity:
		return m.items(&c, response)
	case sendRRData, sendUnitData:
		c.Skip(6) // interface, timeout
		return m.items(&c, response)
	}
	return !c.Short()
}

// items reads the items of the common packet format.
func (m *message) items(c *cursor.Cursor, response bool) bool {
	n := int(c.LE16())
	for range min(n, maxItems) {
		kind, length := c.LE16(), int(c.LE16())
		item := cursor.New(c.Bytes(length))
		if c.Short() {
			return false
		}
		switch kind {
		case itemIdentity:
			m.readIdentity(&item)
		case itemServices:
			m.kind, m.version, m.capabilities = kindServices, item.LE16(), item.LE16()
			name, _, _ := bytes.Cut(item.Bytes(min(16, item.Len())), []byte{0})
			m.text = append(m.text[:0], name...)
		case itemConnected:
			item.Skip(2) // sequence number
			m.kind = kindCIP
			m.readCIP(item, response, 0)
		case itemUnconnected:
			m.kind = kindCIP
			m.readCIP(item, response, 0)
		}
		if item.Short() {
			return false
		}
	}
	return !c.Short()
}

func (m *message) readIdentity(c *cursor.Cursor) {
	m.kind, m.version = kindIdentity, c.LE16()
	c.Skip(16) // socket address
	m.identity = identity{vendor: c.LE16(), device: c.LE16(), product: c.LE16(), revision: c.LE16(), status: c.LE16(), serial: c.LE32()}
	m.text = append(m.text[:0], c.Bytes(int(c.U8()))...)
	m.identity.state = c.U8()
}
