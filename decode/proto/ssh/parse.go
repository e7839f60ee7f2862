package ssh

import (
	"bytes"
	"encoding/binary"
	"slices"

	"weir/decode/cursor"
	"weir/decode/field"
	"weir/decode/proto"
)

// headerSize is the length of a record, that of its padding, and the number of
// the message (RFC 4253 sections 6 and 12).
const headerSize = 6

// Messages (RFC 4253 section 12).
const (
	msgKexInit = 20
	msgNewKeys = 21
)

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	t := p.tx(in.Start)
	if t == nil {
		return proto.Result{Consumed: len(in.Data)}
	}
	d := in.Dir.Index()
	s := &t.sides[d]
	if in.Gap > 0 {
		if t.Progress[d] == progFinished {
			return proto.Result{}
		}
		if in.Gap > s.left {
			return proto.Result{Status: proto.Stop} // it is not known where a record begins
		}
		s.left -= in.Gap
		return proto.Result{}
	}
	used := 0
	for used < len(in.Data) {
		b := in.Data[used:]
		n, need, st := 0, 0, proto.OK
		switch t.Progress[d] {
		case progStarted:
			n, need, st = p.banner(t, in.Dir, b, in.End)
		case progWaitEOL:
			if n = bytes.IndexByte(b, '\n') + 1; n == 0 {
				n = len(b)
				break
			}
			t.Advance(in.Dir, progBanner)
		case progBanner:
			n, need, st = p.record(t, in.Dir, b, used)
		default:
			return proto.Result{Consumed: len(in.Data)}
		}
		used += n
		switch st {
		case proto.Stop:
			return proto.Result{Consumed: used, Status: st}
		case proto.Incomplete:
			return proto.Result{Consumed: used, Need: need, Status: st}
		}
	}
	return proto.Result{Consumed: used}
}

// banner handles the identification line at the beginning of b.
func (p *parser) banner(t *Tx, dir field.Dir, b []byte, end bool) (n, need int, st proto.Status) {
	line, next := b, uint8(progBanner)
	if n = bytes.IndexByte(b, '\n'); n >= 0 {
		line = bytes.TrimSuffix(b[:n], []byte{'\r'})
		n++
	} else if len(b) < maxBanner && !end {
		return 0, len(b) + 1, proto.Incomplete
	} else {
		n, next = len(b), progWaitEOL
	}
	if len(line) >= maxBanner {
		t.AddEvent(evLongBanner, dir)
	}
	if !t.sides[dir.Index()].identify(line) {
		t.AddEvent(evInvalidBanner, dir)
		return n, 0, proto.Stop
	}
	t.Advance(dir, next)
	p.env.Host.TriggerRaw(dir)
	return n, 0, proto.OK
}

// identify reads SSH-version-software, behind which a blank begins a comment.
func (s *side) identify(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("SSH-"))
	if !ok {
		return false
	}
	version, software, ok := bytes.Cut(rest, []byte{'-'})
	if !ok || len(version) == 0 {
		return false
	}
	software, _, _ = bytes.Cut(software, []byte{' '})
	s.version = append(s.version[:0], version...)
	s.software = append(s.software[:0], software...)
	return true
}

// record handles the record at the beginning of b, which stands at off in the
// input.
func (p *parser) record(t *Tx, dir field.Dir, b []byte, off int) (n, need int, st proto.Status) {
	d := dir.Index()
	s := &t.sides[d]
	if s.left > 0 {
		n = min(s.left, len(b))
		s.left -= n
		return n, 0, proto.OK
	}
	if len(b) < headerSize {
		return 0, headerSize, proto.Incomplete
	}
	size := int64(binary.BigEndian.Uint32(b)) + 4
	if size < headerSize {
		t.AddEvent(evInvalidRecord, dir)
		return 0, 0, proto.Stop
	}
	msg := b[5]
	if msg == msgKexInit && int64(len(b)) < size && size <= maxKex {
		return 0, int(size), proto.Incomplete
	}
	p.env.Host.Frame(dir, frameHeader, off, headerSize, &t.Tx)
	p.env.Host.Frame(dir, framePDU, off, size, &t.Tx)
	p.env.Host.Frame(dir, frameData, off+headerSize, size-headerSize, &t.Tx)
	n = int(min(size, int64(len(b))))
	s.left = int(size) - n
	switch msg {
	case msgKexInit:
		if size > maxKex {
			t.AddEvent(evLongKex, dir)
		} else {
			s.keyExchange(b[headerSize:n], d)
			t.Touch(dir)
		}
	case msgNewKeys:
		t.Advance(dir, progFinished)
		p.env.Host.TriggerRaw(dir)
		if t.Progress == [2]uint8{progFinished, progFinished} && p.opt.encrypt != encryptFull {
			p.env.Host.NoInspect(p.opt.encrypt == encryptBypass)
		}
	}
	return n, 0, proto.OK
}

// lists are the lists of names of a key exchange message that a fingerprint is
// made of, by side: the exchange itself, then encryption, authentication and
// compression of what the side sends (RFC 4253 section 7.1).
var lists = [2][4]int{{0, 2, 4, 6}, {0, 3, 5, 7}}

// numLists is how many lists there are up to the compression.
const numLists = 8

// keyExchange makes the fingerprint of a key exchange message; b begins with its
// cookie.
func (s *side) keyExchange(b []byte, d int) {
	c := cursor.New(b)
	c.Skip(16)
	var names [numLists][]byte
	for i := range names {
		names[i] = c.Bytes(int(c.U32()))
	}
	if c.Short() {
		return
	}
	s.hassh = s.hassh[:0]
	for i, l := range lists[d] {
		if i > 0 {
			s.hassh = append(s.hassh, ';')
		}
		s.hassh = append(s.hassh, names[l]...)
	}
	s.hash = appendMD5(slices.Grow(s.hash[:0], 32), s.hassh)
}
