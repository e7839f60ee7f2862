// Package mime reads multipart bodies (RFC 2046 section 5.1, RFC 7578) as their
// bytes come in, whole messages of mail (RFC 5322, 2045), and parameters of
// headers.
package mime

import "bytes"

// Limits, bytes.
const (
	// maxBoundary is above the 70 that RFC 2046 allows: clients send more.
	maxBoundary = 200
	// maxHeader bounds the headers of one part.
	maxHeader = 8 << 10
)

// Problem is something odd about a body.
type Problem uint8

// Problems.
const (
	BadBody   Problem = iota // no boundary where one must be
	BadHeader                // a header line without a colon
	NoData                   // a part that names a file and has no bytes

	// Of messages.
	LongLine
	LongEncodedLine
	LongHeaderName
	LongHeaderValue
	LongBoundary
	LongFileName
	InvalidBase64
	InvalidQP
	Malformed  // a multipart without its end
	Unreadable // no more is read
)

// Handler takes the parts. The slices are valid for the call only.
type Handler interface {
	// Begin starts a part. filename is nil if it is no file.
	Begin(filename []byte)
	Data(b []byte)
	// End ends the part; cut: the body ended before it.
	End(cut bool)
	Problem(p Problem)
}

// Multipart splits a body into parts.
type Multipart struct {
	delim []byte // CR LF, two hyphens, boundary
	buf   []byte // not judged yet
	state state
	any   bool // the part in work had bytes
	file  bool // it names a file
}

type state uint8

const (
	preamble state = iota // before the first boundary
	behind                // the rest of a boundary's line
	headers
	start // of the data
	data
	epilogue
)

// Reset prepares for a body with that boundary. It returns false if the boundary
// is none.
func (m *Multipart) Reset(boundary []byte) bool {
	m.buf, m.state = m.buf[:0], preamble
	m.delim = append(append(m.delim[:0], "\r\n--"...), boundary...)
	return len(boundary) > 0 && len(boundary) <= maxBoundary
}

// Write takes the next bytes of the body.
func (m *Multipart) Write(b []byte, h Handler) {
	m.buf = append(m.buf, b...)
	rest := m.buf
	for {
		n, more := m.step(rest, h)
		rest = rest[n:]
		if !more {
			break
		}
	}
	m.buf = m.buf[:copy(m.buf, rest)]
}

// Close ends the body.
func (m *Multipart) Close(h Handler) {
	if m.state == data || m.state == start {
		m.data(m.buf, h)
		m.end(h, true)
	}
	m.buf, m.state = m.buf[:0], epilogue
}

// step takes what it can of b and says how much; more: there may be more to
// take.
func (m *Multipart) step(b []byte, h Handler) (n int, more bool) {
	switch m.state {
	case preamble:
		if len(b) < len(m.delim) {
			return 0, false
		}
		if bytes.HasPrefix(b, m.delim[2:]) {
			m.state = behind
			return len(m.delim) - 2, true
		}
		if i := bytes.Index(b, m.delim); i >= 0 {
			m.state = behind
			return i + len(m.delim), true
		}
		if len(b) > maxHeader {
			h.Problem(BadBody)
			m.state = epilogue
		}
		return 0, m.state == epilogue
	case behind:
		if len(b) < 2 {
			return 0, false
		}
		if b[0] == '-' && b[1] == '-' {
			m.state = epilogue
			return len(b), false
		}
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			if len(b) > maxHeader {
				h.Problem(BadBody)
				m.state = epilogue
			}
			return 0, m.state == epilogue
		}
		m.state = headers
		return i + 1, true
	case headers:
		return m.header(b, h)
	case start:
		// The boundary of an empty part follows its headers at once.
		d := m.delim[2:]
		switch {
		case bytes.HasPrefix(b, d):
			m.end(h, false)
			m.state = behind
			return len(d), true
		case len(b) < len(d) && bytes.HasPrefix(d, b):
			return 0, false
		}
		m.state = data
		return 0, true
	case data:
		i := bytes.Index(b, m.delim)
		if i >= 0 {
			m.data(b[:i], h)
			m.end(h, false)
			m.state = behind
			return i + len(m.delim), true
		}
		keep := partial(b, m.delim)
		m.data(b[:len(b)-keep], h)
		return len(b) - keep, false
	}
	return len(b), false
}

// partial returns how many bytes at the end of b may be the beginning of delim.
func partial(b, delim []byte) int {
	for n := min(len(b), len(delim)-1); n > 0; n-- {
		if bytes.HasPrefix(delim, b[len(b)-n:]) {
			return n
		}
	}
	return 0
}

// header reads the headers of a part when they are whole.
func (m *Multipart) header(b []byte, h Handler) (n int, more bool) {
	var disposition []byte
	bad := false
	for rest := b; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		line := bytes.TrimRight(rest[:i], "\r")
		rest = rest[i+1:]
		if len(line) == 0 {
			if bad {
				h.Problem(BadHeader)
			}
			name := Param(disposition, "filename")
			m.state, m.any, m.file = start, false, name != nil
			h.Begin(name)
			return len(b) - len(rest), true
		}
		if colon := bytes.IndexByte(line, ':'); colon < 0 {
			bad = true
		} else if equalFold(bytes.TrimSpace(line[:colon]), "content-disposition") {
			disposition = bytes.TrimSpace(line[colon+1:])
		}
	}
	if len(b) > maxHeader {
		h.Problem(BadBody)
		m.state = epilogue
		return len(b), false
	}
	return 0, false
}

func (m *Multipart) data(b []byte, h Handler) {
	if len(b) > 0 {
		m.any = true
		h.Data(b)
	}
}

func (m *Multipart) end(h Handler, cut bool) {
	if m.file && !m.any {
		h.Problem(NoData)
	}
	h.End(cut)
}
