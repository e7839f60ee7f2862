package http2

import (
	"strconv"
	"strings"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the http object of a stream. Frames that say nothing that
// is logged have none.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = event.Str(append(b, '{'), "version", "2")
	some := false
	for i, key := range [...]string{"request_headers", "response_headers"} {
		if m := &t.sides[i]; len(m.headers)+len(m.updates) > 0 {
			b, some = m.appendHeaders(b, key), true
		}
	}
	for _, v := range [...]struct {
		key, name string
		side      int
	}{{"http_method", ":method", 0}, {"url", ":path", 0}, {"http_user_agent", "user-agent", 0}} {
		if s := t.sides[v.side].header(v.name); s != nil {
			b = event.Bytes(b, v.key, s)
		}
	}
	for _, v := range [...]struct{ key, name string }{{"status", ":status"}, {"length", "content-length"}} {
		if n, err := strconv.ParseUint(string(t.sides[1].header(v.name)), 10, 64); err == nil {
			b = event.Uint(b, v.key, n)
		}
	}
	b = event.Open(b, "http2")
	b = event.Uint(b, "stream_id", uint64(t.stream))
	for i, key := range [...]string{"request", "response"} {
		m := &t.sides[i]
		b = event.Open(b, key)
		if len(m.settings) > 0 {
			b, some = m.appendSettings(b), true
		}
		if m.hasError {
			b, some = event.Str(b, "error_code", errorName(m.errorCode)), true
		}
		if m.hasPriority {
			b, some = event.Uint(b, "priority", uint64(m.priority)), true
		}
		b = event.Close(b)
	}
	return event.Close(event.Close(b)), some
}

// appendAlert writes what alerts and records of files show of a stream.
func appendAlert(b []byte, tx proto.Transaction, f *flow.Flow, _ any) []byte {
	mark := len(b)
	b, ok := appendRecord(event.Key(b, "http"), tx, f, nil)
	if !ok {
		return b[:mark]
	}
	return b
}

func (m *message) appendHeaders(b []byte, key string) []byte {
	b = event.OpenArray(b, key)
	u := 0
	for i := 0; i <= len(m.headers); i++ {
		for ; u < len(m.updates) && m.updates[u].at == i; u++ {
			b = event.Close(event.Uint(event.OpenElem(b), "table_size_update", m.updates[u].size))
		}
		if i < len(m.headers) {
			b = event.Bytes(event.OpenElem(b), "name", m.name(i))
			b = event.Close(event.Bytes(b, "value", m.value(i)))
		}
	}
	return event.CloseArray(b)
}

func (m *message) appendSettings(b []byte) []byte {
	b = event.OpenArray(b, "settings")
	for _, s := range m.settings {
		name := "SETTINGSUNKNOWN"
		if int(s.id) < len(settingNames) && s.id > 0 {
			name = "SETTINGS" + strings.ReplaceAll(settingNames[s.id], "_", "")
		}
		b = event.Str(event.OpenElem(b), "settings_id", name)
		b = event.Close(event.Uint(b, "settings_value", uint64(s.value)))
	}
	return event.CloseArray(b)
}

func errorName(code uint32) string {
	if int(code) < len(errorNames) {
		return errorNames[code]
	}
	return strconv.FormatUint(uint64(code), 10)
}
