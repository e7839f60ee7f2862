package tls

import (
	"weir/decode/field"
	"weir/decode/proto/internal/tlshello"
)

// Handshake types, RFC 8446 section 4 and RFC 5246 section 7.4.
const (
	hsHelloRequest       = 0
	hsClientHello        = 1
	hsServerHello        = 2
	hsNewSessionTicket   = 4
	hsCertificate        = 11
	hsServerKeyExchange  = 12
	hsCertificateRequest = 13
	hsServerHelloDone    = 14
	hsClientKeyExchange  = 16
	hsFinished           = 20
)

// maxChain bounds the certificates kept of one side.
const maxChain = 32

// handshakes reads the messages of a handshake record, of which the last may
// go on in the next.
func (p *parser) handshakes(dir field.Dir, b []byte) {
	t, s := p.tx, &p.tx.sides[dir.Index()]
	if len(s.partial) > 0 {
		if len(s.partial)+len(b) > maxHandshake {
			t.AddEvent(evInvalidHandshake, dir)
			s.partial = s.partial[:0]
			return
		}
		s.partial = append(s.partial, b...)
		b = s.partial
	}
	for len(b) >= 4 {
		n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
		if n > maxHandshake {
			t.AddEvent(evInvalidHandshake, dir)
			b = nil
			break
		}
		if len(b) < 4+n {
			break
		}
		p.handshake(dir, b[0], b[4:4+n])
		b = b[4+n:]
		if s.encrypted {
			b = nil
		}
	}
	s.partial = append(s.partial[:0], b...)
}

// handshake handles one message.
func (p *parser) handshake(dir field.Dir, kind byte, b []byte) {
	p.tx.sides[dir.Index()].messages++
	t, s := p.tx, &p.tx.sides[dir.Index()]
	ok := true
	switch kind {
	case hsClientHello:
		if dir == field.ToServer {
			if s.seen&seenHello == 0 {
				ok = p.clientHello(s, b)
			}
			s.seen |= seenHello
		}
	case hsServerHello:
		if dir == field.ToClient {
			ok = p.serverHello(s, b)
			s.seen |= seenHello
		}
	case hsCertificate:
		ok = p.certificates(dir, s, b)
		s.seen |= seenCert
	case hsServerKeyExchange, hsClientKeyExchange:
		s.seen |= seenKeyExchange
	case hsCertificateRequest:
		s.seen |= seenCertRequest
	case hsServerHelloDone:
		s.seen |= seenHelloDone
	case hsFinished:
		s.seen |= seenFinished
	case hsNewSessionTicket:
		t.sides[1].hello.Ticket = true
	case hsHelloRequest, 3, 5, 6, 8, 15, 21, 22, 23, 24, 67, 254:
	default:
		ok = false
	}
	if !ok {
		t.AddEvent(evInvalidHandshake, dir)
	}
	p.progress(dir)
}

// clientHello reads a ClientHello.
func (p *parser) clientHello(s *side, b []byte) bool {
	h := &s.hello
	ok := h.ParseClient(p.tx.keep(s, b))
	s.version = h.Legacy
	for _, x := range [...]struct{ fault, event uint8 }{
		{tlshello.MultipleSNI, evMultipleSNI}, {tlshello.SNIType, evInvalidSNIType}, {tlshello.SNILength, evInvalidSNILength},
	} {
		if h.Faults&x.fault != 0 {
			p.tx.AddEvent(x.event, field.ToServer)
		}
	}
	return ok
}

// serverHello reads a ServerHello.
func (p *parser) serverHello(s *side, b []byte) bool {
	h := &s.hello
	h.Reset()
	ok := h.ParseServer(p.tx.keep(s, b))
	s.version = h.Legacy
	if len(h.Versions) > 0 {
		s.version = h.Versions[0]
	}
	client := &p.tx.sides[0].hello
	if !tls13(s.version) && len(h.SessionID) > 0 && string(h.SessionID) == string(client.SessionID) {
		p.tx.resumed = true
	}
	if tls13(s.version) {
		// What follows the hello is encrypted.
		p.tx.dark = true
	}
	return ok
}

// certificates reads RFC 5246 section 7.4.2; TLS 1.3 sends them encrypted.
func (p *parser) certificates(dir field.Dir, s *side, b []byte) bool {
	if s.seen&seenCert != 0 {
		return true
	}
	s.shown = p.opt.chain(p.env.Buffers, b)
	for _, ev := range s.shown.events {
		p.tx.AddEvent(ev, dir)
	}
	return true
}
