package http1

import "bytes"

// requestHeaders draws the conclusions from the headers of a request: what body
// follows, and for whom it is.
func (p *parser) requestHeaders(t *Tx) {
	m := &t.req
	t.headersRead = true
	t.repeatFlags()
	te, cl := m.header("transfer-encoding"), m.header("content-length")
	switch {
	case te != nil:
		if !hasToken(m.at(te.value), "chunked") {
			m.coding = codingInvalid
			t.flag(evReqTransferEncoding)
			break
		}
		if m.version < version11 {
			t.flag(evReqTransferEncoding)
		}
		m.coding = codingChunked
	case cl != nil:
		n, ok := contentLength(m.at(cl.value))
		if !ok {
			m.coding = codingInvalid
			t.flag(evReqContentLength)
			break
		}
		m.coding, m.length = codingIdentity, n
	default:
		m.coding = codingNone
	}
	t.requestHost()
	t.auth = t.authorization()
	if t.auth == authUnknown {
		t.AddEvent(evAuthUnrecognized, toServer)
	}
	p.startCodings(t, toServer)
}

// requestHost finds the host that a request is for: the URI's, or else that of
// the Host header (RFC 9112 section 3.2.2).
func (t *Tx) requestHost() {
	m := &t.req
	if t.parsed.hostname.set() {
		t.host, t.port = t.parsed.hostname, t.parsed.portNumber
	}
	h := m.header("host")
	if h == nil {
		if m.version >= version11 {
			t.flag(evMissingHost)
		}
		return
	}
	a := splitHostPort(m.at(h.value))
	if !a.valid {
		t.flag(evHostInvalid)
	}
	if a.host == nil {
		if t.host.set() {
			t.flag(evHostAmbiguous)
		}
		return
	}
	host := m.keep(a.host)
	if !a.colon {
		m.lower(host)
	}
	if !validHost(m.at(host)) {
		t.flag(evHostInvalid)
	}
	if !t.host.set() {
		t.host, t.port = host, a.port
		return
	}
	if !bytes.EqualFold(m.at(host), m.at(t.host)) || t.port > 0 && a.port > 0 && t.port != a.port {
		t.flag(evHostAmbiguous)
	}
}

// authority is a host with or without a port.
type authority struct {
	host  []byte // nil if there is none
	port  int    // 0 is none
	valid bool
	colon bool // a port follows, or should
}

// splitHostPort reads "host", "host:port" and "[v6]:port".
func splitHostPort(b []byte) authority {
	b = trimRight(trimLeft(b))
	if len(b) == 0 {
		return authority{}
	}
	if b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 {
			return authority{}
		}
		a := authority{host: b[:end+1], valid: true}
		if rest := b[end+1:]; len(rest) > 0 {
			a.valid = false
			if rest[0] == ':' {
				a.port, a.valid = parsePort(rest[1:])
			}
		}
		return a
	}
	a := authority{host: b, valid: true}
	if colon := bytes.IndexByte(b, ':'); colon >= 0 {
		a.colon = true
		a.host = trimRight(b[:colon])
		a.port, a.valid = parsePort(b[colon+1:])
	}
	return a
}

func parsePort(b []byte) (port int, ok bool) {
	n, ok := number(b, 10)
	if !ok || n < 1 || n > 65535 {
		return 0, false
	}
	return int(n), true
}

// validHost reports whether a host is an IPv6 address in brackets or labels of
// letters, digits, '-' and '_' (RFC 1123 section 2.1, with what is used).
func validHost(b []byte) bool {
	if len(b) == 0 || len(b) > 255 {
		return false
	}
	if b[0] == '[' {
		return validV6(b)
	}
	label := 0
	for i, c := range b {
		if c == '.' {
			if label == 0 {
				return false
			}
			label = 0
			continue
		}
		if hexValue(c) < 0 && c != '-' && c != '_' {
			if l := toLower(c); l < 'a' || l > 'z' {
				return false
			}
		}
		if label++; label > 63 {
			return false
		}
		_ = i
	}
	return true
}

// authKind is the kind of an Authorization header.
type authKind uint8

const (
	authNone authKind = iota
	authBasic
	authDigest
	authBearer
	authUnknown
)

func (t *Tx) authorization() authKind {
	v := t.req.value("authorization")
	switch {
	case v == nil:
		return authNone
	case len(v) >= 5 && equalFold(v[:5], "basic"):
		return authBasic
	case len(v) >= 6 && equalFold(v[:6], "digest"):
		return authDigest
	case len(v) >= 6 && equalFold(v[:6], "bearer"):
		return authBearer
	}
	return authUnknown
}
