package mime

import "bytes"

// startBody begins the body of the part in work.
func (m *Mail) startBody(h Handler) {
	if m.status == Failed {
		return
	}
	if m.status < BodyStarted && len(m.parts) == 1 {
		m.status = HeaderDone
	}
	p := &m.parts[len(m.parts)-1]
	m.eol, m.out = m.eol[:0], m.out[:0]
	m.decode = decoder{}
	m.file, m.isText = false, false
	if p.named && !m.opt.V7 {
		m.attach(p.name)
	}
	switch {
	case p.multipart:
		m.closed = true // until its first part
	case p.message && len(m.parts) < maxDepth:
		m.push()
	case p.named:
		m.file = true
		h.Begin(p.name)
	default:
		m.isText = m.opt.Links && (p.text || !p.typed)
		if m.opt.V7 {
			m.isText = m.opt.Links && len(m.parts) <= 2
		}
	}
}

// attach notes the name of an attachment.
func (m *Mail) attach(name []byte) {
	if len(m.nameEnd) < maxAttachments {
		m.names = append(m.names, name...)
		m.nameEnd = append(m.nameEnd, len(m.names))
	}
}

// maxOut is how many decoded bytes of a file are gathered before they are passed
// on.
const maxOut = 4 << 10

// bodyLine takes a line of a body.
func (m *Mail) bodyLine(line, eol []byte, first, last bool, h Handler) {
	m.status = max(m.status, BodyStarted)
	if m.closed {
		return
	}
	p := &m.parts[len(m.parts)-1]
	if p.encoding != plain && first && len(line) > MaxEncodedLine {
		h.Problem(LongEncodedLine)
	}
	if !m.file && !m.isText {
		return
	}
	if m.isText {
		m.out = m.out[:0]
	}
	var bad bool
	switch p.encoding {
	case base64Encoding:
		m.out, bad = m.decode.base64(m.out, line)
		if bad && !m.opt.V7 {
			h.Problem(InvalidBase64)
		}
		eol = nil
	case quotedPrintable:
		m.out = append(m.out, m.eol...)
		m.out, bad = m.decode.quotedPrintable(m.out, line, last, m.opt.V7)
		if bad {
			h.Problem(InvalidQP)
		}
		if m.decode.soft {
			eol = nil
		}
		if m.opt.V7 {
			m.out, eol = append(m.out, eol...), nil
		}
	default:
		m.out = append(append(m.out, m.eol...), line...)
	}
	m.eol = append(m.eol[:0], eol...)
	switch {
	case m.isText:
		m.collect(m.out)
	case len(m.out) >= maxOut:
		m.Flush(h)
	}
}

// Flush passes on the bytes of a file that were gathered.
func (m *Mail) Flush(h Handler) {
	if m.file && len(m.out) > 0 {
		h.Data(m.out)
		m.out = m.out[:0]
	}
}

// collect looks for links in a text, line by line.
func (m *Mail) collect(b []byte) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			if len(m.textBuf)+len(b) > maxText {
				m.flushText()
			}
			m.textBuf = append(m.textBuf, b[:min(len(b), maxText)]...)
			return
		}
		if len(m.textBuf) == 0 {
			m.findLinks(b[:i])
		} else {
			m.textBuf = append(m.textBuf, b[:min(i, maxText)]...)
			m.flushText()
		}
		b = b[i+1:]
	}
}

// findLinks adds the links of a line of text.
func (m *Mail) findLinks(line []byte) { m.links.find(line, m.opt, len(m.parts) == 1) }

// flushText looks at the line in work.
func (m *Mail) flushText() {
	m.findLinks(m.textBuf)
	m.textBuf = m.textBuf[:0]
}

// endPart ends the part in work.
func (m *Mail) endPart(h Handler) {
	if m.inHeader && len(m.parts) > 1 {
		m.flushHeader(h)
		m.inHeader = false
		if p := &m.parts[len(m.parts)-1]; p.named && !p.multipart && m.status != Failed {
			m.startBody(h)
		}
	}
	if m.isText {
		m.out = m.decode.finish(m.out[:0])
		m.collect(m.out)
		m.flushText()
	}
	if n := len(m.parts); m.opt.V7 && n > 1 && !m.open {
		m.links.turn()
		if p := &m.parts[1]; n == 2 && p.named && !m.closed {
			m.attach(p.name)
		}
	}
	if m.file {
		m.out = m.decode.finish(m.out)
		m.Flush(h)
		m.file = false
		h.End(false)
	}
	m.isText, m.eol = false, m.eol[:0]
}
