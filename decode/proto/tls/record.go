package tls

import (
	"encoding/binary"

	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/tlshello"
)

// Record types, RFC 8446 section 5.1 and RFC 6520.
const (
	recordCCS       = 20
	recordAlert     = 21
	alertFatal      = 2 // level of an alert
	recordHandshake = 22
	recordData      = 23
	recordHeartbeat = 24
)

// Protocol versions as they stand on the wire.
const (
	versionSSL2  = 0x0002
	versionSSL3  = 0x0300
	versionTLS10 = 0x0301
	versionTLS11 = 0x0302
	versionTLS12 = 0x0303
	versionTLS13 = 0x0304
)

const (
	recordHeader = 5
	// maxRecord is the largest length a record may claim: 2^14 bytes and what
	// encryption adds (RFC 5246 section 6.2.3).
	maxRecord = 1<<14 + 2048
	// maxHandshake bounds one handshake message, bytes.
	maxHandshake = 1 << 18
)

// side is one end of the session.
type side struct {
	version uint16 // of the last record, then of the hello
	hello   tlshello.Hello
	shown   *chain // its certificates; nil: none were shown
	store   []byte
	// partial collects a handshake message that spans records.
	partial []byte
	seen    uint16
	// messages counts handshake messages.
	messages uint32
	// encrypted: a ChangeCipherSpec was seen, or TLS 1.3 has gone dark.
	encrypted bool
	alert     bool
	sslv2     bool
	appData   bool
	heartbeat int // length of the payload that an unanswered request claimed, 0 without
}

// chain returns the certificates that the side has shown.
func (s *side) chain() *chain {
	if s.shown == nil {
		return &noChain
	}
	return s.shown
}

// maxKept is the largest store that is worth keeping for another session, bytes.
const maxKept = 8 << 10

// reuse takes over the memory of a side that is over.
func (s *side) reuse(old *side) {
	s.hello = old.hello
	s.hello.Reset()
	if cap(old.store) <= maxKept {
		s.store = old.store[:0]
	}
	if cap(old.partial) <= maxKept {
		s.partial = old.partial[:0]
	}
}

// What a side has sent.
const (
	seenHello = 1 << iota
	seenCert
	seenKeyExchange
	seenHelloDone
	seenFinished
	seenCCS
	seenCertRequest
)

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if in.Gap > 0 {
		return proto.Result{Status: proto.Stop}
	}
	p.open()
	if p.done {
		return p.sealed(in, 0)
	}
	if !p.opt.old || !in.End || !in.Start || in.Dir != field.ToClient {
		return p.records(in)
	}
	// The server's only bytes come with the flow's end, never acknowledged: for
	// version 7.0 they have events, but the session is over without them.
	t := p.tx
	resumed, dark := t.resumed, t.dark
	r := p.records(in)
	t.sides[1], t.resumed, t.dark = side{}, resumed, dark
	return r
}

// records reads records.
func (p *parser) records(in *proto.Input) proto.Result {
	b, d := in.Data, in.Dir.Index()
	said := p.tx.sides[d].messages
	used := min(p.skip[d], len(b))
	p.skip[d] -= used
	for len(b)-used > 0 {
		p.at = used
		n, need, ok := p.record(in.Dir, b[used:])
		if !ok {
			p.end(in.Dir)
			return proto.Result{Consumed: len(b), Status: proto.Stop}
		}
		if need > 0 {
			if in.End {
				break
			}
			return proto.Result{Consumed: used, Need: need, Status: proto.Incomplete}
		}
		used += n
		if p.quiet() {
			return p.sealed(in, used)
		}
	}
	if p.tx.sides[d].messages != said {
		// Rules on the stream see a hello or a certificate when it is whole.
		p.env.Host.TriggerRaw(in.Dir)
	}
	if in.End {
		p.tx.Advance(in.Dir, stateFinished[d])
	}
	return proto.Result{Consumed: used}
}

// sealed passes over records that are not looked at, but for their frames and the
// first application data.
func (p *parser) sealed(in *proto.Input, used int) proto.Result {
	b, d := in.Data, in.Dir.Index()
	if !p.env.Frames && p.dark {
		return proto.Result{Consumed: len(b)}
	}
	n := min(p.skip[d], len(b)-used)
	p.skip[d] -= n
	for used += n; used < len(b); used += n {
		if len(b)-used < recordHeader {
			return proto.Result{Consumed: used, Need: recordHeader, Status: proto.Incomplete}
		}
		size := int(binary.BigEndian.Uint16(b[used+3:]))
		if b[used] == recordData {
			p.goDark()
		}
		if p.env.Frames {
			p.at = used
			p.frames(in.Dir, size)
		}
		n = min(recordHeader+size, len(b)-used)
		p.skip[d] = recordHeader + size - n
	}
	return proto.Result{Consumed: used}
}

// quiet reports whether nothing more of the session can be read, and tells the
// pipeline once.
func (p *parser) quiet() bool {
	t := p.tx
	if p.done || !t.handshakeDone() {
		return p.done
	}
	p.done = true
	t.Advance(field.ToServer, stateFinished[0])
	t.Advance(field.ToClient, stateFinished[1])
	if p.opt.encryption == encryptBypass {
		p.env.Host.NoInspect(true)
	}
	return true
}

// goDark ends the inspection of payload with the first application data.
func (p *parser) goDark() {
	if p.dark {
		return
	}
	p.dark = true
	if p.opt.encryption == encryptTrackOnly {
		p.env.Host.NoRawInspect(field.ToServer)
		p.env.Host.NoRawInspect(field.ToClient)
	}
}

// record reads one record. It returns how long it is, or how many bytes are
// needed, or that this is no TLS.
func (p *parser) record(dir field.Dir, b []byte) (n, need int, ok bool) {
	t, s := p.tx, &p.tx.sides[dir.Index()]
	if s.seen == 0 && !s.alert && b[0]&0x80 != 0 || s.sslv2 && b[0] < recordCCS {
		return p.sslv2(dir, b)
	}
	if len(b) < recordHeader {
		return 0, recordHeader, true
	}
	kind, version, size := b[0], binary.BigEndian.Uint16(b[1:]), int(binary.BigEndian.Uint16(b[3:]))
	if kind < recordCCS || kind > recordHeartbeat {
		t.AddEvent(evInvalidRecordType, dir)
		return 0, 0, false
	}
	if version>>8 != 3 && !tlshello.Draft(version) {
		t.AddEvent(evInvalidRecordVersion, dir)
		return 0, 0, false
	}
	if size > maxRecord {
		t.AddEvent(evInvalidRecordLength, dir)
		return 0, 0, false
	}
	if kind == recordData && len(b) < recordHeader+size {
		// Application data is not looked at: no need to wait for all of it.
		p.frames(dir, size)
		p.content(dir, kind, version, nil)
		p.skip[dir.Index()] = recordHeader + size - len(b)
		return len(b), 0, true
	}
	if len(b) < recordHeader+size {
		return 0, recordHeader + size, true
	}
	p.frames(dir, size)
	p.content(dir, kind, version, b[recordHeader:recordHeader+size])
	return recordHeader + size, 0, true
}

// frames names the parts of a record with size bytes of payload.
func (p *parser) frames(dir field.Dir, size int) {
	h := p.env.Host
	var t *proto.Tx // nil once the session has been given back
	if p.tx != nil {
		t = p.tx.Base()
	}
	h.Frame(dir, frameHeader, p.at, recordHeader, t)
	h.Frame(dir, framePDU, p.at, int64(recordHeader+size), t)
	h.Frame(dir, frameData, p.at+recordHeader, int64(size), t)
}

// content handles the payload of a record.
func (p *parser) content(dir field.Dir, kind byte, version uint16, b []byte) {
	s := &p.tx.sides[dir.Index()]
	if s.seen&seenHello == 0 {
		s.version = version
	}
	switch kind {
	case recordHandshake:
		if !s.encrypted {
			p.handshakes(dir, b)
		} else {
			s.seen |= seenFinished
		}
	case recordCCS:
		s.seen |= seenCCS
		if s.version < versionTLS13 && !tlshello.Draft(s.version) || dir == field.ToServer {
			s.encrypted = true
		}
	case recordAlert:
		s.alert = true
		if !s.encrypted && len(b) == 2 && b[0] == alertFatal {
			// Neither side sends more (RFC 5246 section 7.2.2).
			p.tx.Advance(field.ToServer, stateFinished[0])
			p.tx.Advance(field.ToClient, stateFinished[1])
		}
	case recordData:
		s.appData, s.encrypted = true, true
		p.goDark()
	case recordHeartbeat:
		p.heartbeat(dir, b)
	}
	p.progress(dir)
}

// heartbeat watches for answers that hold more than was sent (RFC 6520 section
// 4; CVE-2014-0160).
func (p *parser) heartbeat(dir field.Dir, b []byte) {
	t := p.tx
	d := dir.Index()
	t.AddEvent(evHeartbeat, dir)
	if t.sides[d].encrypted {
		// Only the lengths can be seen: an answer longer than its request.
		if want := t.sides[1-d].heartbeat; want > 0 {
			if len(b) > want {
				t.AddEvent(evDataleakHeartbeat, dir)
			}
			t.sides[1-d].heartbeat = 0
		} else {
			t.sides[d].heartbeat = len(b)
		}
		return
	}
	if len(b) < 3 || b[0] != 1 && b[0] != 2 {
		t.AddEvent(evInvalidHeartbeat, dir)
		return
	}
	claimed := int(binary.BigEndian.Uint16(b[1:]))
	if claimed == 0 {
		t.AddEvent(evInvalidHeartbeat, dir)
	} else if claimed > len(b)-3 {
		t.AddEvent(evOverflowHeartbeat, dir)
	}
}

// tls13 reports whether a version is TLS 1.3 or a draft of it.
func tls13(v uint16) bool { return v >= versionTLS13 && v>>8 == 3 || tlshello.Draft(v) }
