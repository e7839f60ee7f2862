package dnp3

import (
	"bytes"
	"encoding/binary"

	"weir/decode/field"
	"weir/decode/proto"
)

const (
	headerBytes = 10 // of a frame, with its checksum (clause 9.2.3)
	minLength   = 5  // of the length byte: control and addresses
	blockBytes  = 16 // of user data, each with a checksum
	crcBytes    = 2

	bitMaster       = 0x80 // of control: sent by a master
	confirmedData   = 3    // link functions that carry user data (clause 9.2.4.1.3)
	unconfirmedData = 4

	bitFIN = 0x80 // of the transport header (clause 8.2.1)
	bitFIR = 0x40

	fnConfirm     = 0
	fnUnsolicited = 130
)

// crcTable is the checksum of IEEE 1815 clause 9.2.4.3: polynomial 0x3d65, lowest
// bit first.
var crcTable = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0xa6bc
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return t
}()

// intact reports whether the checksum behind b is right.
func intact(b, sum []byte) bool {
	var c uint16
	for _, x := range b {
		c = crcTable[byte(c)^x] ^ c>>8
	}
	return ^c == binary.LittleEndian.Uint16(sum)
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	d := in.Dir.Index()
	if in.Gap > 0 {
		p.lost[d] = true
		p.drop(in.Dir)
		return proto.Result{}
	}
	used := 0
	for used < len(in.Data) {
		b := in.Data[used:]
		if p.lost[d] || len(b) > 1 && !bytes.HasPrefix(b, start) {
			p.lost[d] = false
			at := bytes.Index(b, start)
			if at < 0 {
				// The last byte may be the first of a frame.
				p.lost[d] = true
				return proto.Result{Consumed: len(in.Data)}
			}
			used += at
			b = b[at:]
		}
		if len(b) < headerBytes {
			return proto.Result{Consumed: used, Need: headerBytes, Status: proto.Incomplete}
		}
		h := link{length: b[2], control: b[3], dst: binary.LittleEndian.Uint16(b[4:]), src: binary.LittleEndian.Uint16(b[6:])}
		if ev, broken := h.check(b); broken {
			p.odd(in.Dir, ev)
			p.lost[d] = true
			used += len(start)
			continue
		}
		n := h.frameBytes()
		if len(b) < n {
			return proto.Result{Consumed: used, Need: n, Status: proto.Incomplete}
		}
		p.frame(in.Dir, h, b[headerBytes:n])
		used += n
	}
	return proto.Result{Consumed: used}
}

// check looks at a header with its checksum.
func (h *link) check(b []byte) (ev uint8, broken bool) {
	if h.length < minLength {
		return evTooSmall, true
	}
	return evLinkCRC, !intact(b[:headerBytes-crcBytes], b[headerBytes-crcBytes:])
}

// userBytes returns how much user data a frame has.
func (h *link) userBytes() int { return int(h.length) - minLength }

// frameBytes returns the length of a frame.
func (h *link) frameBytes() int {
	user := h.userBytes()
	return headerBytes + user + (user+blockBytes-1)/blockBytes*crcBytes
}

// odd notes an event of the link or transport function, at the last fragment if that
// is open yet.
func (p *parser) odd(dir field.Dir, ev uint8) {
	t := p.txs.Last()
	if t == nil {
		t = p.txs.Open(p.env.Now, resetTx)
		t.Dirs, t.NoLog = dir, true
		t.Advance(dir, done)
		t.Inspected[dir.Reverse().Index()] = true
	}
	t.AddEvent(ev, t.Dirs)
}

// drop ends a fragment that cannot become whole.
func (p *parser) drop(dir field.Dir) {
	if t := p.part[dir.Index()]; t != nil {
		p.part[dir.Index()] = nil
		t.Advance(dir, done)
	}
}

// frame takes a frame; blocks are its user data with checksums.
func (p *parser) frame(dir field.Dir, h link, blocks []byte) {
	if f := h.control & 0x0f; f != confirmedData && f != unconfirmedData {
		return
	}
	if h.userBytes() < 3 { // transport, control, function
		p.odd(dir, evTooSmall)
		return
	}
	for rest := blocks; len(rest) > 0; {
		n := min(blockBytes, len(rest)-crcBytes)
		if !intact(rest[:n], rest[n:]) {
			p.odd(dir, evTransportCRC)
			return
		}
		rest = rest[n+crcBytes:]
	}
	p.segment(dir, h, blocks)
}

// segment adds a segment to its fragment.
func (p *parser) segment(dir field.Dir, h link, blocks []byte) {
	transport := blocks[0]
	t := p.part[dir.Index()]
	switch {
	case transport&bitFIR == 0 && t == nil:
		return
	case transport&bitFIR == 0:
	case t != nil:
		t.data = t.data[:0]
	case transport&bitFIN != 0 && dir == field.ToServer && blocks[2] == fnConfirm:
		return
	default:
		if t = p.open(dir); t == nil {
			return
		}
	}
	p.part[dir.Index()] = t
	t.link = h
	for skip := 1; len(blocks) > 0; skip = 0 {
		n := min(blockBytes, len(blocks)-crcBytes)
		t.data = append(t.data, blocks[skip:n]...)
		blocks = blocks[n+crcBytes:]
	}
	switch {
	case len(t.data) > maxFragment:
		t.AddEvent(evTooLong, dir)
		p.drop(dir)
	case transport&bitFIN != 0:
		p.part[dir.Index()] = nil
		p.fragment(t)
	}
}

// open opens a transaction; nil if too many are open.
func (p *parser) open(dir field.Dir) *Tx {
	n := p.txs.Len()
	if n > p.opt.maxTx {
		return nil
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.Dirs, t.v7 = dir, p.opt.v7
	t.Inspected[dir.Reverse().Index()] = true
	if n == p.opt.maxTx {
		t.AddEvent(evFlooded, dir)
	}
	return t
}

// fragment takes a fragment that is whole.
func (p *parser) fragment(t *Tx) {
	if len(t.data) < t.head() {
		t.AddEvent(evTooSmall, t.Dirs)
	} else {
		t.whole = true
		t.findObjects(p.opt)
	}
	t.Advance(t.Dirs, done)
	p.env.Host.TriggerRaw(t.Dirs)
}
