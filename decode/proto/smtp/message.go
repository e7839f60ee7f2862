package smtp

import (
	"weir/decode/field"
	"weir/decode/proto/internal/mime"
)

// rawName is the name of the file that a whole message is with raw-extraction.
const rawName = "rawmsg"

// beginMessage prepares for the message of DATA.
func (p *parser) beginMessage(t *Tx) {
	t.data = true
	if p.opt.raw || !p.opt.decode {
		return
	}
	if t.spare == nil {
		t.spare = &mime.Mail{}
	}
	t.mail = t.spare
	t.mail.Reset(&p.opt.mime)
}

// message takes a line of the message with its end, or a piece of one that is too
// long. at is where it begins in the input.
func (p *parser) message(line []byte, at int) {
	t := p.cur
	if p.opt.v7 && (t == nil || t.requestDone()) {
		t = p.open()
	}
	if !p.frame && t != nil {
		p.frame = true
		p.env.Host.Frame(field.ToServer, frameData, at, -1, &t.Tx)
		if p.opt.raw {
			p.openFile(t, []byte(rawName))
		}
	}
	first := !p.inLine
	n := len(line)
	last := line[n-1] == '\n'
	p.inLine = !last
	if first && line[0] == '.' {
		if s := string(line); s == ".\r\n" || s == ".\n" {
			p.endMessage()
			return
		}
	}
	if t == nil {
		return
	}
	t.Touch(field.ToServer)
	if t.mail != nil && p.opt.mime.Digest && t.mail.HeadersDone() {
		t.mail.Raw(line)
	}
	if first && line[0] == '.' && !p.opt.v7 {
		line = line[1:] // RFC 5321 section 4.5.2
		n--
	}
	if p.opt.raw {
		(*parts)(p).Data(line)
		return
	}
	if t.mail == nil {
		return
	}
	var eol []byte
	if last {
		eol = line[n-1:]
		if n > 1 && line[n-2] == '\r' {
			eol = line[n-2:]
		}
	}
	t.mail.Line(line[:n-len(eol)], eol, first, last, (*parts)(p))
}

// endMessage handles the end of a message (RFC 5321 section 4.1.1.4).
func (p *parser) endMessage() {
	t := p.cur
	if !p.agreed {
		p.event(t, evInvalidPipelined, field.ToServer)
	}
	p.data, p.frame = false, false
	p.push(message)
	if t == nil {
		return
	}
	if t.mail != nil {
		t.mail.Close((*parts)(p))
	}
	if t.file != nil {
		t.file.Close(false)
		t.file = nil
	}
	if p.opt.v7 {
		t.complete()
	} else {
		t.Advance(field.ToServer, progComplete)
	}
}

// openFile begins a file of the mail.
func (p *parser) openFile(t *Tx, name []byte) {
	if p.env.Files == nil || len(t.list.Files) >= maxFiles {
		return
	}
	t.Files[0] = &t.list
	t.file = p.env.Files.Open(&t.list, name, t.ID)
}

// parts is a parser as the handler of a message's parts.
type parts parser

// Begin implements mime.Handler.
func (p *parts) Begin(name []byte) { (*parser)(p).openFile(p.cur, name) }

// Data implements mime.Handler.
func (p *parts) Data(b []byte) {
	if f := p.cur.file; f != nil {
		f.Append(b, p.env.Files.Window)
	}
}

// End implements mime.Handler.
func (p *parts) End(cut bool) {
	if f := p.cur.file; f != nil {
		f.Close(cut)
		p.cur.file = nil
	}
}

// problems are the events of what is odd about a message.
var problems = [...]uint8{
	mime.LongLine:        evLongLine,
	mime.LongEncodedLine: evLongEncodedLine,
	mime.LongHeaderName:  evLongHeaderName,
	mime.LongHeaderValue: evLongHeaderValue,
	mime.LongBoundary:    evLongBoundary,
	mime.LongFileName:    evLongFileName,
	mime.InvalidBase64:   evInvalidBase64,
	mime.InvalidQP:       evInvalidQP,
	mime.Malformed:       evMalformed,
	mime.Unreadable:      evParseFailed,
}

// Problem implements mime.Handler.
func (p *parts) Problem(pr mime.Problem) { p.cur.AddEvent(problems[pr], field.ToServer) }

// fileWindow shows the file that the rules have not seen to its end: once there
// are enough bytes of it, or all.
func fileWindow(t *Tx, d field.Dir, flush bool) field.Window {
	if d != field.ToServer || t.seen >= len(t.list.Files) {
		return field.Window{}
	}
	f := t.list.Files[t.seen]
	b, off, end := f.View()
	s := t.p.opt
	if !end && !flush && !s.inline && f.Size < s.minInspect {
		return field.Window{}
	}
	if s.maxInspect > 0 {
		b = b[:min(uint64(len(b)), s.maxInspect-min(off, s.maxInspect))]
	}
	if b == nil {
		b = []byte{}
	}
	return field.Window{Data: b, Offset: off, End: end || flush}
}

// fileSeen forgets what the rules need not see again.
func fileSeen(t *Tx, d field.Dir) {
	if d != field.ToServer || t.seen >= len(t.list.Files) {
		return
	}
	f := t.list.Files[t.seen]
	b, off, end := f.View()
	s := t.p.opt
	n := uint64(len(b))
	if end {
		t.seen++
		if t.seen < len(t.list.Files) {
			t.Touch(d)
		}
	} else if !s.inline && f.Size < s.minInspect {
		return
	}
	if s.maxInspect == 0 || off+n <= s.maxInspect {
		n -= min(n, s.window)
	}
	f.Inspected(off + n)
}
