package enip

import (
	"strconv"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the enip object; version 7 has none.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	if t.v7 {
		return b, false
	}
	b = append(b, '{')
	for i, key := range [...]string{"request", "response"} {
		if m := &t.sides[i]; m.there {
			b = event.Close(m.append(event.Open(b, key)))
		}
	}
	return event.Close(b), true
}

// appendName writes the name of a value, or else the value.
func appendName(b []byte, key string, names []field.EnumName, v uint64) []byte {
	if name := nameOf(names, v); name != "" {
		return event.Str(b, key, name)
	}
	b = append(event.Key(b, key), '"')
	return append(strconv.AppendUint(b, v, 10), '"')
}

// append writes the members of a message.
func (m *message) append(b []byte) []byte {
	b = appendName(b, "command", commandNames, uint64(m.command))
	b = appendName(b, "status", statusNames, uint64(m.status))
	switch m.kind {
	case kindSession:
		b = event.Open(b, "register_session")
		b = event.Uint(b, "protocol_version", uint64(m.version))
		b = event.Close(event.Uint(b, "options", uint64(m.options)))
	case kindIdentity:
		b = event.Open(b, "identity")
		b = event.Uint(b, "protocol_version", uint64(m.version))
		b = append(event.Key(b, "revision"), '"')
		b = strconv.AppendUint(b, uint64(m.identity.revision&0xff), 10)
		b = strconv.AppendUint(append(b, '.'), uint64(m.identity.revision>>8), 10)
		b = append(b, '"')
		b = event.Uint(b, "vendor_id", uint64(m.identity.vendor))
		b = event.Uint(b, "device_type", uint64(m.identity.device))
		b = event.Uint(b, "product_code", uint64(m.identity.product))
		b = event.Uint(b, "status", uint64(m.identity.status))
		b = event.Uint(b, "serial", uint64(m.identity.serial))
		b = event.Bytes(b, "product_name", m.text)
		b = event.Close(event.Uint(b, "state", uint64(m.identity.state)))
	case kindServices:
		b = event.Open(b, "list_services")
		b = event.Uint(b, "protocol_version", uint64(m.version))
		b = event.Uint(b, "capabilities", uint64(m.capabilities))
		b = event.Close(event.Bytes(b, "service_name", m.text))
	case kindCIP:
		if len(m.cips) > 0 {
			b, _ = m.appendCIP(event.Open(b, "cip"), 0)
			b = event.Close(b)
		}
	}
	return b
}

// appendCIP writes the members of CIP message i, with those within it, and returns
// the number of the next one.
func (m *message) appendCIP(b []byte, i int) ([]byte, int) {
	x := &m.cips[i]
	b = appendName(b, "service", serviceNames, uint64(x.service))
	if x.response {
		b = appendName(b, "status", cipStatusNames, uint64(x.status))
		if x.hasMore {
			b = event.Open(b, "status_extended")
			b = event.Close(event.Uint(b, "code", uint64(x.extended)))
		}
	} else if path := m.path(x); len(path) > 0 {
		b = event.OpenArray(b, "path")
		for _, s := range path {
			if s.listed {
				continue
			}
			b = event.OpenElem(b)
			b = event.Str(b, "segment_type", segmentNames[s.kind])
			b = event.Close(event.Uint(b, "value", uint64(s.value)))
		}
		b = event.CloseArray(b)
		if class, ok := m.find(x, segClass); ok {
			if name := nameOf(classNames, uint64(class)); name != "" {
				b = event.Str(b, "class_name", name)
			}
		}
	}
	next := i + 1
	if next >= len(m.cips) || m.cips[next].depth <= x.depth {
		return b, next
	}
	b = event.OpenArray(b, "multiple")
	for next < len(m.cips) && m.cips[next].depth > x.depth {
		b, next = m.appendCIP(event.OpenElem(b), next)
		b = event.Close(b)
	}
	return event.CloseArray(b), next
}
