package http1

// responseHeadersDone decides what body follows (RFC 9112 section 6.3), or ends
// the trailers.
func (p *parser) responseHeadersDone() verdict {
	t := p.res.tx
	m := &t.res
	if t.Progress[1] >= progBody {
		t.Advance(toClient, progTrailer)
		p.res.phase = inFinal
		return again
	}
	te, cl := m.header("transfer-encoding"), m.header("content-length")
	if t.isConnect() {
		if t.status >= 200 && t.status <= 299 {
			t.Advance(toClient, progHeaders)
			p.tunnel()
			return again
		}
		defer p.connectRefused()
	}
	if t.status == 101 && te == nil && cl == nil {
		t.Advance(toClient, progHeaders)
		p.switched()
		return again
	}
	if t.status == 100 && te == nil && !longerThan0(m, cl) {
		if t.seen100 {
			t.AddEvent(ev100Seen, toClient)
			return broken
		}
		t.seen100 = true
		m.reset()
		p.res.phase = inFirst
		return again
	}
	p.expectationRefused()
	t.Advance(toClient, progLine)
	return p.responseBodyKind(te, cl)
}

func longerThan0(m *message, cl *header) bool {
	if cl == nil {
		return false
	}
	n, ok := contentLength(m.at(cl.value))
	return ok && n > 0
}

// responseBodyKind finds out where the body ends.
func (p *parser) responseBodyKind(te, cl *header) verdict {
	t := p.res.tx
	m := &t.res
	none := t.status >= 100 && t.status <= 199 || t.status == 204 || t.status == 304
	v := again
	if none && (te != nil || cl != nil) && !p.cfg.v7 && !t.isHead() {
		// Browsers take what follows for the body all the same.
		t.AddEvent(evResBodyUnexpected, toClient)
	}
	switch {
	case t.isHead(), none && te == nil && cl == nil:
		m.coding = codingNone
		p.res.phase = inFinal
	case te != nil && contains0(m.at(te.value), "chunked"):
		if !equalFold(m.at(te.value), "chunked") {
			t.AddEvent(evAbnormalTE, toClient)
		}
		if m.version < version11 {
			t.AddEvent(evChunkedOld, toClient)
		}
		m.coding = codingChunked
		p.res.phase = inChunkLen
	case cl != nil:
		m.coding = codingIdentity
		n, ok := contentLength(m.at(cl.value))
		if !ok {
			t.AddEvent(evResContentLength, toClient)
			v = broken
			break
		}
		m.length, p.res.left = n, n
		p.res.phase = inBody
		if n == 0 {
			p.res.phase = inFinal
		}
	default:
		if ct := m.value("content-type"); indexFold(ct, "multipart/byteranges") >= 0 {
			t.AddEvent(evMultipartRanges, toClient)
			v = broken
			break
		}
		m.coding = codingIdentity
		p.res.left = -1
		p.res.phase = untilEnd
	}
	p.startCodings(t, toClient)
	t.Advance(toClient, progHeaders)
	if v == again && (m.coding == codingChunked || p.res.left != 0) {
		t.Advance(toClient, progBody)
	}
	return v
}

// isHead reports whether the request is a HEAD, whose response has no body.
func (t *Tx) isHead() bool { return string(t.Method()) == "HEAD" }

// isConnect reports whether the request is a CONNECT.
func (t *Tx) isConnect() bool { return string(t.Method()) == "CONNECT" }

// expectationRefused ends a request whose body was announced and, after an
// answer like 417, will not come (RFC 9110 section 10.1.1).
func (p *parser) expectationRefused() {
	t := p.res.tx
	if t.status < 400 || t.status > 499 || p.req.tx != t || p.req.left <= 0 || p.req.left != t.req.length {
		return
	}
	if equalFold(t.req.value("expect"), "100-continue") {
		p.req.phase = inFinal
		p.req.left = 0
	}
}
