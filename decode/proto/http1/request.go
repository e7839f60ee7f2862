package http1

import "bytes"

func indexLF(b []byte) int { return bytes.IndexByte(b, '\n') }

// requestIdle waits for the first byte of a request.
func (p *parser) requestIdle(b []byte, _ bool) (int, verdict) {
	if len(b) == 0 {
		return 0, more
	}
	if p.req.tx = p.open(); p.req.tx == nil {
		return 0, broken
	}
	p.req.phase = inFirst
	return 0, again
}

// requestFirst reads the request line. Empty lines before it are passed over
// (RFC 9112 section 2.2).
func (p *parser) requestFirst(b []byte, end bool) (int, verdict) {
	t := p.req.tx
	line, ok := p.line(&p.req, b, end)
	if !ok {
		t.AddEvent(evReqFieldTooLong, toServer)
		return 0, broken
	}
	if line == nil {
		return 0, more
	}
	if p.ignorable(line) {
		return len(line), again
	}
	m := &t.req
	m.head = append(m.head[:0], line...)
	n := len(chomp(line))
	m.line = span{0, uint32(n)}
	m.raw = span{uint32(len(line)), uint32(len(line))}
	t.requestLine(m.head[:n], 0)
	t.requestURI()
	t.Advance(toServer, progLine)
	p.env.Host.Frame(toServer, frameRequest, p.at, -1, t.Base())
	if !t.is09 {
		p.req.phase = inHeaders
		return len(line), again
	}
	if len(trimLeft(b[len(line):])) > 0 {
		// The version was forgotten, but what follows must be headers.
		if !p.cfg.v7 {
			t.AddEvent(evLineNoProtocol, toServer)
		}
		t.is09 = false
		p.req.phase = inHeaders
		return len(line), again
	}
	m.coding = codingNone
	p.req.phase = inFinal
	return len(line), again
}

// ignorable reports whether a line where a first line should stand is empty.
func (p *parser) ignorable(line []byte) bool {
	text := chomp(line)
	if len(text) == 0 {
		return true
	}
	return p.cfg.personality.blankLineEnds() && len(trimLeft(text)) == 0
}

// requestHeader reads one header line, or the empty line behind them.
func (p *parser) requestHeader(b []byte, end bool) (int, verdict) {
	t := p.req.tx
	m := &t.req
	line, ok := p.line(&p.req, b, end)
	if !ok || len(m.head) > maxHead {
		t.AddEvent(evReqFieldTooLong, toServer)
		return 0, broken
	}
	if line == nil {
		if end {
			m.pending = span{}
			t.Advance(toServer, progTrailer)
			p.req.phase = inFinal
			return 0, again
		}
		return 0, more
	}
	off := len(m.head)
	m.head = append(m.head, line...)
	m.raw.end = uint32(len(m.head))
	if p.emptyLine(line, false) {
		return len(line), p.requestHeadersDone()
	}
	t.headerLine(toServer, m.head[off:], off)
	return len(line), again
}

// emptyLine reports whether a line ends the headers. A line of one blank does
// if what follows is a line of its own.
func (p *parser) emptyLine(line []byte, followed bool) bool {
	if string(line) == "\n" || string(line) == "\r\n" {
		return true
	}
	if p.cfg.personality.blankLineEnds() && len(trimLeft(line)) == 0 {
		return true
	}
	return followed && len(line) == 2 && isBlank(line[0]) && line[1] == '\n'
}

// requestHeadersDone goes on behind the headers, or behind the trailers.
func (p *parser) requestHeadersDone() verdict {
	t := p.req.tx
	m := &t.req
	t.flushHeader(toServer)
	if t.Progress[0] >= progBody {
		t.repeatFlags()
		t.Advance(toServer, progTrailer)
		p.req.phase = inFinal
		return again
	}
	p.requestHeaders(t)
	t.Advance(toServer, progHeaders)
	if string(m.at(t.method)) == "CONNECT" {
		p.req.phase = inConnect
		return again
	}
	p.req.phase = inFinal
	switch m.coding {
	case codingChunked:
		t.Advance(toServer, progBody)
		p.req.phase = inChunkLen
	case codingIdentity:
		if p.req.left = m.length; m.length > 0 {
			t.Advance(toServer, progBody)
			p.req.phase = inBody
		}
	case codingInvalid:
		return broken
	}
	return again
}

// requestConnect waits for the answer to a CONNECT: it says whether what
// follows is HTTP. What comes before the answer is passed over: nobody knows
// yet for whom it is.
func (p *parser) requestConnect(b []byte, _ bool) (int, verdict) {
	t := p.req.tx
	if t.Progress[1] < progHeaders {
		return len(b), more
	}
	p.req.phase = inFinal
	return 0, again
}

// requestBody reads a body of known length.
func (p *parser) requestBody(b []byte, _ bool) (int, verdict) {
	n := int(min(int64(len(b)), p.req.left))
	if n > 0 {
		p.req.left -= int64(n)
		if !p.bodyData(toServer, b[:n]) {
			return n, broken
		}
	}
	if p.req.left > 0 {
		return n, more
	}
	p.req.phase = inFinal
	return n, again
}

// requestFinal ends the request. What is left of the bytes at hand must begin
// another one; if it does not, it is a body nobody announced.
func (p *parser) requestFinal(b []byte, end bool) (int, verdict) {
	if len(b) == 0 {
		p.requestComplete()
		return 0, again
	}
	t := p.req.tx
	line, ok := p.line(&p.req, b, end)
	if !ok {
		t.AddEvent(evReqFieldTooLong, toServer)
		return 0, broken
	}
	switch {
	case line == nil:
		return 0, more
	case line[len(line)-1] != '\n':
		// The end of the connection: whatever it is, no request comes of it.
		ok := p.bodyData(toServer, line)
		p.requestComplete()
		p.req.phase = ignoring
		if !ok {
			return len(b), broken
		}
		return len(b), more
	}
	if t.is09 {
		p.requestComplete()
		return 0, again
	}
	method, _ := token(trimLeft(line))
	if !knownMethod(method) {
		if len(method) > 0 {
			t.warn(evBodyUnexpected, toServer)
		}
		t.Advance(toServer, progBody)
		if !p.bodyData(toServer, line) {
			return len(line), broken
		}
		return len(line), again
	}
	p.requestComplete()
	return 0, again
}

// requestComplete ends the request in work.
func (p *parser) requestComplete() {
	t := p.req.tx
	if !p.stopped {
		t.repeatFlags()
	}
	p.endBody(toServer)
	t.Advance(toServer, progComplete)
	p.env.Host.TriggerRaw(toServer)
	p.req.tx, p.req.left = nil, 0
	p.req.phase = idle
	if t.is09 || p.stopped {
		p.req.phase = ignoring
	}
}
