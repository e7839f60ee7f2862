package smtp

import (
	"bytes"
	"strconv"

	"weir/decode/field"
)

// bdat handles BDAT (RFC 3030 section 2): the length of a chunk, and LAST behind
// the last.
func (p *parser) bdat(t *Tx, line []byte) bool {
	arg := argument(line, len("bdat "))
	n, err := strconv.ParseUint(string(arg), 10, 32)
	if p.opt.v7 {
		if len(arg) == 0 {
			return false
		}
		p.chunk, p.inChunk = n, true
		p.push(other)
		return true
	}
	last := false
	rest := bytes.TrimSpace(line[min(len("bdat"), len(line)):])
	if i := bytes.IndexByte(rest, ' '); i >= 0 {
		rest = bytes.TrimLeft(rest[i:], " ")
		last = bytes.EqualFold(rest, []byte("last"))
		if !last {
			err = strconv.ErrSyntax
		}
	}
	if err != nil || t == nil {
		p.event(t, evInvalidBDAT, field.ToServer)
		p.push(other)
		return true
	}
	t.data = true
	t.Advance(field.ToServer, progData)
	p.chunk, p.inChunk, p.lastPart = n, true, last
	if last {
		p.push(lastChunk)
	} else {
		p.push(chunk)
	}
	p.passChunk(0)
	return true
}

// passChunk takes up to n bytes of a chunk and returns how many.
func (p *parser) passChunk(n int) int {
	n = int(min(uint64(n), p.chunk))
	p.chunk -= uint64(n)
	if p.chunk == 0 {
		p.inChunk = false
		if p.lastPart && p.cur != nil {
			p.cur.Advance(field.ToServer, progComplete)
		}
	}
	return n
}

// chunkLine takes a line of a chunk as version 7.0 does, which counts the chunks of
// a mail together. It returns false if there is too much.
func (p *parser) chunkLine(n int) bool {
	p.chunked += uint64(n)
	if p.chunked > p.chunk {
		p.event(p.cur, evChunkExceeded, field.ToServer)
		return false
	}
	if p.chunked == p.chunk {
		p.inChunk = false
	}
	return true
}
