package http2

import (
	"bytes"
	"encoding/binary"
	"errors"

	"weir/decode/field"
	"weir/decode/proto"
)

// Frame types (RFC 9113 section 6).
const (
	frameData = iota
	frameHeaders
	framePriority
	frameReset
	frameSettings
	framePush
	framePing
	frameGoAway
	frameWindow
	frameContinuation

	numFrames
)

// Flags of frames.
const (
	flagEndStream  = 0x1
	flagAck        = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

const (
	frameHeader = 9
	maxFrame    = 16 << 10 // bytes of a frame that settings do not allow more of
	maxWhole    = 64 << 10 // bytes of a frame that must be whole to be read
)

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if in.Gap > 0 {
		return proto.Result{Status: proto.Stop}
	}
	b, used := in.Data, 0
	d := in.Dir.Index()
	s := &p.sides[d]
	if in.Dir == field.ToServer && !p.greeted {
		if len(b) < len(preface) && !in.End {
			return proto.Result{Need: len(preface), Status: proto.Incomplete}
		}
		p.greeted = true
		if bytes.HasPrefix(b, []byte(preface)) {
			used = len(preface)
		} else {
			p.stream(0, in.Dir).AddEvent(evInvalidMagic, in.Dir)
		}
	}
	for used < len(b) {
		rest := b[used:]
		if s.left > 0 {
			n := min(s.left, len(rest))
			p.more(s, in.Dir, rest[:n])
			used += n
			continue
		}
		if len(rest) < frameHeader {
			return proto.Result{Consumed: used, Need: frameHeader, Status: proto.Incomplete}
		}
		n := int(rest[0])<<16 | int(binary.BigEndian.Uint16(rest[1:]))
		typ, flags := rest[3], rest[4]
		id := binary.BigEndian.Uint32(rest[5:]) & 0x7fffffff
		if typ == frameData {
			need := frameHeader
			if flags&flagPadded != 0 && n > 0 {
				need++
			}
			if len(rest) < need {
				return proto.Result{Consumed: used, Need: need, Status: proto.Incomplete}
			}
			used += frameHeader
			p.beginData(s, in.Dir, id, n, flags, rest[frameHeader:])
			continue
		}
		if n > maxWhole || typ >= numFrames {
			used += frameHeader
			t := p.stream(id, in.Dir)
			if t != nil && n > maxWhole {
				t.AddEvent(evLongFrameData, in.Dir)
			}
			s.left, s.data, s.end = n, false, false
			continue
		}
		if len(rest) < frameHeader+n {
			return proto.Result{Consumed: used, Need: frameHeader + n, Status: proto.Incomplete}
		}
		p.frame(s, in.Dir, id, typ, flags, rest[frameHeader:frameHeader+n])
		used += frameHeader + n
	}
	return proto.Result{Consumed: used}
}

// beginData handles the header of a DATA frame; b is what stands behind it.
func (p *parser) beginData(s *side, dir field.Dir, id uint32, n int, flags byte, b []byte) {
	s.left, s.skip, s.pad, s.data, s.stream, s.end = n, 0, 0, true, id, flags&flagEndStream != 0
	t := p.stream(id, dir)
	if t == nil || id == 0 {
		s.data = false
		if t != nil {
			t.AddEvent(evInvalidFrameData, dir)
		}
		return
	}
	t.sides[dir.Index()].frames |= 1 << frameData
	if n > maxFrame {
		t.AddEvent(evLongFrameData, dir)
	}
	t.Touch(dir)
	if flags&flagPadded != 0 && n > 0 {
		s.skip, s.pad = 1, int(b[0])
		if s.pad >= n {
			t.AddEvent(evInvalidFrameData, dir)
			s.pad = n - 1
		}
	}
	if n == 0 {
		p.endFrame(s, dir)
	}
}

// more takes the next bytes of a frame that is not waited for.
func (p *parser) more(s *side, dir field.Dir, b []byte) {
	s.left -= len(b)
	if !s.data {
		return
	}
	t := p.open[s.stream]
	if t == nil {
		return
	}
	b, s.skip = b[s.skip:], 0
	if s.left < s.pad {
		b = b[:len(b)-min(len(b), s.pad-s.left)]
	}
	t.data(p, dir, b)
	if s.left == 0 {
		p.endFrame(s, dir)
	}
}

// endFrame ends a DATA frame.
func (p *parser) endFrame(s *side, dir field.Dir) {
	if t := p.open[s.stream]; t != nil && s.end {
		if t.Progress[dir.Index()] < progData {
			t.data(p, dir, nil)
		}
		p.complete(t, dir)
	}
}

// frame handles a frame that is whole.
func (p *parser) frame(s *side, dir field.Dir, id uint32, typ, flags byte, b []byte) {
	if s.pending.on && typ != frameContinuation {
		s.pending.on = false
		if t := p.open[s.pending.stream]; t != nil {
			t.AddEvent(evInvalidFrameHeader, dir)
		}
	}
	if typ == frameContinuation && !s.pending.on {
		id = 0
	}
	if typ == frameSettings && flags&flagAck != 0 && len(b) == 0 {
		return // it says nothing of its own
	}
	t := p.stream(id, dir)
	if t == nil {
		return
	}
	m := &t.sides[dir.Index()]
	m.frames |= 1 << typ
	t.Touch(dir)
	if t.Progress[1-dir.Index()] < progComplete {
		t.Inspected[dir.Index()] = false // as WINDOW_UPDATE behind a request
	}
	switch typ {
	case frameHeaders:
		p.headers(s, t, dir, id, flags, b)
	case frameContinuation:
		p.continued(s, t, dir, flags, b)
	case framePush:
		if b = unpad(flags, b); len(b) < 4 {
			t.AddEvent(evInvalidFrameData, dir)
			return
		}
		p.header(s, t, dir, id, flags, b[4:], false)
	case framePriority:
		if len(b) != 5 {
			t.AddEvent(evInvalidFrameLength, dir)
			return
		}
		m.priority, m.hasPriority = b[4], true
	case frameReset:
		if len(b) != 4 {
			t.AddEvent(evInvalidFrameLength, dir)
			return
		}
		m.errorCode, m.hasError = binary.BigEndian.Uint32(b), true
		p.complete(t, field.ToServer)
		if dir == field.ToClient || t.doh == nil { // an answer may be on its way
			p.complete(t, field.ToClient)
		}
	case frameGoAway:
		if len(b) < 8 {
			t.AddEvent(evInvalidFrameLength, dir)
			return
		}
		m.errorCode, m.hasError = binary.BigEndian.Uint32(b[4:]), true
	case frameWindow:
		if len(b) != 4 {
			t.AddEvent(evInvalidFrameLength, dir)
			return
		}
		m.windows = append(m.windows, binary.BigEndian.Uint32(b)&0x7fffffff)
		if len(m.windows) > maxHeaders {
			m.windows = m.windows[:maxHeaders]
		}
	case frameSettings:
		p.setting(t, m, dir, b)
	}
}

// setting handles SETTINGS.
func (p *parser) setting(t *Tx, m *message, dir field.Dir, b []byte) {
	if len(b)%6 != 0 {
		t.AddEvent(evInvalidFrameData, dir)
	}
	for ; len(b) >= 6 && len(m.settings) < maxHeaders; b = b[6:] {
		s := setting{binary.BigEndian.Uint16(b), binary.BigEndian.Uint32(b[2:])}
		m.settings = append(m.settings, s)
		if s.id == 1 { // what it says is about header blocks of the other side
			p.sides[1-dir.Index()].table.allowed = int(min(uint64(s.value), uint64(p.opt.maxTable)))
		}
	}
}

// unpad removes the padding of a frame.
func unpad(flags byte, b []byte) []byte {
	if flags&flagPadded == 0 || len(b) == 0 {
		return b
	}
	n := int(b[0])
	if n >= len(b) {
		return nil
	}
	return b[1 : len(b)-n]
}

// headers handles HEADERS.
func (p *parser) headers(s *side, t *Tx, dir field.Dir, id uint32, flags byte, b []byte) {
	b = unpad(flags, b)
	m := &t.sides[dir.Index()]
	if flags&flagPriority != 0 {
		if len(b) < 5 {
			t.AddEvent(evInvalidFrameData, dir)
			return
		}
		m.priority, m.hasPriority = b[4], true
		b = b[5:]
	}
	p.header(s, t, dir, id, flags, b, flags&flagEndStream != 0)
}

// header handles the beginning of a header block.
func (p *parser) header(s *side, t *Tx, dir field.Dir, id uint32, flags byte, b []byte, end bool) {
	if flags&flagEndHeaders == 0 {
		s.block = append(s.block[:0], b...)
		s.pending = pending{true, end, id}
		return
	}
	p.block(s, t, dir, b, end)
}

// continued handles CONTINUATION.
func (p *parser) continued(s *side, t *Tx, dir field.Dir, flags byte, b []byte) {
	if !s.pending.on || t.stream != s.pending.stream {
		t.AddEvent(evInvalidFrameHeader, dir)
		return
	}
	if len(s.block)+len(b) > p.opt.maxBlock {
		t.AddEvent(evReassemblyLimit, dir)
	} else {
		s.block = append(s.block, b...)
	}
	if flags&flagEndHeaders != 0 {
		s.pending.on = false
		p.block(s, t, dir, s.block, s.pending.end)
	}
}

// block handles a whole header block.
func (p *parser) block(s *side, t *Tx, dir field.Dir, b []byte, end bool) {
	m := &t.sides[dir.Index()]
	switch err := s.table.block(b, m); {
	case errors.Is(err, errInteger):
		t.AddEvent(evIntegerOverflow, dir)
	case err != nil:
		t.AddEvent(evInvalidHeader, dir)
	}
	if dir == field.ToServer {
		t.checkAuthority(dir)
	}
	p.headersDNS(t, dir)
	t.Advance(dir, progHeaders)
	p.env.Host.TriggerRaw(dir)
	if end {
		p.complete(t, dir)
	}
}

// checkAuthority looks at who the request is for.
func (t *Tx) checkAuthority(dir field.Dir) {
	a := t.sides[0].header(":authority")
	if a == nil {
		return
	}
	if bytes.IndexByte(a, '@') >= 0 {
		t.AddEvent(evUserInfo, dir)
	}
	if h := t.sides[0].header("host"); h != nil && !bytes.EqualFold(h, a) {
		t.AddEvent(evHostMismatch, dir)
	}
}
