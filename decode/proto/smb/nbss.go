package smb

import (
	"bytes"

	"weir/decode/field"
	"weir/decode/proto"
)

// Types of packets of the session service (RFC 1002 section 4.3.1).
const (
	nbssMessage  = 0x00
	nbssRequest  = 0x81
	nbssPositive = 0x82
)

// nbssHeader is the length of the header of the session service: type and length.
const nbssHeader = 4

// side is where the parser stands in one direction.
type side struct {
	left int // bytes of a message that are still to come
	into *Tx // whose file they are of; nil: they are passed over
	// data is how many of left are of the file, padding may follow.
	data int
	lost bool // messages are out of step after a gap
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	s := &p.sides[in.Dir.Index()]
	if in.Gap > 0 {
		p.gap(s, in.Dir, in.Gap)
		return proto.Result{}
	}
	used := 0
	for used < len(in.Data) {
		b := in.Data[used:]
		if s.left > 0 {
			n := min(s.left, len(b))
			p.more(s, in.Dir, b[:n])
			used += n
			continue
		}
		if s.lost {
			n, found := resync(b)
			used += n
			if !found {
				return proto.Result{Consumed: used, Need: len(b) - n + 1, Status: proto.Incomplete}
			}
			s.lost = false
			continue
		}
		if len(b) < nbssHeader {
			return proto.Result{Consumed: used, Need: nbssHeader, Status: proto.Incomplete}
		}
		n, need, st := p.packet(s, in.Dir, b, used)
		used += n
		if st != proto.OK {
			return proto.Result{Consumed: used, Need: need, Status: st}
		}
	}
	return proto.Result{Consumed: used}
}

// packet handles the packet of the session service at the beginning of b, which
// stands at off in the input. It takes all of it, or what is there if the rest is
// data that is taken as it comes.
func (p *parser) packet(s *side, dir field.Dir, b []byte, off int) (n, need int, st proto.Status) {
	size := nbssHeader + int(b[1])<<16 + int(b[2])<<8 + int(b[3])
	body := b[nbssHeader:min(size, len(b))]
	whole := len(b) >= size
	if b[0] != nbssMessage {
		if b[0] != nbssRequest && b[0] < nbssPositive || b[0] > 0x85 {
			return 0, 0, proto.Stop
		}
		p.frames(dir, frameNBSS, off, size, nbssHeader)
		n = min(size, len(b))
		s.left, s.into = size-n, nil
		return n, 0, proto.OK
	}
	if len(body) < 4 && !whole {
		return 0, nbssHeader + 4, proto.Incomplete
	}
	var version int
	switch {
	case len(body) < 4:
	case body[0] == 0xff:
		version = 1
	case body[0] == 0xfe:
		version = 2
	case body[0] == 0xfd:
		version = 3
	}
	if version == 0 || string(body[1:4]) != "SMB" {
		if size == nbssHeader {
			return size, 0, proto.OK // kept alive
		}
		p.event(evMalformedData, dir)
		return 0, 0, proto.Stop
	}
	left := size - nbssHeader - len(body)
	if !whole && version != 3 && !p.streams(version, body, left) {
		if size <= maxMessage {
			return 0, size, proto.Incomplete
		}
	}
	p.frames(dir, frameNBSS, off, size, nbssHeader)
	s.left, s.into, s.data = left, nil, 0
	switch version {
	case 1:
		p.frames(dir, frameSMB1, off+nbssHeader, size-nbssHeader, header1)
		p.message1(dir, body, left)
	case 2:
		p.chain(dir, body, left, off+nbssHeader)
	case 3:
		p.frames(dir, frameSMB3, off+nbssHeader, size-nbssHeader, header3)
	}
	return nbssHeader + len(body), 0, proto.OK
}

// frames opens the frames of a message: all of it, its header, and what follows.
func (p *parser) frames(dir field.Dir, kind uint8, off, size, header int) {
	h := min(header, size)
	p.env.Host.Frame(dir, kind, off, int64(size), &p.frameTx)
	p.env.Host.Frame(dir, kind+1, off, int64(h), &p.frameTx)
	p.env.Host.Frame(dir, kind+2, off+h, int64(size-h), &p.frameTx)
}

// more takes further bytes of a message whose beginning is known.
func (p *parser) more(s *side, dir field.Dir, b []byte) {
	s.left -= len(b)
	n := min(s.data, len(b))
	s.data -= n
	if s.into != nil && n > 0 {
		p.append(s.into, dir, b[:n])
	}
	if s.left == 0 {
		s.into = nil
	}
}

// gap notes that n bytes are missing.
func (p *parser) gap(s *side, dir field.Dir, n int) {
	k := min(s.data, n)
	s.data -= k
	if s.into != nil && k > 0 {
		p.lose(s.into, dir, k)
	}
	if n > s.left || s.left == 0 {
		s.lost, s.into = true, nil
		s.left, s.data = 0, 0
		return
	}
	if s.left -= n; s.left == 0 {
		s.into = nil
	}
}

// resync returns where in b a packet begins, or else how much of b has none.
func resync(b []byte) (n int, found bool) {
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte("SMB"))
		if i < 0 {
			return max(0, len(b)-nbssHeader-3), false
		}
		at += i
		if at >= nbssHeader+1 && b[at-1] >= 0xfd && b[at-5] == nbssMessage {
			return at - nbssHeader - 1, true
		}
		at += 3
	}
}
