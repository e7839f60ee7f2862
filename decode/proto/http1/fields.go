package http1

import (
	"weir/decode/field"
	"weir/decode/proto/internal/httpfield"
)

// at gives a heading the states of HTTP/1.
var at = httpfield.At

var fields = []field.Def{
	field.Bytes(at(httpfield.Method, progLine, 0), func(t *Tx, _ field.Dir) []byte { return nonEmpty(t.Method()) }),
	field.Bytes(at(httpfield.URI, progLine, 0), func(t *Tx, _ field.Dir) []byte { return t.req.optional(t.normalized) }),
	field.Bytes(at(httpfield.RawURI, progLine, 0), func(t *Tx, _ field.Dir) []byte { return t.URI() }),
	field.Bytes(at(httpfield.Host, progHeaders, 0), func(t *Tx, _ field.Dir) []byte { return t.req.optional(t.host) }),
	field.Bytes(at(httpfield.RawHost, progHeaders, 0), rawHost),
	field.Bytes(at(httpfield.Protocol, progLine, progLine), func(t *Tx, d field.Dir) []byte { m := t.side(d); return m.optional(m.protocol) }),
	field.Bytes(at(httpfield.RequestLine, progLine, 0), func(t *Tx, _ field.Dir) []byte { return t.req.optional(t.req.line) }),
	field.Bytes(at(httpfield.ResponseLine, 0, progLine), func(t *Tx, _ field.Dir) []byte { return t.res.optional(t.res.line) }),
	field.Bytes(at(httpfield.StatusCode, 0, progLine), func(t *Tx, _ field.Dir) []byte { return t.res.optional(t.statusText) }),
	field.Bytes(at(httpfield.StatusMessage, 0, progLine), func(t *Tx, _ field.Dir) []byte { return t.res.optional(t.message) }),
	headerValue(httpfield.UserAgent, "user-agent", "user-agent"),
	headerValue(httpfield.Cookie, "cookie", "set-cookie"),
	headerValue(httpfield.Referer, "referer", ""),
	headerValue(httpfield.Accept, "accept", ""),
	headerValue(httpfield.AcceptLang, "accept-language", ""),
	headerValue(httpfield.AcceptEnc, "accept-encoding", ""),
	headerValue(httpfield.Location, "", "location"),
	headerValue(httpfield.Server, "", "server"),
	headerValue(httpfield.Connection, "connection", "connection"),
	headerValue(httpfield.ContentLen, "content-length", "content-length"),
	headerValue(httpfield.ContentType, "content-type", "content-type"),
	field.Bytes(at(httpfield.Header, progHeaders, progHeaders), headerBlock),
	field.Bytes(at(httpfield.RawHeader, progHeaders, progHeaders), rawHeader),
	field.Bytes(at(httpfield.HeaderNames, progHeaders, progHeaders), headerNames),
	field.Bytes(at(httpfield.Start, progHeaders, progHeaders), start),
	field.Multi(at(httpfield.RequestHeader, progHeaders, progHeaders), oneHeader),
	field.Multi(at(httpfield.ResponseHeader, progHeaders, progHeaders), oneHeader),
	field.Body(at(httpfield.RequestBody, progBody, progBody), bodyWindow, bodySeen),
	field.Body(at(httpfield.ResponseBody, progBody, progBody), bodyWindow, bodySeen),
	field.Body(at(httpfield.FileData, progBody, progBody), fileWindow, fileSeen),
	field.Custom(at(httpfield.URILen, progLine, 0), compileURILen),
}

// nonEmpty returns nil for an empty slice.
func nonEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// headerValue is a sticky buffer over the value of one header, whose names are
// given by direction in lower case.
func headerValue(f field.Field, request, response string) field.Def {
	return field.Bytes(at(f, progHeaders, progHeaders), func(t *Tx, d field.Dir) []byte {
		if d == toClient {
			return t.res.value(response)
		}
		return t.req.value(request)
	})
}

// rawHost is the URI's host, or else the value of the Host header.
func rawHost(t *Tx, _ field.Dir) []byte {
	if b := t.req.optional(t.parsed.hostname); b != nil {
		return b
	}
	return t.req.value("host")
}

func rawHeader(t *Tx, d field.Dir) []byte {
	m := t.side(d)
	return nonEmpty(m.at(m.raw))
}

func bodyWindow(t *Tx, d field.Dir, flush bool) field.Window {
	return t.side(d).body.window(&t.cfg.body[d.Index()], t.cfg.inline, flush)
}

func bodySeen(t *Tx, d field.Dir) {
	t.side(d).body.seen(&t.cfg.body[d.Index()], t.cfg.inline, t.cfg.keeps)
}

// Buffers that are put together when a rule asks for them.
const (
	builtHeader = iota
	builtNames
	builtStart
)

// build returns a buffer put together by make, which appends it to b. It is
// made again when headers have come since.
func (m *message) build(kind int, make func(b []byte) []byte) []byte {
	if m.builtAt[kind] != len(m.headers)+1 {
		off := len(m.names)
		m.names = make(m.names)
		m.built[kind] = span{uint32(off), uint32(len(m.names))}
		m.builtAt[kind] = len(m.headers) + 1
	}
	s := m.built[kind]
	return m.names[s.off:s.end:s.end]
}

// isCookie reports whether a header name is that of the cookies of a direction,
// which have a buffer of their own.
func isCookie(name []byte, d field.Dir) bool {
	if d == toClient {
		return equalFold(name, "set-cookie")
	}
	return equalFold(name, "cookie")
}

// appendHeaders appends the headers without cookies, one a line.
func (m *message) appendHeaders(b []byte, d field.Dir, cookies bool) []byte {
	for i := range m.headers {
		h := &m.headers[i]
		if name := m.at(h.name); cookies || !isCookie(name, d) {
			b = append(append(b, name...), ": "...)
			b = append(append(b, m.at(h.value)...), "\r\n"...)
		}
	}
	return b
}

func headerBlock(t *Tx, d field.Dir) []byte {
	m := t.side(d)
	if len(m.headers) == 0 {
		return nil
	}
	return m.build(builtHeader, func(b []byte) []byte { return m.appendHeaders(b, d, false) })
}

func headerNames(t *Tx, d field.Dir) []byte {
	m := t.side(d)
	if len(m.headers) == 0 {
		return nil
	}
	return m.build(builtNames, func(b []byte) []byte {
		b = append(b, "\r\n"...)
		for i := range m.headers {
			b = append(append(b, m.at(m.headers[i].name)...), "\r\n"...)
		}
		return append(b, "\r\n"...)
	})
}

// start is the first line and the headers, with the empty line behind them; the
// line alone if there are none.
func start(t *Tx, d field.Dir) []byte {
	m := t.side(d)
	if !m.line.set() {
		return nil
	}
	return m.build(builtStart, func(b []byte) []byte {
		b = append(append(b, m.at(m.line)...), "\r\n"...)
		if len(m.headers) == 0 {
			return b
		}
		return append(m.appendHeaders(b, d, true), "\r\n"...)
	})
}

// oneHeader is the i-th header of the direction as "name: value".
func oneHeader(t *Tx, d field.Dir, i int) ([]byte, bool) {
	m := t.side(d)
	if i >= len(m.headers) {
		return nil, false
	}
	if i >= len(m.pairs) {
		for k := len(m.pairs); k < len(m.headers); k++ {
			h := &m.headers[k]
			off := len(m.names)
			m.names = append(append(m.names, m.at(h.name)...), ": "...)
			m.names = append(m.names, m.at(h.value)...)
			m.pairs = append(m.pairs, span{uint32(off), uint32(len(m.names))})
		}
	}
	s := m.pairs[i]
	return m.names[s.off:s.end:s.end], true
}

// compileURILen reads the argument of urilen.
func compileURILen(arg string) (func(t *Tx, d field.Dir) bool, error) {
	l, err := httpfield.ParseURILen(arg)
	return func(t *Tx, _ field.Dir) bool {
		b := t.URI()
		if l.Norm {
			b = t.req.optional(t.normalized)
		}
		return b != nil && l.Fits(len(b))
	}, err
}
