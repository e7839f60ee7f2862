package ldap

import (
	"strconv"

	"weir/decode/cursor"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/der"
)

// appendRecord writes the ldap object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	if !t.hasRequest && len(t.responses) == 0 {
		return b, false
	}
	b = append(b, '{')
	if t.hasRequest {
		b = event.Close(t.appendMessage(event.Open(b, "request"), &t.request))
	}
	if len(t.responses) > 0 {
		b = event.OpenArray(b, "responses")
		for i := range t.responses {
			b = event.Close(t.appendMessage(event.OpenElem(b), &t.responses[i]))
		}
		b = event.CloseArray(b)
	}
	return event.Close(b), true
}

// appendMessage writes the members of a message.
func (t *Tx) appendMessage(b []byte, m *message) []byte {
	name := operations[m.op].name
	b = event.Uint(b, "message_id", uint64(m.id))
	b = event.Str(b, "operation", name)
	if !m.kept || m.op == unbindRequest {
		return b
	}
	b = event.Open(b, name)
	body := t.body(m)
	c := cursor.New(body)
	switch m.op {
	case bindRequest:
		b = appendBind(b, &c)
	case searchRequest:
		b = appendSearch(b, &c)
	case modifyRequest:
		b = appendModify(b, &c)
	case addRequest:
		b = event.Bytes(b, "entry", next(&c))
		b = appendAttributes(b, next(&c), "name")
	case delRequest:
		b = event.Bytes(b, "dn", body)
	case modDNRequest:
		b = event.Bytes(b, "entry", next(&c))
		b = event.Bytes(b, "new_rdn", next(&c))
		b = event.Bool(b, "delete_old_rdn", truth(next(&c)))
		if tag, v := der.Next(&c); tag == tagNewSuperior && v != nil {
			b = event.Bytes(b, "new_superior", v)
		}
	case compareRequest:
		b = event.Bytes(b, "entry", next(&c))
		pair := cursor.New(next(&c))
		b = event.Open(b, "attribute_value_assertion")
		b = event.Bytes(b, "description", next(&pair))
		b = event.Close(event.Bytes(b, "value", next(&pair)))
	case abandonRequest:
		id, _ := der.Int(body)
		b = event.Int(b, "message_id", id)
	case extendedRequest, intermediate:
		b = appendFound(b, "name", body, tagName)
		b = appendFound(b, "value", body, tagValue)
	case searchEntry:
		b = event.Bytes(b, "base_object", next(&c))
		b = appendAttributes(b, next(&c), "type")
	default:
		if operations[m.op].result {
			b = t.appendResult(b, m)
		}
	}
	return event.Close(b)
}

// appendFound writes the element of that tag, if it is there.
func appendFound(b []byte, key string, body []byte, tag byte) []byte {
	if v := der.Find(body, tag); v != nil {
		return event.Bytes(b, key, v)
	}
	return b
}

func truth(b []byte) bool { return len(b) > 0 && b[0] != 0 }

// appendBind writes a bind request; passwords are left out.
func appendBind(b []byte, c *cursor.Cursor) []byte {
	b = event.Uint(b, "version", number(c))
	b = event.Bytes(b, "name", next(c))
	if tag, v := der.Next(c); tag == tagSASL {
		sasl := cursor.New(v)
		b = event.Open(b, "sasl")
		b = event.Bytes(b, "mechanism", next(&sasl))
		if creds := next(&sasl); creds != nil {
			b = event.Hex(b, "credentials", creds, "")
		}
		b = event.Close(b)
	}
	return b
}

// appendSearch writes a search request.
func appendSearch(b []byte, c *cursor.Cursor) []byte {
	b = event.Bytes(b, "base_object", next(c))
	b = event.Uint(b, "scope", number(c))
	b = event.Uint(b, "deref_alias", number(c))
	b = event.Uint(b, "size_limit", number(c))
	b = event.Uint(b, "time_limit", number(c))
	b = event.Bool(b, "types_only", truth(next(c)))
	if tag, v := der.Next(c); tag == tagPresent && v != nil {
		b = event.Open(b, "filter")
		b = event.Str(b, "type", "present")
		b = event.Close(event.Bytes(b, "value", v))
	}
	if kinds := cursor.New(next(c)); kinds.Len() > 0 {
		b = event.OpenArray(b, "attributes")
		b = event.CloseArray(appendValues(b, kinds))
	}
	return b
}

// appendModify writes a request for changes.
func appendModify(b []byte, c *cursor.Cursor) []byte {
	b = event.Bytes(b, "object", next(c))
	changes := cursor.New(next(c))
	if changes.Len() == 0 {
		return b
	}
	b = event.OpenArray(b, "changes")
	for changes.Len() > 0 {
		change := cursor.New(next(&changes))
		b = event.OpenElem(b)
		b = event.Str(b, "operation", changeName(number(&change)))
		what := cursor.New(next(&change))
		b = event.Open(b, "modification")
		b = event.Bytes(b, "attribute_type", next(&what))
		if values := cursor.New(next(&what)); values.Len() > 0 {
			b = event.OpenArray(b, "attribute_values")
			b = event.CloseArray(appendValues(b, values))
		}
		b = event.Close(event.Close(b))
	}
	return event.CloseArray(b)
}

// changeName names what is done to an attribute (RFC 4511 section 4.6, RFC 4525).
func changeName(n uint64) string {
	switch n {
	case 0:
		return "add"
	case 1:
		return "delete"
	case 2:
		return "replace"
	case 3:
		return "increment"
	}
	return strconv.FormatUint(n, 10)
}

// appendAttributes writes attributes; key is what their type is called.
func appendAttributes(b, list []byte, key string) []byte {
	c := cursor.New(list)
	if c.Len() == 0 {
		return b
	}
	b = event.OpenArray(b, "attributes")
	for c.Len() > 0 {
		a := cursor.New(next(&c))
		b = event.OpenElem(b)
		b = event.Bytes(b, key, next(&a))
		b = event.OpenArray(b, "values")
		b = appendValues(b, cursor.New(next(&a)))
		b = event.Close(event.CloseArray(b))
	}
	return event.CloseArray(b)
}

// appendValues writes the values of elements into an array.
func appendValues(b []byte, c cursor.Cursor) []byte {
	for c.Len() > 0 {
		v := next(&c)
		if v == nil {
			break
		}
		b = event.ElemBytes(b, v)
	}
	return b
}

// appendResult writes the result of a response and what a kind of it adds.
func (t *Tx) appendResult(b []byte, m *message) []byte {
	code, _ := t.result(m)
	b = event.Str(b, "result_code", resultName(code))
	b = event.Bytes(b, "matched_dn", t.name(m))
	b = event.Bytes(b, "message", t.text(m))
	switch m.op {
	case bindResponse:
		if v := der.Find(t.body(m), tagServerCreds); v != nil {
			b = event.Hex(b, "server_sasl_creds", v, "")
		}
	case extendedResponse:
		b = appendFound(b, "name", t.body(m), tagResponseName)
		b = appendFound(b, "value", t.body(m), tagResponseValue)
	}
	return b
}

// resultName names a code.
func resultName(code uint64) string {
	for _, e := range resultNames {
		if e.Value == code {
			return e.Name
		}
	}
	return strconv.FormatUint(code, 10)
}
