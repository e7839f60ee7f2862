package http1

import (
	"bytes"
	"net/netip"
)

// uri is a request's URI in parts: spans of the request, normalised ones in its
// derived arena.
type uri struct {
	scheme, user, password span
	rawHost                span // as written
	hostname               span // lower case, decoded
	portNumber             int  // 0 is none
	path                   span // normalised
	query, fragment        span
	rawPath                span
}

// uriParts are the parts of a URI before any decoding.
type uriParts struct {
	scheme, user, password, host, port, path, query, fragment []byte // nil if missing
}

// splitURIParts divides a URI (RFC 3986 section 3) as servers do: an authority
// is looked for behind a scheme only.
func splitURIParts(b []byte) uriParts {
	var u uriParts
	if len(b) == 0 {
		return u
	}
	if b[0] != '/' {
		if i := bytes.IndexByte(b, ':'); i >= 0 {
			u.scheme, b = b[:i], b[i+1:]
		}
	}
	if u.scheme != nil && len(b) > 2 && b[0] == '/' && b[1] == '/' && b[2] != '/' {
		b = b[2:]
		end := bytes.IndexAny(b, "?/#")
		if end < 0 {
			end = len(b)
		}
		u.authority(b[:end])
		b = b[end:]
	}
	end := bytes.IndexAny(b, "?#")
	if end < 0 {
		u.path = b
		return u
	}
	u.path, b = b[:end], b[end:]
	if b[0] == '?' {
		end = bytes.IndexByte(b, '#')
		if end < 0 {
			u.query = b[1:]
			return u
		}
		u.query, b = b[1:end], b[end:]
	}
	u.fragment = b[1:]
	return u
}

// authority divides credentials, host and port.
func (u *uriParts) authority(b []byte) {
	if at := bytes.IndexByte(b, '@'); at >= 0 {
		cred := b[:at]
		b = b[at+1:]
		if i := bytes.IndexByte(cred, ':'); i >= 0 {
			u.user, u.password = cred[:i], cred[i+1:]
		} else {
			u.user = cred
		}
	}
	if len(b) > 0 && b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 {
			u.host = b
			return
		}
		u.host = b[:end+1]
		if rest := b[end+1:]; len(rest) > 0 && rest[0] == ':' {
			u.port = rest[1:]
		}
		return
	}
	u.host = b
	if i := bytes.IndexByte(b, ':'); i >= 0 {
		u.host, u.port = b[:i], b[i+1:]
	}
}

// requestURI reads the URI of the request line and makes its normalised form.
func (t *Tx) requestURI() {
	m := &t.req
	raw := m.optional(t.uri)
	if raw == nil {
		return
	}
	var u uriParts
	if string(m.at(t.method)) == "CONNECT" {
		t.connectAuthority(raw)
	} else {
		u = splitURIParts(raw)
	}
	p := &t.parsed
	decode := func(part []byte) span {
		if part == nil {
			return span{}
		}
		off := len(m.derived)
		m.derived = appendDecoded(m.derived, part, &t.cfg.query)
		return m.since(off)
	}
	if u.scheme != nil {
		off := len(m.derived)
		for _, c := range u.scheme {
			m.derived = append(m.derived, toLower(c))
		}
		p.scheme = m.since(off)
	}
	p.user, p.password = decode(u.user), decode(u.password)
	if u.host != nil {
		p.rawHost = m.keep(u.host)
		off := len(m.derived)
		m.derived = appendDecoded(m.derived, u.host, &t.cfg.query)
		t.setURIHost(off)
	}
	if u.port != nil {
		var ok bool
		if p.portNumber, ok = parsePort(u.port); !ok {
			t.flag(evURIHostInvalid)
		}
	}
	if u.path != nil {
		p.rawPath = m.keep(u.path)
		p.path = t.normalPath(u.path)
	}
	p.query = t.normalQuery(u.query)
	p.fragment = decode(u.fragment)
	t.normalizeURI(u)
	if p.hostname.set() && !validHost(m.at(p.hostname)) {
		t.flag(evURIHostInvalid)
	}
}

// setURIHost takes what stands in the derived arena from off on for the URI's
// host: lower case, without a dot behind it.
func (t *Tx) setURIHost(off int) {
	m := &t.req
	for i := off; i < len(m.derived); i++ {
		m.derived[i] = toLower(m.derived[i])
	}
	for n := len(m.derived); n > off && m.derived[n-1] == '.'; n-- {
		m.derived = m.derived[:n-1]
	}
	t.parsed.hostname = m.since(off)
}

// connectAuthority reads the target of CONNECT: host and port.
func (t *Tx) connectAuthority(raw []byte) {
	a := splitHostPort(raw)
	if !a.valid {
		t.flag(evURIHostInvalid)
	}
	if a.host == nil || !t.cfg.v7 && !validHost(a.host) {
		return
	}
	m := &t.req
	t.parsed.rawHost = m.keep(a.host)
	off := len(m.derived)
	m.derived = append(m.derived, a.host...)
	t.setURIHost(off)
	t.parsed.portNumber = a.port
}

// normalPath decodes a path as the server does and takes out dot segments.
func (t *Tx) normalPath(path []byte) span {
	m := &t.req
	off := len(m.derived)
	m.derived = appendPath(m.derived, path, &t.cfg.path)
	if t.cfg.path.utf8 {
		m.derived = bestFitUTF8(m.derived, off)
	}
	m.derived = removeDotSegments(m.derived, off)
	if t.cfg.doublePath {
		n := len(m.derived) - off
		m.derived = appendDecoded(m.derived[:off], m.derived[off:], &t.cfg.path)
		if len(m.derived)-off != n {
			t.AddEvent(evDoubleEncoded, toServer)
		}
	}
	return m.since(off)
}

// normalQuery decodes a query.
func (t *Tx) normalQuery(query []byte) span {
	if query == nil {
		return span{}
	}
	m := &t.req
	off := len(m.derived)
	m.derived = appendDecoded(m.derived, query, &t.cfg.query)
	if t.cfg.doubleQuery {
		n := len(m.derived) - off
		m.derived = appendDecoded(m.derived[:off], m.derived[off:], &t.cfg.query)
		if len(m.derived)-off != n {
			t.AddEvent(evDoubleEncoded, toServer)
		}
	}
	return m.since(off)
}

// normalizeURI puts the normalised parts together again.
func (t *Tx) normalizeURI(u uriParts) {
	m, p := &t.req, &t.parsed
	off := len(m.derived)
	// The parts stand in the arena that grows: they are read by offset.
	add := func(s span) {
		n := s.end - s.off
		at := s.off &^ inDerived
		m.derived = append(m.derived, m.derived[at:at+n]...)
	}
	if t.cfg.uriIncludeAll {
		if p.scheme.set() {
			add(p.scheme)
			m.derived = append(m.derived, "://"...)
		}
		if p.user.set() || p.password.set() {
			if p.user.set() {
				add(p.user)
			}
			m.derived = append(m.derived, ':')
			if p.password.set() {
				add(p.password)
			}
			m.derived = append(m.derived, '@')
		}
		if p.hostname.set() {
			add(p.hostname)
		}
		if u.port != nil {
			m.derived = append(append(m.derived, ':'), u.port...)
		}
	}
	if p.path.set() {
		add(p.path)
	}
	if p.query.set() {
		m.derived = append(m.derived, '?')
		add(p.query)
	}
	if p.fragment.set() {
		m.derived = append(m.derived, '#')
		add(p.fragment)
	}
	t.normalized = m.since(off)
}

// validV6 reports whether b is an IPv6 address in brackets.
func validV6(b []byte) bool {
	if len(b) < 4 || len(b)-2 > 45 || b[len(b)-1] != ']' {
		return false
	}
	a, err := netip.ParseAddr(string(b[1 : len(b)-1]))
	return err == nil && a.Is6() && a.Zone() == ""
}
