package http1

import (
	"bytes"

	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/proto/internal/httprange"
	"weir/decode/proto/internal/mime"
)

// maxFileName bounds the name of a file, bytes; the rest is cut off.
const maxFileName = 4096

// transfer is how the body of one direction is followed as files.
type transfer struct {
	kind transferKind
	list file.List
	file *file.File // open, or nil
	part *httprange.Part
	seen int // files that the rules have seen to their end
}

type transferKind uint8

const (
	unknownTransfer transferKind = iota
	noFile
	wholeBody
	multipart
)

func (f *transfer) reset() { f.kind, f.file, f.part, f.seen = unknownTransfer, nil, nil, 0 }

// transferKind says what the body of a direction is: all responses are files,
// requests those that upload.
func (t *Tx) transferKind(dir field.Dir) transferKind {
	if dir == toClient {
		return wholeBody
	}
	switch string(t.Method()) {
	case "PUT", "POST":
	default:
		return noFile
	}
	ct := t.req.value("content-type")
	const form = "multipart/form-data"
	if len(ct) >= len(form) && equalFold(ct[:len(form)], form) && t.parts.Reset(mime.Param(ct, "boundary")) {
		return multipart
	}
	return wholeBody
}

// fileData takes the next decoded bytes of a body.
func (p *parser) fileData(t *Tx, dir field.Dir, b []byte) {
	if p.env.Files == nil {
		return
	}
	f := p.transfer(t, dir)
	switch f.kind {
	case wholeBody:
		if f.file != nil {
			f.file.Append(b, false)
		}
		if f.part != nil {
			f.part.Write(b)
		}
	case multipart:
		t.parts.Write(b, &parts{p, t})
	}
}

// transfer returns how the body of a direction is followed, which its first bytes
// decide.
func (p *parser) transfer(t *Tx, dir field.Dir) *transfer {
	f := &t.transfers[dir.Index()]
	if f.kind == unknownTransfer {
		f.kind = t.transferKind(dir)
		if f.kind == wholeBody {
			p.openFile(t, dir, t.fileName(dir))
		}
	}
	return f
}

// fileName is the name of the file that a body is: what the server calls it, or
// the path it was asked for by.
func (t *Tx) fileName(dir field.Dir) []byte {
	if dir == toClient {
		v := t.res.value("content-disposition")
		if t.cfg.v7 {
			if name := plainFileName(v); name != nil {
				return name
			}
		} else if name := mime.Param(v, "filename"); len(name) > 0 {
			return name
		}
	}
	return t.req.optional(t.parsed.path)
}

// plainFileName reads Content-Disposition as version 7.0 does: the first part
// between semicolons that begins with "filename=" exactly, whatever is in it. It
// returns nil if there is none.
func plainFileName(v []byte) []byte {
	const key = "filename="
	if len(v) == 0 || v[0] == ';' {
		return nil
	}
	for len(v) > 0 {
		part, rest, ok := cutPart(v)
		if !ok {
			return nil
		}
		part, v = trimLeft(part), rest
		if len(part) <= len(key) || !equalFold(part[:len(key)], key) {
			continue
		}
		part = part[len(key):]
		if part[0] == '"' {
			part = part[1:]
		}
		if n := len(part); n > 0 && part[n-1] == '"' {
			part = part[:n-1]
		}
		return part
	}
	return nil
}

// cutPart divides v at the first semicolon that is not in quotes; ok is false if
// quotes stay open.
func cutPart(v []byte) (part, rest []byte, ok bool) {
	quoted := false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			return v[:i], v[i+1:], true
		}
	}
	return v, nil, !quoted
}

func (p *parser) openFile(t *Tx, dir field.Dir, name []byte) {
	i := dir.Index()
	f := &t.transfers[i]
	if len(name) > maxFileName {
		name = name[:maxFileName]
		t.AddEvent(evFileNameTooLong, dir)
	}
	if name == nil {
		return
	}
	t.Files[i] = &f.list
	f.file = p.env.Files.Open(&f.list, name, t.ID)
	if dir == toServer {
		return
	}
	v := t.res.value("content-range")
	if v == nil {
		return
	}
	r, ok := parseRange(v)
	if !ok || r.hasStart && (r.start > r.end || r.hasSize && r.end >= r.size) {
		t.AddEvent(evRangeInvalid, dir)
		return
	}
	if r.hasStart {
		f.file.HasRange, f.file.Start, f.file.End = true, r.start, r.end
	}
	if r.hasStart && r.hasSize && p.ranges != nil {
		m := &t.req
		p.rangeKey = append(p.rangeKey[:0], m.optional(t.host)...)
		p.rangeKey = append(p.rangeKey, t.URI()...)
		p.rangeKey = append(append(p.rangeKey, p.env.Flow.Addr[0][:]...), p.env.Flow.Addr[1][:]...)
		f.part = p.ranges.Open(p.rangeKey, name, r.start, r.end, r.size, p.env.Now)
	}
}

// fileGap notes that n bytes of a body are lost.
func (p *parser) fileGap(t *Tx, dir field.Dir, n int) {
	if p.env.Files == nil {
		return
	}
	f := p.transfer(t, dir)
	if f.file != nil {
		f.file.Gap(uint64(n))
	}
	if f.part != nil {
		f.part.Close(p.env.Now) // nothing behind the gap is in its place
		f.part = nil
	}
}

// endFile ends the files of a body.
func (p *parser) endFile(t *Tx, dir field.Dir) {
	f := &t.transfers[dir.Index()]
	if f.kind == multipart {
		t.parts.Close(&parts{p, t})
	}
	p.closeFile(t, dir, false)
}

func (p *parser) closeFile(t *Tx, dir field.Dir, cut bool) {
	f := &t.transfers[dir.Index()]
	if f.file == nil {
		return
	}
	f.file.Close(cut)
	f.file = nil
	t.Touch(dir)
	if f.part != nil {
		if whole := f.part.Close(p.env.Now); whole != nil {
			whole.TxID = t.ID
			f.list.Files = append(f.list.Files, whole)
		}
		f.part = nil
	}
}

// freeFiles gives the files of a transaction back.
func (p *parser) freeFiles(t *Tx) {
	for i := range t.transfers {
		if f := &t.transfers[i]; len(f.list.Files) > 0 {
			p.env.Files.Free(&f.list)
		}
	}
}

// parts makes files of the parts of a request's body.
type parts struct {
	p *parser
	t *Tx
}

// Begin implements mime.Handler.
func (h *parts) Begin(name []byte) {
	if name != nil {
		h.p.openFile(h.t, toServer, bytes.TrimSpace(name))
	}
}

// Data implements mime.Handler.
func (h *parts) Data(b []byte) {
	if f := h.t.transfers[0].file; f != nil {
		f.Append(b, h.p.env.Files.Window)
	}
}

// End implements mime.Handler.
func (h *parts) End(cut bool) { h.p.closeFile(h.t, toServer, cut) }

// Problem implements mime.Handler.
func (h *parts) Problem(p mime.Problem) {
	h.t.AddEvent([...]uint8{
		mime.BadBody: evMultipartError, mime.BadHeader: evMultipartHeader, mime.NoData: evMultipartNoFile,
	}[p], toServer)
}

// fileWindow is what file.data shows: the body, or of a multipart request the
// bytes of one file after the other.
func fileWindow(t *Tx, d field.Dir, flush bool) field.Window {
	f := &t.transfers[d.Index()]
	if f.kind != multipart {
		w := bodyWindow(t, d, flush)
		if c := &t.cfg.swf; d == toClient && w.Offset == 0 && (c.deflate || c.lzma) {
			if b := c.unpackSWF(t.swf, w.Data); len(b) > 0 && len(w.Data) > 0 && &b[0] != &w.Data[0] {
				t.swf, w.Data = b, b
			}
		}
		return w
	}
	if f.seen >= len(f.list.Files) {
		return field.Window{}
	}
	b, off, end := f.list.Files[f.seen].View()
	if len(b) == 0 && !end {
		return field.Window{}
	}
	return field.Window{Data: b, Offset: off, End: end || flush}
}

func fileSeen(t *Tx, d field.Dir) {
	f := &t.transfers[d.Index()]
	if f.kind != multipart {
		bodySeen(t, d)
		return
	}
	if f.seen >= len(f.list.Files) {
		return
	}
	x := f.list.Files[f.seen]
	b, off, end := x.View()
	if end {
		f.seen++
		if f.seen < len(f.list.Files) {
			t.Touch(d)
		}
	}
	c := &t.cfg.body[d.Index()]
	x.Inspected(off + uint64(len(b)) - min(uint64(len(b)), c.window))
}
