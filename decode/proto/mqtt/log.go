package mqtt

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/decode/cursor"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// nameList lists names for an error message.
func nameList(names map[string]uint8) string {
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

// logConfig are the options of the mqtt type of an eve-log output.
type logConfig struct {
	passwords bool
	limit     int // bytes of a string that are shown
}

// defaultLimit is that of string-log-limit, bytes.
const defaultLimit = 1 << 10

func logOptions(o event.Options) (any, error) {
	return &logConfig{passwords: o.Bool("passwords", true), limit: int(min(o.Size("string-log-limit", defaultLimit), 1<<28))}, nil
}

// kindNames are the names of messages in records.
var kindNames = [16]string{
	"unassigned", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback",
	"unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth",
}

// appendRecord writes the mqtt object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, opts any) ([]byte, bool) {
	c, _ := opts.(*logConfig)
	if c == nil {
		c = &logConfig{passwords: true, limit: defaultLimit}
	}
	t := tx.(*Tx)
	if len(t.messages) == 0 {
		return b, false
	}
	b = append(b, '{')
	for i := range t.messages {
		m := &t.messages[i]
		b = event.Open(b, kindNames[m.kind])
		b = event.Uint(b, "qos", uint64(m.qos()))
		b = event.Bool(b, "retain", m.retain())
		b = event.Bool(b, "dup", m.dup())
		if m.cut {
			b = event.Bool(b, "truncated", true)
			b = event.Uint(b, "skipped_length", uint64(m.head+m.length))
		} else {
			b = c.append(b, m, t.body(m))
		}
		b = event.Close(b)
	}
	return event.Close(b), true
}

// appendAlert writes what an alert shows.
func appendAlert(b []byte, tx proto.Transaction, f *flow.Flow, _ any) []byte {
	if r, ok := appendRecord(event.Key(b, "mqtt"), tx, f, nil); ok {
		return r
	}
	return b
}

// append writes the members of a message.
func (c *logConfig) append(b []byte, m *message, body []byte) []byte {
	switch m.kind {
	case connect:
		return c.connect(b, body)
	case connack:
		x := readConnack(m, body)
		b = event.Bool(b, "session_present", x.present)
		b = event.Uint(b, "return_code", uint64(x.code))
		return c.properties(b, x.properties)
	case publish:
		x := readPublish(m, body)
		b = c.text(b, "topic", x.topic)
		if x.hasID {
			b = event.Uint(b, "message_id", uint64(x.id))
		}
		b = c.text(b, "message", x.payload)
		return c.properties(b, x.properties)
	case puback, pubrec, pubrel, pubcomp, disconnect, auth:
		x := readAck(m, body)
		if m.kind < disconnect {
			b = event.Uint(b, "message_id", uint64(x.id))
		}
		if x.hasReason {
			b = event.Uint(b, "reason_code", uint64(x.reason))
		}
		return c.properties(b, x.properties)
	case subscribe, suback, unsubscribe, unsuback:
		return c.list(b, m, body)
	}
	return b
}

func (c *logConfig) connect(b, body []byte) []byte {
	x := readConnect(body)
	b = event.Bytes(b, "protocol_string", x.protocol)
	b = event.Uint(b, "protocol_version", uint64(x.version))
	b = event.Open(b, "flags")
	b = event.Bool(b, "username", x.flags&flagUsername != 0)
	b = event.Bool(b, "password", x.flags&flagPassword != 0)
	b = event.Bool(b, "will_retain", x.flags&flagWillRetain != 0)
	b = event.Bool(b, "will", x.hasWill)
	b = event.Bool(b, "clean_session", x.flags&flagCleanSession != 0)
	b = event.Close(b)
	b = c.text(b, "client_id", x.clientID)
	if x.hasUser {
		b = c.text(b, "username", x.username)
	}
	if x.hasPassword && c.passwords {
		b = c.text(b, "password", x.password)
	}
	if x.hasWill {
		b = event.Open(b, "will")
		b = c.text(b, "topic", x.willTopic)
		b = c.text(b, "message", x.willMessage)
		b = c.properties(b, x.willProperties)
		b = event.Close(b)
	}
	return c.properties(b, x.properties)
}

func (c *logConfig) list(b []byte, m *message, body []byte) []byte {
	x := readList(m, body)
	b = event.Uint(b, "message_id", uint64(x.id))
	switch m.kind {
	case subscribe, unsubscribe:
		b = event.OpenArray(b, "topics")
		left := *c // the limit is that of all topics together
		for left.limit > 0 {
			name, qos, ok := x.topic(m.kind)
			if !ok {
				break
			}
			shown := left.cut(name)
			left.limit -= len(name)
			if m.kind == unsubscribe {
				b = event.ElemBytes(b, shown)
				continue
			}
			b = event.OpenElem(b)
			b = event.Bytes(b, "topic", shown)
			b = event.Uint(b, "qos", uint64(qos))
			b = event.Close(b)
		}
		b = event.CloseArray(b)
	default:
		codes := x.rest.Rest()
		if m.kind == unsuback && m.version < version5 {
			break
		}
		key := "qos_granted"
		if m.kind == unsuback {
			key = "reason_codes"
		}
		b = event.OpenArray(b, key)
		for _, v := range codes {
			b = event.ElemUint(b, uint64(v))
		}
		b = event.CloseArray(b)
	}
	return c.properties(b, x.properties)
}

// cut shortens a string to what is shown, and says by how much.
func (c *logConfig) cut(s []byte) []byte {
	if len(s) <= c.limit {
		return s
	}
	return fmt.Appendf(slices.Clone(s[:c.limit]), "[truncated %d additional bytes]", len(s)-c.limit)
}

func (c *logConfig) text(b []byte, key string, s []byte) []byte { return event.Bytes(b, key, c.cut(s)) }

// propertyKind is how the value of a property is written.
type propertyKind uint8

const (
	propByte propertyKind = iota + 1
	propTwo
	propFour
	propVariable
	propText // or binary data
	propPair
)

// propertyDefs are the properties (MQTT 5.0 section 2.2.2.2), by identifier.
var propertyDefs = [0x2b]struct {
	name string
	kind propertyKind
}{
	0x01: {"payload_format_indicator", propByte},
	0x02: {"message_expiry_interval", propFour},
	0x03: {"content_type", propText},
	0x08: {"response_topic", propText},
	0x09: {"correlation_data", propText},
	0x0b: {"subscription_identifier", propVariable},
	0x11: {"session_expiry_interval", propFour},
	0x12: {"assigned_client_identifier", propText},
	0x13: {"server_keep_alive", propTwo},
	0x15: {"authentication_method", propText},
	0x16: {"authentication_data", propText},
	0x17: {"request_problem_information", propByte},
	0x18: {"will_delay_interval", propFour},
	0x19: {"request_response_information", propByte},
	0x1a: {"response_information", propText},
	0x1c: {"server_reference", propText},
	0x1f: {"reason_string", propText},
	0x21: {"receive_maximum", propTwo},
	0x22: {"topic_alias_maximum", propTwo},
	0x23: {"topic_alias", propTwo},
	0x24: {"maximum_qos", propByte},
	0x25: {"retain_available", propByte},
	0x26: {"", propPair},
	0x27: {"maximum_packet_size", propFour},
	0x28: {"wildcard_subscription_available", propByte},
	0x29: {"subscription_identifiers_available", propByte},
	0x2a: {"shared_subscription_available", propByte},
}

// properties writes the object of a message's properties, if it has any.
func (c *logConfig) properties(b, props []byte) []byte {
	if len(props) == 0 {
		return b
	}
	b = event.Open(b, "properties")
	for r := cursor.New(props); r.Len() > 0 && !r.Short(); {
		id := variable(&r)
		if id >= len(propertyDefs) || propertyDefs[id].kind == 0 {
			break // what follows cannot be told apart
		}
		switch d := &propertyDefs[id]; d.kind {
		case propByte:
			b = event.Uint(b, d.name, uint64(r.U8()))
		case propTwo:
			b = event.Uint(b, d.name, uint64(r.U16()))
		case propFour:
			b = event.Uint(b, d.name, uint64(r.U32()))
		case propVariable:
			b = event.Uint(b, d.name, uint64(variable(&r)))
		case propText:
			b = c.text(b, d.name, text(&r))
		case propPair:
			// The name is what the client says: it is quoted.
			name := event.Quote(nil, text(&r))
			b = c.text(b, string(name[1:len(name)-1]), text(&r))
		}
	}
	return event.Close(b)
}
