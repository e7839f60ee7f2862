package mime

import "bytes"

// Limits of messages, bytes unless said otherwise.
const (
	// MaxLine is how long a line of a message may be (RFC 5322 section 2.1.1).
	MaxLine = 998
	// MaxEncodedLine is how long one of an encoded part may be (RFC 2045
	// section 6.7 and 6.8).
	MaxEncodedLine = 76
	// MaxHeaderName is how long the name of a header may be.
	MaxHeaderName = 75
	// MaxBoundary is how long a boundary may be.
	MaxBoundary = 254
	// MaxFileName is how long the name of a file may be.
	MaxFileName = 255

	maxHeaders     = 256       // headers kept of a message
	maxHeaderText  = 128 << 10 // of all of them
	maxPartHeader  = 16 << 10  // of one header of a part
	maxDepth       = 32        // parts in each other
	maxAttachments = 256       // names kept
)

// Status says how far a message was read.
type Status uint8

// Statuses, in order.
const (
	HeaderReady Status = iota
	HeaderStarted
	HeaderDone
	BodyStarted
	Done
	Failed
)

// String returns the name that records use.
func (s Status) String() string {
	return [...]string{"HEADER_READY", "HEADER_STARTED", "HEADER_DONE", "BODY_STARTED", "PARSE_DONE", "PARSE_ERROR"}[s]
}

// MailOptions say what is read of messages.
type MailOptions struct {
	// HeaderDepth is how much of a header's value is kept, bytes.
	HeaderDepth int
	// Base64, QuotedPrintable: parts that are encoded so are decoded.
	Base64, QuotedPrintable bool
	// Links collects addresses with these schemes ("http") from texts; with the
	// scheme if ShowScheme.
	Links      bool
	Schemes    []string
	ShowScheme bool
	// Digest computes the MD5 of the body.
	Digest bool
	// V7 reads as version 7.0 does: the end of the last line of a part in
	// quoted-printable belongs to it, folded headers keep tabs, a long boundary is
	// the end of reading, and only the parts of the outermost message name
	// attachments.
	V7 bool
}

// Mail takes a message apart (RFC 5322, RFC 2045, 2046), line by line. The zero
// value is ready after Reset.
type Mail struct {
	opt    *MailOptions
	status Status

	text    []byte // names and values of the headers of the message
	headers []header
	line    []byte // the header in work, unfolded
	long    bool   // it is longer than what is kept

	inHeader bool
	parts    []part // from the outermost on; the last is the one in work
	bounds   []byte // boundaries of parts, one behind the other
	closed   bool   // behind the last part of a multipart, or before its first

	decode  decoder
	eol     []byte // end of the last line, not passed on yet: "\r\n", "\n" or none
	out     []byte // decoded bytes, not passed on yet
	file    bool   // the part in work is passed on as a file
	isText  bool   // links are looked for
	textBuf []byte // a line of text that is not whole yet

	names   []byte // of attachments
	nameEnd []int
	links   links
	digest  digest
	name    []byte // scratch
	nested  int    // multiparts that are open
	open    bool   // the message is over, and they are still open
}

// header is one of the message, by place in Mail.text.
type header struct{ name, colon, end int }

// part is a message, or a part of one.
type part struct {
	multipart bool
	message   bool // its body is a message
	text      bool
	encoding  encoding
	bound     [2]int // of a multipart, place in Mail.bounds
	name      []byte // of the file; nil without
	named     bool
	byHeader  bool // the name is that of Content-Disposition
	typed     bool
}

type encoding uint8

const (
	plain encoding = iota
	base64Encoding
	quotedPrintable
)

// Reset prepares for a message.
func (m *Mail) Reset(opt *MailOptions) {
	*m = Mail{
		opt: opt, text: m.text[:0], headers: m.headers[:0], line: m.line[:0], parts: m.parts[:0], bounds: m.bounds[:0],
		out: m.out[:0], textBuf: m.textBuf[:0], names: m.names[:0], nameEnd: m.nameEnd[:0], links: m.links, digest: m.digest, name: m.name[:0],
		eol: m.eol[:0],
	}
	m.links.reset()
	m.digest.reset()
	m.inHeader = true
	m.push()
}

// push opens a part.
func (m *Mail) push() {
	n := len(m.parts)
	if n < cap(m.parts) {
		m.parts = m.parts[:n+1]
	} else {
		m.parts = append(m.parts, part{})
	}
	p := &m.parts[n]
	*p = part{name: p.name[:0]}
	m.inHeader, m.closed = true, false
	m.line, m.long = m.line[:0], false
}

// Status returns how far the message was read.
func (m *Mail) Status() Status { return m.status }

// HeadersDone reports whether the headers of the message are whole.
func (m *Mail) HeadersDone() bool { return m.status >= HeaderDone }

// Header returns the i-th value of the header of that name, given in lower case; nil
// behind the last.
func (m *Mail) Header(name string, i int) []byte {
	for _, h := range m.headers {
		if equalFold(m.text[h.name:h.colon], name) {
			if i == 0 {
				return m.text[h.colon:h.end]
			}
			i--
		}
	}
	return nil
}

// Attachment returns the name of the i-th attachment; ok is false behind the last.
func (m *Mail) Attachment(i int) (name []byte, ok bool) {
	if i >= len(m.nameEnd) {
		return nil, false
	}
	start := 0
	if i > 0 {
		start = m.nameEnd[i-1]
	}
	return m.names[start:m.nameEnd[i]], true
}

// Line takes a line without its end, or a piece of a long one: first and last say
// which. eol is the end of the line.
func (m *Mail) Line(line, eol []byte, first, last bool, h Handler) {
	if m.status == Failed {
		return
	}
	if first && len(line) > MaxLine {
		h.Problem(LongLine)
	}
	if first && len(line) > 2 && line[0] == '-' && line[1] == '-' && m.boundary(line[2:], h) {
		return
	}
	if m.inHeader {
		m.headerLine(line, first, last, h)
		return
	}
	m.bodyLine(line, eol, first, last, h)
}

// Close ends the message.
func (m *Mail) Close(h Handler) {
	if m.status == Failed {
		return
	}
	if m.inHeader && len(m.parts) == 1 {
		m.endHeader(h)
	}
	if m.nested > 0 {
		h.Problem(Malformed)
		m.open = true
	}
	m.endPart(h)
	m.digest.sum()
	m.status = Done
}

// boundary handles a line that begins with two hyphens, given without them, if it
// is a boundary.
func (m *Mail) boundary(line []byte, h Handler) bool {
	if m.nested == 0 {
		return false
	}
	at := m.find(line, true)
	if at < 0 {
		at = m.find(line, false)
	}
	if at < 0 {
		return false
	}
	m.endPart(h)
	p := &m.parts[at]
	ends := bytes.HasPrefix(line[p.bound[1]-p.bound[0]:], []byte("--"))
	for i := at + 1; i < len(m.parts); i++ {
		if m.parts[i].multipart {
			m.nested--
		}
	}
	m.parts = m.parts[:at+1]
	m.bounds = m.bounds[:p.bound[1]]
	if ends {
		p.multipart = false
		m.nested--
		m.bounds = m.bounds[:p.bound[0]]
		m.inHeader, m.closed = false, true
		return true
	}
	m.push()
	return true
}

// find returns the innermost multipart whose boundary begins line, or is all of it
// but white space and the hyphens of the end.
func (m *Mail) find(line []byte, exact bool) int {
	for i := len(m.parts) - 1; i >= 0; i-- {
		p := &m.parts[i]
		if !p.multipart {
			continue
		}
		b := m.bounds[p.bound[0]:p.bound[1]]
		if !bytes.HasPrefix(line, b) {
			continue
		}
		rest := bytes.TrimPrefix(line[len(b):], []byte("--"))
		if !exact || len(bytes.TrimRight(rest, " \t")) == 0 {
			return i
		}
	}
	return -1
}
