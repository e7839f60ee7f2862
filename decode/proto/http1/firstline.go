package http1

import "bytes"

// token cuts b at its first white space.
func token(b []byte) (word, rest []byte) {
	for i, c := range b {
		if isSpace(c) {
			return b[:i], b[i:]
		}
	}
	return b, nil
}

// requestLine reads method, URI and version of a request line. line is without
// its end and stands in the head arena at off.
func (t *Tx) requestLine(line []byte, off int) {
	m := &t.req
	if t.cfg.personality.nulEndsLine() {
		if i := bytes.IndexByte(line, 0); i >= 0 {
			line = line[:i]
		}
	}
	at := func(b []byte) span {
		o := off + cap(line) - cap(b)
		return span{uint32(o), uint32(o + len(b))}
	}
	rest := trimLeft(line)
	if len(rest) < len(line) {
		t.AddEvent(evLeadingSpace, toServer)
	}
	method, rest := token(rest)
	t.method = at(method)
	t.knownMethod = knownMethod(method)
	t.hasReq = true

	uri := trimLeft(rest)
	for _, c := range rest[:len(rest)-len(uri)] {
		if c != ' ' {
			t.AddEvent(evMethodDelim, toServer)
			break
		}
	}
	if len(uri) == 0 {
		t.old()
		return
	}
	uri, version := t.splitURI(uri)
	t.uri = at(uri)
	version = trimLeft(version)
	if len(version) == 0 {
		t.old()
		return
	}
	m.protocol = at(version)
	m.version = t.parseVersion(version)
}

// old makes the request one of HTTP/0.9, which has no version and no headers.
func (t *Tx) old() {
	t.is09 = true
	t.req.version = version09
}

// splitURI divides what stands behind the method at the first space. Other white
// space ends the URI only where there is no space at all.
func (t *Tx) splitURI(b []byte) (uri, version []byte) {
	space := bytes.IndexByte(b, ' ')
	end := space
	if end < 0 {
		end = len(b)
	}
	odd, _ := token(b[:end])
	if len(odd) == end {
		return b[:end], b[end:]
	}
	t.AddEvent(evURIDelim, toServer)
	if space < 0 {
		end = len(odd)
	}
	return b[:end], b[end:]
}

// parseVersion reads "HTTP/1.1".
func (t *Tx) parseVersion(b []byte) int {
	if t.cfg.v7 {
		if len(b) != 8 || string(b[:5]) != "HTTP/" || b[6] != '.' {
			return versionInvalid
		}
		return versionNumber(b[5:])
	}
	b = trimRight(trimLeft(b))
	if len(b) < 4 || !equalFold(b[:4], "http") {
		return versionInvalid
	}
	b = trimLeft(b[4:])
	if len(b) == 0 || b[0] != '/' {
		return versionInvalid
	}
	b = b[1:]
	for len(b) > 3 && (isSpace(b[0]) || b[0] == '0') {
		b = b[1:]
	}
	if len(b) == 2 && string(b) == ".9" {
		return version09
	}
	return versionNumber(b)
}

func versionNumber(b []byte) int {
	switch string(b) {
	case "0.9":
		return version09
	case "1.0":
		return version10
	case "1.1":
		return version11
	}
	return versionInvalid
}

// statusLine reads version, status and message of a status line that stands in
// the head arena at off.
func (t *Tx) statusLine(line []byte, off int) {
	m := &t.res
	at := func(b []byte) span {
		o := off + cap(line) - cap(b)
		return span{uint32(o), uint32(o + len(b))}
	}
	t.statusText, t.message, m.protocol = span{}, span{}, span{}
	m.version, t.status = versionInvalid, -1
	version, rest := token(trimLeft(line))
	if len(version) > 0 {
		m.protocol = at(version)
		m.version = t.parseVersion(version)
		rest = trimLeft(rest)
		status, rest := token(rest)
		if len(status) > 0 {
			t.statusText = at(status)
			if n, ok := number(status, 10); ok && n >= 100 && n <= 999 {
				t.status = int(n)
			}
			if rest = trimLeft(rest); len(rest) > 0 {
				t.message = at(rest)
			}
		}
	}
	if m.version == versionInvalid {
		t.AddEvent(evResProtocol, toClient)
	}
	if t.status < 0 {
		t.AddEvent(evResStatus, toClient)
	}
}

// looksLikeStatus reports whether a line could be a status line. What does not
// is taken for the body by browsers.
func looksLikeStatus(line []byte) bool {
	for len(line) > 0 && (isSpace(line[0]) || line[0] == 0) {
		line = line[1:]
	}
	return len(line) >= 4 && equalFold(line[:4], "http")
}
