package sip

import (
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

var atDone = [2]uint8{done, done}

// part makes a sticky buffer over what get finds in a message; nil if it is of the
// other kind.
func part(dir field.Dir, name, doc, example, log string, get func(t *Tx) []byte) field.Def {
	return field.Bytes(field.Field{Name: name, Dir: dir, State: atDone, Doc: doc, Example: example, Log: log},
		func(t *Tx, _ field.Dir) []byte { return get(t) })
}

// headerField makes a multi-buffer over the values of a header.
func headerField(name, header, doc, example string) field.Def {
	return field.Multi(field.Field{Name: name, Dir: field.Both, State: atDone, Doc: doc, Example: example},
		func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.value(header, i) })
}

// of returns part i of a request, or of a response.
func of(request bool, i int) func(t *Tx) []byte {
	return func(t *Tx) []byte {
		if t.request != request {
			return nil
		}
		return t.at(t.parts[i])
	}
}

// firstLine returns the line of a request, or of a response.
func firstLine(request bool) func(t *Tx) []byte {
	return func(t *Tx) []byte {
		if t.request != request {
			return nil
		}
		return t.at(t.line)
	}
}

var fields = []field.Def{
	part(field.ToServer, "sip.method", "Method of a request.", `sip.method; content:"INVITE";`, "sip.method", of(true, 0)),
	part(field.ToServer, "sip.uri", "URI of a request.", `sip.uri; content:"sip:";`, "sip.uri", of(true, 1)),
	part(field.ToServer, "sip.request_line", "First line of a request.", `sip.request_line; content:"REGISTER ";`, "sip.request_line", firstLine(true)),
	part(field.ToClient, "sip.stat_code", "Status code of a response.", `sip.stat_code; content:"401";`, "sip.code", of(false, 1)),
	part(field.ToClient, "sip.stat_msg", "Reason of a response.", `sip.stat_msg; content:"Unauthorized";`, "sip.reason", of(false, 2)),
	part(field.ToClient, "sip.response_line", "First line of a response.", `sip.response_line; content:"200 OK";`, "sip.response_line", firstLine(false)),
	part(field.Both, "sip.protocol", "Version of a message.", `sip.protocol; content:"SIP/2.0";`, "sip.version", func(t *Tx) []byte { return t.at(t.version()) }),
	headerField("sip.from", "from", "Each From header.", `sip.from; content:"sip:anonymous";`),
	headerField("sip.to", "to", "Each To header.", `sip.to; content:"sip:admin@";`),
	headerField("sip.via", "via", "Each Via header.", `sip.via; content:"SIP/2.0/UDP";`),
	headerField("sip.user_agent", "user-agent", "Each User-Agent header.", `sip.user_agent; content:"friendly-scanner";`),
	headerField("sip.content_type", "content-type", "Each Content-Type header.", `sip.content_type; content:"application/sdp";`),
	headerField("sip.content_length", "content-length", "Each Content-Length header.", `sip.content_length; content:"0"; bsize:1;`),
}

// version returns where the version stands.
func (t *Tx) version() span {
	if t.request {
		return t.parts[2]
	}
	return t.parts[0]
}

// appendRecord writes the sip object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	if t.request {
		b = event.Bytes(b, "method", t.at(t.parts[0]))
		b = event.Bytes(b, "uri", t.at(t.parts[1]))
		b = event.Bytes(b, "version", t.at(t.parts[2]))
		b = event.Bytes(b, "request_line", t.at(t.line))
	} else {
		b = event.Bytes(b, "version", t.at(t.parts[0]))
		b = event.Bytes(b, "code", t.at(t.parts[1]))
		b = event.Bytes(b, "reason", t.at(t.parts[2]))
		b = event.Bytes(b, "response_line", t.at(t.line))
	}
	return event.Close(b), true
}
