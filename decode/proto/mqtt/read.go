package mqtt

import (
	"weir/decode/cursor"
)

// version5 is the protocol level of MQTT 5.0.
const version5 = 5

// text reads a string or binary data: two bytes of length before it (section 1.5.4).
func text(c *cursor.Cursor) []byte { return c.Bytes(int(c.U16())) }

// variable reads a variable byte integer (section 1.5.5).
func variable(c *cursor.Cursor) (n int) {
	for shift := 0; shift < 28; shift += 7 {
		b := c.U8()
		n |= int(b&0x7f) << shift
		if b&0x80 == 0 {
			return n
		}
	}
	c.Skip(c.Len() + 1) // no such number: the rest cannot be read
	return 0
}

// properties reads the properties of a message, which only version 5 has.
func properties(c *cursor.Cursor, version uint8) []byte {
	if version < version5 || c.Len() == 0 {
		return nil
	}
	return c.Bytes(variable(c))
}

// level returns the protocol level of CONNECT.
func level(body []byte) uint8 {
	c := cursor.New(body)
	text(&c)
	return c.U8()
}

// Flags of CONNECT (section 3.1.2.3).
const (
	flagCleanSession = 1 << 1
	flagWill         = 1 << 2
	flagWillRetain   = 1 << 5
	flagPassword     = 1 << 6
	flagUsername     = 1 << 7
)

// connectMessage is CONNECT (section 3.1).
type connectMessage struct {
	protocol, clientID   []byte
	version, flags       uint8
	keepAlive            uint16
	properties           []byte
	willProperties       []byte
	willTopic            []byte
	willMessage          []byte
	username, password   []byte
	short                bool
	hasUser, hasPassword bool
	hasWill              bool
}

func readConnect(body []byte) (x connectMessage) {
	c := cursor.New(body)
	x.protocol = text(&c)
	x.version, x.flags, x.keepAlive = c.U8(), c.U8(), c.U16()
	x.properties = properties(&c, x.version)
	x.clientID = text(&c)
	if x.flags&flagWill != 0 {
		x.hasWill = true
		x.willProperties = properties(&c, x.version)
		x.willTopic, x.willMessage = text(&c), text(&c)
	}
	if x.flags&flagUsername != 0 {
		x.hasUser, x.username = true, text(&c)
	}
	if x.flags&flagPassword != 0 {
		x.hasPassword, x.password = true, text(&c)
	}
	x.short = c.Short()
	return x
}

// publishMessage is PUBLISH (section 3.3).
type publishMessage struct {
	topic, properties, payload []byte
	id                         uint16
	hasID, short               bool
}

func readPublish(m *message, body []byte) (x publishMessage) {
	c := cursor.New(body)
	x.topic = text(&c)
	if q := m.qos(); q > 0 && q < 3 {
		x.hasID = c.Len() >= 2
		x.id = c.U16()
	}
	x.properties = properties(&c, m.version)
	x.payload = c.Rest()
	x.short = c.Short()
	return x
}

// ackMessage is a message of an identifier, a reason code and properties (section
// 3.4); reason codes are of version 5, and may be left out there.
type ackMessage struct {
	id         uint16
	reason     uint8
	hasReason  bool
	properties []byte
	short      bool
}

func readAck(m *message, body []byte) (x ackMessage) {
	c := cursor.New(body)
	switch m.kind {
	case disconnect, auth:
		if m.length == 1 {
			// A code without properties behind it counts as 0, as in other engines.
			c.Skip(1)
		}
	default:
		x.id = c.U16()
	}
	if m.version >= version5 {
		x.hasReason = true // 0 where it is left out
		if c.Len() > 0 {
			x.reason = c.U8()
			x.properties = properties(&c, m.version)
		}
	}
	x.short = c.Short()
	return x
}

// connackMessage is CONNACK (section 3.2).
type connackMessage struct {
	present    bool
	code       uint8
	properties []byte
	short      bool
}

func readConnack(m *message, body []byte) (x connackMessage) {
	c := cursor.New(body)
	x.present, x.code = c.U8()&1 != 0, c.U8()
	x.properties = properties(&c, m.version)
	x.short = c.Short()
	return x
}

// listMessage is SUBSCRIBE, SUBACK, UNSUBSCRIBE or UNSUBACK (sections 3.8 to 3.11): an
// identifier, properties, and a list.
type listMessage struct {
	id         uint16
	properties []byte
	rest       cursor.Cursor
	short      bool
}

func readList(m *message, body []byte) (x listMessage) {
	c := cursor.New(body)
	x.id = c.U16()
	x.properties = properties(&c, m.version)
	x.short = c.Short()
	x.rest = c
	return x
}

// topic reads the next topic of SUBSCRIBE with its options, or of UNSUBSCRIBE.
func (x *listMessage) topic(kind uint8) (name []byte, qos uint8, ok bool) {
	if x.rest.Len() == 0 {
		return nil, 0, false
	}
	name = text(&x.rest)
	if kind == subscribe {
		qos = x.rest.U8() & 3
	}
	return name, qos, !x.rest.Short()
}

// wellFormed reports whether a body holds what its message needs.
func wellFormed(m *message, body []byte) bool {
	switch m.kind {
	case connect:
		x := readConnect(body)
		return !x.short
	case connack:
		x := readConnack(m, body)
		return !x.short
	case publish:
		x := readPublish(m, body)
		return !x.short || m.qos() > 0 && !x.hasID && len(x.topic) > 0
	case puback, pubrec, pubrel, pubcomp, disconnect, auth:
		x := readAck(m, body)
		return !x.short
	case subscribe, suback, unsubscribe, unsuback:
		x := readList(m, body)
		return !x.short
	}
	return true
}
