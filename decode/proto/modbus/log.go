package modbus

import (
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the modbus object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	b = event.Uint(b, "id", t.ID+1)
	for i, key := range [...]string{"request", "response"} {
		if m := &t.sides[i]; m.there {
			b = event.Close(m.append(event.Open(b, key)))
		}
	}
	return event.Close(b), true
}

// append writes the members of a message.
func (m *message) append(b []byte) []byte {
	f := m.describe()
	b = event.Uint(b, "transaction_id", uint64(m.transaction))
	b = event.Uint(b, "protocol_id", uint64(m.protocol))
	b = event.Uint(b, "unit_id", uint64(m.unit))
	b = event.Uint(b, "function_raw", uint64(m.function))
	name := f.name
	if name == "" {
		name = "Unknown"
	}
	b = event.Str(b, "function_code", name)
	b = appendNames(event.Key(b, "access_type"), accessNames, uint8(f.access))
	if more := f.access & (accSingle | accMultiple); f.access&accWrite != 0 && more != 0 {
		// A write to one or to many has a name of its own beside its parts.
		last := " | WRITE_SINGLE\""
		if more == accMultiple {
			last = " | WRITE_MULTIPLE\""
		}
		b = append(b[:len(b)-1], last...)
	}
	b = appendNames(event.Key(b, "category"), categoryNames, uint8(m.category()))
	b = appendNames(event.Key(b, "error_flags"), errorNames, uint8(m.flags))
	return m.appendData(b)
}

// appendData writes what the function says.
func (m *message) appendData(b []byte) []byte {
	switch m.kind {
	case kindData:
		b = event.Bytes(b, "data", m.data)
	case kindException:
		b = event.Close(m.appendSub(event.Open(b, "exception"), exceptions[:], "Unknown"))
	case kindDiagnostic:
		b = m.appendSub(event.Open(b, "diagnostic"), diagnostics[:], "Reserved")
		b = event.Close(event.Bytes(b, "data", m.data))
	case kindTunnel:
		b = m.appendSub(event.Open(b, "mei"), tunnels[:], "Unknown")
		b = event.Close(event.Bytes(b, "data", m.data))
	case kindReadData:
		b = event.Close(event.Bytes(event.Open(b, "read"), "data", m.data))
	}
	if m.kind == kindRead || m.kind == kindReadWrite {
		b = event.Uint(event.Open(b, "read"), "address", uint64(m.read.address))
		b = event.Close(event.Uint(b, "quantity", uint64(m.read.count)))
	}
	switch m.kind {
	case kindWrite:
		b = event.Uint(event.Open(b, "write"), "address", uint64(m.write.address))
		b = event.Close(event.Uint(b, "data", uint64(m.write.count)))
	case kindWriteMany, kindReadWrite:
		b = event.Uint(event.Open(b, "write"), "address", uint64(m.write.address))
		b = event.Uint(b, "quantity", uint64(m.write.count))
		b = event.Close(event.Bytes(b, "data", m.data))
	case kindMask:
		b = event.Uint(event.Open(b, "write"), "address", uint64(m.write.address))
		b = event.Uint(b, "and_mask", uint64(m.write.count))
		b = event.Close(event.Uint(b, "or_mask", uint64(m.write.or)))
	}
	return b
}

// appendSub writes a subfunction with its name.
func (m *message) appendSub(b []byte, names []string, other string) []byte {
	b = event.Uint(b, "raw", uint64(m.sub))
	return event.Str(b, "code", nameOf(names, m.sub, other))
}

// appendNames writes the names of the bits that are set as one string.
func appendNames(b []byte, names []string, bits uint8) []byte {
	b = append(b, '"')
	if bits == 0 {
		b = append(b, "NONE"...)
	}
	for i, first := 0, true; i < len(names); i++ {
		if bits>>i&1 == 0 {
			continue
		}
		if !first {
			b = append(b, " | "...)
		}
		b, first = append(b, names[i]...), false
	}
	return append(b, '"')
}
