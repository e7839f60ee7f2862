package http1

import (
	"bytes"

	"weir/decode/field"
)

const (
	toServer = field.ToServer
	toClient = field.ToClient

	// maxFolded bounds a header line with its continuations, bytes.
	maxFolded = 102_400
	// maxRepetitions bounds the values that are joined for one name, over all
	// headers of a message.
	maxRepetitions = 64
	// maxHead bounds line, headers and trailers of one message, bytes.
	maxHead = 4 << 20
)

// headerLine takes one line of the headers or trailers, with its end, of which
// text is the part without it. It stands in the head arena at off.
func (t *Tx) headerLine(dir field.Dir, line []byte, off int) {
	m := t.side(dir)
	text := chomp(line)
	s := span{uint32(off), uint32(off + len(text))}
	if len(text) == 0 {
		// Only CRs: neither an end of the headers nor a header.
		t.flushHeader(dir)
	} else if !isFold(text[0]) {
		t.flushHeader(dir)
		m.pending, m.held = s, false
		return
	}
	m.held = true
	if !m.pending.set() {
		t.foldingEvent(dir)
		for s.off < s.end && isFold(m.head[s.off]) {
			s.off++
		}
		m.pending = s
		return
	}
	if dir == toClient && m.version == version11 && bytes.IndexByte(text, ':') >= 0 && bytes.IndexByte(m.at(m.pending), ':') >= 0 {
		// Servers send headers that begin with a space; browsers take them for
		// headers.
		t.foldingEvent(dir)
		t.flushHeader(dir)
		m.pending = span{s.off + 1, s.end}
		return
	}
	t.fold(m, text)
}

// fold adds a continuation to the pending header.
func (t *Tx) fold(m *message, text []byte) {
	p := m.pending
	if int(p.end-p.off)+len(text) > maxFolded {
		return
	}
	if p.off&inDerived == 0 || int(p.end&^inDerived) != len(m.derived) {
		off := len(m.derived)
		m.derived = append(m.derived, m.at(p)...)
		p = m.since(off)
	}
	m.derived = append(m.derived, text...)
	p.end = uint32(len(m.derived)) | inDerived
	m.pending = p
	m.pendingFolded = true
}

func (t *Tx) foldingEvent(dir field.Dir) {
	m := t.side(dir)
	if m.warned&warnedFolding == 0 {
		m.warned |= warnedFolding
		t.AddEvent(sided(dir, evReqFolding, evResFolding), dir)
	}
}

// sided picks the event of a direction.
func sided(dir field.Dir, req, res uint8) uint8 {
	if dir == toClient {
		return res
	}
	return req
}

// flushHeader takes the pending header line as complete.
func (t *Tx) flushHeader(dir field.Dir) {
	m := t.side(dir)
	p := m.pending
	if !p.set() {
		return
	}
	wasFolded := m.pendingFolded
	m.pending, m.pendingFolded = span{}, false
	h := t.splitHeader(dir, p)
	if wasFolded {
		h.flags |= folded
	}
	t.addHeader(dir, h)
}

// splitHeader divides a header line into name and value.
func (t *Tx) splitHeader(dir field.Dir, p span) header {
	m := t.side(dir)
	b := m.at(p)
	colon := bytes.IndexByte(b, ':')
	if dir == toServer {
		if nul := bytes.IndexByte(b[:max(colon, 0)], 0); nul >= 0 || colon < 0 {
			colon = -1
		}
	}
	if colon < 0 {
		if m.warned&warnedColon == 0 {
			m.warned |= warnedColon | warnedName
			t.AddEvent(sided(dir, evReqMissingColon, evResMissingColon), dir)
		}
		return header{name: span{p.off, p.off}, value: p, flags: unparseable}
	}
	bad := colon == 0
	name := b[:colon]
	for len(name) > 0 && (isBlank(name[len(name)-1]) || dir == toClient && isSpace(name[len(name)-1])) {
		name = name[:len(name)-1]
		bad = true
	}
	for _, c := range name {
		if !tokens[c] {
			bad = true
			break
		}
	}
	if bad && m.warned&warnedName == 0 {
		m.warned |= warnedName
		t.AddEvent(sided(dir, evReqHeaderInvalid, evResHeaderInvalid), dir)
	}
	lo, hi := colon+1, len(b)
	for lo < hi && isBlank(b[lo]) {
		lo++
	}
	for hi > lo && isBlank(b[hi-1]) {
		hi--
	}
	return header{
		name:  span{p.off, p.off + uint32(len(name))},
		value: span{p.off + uint32(lo), p.off + uint32(hi)},
	}
}

// addHeader puts a header in the list, or joins its value to that of the same
// name before it.
func (t *Tx) addHeader(dir field.Dir, h header) {
	m := t.side(dir)
	name := m.at(h.name)
	for i := range m.headers {
		old := &m.headers[i]
		if !bytes.EqualFold(m.at(old.name), name) {
			continue
		}
		t.joinHeader(dir, old, h)
		return
	}
	if len(m.headers) >= t.cfg.headersLimit {
		m.dropped++
		t.AddEvent(sided(dir, evReqTooManyHeaders, evResTooManyHeaders), dir)
		return
	}
	m.headers = append(m.headers, h)
}

// joinHeader adds the value of a repeated header, with a comma between (RFC
// 9110 section 5.3). Of content lengths the first holds.
func (t *Tx) joinHeader(dir field.Dir, old *header, h header) {
	m := t.side(dir)
	if old.flags&repeated != 0 {
		if m.repetitions >= maxRepetitions {
			return
		}
		m.repetitions++
	} else if !t.cfg.v7 {
		t.warn(sided(dir, evReqRepetition, evResRepetition), dir)
	}
	old.flags |= repeated
	if equalFold(m.at(h.name), "content-length") {
		a, aok := contentLength(m.at(old.value))
		b, bok := contentLength(m.at(h.value))
		if !aok || !bok || a != b {
			t.AddEvent(sided(dir, evReqDuplicateLength, evResDuplicateLength), dir)
		}
		return
	}
	off := len(m.derived)
	m.derived = append(m.derived, m.at(old.value)...)
	m.derived = append(m.derived, ", "...)
	m.derived = append(m.derived, m.at(h.value)...)
	old.value = m.since(off)
}

// contentLength reads the first number in b.
func contentLength(b []byte) (n int64, ok bool) {
	for len(b) > 0 && !isDigit(b[0]) {
		b = b[1:]
	}
	end := 0
	for end < len(b) && isDigit(b[end]) {
		end++
	}
	return number(b[:end], 10)
}

// hasToken reports whether a comma-separated list holds the word, which is in
// lower case.
func hasToken(list []byte, word string) bool {
	for len(list) > 0 {
		item := list
		if i := bytes.IndexByte(list, ','); i >= 0 {
			item, list = list[:i], list[i+1:]
		} else {
			list = nil
		}
		if equalFold(trimRight(trimLeft(item)), word) {
			return true
		}
	}
	return false
}
