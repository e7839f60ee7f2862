package enip

import (
	"weir/decode/cursor"
	"weir/decode/field"
)

const (
	maxMessages = 64 // CIP messages of a message
	maxSegments = 16 // of a path
	maxDepth    = 2  // of messages within messages
	isResponse  = 0x80

	classConnectionManager = 6
)

// Services that are read further (volume 1, appendix A and section 3-5.5).
const (
	getAttributeList = 0x03
	setAttributeList = 0x04
	multipleService  = 0x0a
	unconnectedSend  = 0x52
)

// serviceNames are the services that all objects share, and those of the connection
// manager and of tags that most devices know.
var serviceNames = []field.EnumName{
	{Name: "get_attr_all", Value: 0x01}, {Name: "set_attr_all", Value: 0x02}, {Name: "get_attr_list", Value: getAttributeList},
	{Name: "set_attr_list", Value: setAttributeList}, {Name: "reset", Value: 0x05}, {Name: "start", Value: 0x06}, {Name: "stop", Value: 0x07},
	{Name: "create", Value: 0x08}, {Name: "delete", Value: 0x09}, {Name: "multiple_service", Value: multipleService}, {Name: "apply_attr", Value: 0x0d},
	{Name: "get_attr_single", Value: 0x0e}, {Name: "set_attr_single", Value: 0x10}, {Name: "find_next_object_instance", Value: 0x11},
	{Name: "restore", Value: 0x15}, {Name: "save", Value: 0x16}, {Name: "nop", Value: 0x17}, {Name: "get_member", Value: 0x18},
	{Name: "set_member", Value: 0x19}, {Name: "insert_member", Value: 0x1a}, {Name: "remove_member", Value: 0x1b}, {Name: "group_sync", Value: 0x1c},
	{Name: "execute_pccc", Value: 0x4b}, {Name: "read_tag", Value: 0x4c}, {Name: "write_tag", Value: 0x4d}, {Name: "forward_close", Value: 0x4e},
	{Name: "unconnected_send", Value: unconnectedSend}, {Name: "write_fragmented", Value: 0x53}, {Name: "forward_open", Value: 0x54},
	{Name: "get_connection_owner", Value: 0x5a}, {Name: "large_forward_open", Value: 0x5b},
}

// cipStatusNames are the general statuses (volume 1, appendix B-1).
var cipStatusNames = []field.EnumName{
	{Name: "success", Value: 0x00}, {Name: "connection_failure", Value: 0x01}, {Name: "resource_unavailable", Value: 0x02},
	{Name: "invalid_parameter_value", Value: 0x03}, {Name: "path_segment_error", Value: 0x04}, {Name: "path_destination_unknown", Value: 0x05},
	{Name: "partial_transfer", Value: 0x06}, {Name: "connection_lost", Value: 0x07}, {Name: "service_not_supported", Value: 0x08},
	{Name: "invalid_attribute_value", Value: 0x09}, {Name: "attribute_list_error", Value: 0x0a}, {Name: "already_in_requested_state", Value: 0x0b},
	{Name: "object_state_conflict", Value: 0x0c}, {Name: "object_already_exists", Value: 0x0d}, {Name: "attribute_not_settable", Value: 0x0e},
	{Name: "privilege_violation", Value: 0x0f}, {Name: "device_state_conflict", Value: 0x10}, {Name: "reply_data_too_large", Value: 0x11},
	{Name: "fragmentation_of_primitive", Value: 0x12}, {Name: "not_enough_data", Value: 0x13}, {Name: "attribute_not_supported", Value: 0x14},
	{Name: "too_much_data", Value: 0x15}, {Name: "object_does_not_exist", Value: 0x16}, {Name: "no_stored_attribute_data", Value: 0x18},
	{Name: "store_operation_failure", Value: 0x19}, {Name: "routing_failure", Value: 0x1b}, {Name: "embedded_service_error", Value: 0x1e},
	{Name: "vendor_specific_error", Value: 0x1f}, {Name: "invalid_parameter", Value: 0x20}, {Name: "invalid_reply", Value: 0x22},
	{Name: "path_size_invalid", Value: 0x26}, {Name: "unexpected_attribute", Value: 0x27}, {Name: "invalid_member_id", Value: 0x28},
	{Name: "member_not_settable", Value: 0x29},
}

// classNames are the objects of appendix 5 of volume 1 that devices must have, or
// often have.
var classNames = []field.EnumName{
	{Name: "Identity", Value: 0x01}, {Name: "Message Router", Value: 0x02}, {Name: "DeviceNet", Value: 0x03}, {Name: "Assembly", Value: 0x04},
	{Name: "Connection", Value: 0x05}, {Name: "Connection Manager", Value: classConnectionManager}, {Name: "Register", Value: 0x07},
	{Name: "Parameter", Value: 0x0f}, {Name: "File", Value: 0x37}, {Name: "Port", Value: 0xf4}, {Name: "TCP/IP Interface", Value: 0xf5},
	{Name: "Ethernet Link", Value: 0xf6},
}

// Kinds of segments of a path (volume 1, appendix C-1.4.2).
const (
	segClass = iota
	segInstance
	segMember
	segConnectionPoint
	segAttribute
	segSpecial
	segService
	segExtended
)

var segmentNames = [...]string{
	segClass: "class", segInstance: "instance", segMember: "member", segConnectionPoint: "connection_point", segAttribute: "attribute",
	segSpecial: "special", segService: "service", segExtended: "extended",
}

// segment is a logical segment of a path; the attributes of a list are segments too.
type segment struct {
	kind   uint8
	listed bool // of a list of attributes, not of the path
	value  uint32
}

// cip is one CIP message.
type cip struct {
	service  uint8 // without the bit of responses
	response bool
	depth    uint8
	status   uint8
	hasMore  bool   // extended is there
	extended uint16 // first word of the additional status
	from, to uint16 // its segments in message.segments
}

// path returns the segments of a CIP message.
func (m *message) path(x *cip) []segment { return m.segments[x.from:x.to] }

// find returns the first segment of a kind.
func (m *message) find(x *cip, kind uint8) (uint32, bool) {
	for _, s := range m.path(x) {
		if s.kind == kind {
			return s.value, true
		}
	}
	return 0, false
}

// readCIP reads a CIP message and those within it.
func (m *message) readCIP(c cursor.Cursor, response bool, depth int) {
	if len(m.cips) >= maxMessages || depth > maxDepth || c.Len() == 0 {
		return
	}
	service := c.U8()
	x := cip{service: service &^ isResponse, response: service&isResponse != 0, depth: uint8(depth)}
	if x.response != response {
		// A request from the server of a connection, which both may send.
		response = x.response
	}
	x.from = uint16(len(m.segments))
	if response {
		c.Skip(1)
		x.status = c.U8()
		words := int(c.U8())
		more := cursor.New(c.Bytes(2 * words))
		if words > 0 {
			x.extended, x.hasMore = more.LE16(), !more.Short()
		}
	} else {
		m.readPath(c.Sub(2 * int(c.U8())))
		if x.service == getAttributeList {
			m.readList(c)
		}
	}
	x.to = uint16(len(m.segments))
	if c.Short() {
		m.segments = m.segments[:x.from]
		return
	}
	m.cips = append(m.cips, x)
	class, _ := m.find(&x, segClass)
	switch {
	case x.service == multipleService:
		m.readMultiple(c, response, depth+1)
	case x.service == unconnectedSend && !response && class == classConnectionManager:
		c.Skip(2) // priority, ticks
		inner := c.Sub(int(c.LE16()))
		if !c.Short() {
			m.readCIP(inner, false, depth+1)
		}
	}
}

// readMultiple reads the messages of a multiple service packet, which offsets from
// their number on tell (volume 1, section 5-5.5.3.2).
func (m *message) readMultiple(c cursor.Cursor, response bool, depth int) {
	b := c.Peek()
	n := int(c.LE16())
	for i := range min(n, maxMessages) {
		at, end := int(c.LE16()), len(b)
		if next := c; i+1 < n {
			end = int(next.LE16())
		}
		if c.Short() || at > end || end > len(b) {
			return
		}
		m.readCIP(cursor.New(b[at:end]), response, depth)
	}
}

// readPath reads the logical segments of a path; it ends at one of another type.
func (m *message) readPath(c cursor.Cursor) {
	for n := 0; c.Len() > 0 && n < maxSegments; n++ {
		head := c.U8()
		if head>>5 != 1 {
			return
		}
		s := segment{kind: head >> 2 & 7}
		switch head & 3 {
		case 0:
			s.value = uint32(c.U8())
		case 1:
			c.Skip(1)
			s.value = uint32(c.LE16())
		case 2:
			c.Skip(1)
			s.value = c.LE32()
		default:
			return
		}
		if c.Short() {
			return
		}
		m.segments = append(m.segments, s)
	}
}

// readList reads the attributes that a list asks for.
func (m *message) readList(c cursor.Cursor) {
	for range min(int(c.LE16()), maxSegments) {
		s := segment{kind: segAttribute, listed: true, value: uint32(c.LE16())}
		if c.Short() {
			return
		}
		m.segments = append(m.segments, s)
	}
}
