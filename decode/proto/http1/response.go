package http1

import "bytes"

// unseenURI stands for the URI where only the response was seen; records of
// Suricata have it.
const unseenURI = "/libhtp::request_uri_not_seen"

// responseIdle waits for the first byte of a response and finds its request.
func (p *parser) responseIdle(b []byte, _ bool) (int, verdict) {
	switch {
	case len(b) == 0:
		return 0, more
	case !p.startResponse():
		return 0, broken
	}
	return 0, again
}

// startResponse finds or opens the transaction of a response that begins. It
// returns false if there are too many.
func (p *parser) startResponse() bool {
	t := p.find(p.nextRes)
	if t == nil {
		if t = p.unmatched(); t == nil {
			return false
		}
	}
	p.nextRes = t.ID + 1
	p.res.tx = t
	p.res.left = 0
	if t.is09 {
		t.res.coding = codingIdentity
		t.Advance(toClient, progBody)
		p.res.left = -1
		p.res.phase = untilEnd
		return true
	}
	if !t.hasReq && p.req.tx == t {
		t.AddEvent(evLineIncomplete, toServer)
	}
	p.res.phase = inFirst
	return true
}

// unmatched opens a transaction for a response without a request.
func (p *parser) unmatched() *Tx {
	if p.req.tx != nil {
		p.requestComplete()
	}
	t := p.open()
	if t == nil {
		return nil
	}
	t.AddEvent(evUnmatchedResponse, toClient)
	m := &t.req
	t.uri = m.keep([]byte(unseenURI))
	t.normalized, t.parsed.path = t.uri, t.uri
	t.Advance(toServer, progComplete)
	p.req.tx, p.req.phase = nil, idle
	return t
}

// responseFirst reads the status line. A lone CR ends it, too.
func (p *parser) responseFirst(b []byte, end bool) (int, verdict) {
	t := p.res.tx
	line, wait := statusEnd(b, end)
	if p.tooLong(&p.res, line, b) {
		t.AddEvent(evResFieldTooLong, toClient)
		return 0, broken
	}
	if wait {
		return 0, more
	}
	if line == nil {
		return 0, p.endOfResponse()
	}
	if p.ignorable(line) {
		return len(line), again
	}
	text := chomp(line)
	if !looksLikeStatus(text) {
		return p.bodyWithoutHead(b, line)
	}
	m := &t.res
	m.head = append(m.head[:0], line...)
	m.line = span{0, uint32(len(text))}
	m.raw = span{uint32(len(line)), uint32(len(line))}
	t.statusLine(m.head[:len(text)], 0)
	if t.status != 100 {
		t.Advance(toClient, progLine)
	}
	p.env.Host.Frame(toClient, frameResponse, p.at, -1, t.Base())
	p.res.bareLF = false
	p.res.phase = inHeaders
	return len(line), again
}

// statusEnd returns the first line of b. wait says that its end is not there
// yet; both are zero values if nothing comes any more.
func statusEnd(b []byte, end bool) (line []byte, wait bool) {
	i := bytes.IndexAny(b, "\r\n")
	switch {
	case i < 0 && !end:
		return nil, true
	case i < 0 && len(b) == 0:
		return nil, false
	case i < 0:
		return b, false
	case b[i] == '\n':
		return b[:i+1], false
	case i+1 < len(b) && b[i+1] == '\n':
		return b[:i+2], false
	case i+1 == len(b) && !end:
		return nil, true
	}
	return b[:i+1], false
}

// bodyWithoutHead takes a line that is no status line for the body, as browsers
// do, unless a status line follows.
func (p *parser) bodyWithoutHead(b, line []byte) (int, verdict) {
	t := p.res.tx
	if rest := b[len(line):]; len(rest) > 0 && (rest[0] == 'H' || len(chomp(line)) <= 2) {
		return len(line), again
	}
	t.res.coding = codingIdentity
	t.bodyAsHeader = true
	t.Advance(toClient, progBody)
	p.res.left = -1
	if !p.bodyData(toClient, line) {
		return len(line), broken
	}
	if len(b) == len(line) {
		p.res.phase = inFinal
	}
	return len(line), again
}

// responseHeader reads one header line, or the empty line behind them.
func (p *parser) responseHeader(b []byte, end bool) (int, verdict) {
	t := p.res.tx
	m := &t.res
	skip := 0
	afterLFCR := false
	if p.res.bareLF && len(b) > 0 && b[0] == '\r' {
		// The line before ended in LF CR, unless this is an empty line.
		if len(b) == 1 && !end {
			return 0, more
		}
		if len(b) > 1 && b[1] != '\n' {
			skip, afterLFCR = 1, true
		}
	}
	line, wait := headerEnd(b[skip:], end)
	if p.tooLong(&p.res, line, b) || len(m.head) > maxHead {
		t.AddEvent(evResFieldTooLong, toClient)
		return 0, broken
	}
	if wait {
		return 0, more
	}
	if line == nil {
		if m.held {
			m.pending = span{}
		}
		t.flushHeader(toClient)
		return 0, p.endOfResponse()
	}
	n := skip + len(line)
	if last := line[len(line)-1]; end && n == len(b) && last != '\n' && last != '\r' {
		// The connection has ended within the line: it is no header any more.
		m.wire += uint64(len(line))
		t.flushHeader(toClient)
		return n, p.endOfResponse()
	}
	if afterLFCR && string(line) == "\r\n" && hasPrefix(b[n:], "\r\n") {
		// LF CR CR LF CR LF: six bytes, two line ends.
		n += 2
	}
	if string(line) == "\n" && n < len(b) && b[n] == '\r' {
		// LF CR is the end of a line, but no empty line.
		off := len(m.head)
		m.head = append(m.head, b[:n+1]...)
		m.raw.end = uint32(len(m.head))
		p.res.bareLF = false
		t.headerLine(toClient, m.head[off:], off)
		return n + 1, again
	}
	off := len(m.head)
	m.head = append(m.head, b[:n]...)
	m.raw.end = uint32(len(m.head))
	p.res.bareLF = line[len(line)-1] == '\n' && (len(line) == 1 || line[len(line)-2] != '\r')
	followed := n < len(b) && b[n] != '\n'
	if p.emptyLine(line, followed) {
		t.flushHeader(toClient)
		return n, p.responseHeadersDone()
	}
	t.headerLine(toClient, m.head[off+skip:off+skip+len(line)], off+skip)
	return n, again
}

// headerEnd returns the first line of b: up to LF, CR LF or a CR that is not
// followed by another.
func headerEnd(b []byte, end bool) (line []byte, wait bool) {
	for at := 0; ; {
		i := bytes.IndexAny(b[at:], "\r\n")
		if i < 0 {
			if !end {
				return nil, true
			}
			if len(b) == 0 {
				return nil, false
			}
			return b, false
		}
		i += at
		switch {
		case b[i] == '\n':
			return b[:i+1], false
		case i+1 == len(b) && !end:
			return nil, true
		case i+1 < len(b) && b[i+1] == '\n':
			return b[:i+2], false
		case i+1 < len(b) && b[i+1] == '\r' || i == 0 && i+1 < len(b):
			at = i + 1
		default:
			return b[:i+1], false
		}
	}
}

// responseBody reads a body of known length. One that the end of the connection
// cuts short counts as whole.
func (p *parser) responseBody(b []byte, end bool) (int, verdict) {
	n := int(min(int64(len(b)), p.res.left))
	if n > 0 {
		p.res.left -= int64(n)
		if !p.bodyData(toClient, b[:n]) {
			return n, broken
		}
	}
	if p.res.left > 0 && !end {
		return n, more
	}
	p.res.phase = inFinal
	return n, again
}

// responseUntilEnd reads a body that ends with the connection.
func (p *parser) responseUntilEnd(b []byte, end bool) (int, verdict) {
	if len(b) > 0 && !p.bodyData(toClient, b) {
		return len(b), broken
	}
	if !end {
		return len(b), more
	}
	return len(b), p.endOfResponse()
}

// endOfResponse ends a response because nothing more comes.
func (p *parser) endOfResponse() verdict {
	p.responseComplete()
	return more
}

// responseFinal ends the response. What is left of the bytes at hand must look
// like another one; if it does not, it belongs to the body.
func (p *parser) responseFinal(b []byte, end bool) (int, verdict) {
	if len(b) == 0 {
		p.responseComplete()
		return 0, again
	}
	t := p.res.tx
	line, ok := p.line(&p.res, b, end)
	if !ok {
		t.AddEvent(evResFieldTooLong, toClient)
		return 0, broken
	}
	if line == nil {
		return 0, more
	}
	if !looksLikeStatus(line) {
		if !p.cfg.v7 {
			t.warn(evResBodyUnexpected, toClient)
		}
		if !p.bodyData(toClient, line) {
			return len(line), broken
		}
		return len(line), again
	}
	p.responseComplete()
	return 0, again
}

// responseComplete ends the response in work.
func (p *parser) responseComplete() {
	t := p.res.tx
	p.endBody(toClient)
	t.Advance(toClient, progComplete)
	p.env.Host.TriggerRaw(toClient)
	p.res.tx, p.res.left = nil, 0
	p.res.phase = idle
	if p.stopped {
		p.res.phase = ignoring
	}
}
