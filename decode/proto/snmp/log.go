package snmp

import (
	"strconv"
	"unicode/utf8"

	"weir/decode/cursor"
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/der"
)

var pduNames = [pduTypes]string{
	getRequest: "get_request", getNextRequest: "get_next_request", response: "response", setRequest: "set_request", trapV1: "trap_v1",
	getBulkRequest: "get_bulk_request", informRequest: "inform_request", trapV2: "trap_v2", report: "report",
}

// failureNames are error statuses (RFC 1157 section 4.1.1), as records spell them.
var failureNames = [...]string{"NoError", "TooBig", "NoSuchName", "BadValue", "ReadOnly", "GenErr"}

// trapNames are generic traps (RFC 1157 section 4.1.6).
var trapNames = [...]string{"coldStart", "warmStart", "linkDown", "linkUp", "authenticationFailure", "egpNeighborLoss", "enterpriseSpecific"}

// isText reports whether b is there and is UTF-8.
func isText(b []byte) bool { return b != nil && utf8.Valid(b) }

var atDone = [2]uint8{done, done}

// filled returns b, or nil if it is empty: rules see no empty names.
func filled(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

var fields = []field.Def{
	field.Uint(field.Field{
		Name: "snmp.version", Dir: field.Both, State: atDone, Log: "snmp.version", Bits: 32,
		Doc: "Version of the flow's first message: 1, 2 (2c) or 3.", Syntax: "integer", Example: "snmp.version:<3;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.version), t.message.version != 0 }),
	field.Bytes(field.Field{
		Name: "snmp.community", Dir: field.Both, State: atDone, Log: "snmp.community",
		Doc: "Community of a message of version 1 or 2c.", Example: `snmp.community; content:"private";`,
	}, func(t *Tx, _ field.Dir) []byte { return filled(t.community) }),
	field.Bytes(field.Field{
		Name: "snmp.usm", Dir: field.Both, State: atDone, Log: "snmp.usm",
		Doc: "User of a message of version 3 that is not encrypted.", Example: `snmp.usm; content:"admin";`,
	}, func(t *Tx, _ field.Dir) []byte { return filled(t.user) }),
	field.Uint(field.Field{
		Name: "snmp.pdu_type", Dir: field.Both, State: atDone, Log: "snmp.pdu_type", Bits: 32,
		Doc: "What a message asks or answers.", Syntax: "integer or name", Example: "snmp.pdu_type:set_request;",
		Enum: pduEnum(),
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.pdu), t.message.version != 0 && !t.encrypted }),
}

// pduEnum are the names of types for rules.
func pduEnum() (names []field.EnumName) {
	for i, n := range pduNames {
		names = append(names, field.EnumName{Name: n, Value: uint64(i)})
	}
	return names
}

// appendRecord writes the snmp object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	if t.message.version == 0 {
		return b, false
	}
	b = append(b, '{')
	b = event.Uint(b, "version", uint64(t.version))
	if t.encrypted {
		return event.Close(event.Str(b, "pdu_type", "encrypted")), true
	}
	b = event.Str(b, "pdu_type", pduNames[t.pdu])
	if t.failure != 0 {
		b = appendNamed(b, "error", failureNames[:], "ErrorStatus", t.failure)
	}
	if t.pdu == trapV1 {
		b = appendNamed(b, "trap_type", trapNames[:], "TrapType", t.trap.generic)
		b = append(appendOID(append(event.Key(b, "trap_oid"), '"'), t.trap.enterprise), '"')
		b = append(event.Key(b, "trap_address"), '"')
		for i, x := range t.trap.address {
			if i > 0 {
				b = append(b, '.')
			}
			b = strconv.AppendUint(b, uint64(x), 10)
		}
		b = append(b, '"')
	}
	if c := cursor.New(t.variables); c.Len() > 0 {
		b = event.OpenArray(b, "vars")
		for first := true; c.Len() > 0; first = false {
			v := cursor.New(element(&c, der.Sequence))
			if !first {
				b = append(b, ',')
			}
			b = append(appendOID(append(b, '"'), element(&v, tagOID)), '"')
		}
		b = event.CloseArray(b)
	}
	if t.community != nil {
		b = event.Bytes(b, "community", t.community)
	}
	if t.user != nil {
		b = event.Bytes(b, "usm", t.user)
	}
	return event.Close(b), true
}

// appendNamed writes a number by its name, or as kind(number).
func appendNamed(b []byte, key string, names []string, kind string, n uint32) []byte {
	if int64(n) < int64(len(names)) {
		return event.Str(b, key, names[n])
	}
	b = append(append(event.Key(b, key), '"'), kind...)
	b = strconv.AppendUint(append(b, '('), uint64(n), 10)
	return append(b, `)"`...)
}

// appendOID writes the arcs of an OID with dots between them (X.690 section 8.19).
// The first byte holds two of them; what there is of one that does not end counts.
func appendOID(b, oid []byte) []byte {
	if len(oid) == 0 {
		return b
	}
	b = strconv.AppendUint(b, uint64(oid[0]/40), 10)
	b = strconv.AppendUint(append(b, '.'), uint64(oid[0]%40), 10)
	var arc uint64
	for i, x := range oid[1:] {
		arc = arc<<7 | uint64(x&0x7f)
		if x < 0x80 || i == len(oid)-2 {
			b = strconv.AppendUint(append(b, '.'), arc, 10)
			arc = 0
		}
	}
	return b
}
