package mime

import "bytes"

// headerLine takes a line of a header block.
func (m *Mail) headerLine(line []byte, first, last bool, h Handler) {
	if m.status == HeaderReady {
		m.status = HeaderStarted
	}
	switch {
	case !first:
		m.keep(line)
	case len(line) == 0 && last:
		m.endHeader(h)
		m.startBody(h)
	case (line[0] == ' ' || line[0] == '\t') && len(m.line) > 0:
		if !m.opt.V7 {
			line = bytes.TrimLeft(line, "\t")
		}
		m.keep(line)
	default:
		m.flushHeader(h)
		m.keep(line)
	}
}

// keep adds to the header in work.
func (m *Mail) keep(b []byte) {
	limit := maxPartHeader
	if n := len(b) + len(m.line); n > limit {
		b, m.long = b[:max(limit-len(m.line), 0)], true
	}
	m.line = append(m.line, b...)
}

// endHeader ends a header block.
func (m *Mail) endHeader(h Handler) {
	m.flushHeader(h)
	m.inHeader = false
	if m.status < HeaderDone {
		m.status = HeaderDone
	}
}

// flushHeader handles the header in work, which is whole.
func (m *Mail) flushHeader(h Handler) {
	line := m.line
	m.line = m.line[:0]
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		if len(line) > MaxHeaderName {
			h.Problem(LongHeaderName)
		}
		return
	}
	name := bytes.TrimRight(line[:colon], " \t")
	value := bytes.TrimLeft(line[colon+1:], " \t")
	if len(name) > MaxHeaderName {
		h.Problem(LongHeaderName)
		name = name[:MaxHeaderName]
	}
	if len(value) > m.opt.HeaderDepth || m.long {
		h.Problem(LongHeaderValue)
		value = value[:min(len(value), m.opt.HeaderDepth)]
	}
	m.long = false
	if len(m.parts) == 1 && len(m.headers) < maxHeaders && len(m.text)+len(name)+len(value) <= maxHeaderText {
		start := len(m.text)
		m.text = append(append(m.text, name...), value...)
		m.headers = append(m.headers, header{start, start + len(name), len(m.text)})
	}
	p := &m.parts[len(m.parts)-1]
	switch {
	case equalFold(name, "content-type"):
		m.contentType(p, value, h)
	case equalFold(name, "content-disposition"):
		if name, ok := m.fileName(value, "filename", h); ok {
			p.name, p.named, p.byHeader = append(p.name[:0], name...), true, true
		}
	case equalFold(name, "content-transfer-encoding"):
		p.encoding = plain
		switch v := bytes.TrimSpace(value); {
		case equalFold(v, "base64") && m.opt.Base64:
			p.encoding = base64Encoding
		case equalFold(v, "quoted-printable") && m.opt.QuotedPrintable:
			p.encoding = quotedPrintable
		}
	}
}

// contentType reads the type of a part.
func (m *Mail) contentType(p *part, v []byte, h Handler) {
	p.typed = true
	t := v
	if i := bytes.IndexByte(v, ';'); i >= 0 {
		t = v[:i]
	}
	t = bytes.TrimSpace(t)
	p.text = equalFold(t, "text/plain") || equalFold(t, "text/html")
	p.message = equalFold(t, "message/rfc822")
	if hasPrefixFold(t, "multipart/") {
		b := Param(v, "boundary")
		if len(b) > MaxBoundary {
			h.Problem(LongBoundary)
		}
		switch {
		case len(b) > MaxBoundary && m.opt.V7:
			h.Problem(Unreadable)
			m.status = Failed
		case len(b) == 0:
		case p.multipart: // of several, the last one holds
			m.bounds = append(m.bounds[:p.bound[0]], b...)
			p.bound[1] = len(m.bounds)
		case m.nested < maxDepth:
			p.multipart = true
			p.bound[0] = len(m.bounds)
			m.bounds = append(m.bounds, b...)
			p.bound[1] = len(m.bounds)
			m.nested++
		}
	}
	if p.byHeader {
		return
	}
	if name, ok := m.fileName(v, "name", h); ok {
		p.name, p.named = append(p.name[:0], name...), true
	}
}

// fileName reads a name from a header, without what is too long of it.
func (m *Mail) fileName(v []byte, key string, h Handler) (name []byte, ok bool) {
	m.name, ok = AppendParam(m.name[:0], v, key)
	if len(m.name) > MaxFileName {
		h.Problem(LongFileName)
		m.name = m.name[:MaxFileName]
	}
	return m.name, ok
}

func hasPrefixFold(b []byte, lower string) bool {
	return len(b) >= len(lower) && equalFold(b[:len(lower)], lower)
}

// CutAddress returns the first of a list of addresses, divided by commas that are
// not in quotes, and what follows it.
func CutAddress(v []byte) (one, rest []byte) {
	v = bytes.TrimLeft(v, " \t")
	quoted := false
	for i, c := range v {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return v[:i], v[i+1:]
		}
	}
	return v, nil
}
