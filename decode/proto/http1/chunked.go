package http1

// isChunkJunk reports whether c may stand before the length of a chunk.
func isChunkJunk(c byte) bool { return isSpace(c) }

// chunkLength reads the line with a chunk's length (RFC 9112 section 7.1).
// empty: there is nothing but white space. ok is false if it is no number, or
// above 31 bits.
func chunkLength(line []byte) (n int64, extension, empty, ok bool) {
	for len(line) > 0 && isChunkJunk(line[0]) {
		line = line[1:]
	}
	if len(line) == 0 {
		return 0, false, true, false
	}
	end := 0
	for end < len(line) && hexValue(line[end]) >= 0 {
		end++
	}
	for _, c := range line[end:] {
		if c == ';' {
			extension = true
			break
		}
	}
	n, ok = number(line[:end], 16)
	if n > 1<<31-1 {
		ok = false
	}
	return n, extension, false, ok
}

// maybeChunk reports whether the beginning of a line can still be a length.
func maybeChunk(b []byte) bool {
	if len(b) < 8 {
		return true
	}
	for _, c := range b {
		if !isChunkJunk(c) {
			return hexValue(c) >= 0
		}
	}
	return true
}

// requestChunk reads the length of a chunk.
func (p *parser) requestChunk(b []byte, end bool) (int, verdict) {
	t := p.req.tx
	line, ok := p.line(&p.req, b, end)
	if !ok {
		t.AddEvent(evReqFieldTooLong, toServer)
		return 0, broken
	}
	if line == nil {
		return 0, more
	}
	t.req.wire += uint64(len(line))
	n, extension, empty, ok := chunkLength(line)
	switch {
	case empty:
		return len(line), again
	case !ok:
		t.AddEvent(evReqChunkLen, toServer)
		return len(line), broken
	}
	if extension {
		t.warn(evChunkExtension, toServer)
	}
	p.req.left = n
	p.req.phase = inChunk
	if n == 0 {
		p.req.phase = inHeaders
	}
	return len(line), again
}

// requestChunkData reads the bytes of a chunk.
func (p *parser) requestChunkData(b []byte, _ bool) (int, verdict) {
	n := int(min(int64(len(b)), p.req.left))
	p.req.left -= int64(n)
	if n > 0 && !p.bodyData(toServer, b[:n]) {
		return n, broken
	}
	if p.req.left > 0 {
		return n, more
	}
	p.req.phase = inChunkEnd
	return n, again
}

// requestChunkEnd passes over the line end behind a chunk.
func (p *parser) requestChunkEnd(b []byte, _ bool) (int, verdict) {
	n := indexLF(b) + 1
	if n == 0 {
		p.req.tx.req.wire += uint64(len(b))
		return len(b), more
	}
	p.req.tx.req.wire += uint64(n)
	p.req.phase = inChunkLen
	return n, again
}

// responseChunk reads the length of a chunk. Where none can be, the rest of the
// connection is the body.
func (p *parser) responseChunk(b []byte, end bool) (int, verdict) {
	t := p.res.tx
	line, ok := p.line(&p.res, b, end)
	if line == nil && ok && maybeChunk(b) {
		if end {
			return 0, p.endOfResponse()
		}
		return 0, more
	}
	if !ok && maybeChunk(b) {
		t.AddEvent(evResFieldTooLong, toClient)
		return 0, broken
	}
	n, extension, empty, ok := chunkLength(line)
	if empty && line != nil {
		t.res.wire += uint64(len(line))
		return len(line), again
	}
	if !ok {
		t.AddEvent(evResChunkLen, toClient)
		if t.cfg.v7 {
			t.res.wire++ // as its records count
		}
		t.res.coding = codingIdentity
		p.res.left = -1
		p.res.phase = untilEnd
		return 0, again
	}
	t.res.wire += uint64(len(line))
	if extension {
		t.warn(evChunkExtension, toClient)
	}
	p.res.left = n
	p.res.phase = inChunk
	if n == 0 {
		p.res.phase = inHeaders
	}
	return len(line), again
}

// responseChunkData reads the bytes of a chunk.
func (p *parser) responseChunkData(b []byte, end bool) (int, verdict) {
	n := int(min(int64(len(b)), p.res.left))
	p.res.left -= int64(n)
	if n > 0 && !p.bodyData(toClient, b[:n]) {
		return n, broken
	}
	if p.res.left > 0 {
		if end {
			return n, p.endOfResponse()
		}
		return n, more
	}
	p.res.phase = inChunkEnd
	return n, again
}

// responseChunkEnd passes over the line end behind a chunk.
func (p *parser) responseChunkEnd(b []byte, end bool) (int, verdict) {
	n := indexLF(b) + 1
	if n == 0 {
		p.res.tx.res.wire += uint64(len(b))
		if end {
			return len(b), p.endOfResponse()
		}
		return len(b), more
	}
	p.res.tx.res.wire += uint64(n)
	p.res.phase = inChunkLen
	return n, again
}
