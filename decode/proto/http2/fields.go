package http2

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
	"weir/decode/proto/internal/httpfield"
)

// at gives a heading of HTTP the states of HTTP/2.
func at(f field.Field) field.Field { return httpfield.At(f, progHeaders, progHeaders) }

var (
	any2   = [2]uint8{progStarted, progStarted}
	byHead = [2]uint8{progHeaders, progHeaders}
)

var fields = []field.Def{
	value(httpfield.Method, ":method", ""),
	value(httpfield.URI, ":path", ""),
	value(httpfield.RawURI, ":path", ""),
	field.Bytes(at(httpfield.Host), func(t *Tx, _ field.Dir) []byte { return t.host() }),
	field.Bytes(at(httpfield.RawHost), func(t *Tx, _ field.Dir) []byte { return t.rawHost() }),
	field.Bytes(at(httpfield.Protocol), func(t *Tx, d field.Dir) []byte {
		if len(t.sides[d.Index()].headers) == 0 {
			return nil
		}
		return []byte("HTTP/2")
	}),
	value(httpfield.StatusCode, "", ":status"),
	value(httpfield.UserAgent, "user-agent", ""),
	value(httpfield.Cookie, "cookie", "set-cookie"),
	value(httpfield.Referer, "referer", ""),
	value(httpfield.Accept, "accept", ""),
	value(httpfield.AcceptLang, "accept-language", ""),
	value(httpfield.AcceptEnc, "accept-encoding", ""),
	value(httpfield.Location, "", "location"),
	value(httpfield.Server, "", "server"),
	value(httpfield.Connection, "connection", "connection"),
	value(httpfield.ContentLen, "content-length", "content-length"),
	value(httpfield.ContentType, "content-type", "content-type"),
	field.Bytes(at(httpfield.Header), headerBlock),
	field.Bytes(at(httpfield.RawHeader), headerBlock),
	field.Bytes(at(httpfield.HeaderNames), headerNames),
	field.Multi(at(httpfield.RequestHeader), pair),
	field.Multi(at(httpfield.ResponseHeader), pair),
	field.Body(httpfield.At(httpfield.RequestBody, progData, progData), window, windowSeen),
	field.Body(httpfield.At(httpfield.ResponseBody, progData, progData), window, windowSeen),
	field.Body(httpfield.At(httpfield.FileData, progData, progData), window, windowSeen),
	field.Custom(at(httpfield.URILen), func(arg string) (func(t *Tx, d field.Dir) bool, error) {
		l, err := httpfield.ParseURILen(arg)
		return func(t *Tx, _ field.Dir) bool {
			b := t.sides[0].header(":path")
			return b != nil && l.Fits(len(b))
		}, err
	}),
	field.Multi(field.Field{
		Name: "http2.header_name", Dir: field.Both, State: byHead, Log: "http.request_headers",
		Doc: "Name of each header.", Example: `http2.header_name; content:"user-agent";`,
	}, func(t *Tx, d field.Dir, i int) ([]byte, bool) {
		m := &t.sides[d.Index()]
		if i >= len(m.headers) {
			return nil, false
		}
		return m.name(i), true
	}),
	field.Multi(field.Field{
		Name: "http2.header", Dir: field.Both, State: byHead, Log: "http.request_headers",
		Doc: "Each header: name, colon, space, value.", Example: `http2.header; content:"agent|3a 20|curl";`,
	}, pair),
	field.Custom(field.Field{
		Name: "http2.frametype", Dir: field.Both, State: any2, Growing: true,
		Doc: "A frame of this type was sent.", Syntax: "name or number", Example: "http2.frametype:GOAWAY;",
	}, func(arg string) (func(*Tx, field.Dir) bool, error) {
		n, err := named(arg, frameNames[:])
		return func(t *Tx, d field.Dir) bool { return n < numFrames && t.sides[d.Index()].frames>>n&1 != 0 }, err
	}),
	field.Uint(field.Field{
		Name: "http2.errorcode", Dir: field.Both, State: any2, Growing: true, Bits: 32, Enum: errorEnum(), Log: "http.http2.request.error_code",
		Doc: "Error of RST_STREAM or GOAWAY.", Syntax: "name or integer", Example: "http2.errorcode:NO_ERROR;",
	}, func(t *Tx, d field.Dir) (uint64, bool) {
		m := &t.sides[d.Index()]
		return uint64(m.errorCode), m.hasError
	}),
	field.Uint(field.Field{
		Name: "http2.priority", Dir: field.Both, State: any2, Growing: true, Bits: 8, Log: "http.http2.request.priority",
		Doc: "Weight of the stream.", Syntax: "integer", Example: "http2.priority:>100;",
	}, func(t *Tx, d field.Dir) (uint64, bool) {
		m := &t.sides[d.Index()]
		return uint64(m.priority), m.hasPriority
	}),
	field.MultiUint(field.Field{
		Name: "http2.window", Dir: field.Both, State: any2, Growing: true, Bits: 32,
		Doc: "Bytes that WINDOW_UPDATE grants.", Syntax: "integer", Example: "http2.window:>10000;",
	}, func(t *Tx, d field.Dir, i int) (uint64, bool) {
		m := &t.sides[d.Index()]
		if i >= len(m.windows) {
			return 0, false
		}
		return uint64(m.windows[i]), true
	}),
	field.MultiUint(field.Field{
		Name: "http2.size_update", Dir: field.Both, State: byHead, Bits: 64,
		Doc: "New size of the table of a header block.", Syntax: "integer", Example: "http2.size_update:>4096;",
	}, func(t *Tx, d field.Dir, i int) (uint64, bool) {
		m := &t.sides[d.Index()]
		if i >= len(m.updates) {
			return 0, false
		}
		return m.updates[i].size, true
	}),
	field.Custom(field.Field{
		Name: "http2.settings", Dir: field.Both, State: any2, Growing: true, Log: "http.http2.request.settings",
		Doc: "A setting, and how its value compares.", Syntax: "name or number, then = < > or a-b and a number",
		Example: "http2.settings:SETTINGS_HEADER_TABLE_SIZE>1000;",
	}, compileSetting),
}

// value is a sticky buffer over the value of one header, by direction.
func value(f field.Field, request, response string) field.Def {
	return field.Bytes(at(f), func(t *Tx, d field.Dir) []byte {
		if d == field.ToClient {
			return t.sides[1].header(response)
		}
		return t.sides[0].header(request)
	})
}

// rawHost is who the request is for, as written.
func (t *Tx) rawHost() []byte {
	if a := t.sides[0].header(":authority"); a != nil {
		return a
	}
	return t.sides[0].header("host")
}

// host is rawHost in lower case, without user and port.
func (t *Tx) host() []byte {
	h := t.rawHost()
	if i := bytes.LastIndexByte(h, '@'); i >= 0 {
		h = h[i+1:]
	}
	if i := bytes.LastIndexByte(h, ':'); i >= 0 && bytes.IndexByte(h[i:], ']') < 0 {
		h = h[:i]
	}
	for _, c := range h {
		if c >= 'A' && c <= 'Z' {
			return bytes.ToLower(h)
		}
	}
	return h
}

// build returns a buffer put together by make, which appends it to what it is
// given. It is made again when headers have come since.
func (m *message) build(kind int, make func(b []byte) []byte) []byte {
	if len(m.headers) == 0 {
		return nil
	}
	if m.builtAt[kind] != len(m.headers) {
		m.built[kind] = make(m.built[kind][:0])
		m.builtAt[kind] = len(m.headers)
	}
	return m.built[kind]
}

func headerBlock(t *Tx, d field.Dir) []byte {
	m := &t.sides[d.Index()]
	return m.build(builtBlock, func(b []byte) []byte {
		for i := range m.headers {
			b = append(append(b, m.name(i)...), ": "...)
			b = append(append(b, m.value(i)...), "\r\n"...)
		}
		return b
	})
}

func headerNames(t *Tx, d field.Dir) []byte {
	m := &t.sides[d.Index()]
	return m.build(builtNames, func(b []byte) []byte {
		b = append(b, "\r\n"...)
		for i := range m.headers {
			b = append(append(b, m.name(i)...), "\r\n"...)
		}
		return append(b, "\r\n"...)
	})
}

// pair is header i as "name: value".
func pair(t *Tx, d field.Dir, i int) ([]byte, bool) {
	m := &t.sides[d.Index()]
	if i >= len(m.headers) {
		return nil, false
	}
	for k := len(m.pairs); k <= i; k++ {
		var b []byte
		if k < cap(m.pairs) {
			b = m.pairs[:k+1][k][:0] // its memory of an earlier stream
		}
		m.pairs = append(m.pairs, append(append(append(b, m.name(k)...), ": "...), m.value(k)...))
	}
	return m.pairs[i], true
}

var frameNames = [numFrames]string{
	"DATA", "HEADERS", "PRIORITY", "RSTSTREAM", "SETTINGS", "PUSHPROMISE", "PING", "GOAWAY", "WINDOWUPDATE", "CONTINUATION",
}

// errorNames are the errors of RFC 9113 section 7, as records spell them.
var errorNames = [...]string{
	"NOERROR", "PROTOCOLERROR", "INTERNALERROR", "FLOWCONTROLERROR", "SETTINGSTIMEOUT", "STREAMCLOSED", "FRAMESIZEERROR",
	"REFUSEDSTREAM", "CANCEL", "COMPRESSIONERROR", "CONNECTERROR", "ENHANCEYOURCALM", "INADEQUATESECURITY", "HTTP11REQUIRED",
}

// errorRules are further spellings that rules use.
var errorRules = [...]string{
	"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
	"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
}

func errorEnum() []field.EnumName {
	var out []field.EnumName
	for i := range errorRules {
		out = append(out, field.EnumName{Name: errorRules[i], Value: uint64(i)})
		if errorNames[i] != errorRules[i] {
			out = append(out, field.EnumName{Name: errorNames[i], Value: uint64(i)})
		}
	}
	return append(out, field.EnumName{Name: "HTTP11_REQUIRED", Value: 13})
}

// settingNames are the settings of RFC 9113 section 6.5.2, by number.
var settingNames = [...]string{
	"", "HEADER_TABLE_SIZE", "ENABLE_PUSH", "MAX_CONCURRENT_STREAMS", "INITIAL_WINDOW_SIZE", "MAX_FRAME_SIZE", "MAX_HEADER_LIST_SIZE",
}

// named reads a name, in any spelling with or without hyphens, or its number.
func named(arg string, names []string) (int, error) {
	arg = strings.TrimSpace(arg)
	if n, err := strconv.ParseUint(arg, 10, 8); err == nil {
		return int(n), nil
	}
	plain := func(s string) string {
		return strings.NewReplacer("_", "", "-", "").Replace(strings.ToUpper(s))
	}
	for i, n := range names {
		if n != "" && plain(n) == plain(arg) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("value %q: want a number or one of %s", arg, strings.Join(names, ", "))
}

// compileSetting reads the argument of http2.settings.
func compileSetting(arg string) (func(t *Tx, d field.Dir) bool, error) {
	arg = strings.TrimSpace(arg)
	at := strings.IndexAny(arg, "<>= ")
	name, rest := arg, ""
	if at >= 0 {
		name, rest = arg[:at], strings.TrimSpace(arg[at:])
	}
	id, err := named(strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(name), "SETTINGS_"), "SETTINGS"), settingNames[:])
	if err != nil {
		return nil, err
	}
	fits := func(uint32) bool { return true }
	if rest != "" {
		op := rest[0]
		n, err := strconv.ParseUint(strings.TrimSpace(strings.TrimLeft(rest, "<>=")), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("value %q: want a number behind the setting", arg)
		}
		v := uint32(n)
		switch op {
		case '<':
			fits = func(x uint32) bool { return x < v }
		case '>':
			fits = func(x uint32) bool { return x > v }
		default:
			fits = func(x uint32) bool { return x == v }
		}
	}
	return func(t *Tx, d field.Dir) bool {
		for _, s := range t.sides[d.Index()].settings {
			if int(s.id) == id && fits(s.value) {
				return true
			}
		}
		return false
	}, nil
}
