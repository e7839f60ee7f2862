package tls

import (
	"weir/decode/cursor"
	"weir/decode/field"
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

// Extensions that are read, IANA "TLS ExtensionType Values".
const (
	extSNI           = 0
	extGroups        = 10
	extPointFormats  = 11
	extSigAlgs       = 13
	extALPN          = 16
	extSessionTicket = 35
	extPSK           = 41
	extVersions      = 43
	extECH           = 0xfe0d
)

// hello is what a ClientHello or ServerHello says. Slices are of memory of the
// transaction.
type hello struct {
	legacy      uint16 // version field of the message
	random      []byte // 32 bytes
	sessionID   []byte
	ciphers     []uint16
	compression int
	extensions  []uint16 // in their order
	groups      []uint16
	points      []byte
	sigAlgs     []uint16
	versions    []uint16 // supported_versions
	alpn        [][]byte
	sni         []byte
	hasSNI      bool
	ticket      bool // a session ticket with content
	psk         bool
	ech         bool
}

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
		t.sides[1].hello.ticket = true
	case hsHelloRequest, 3, 5, 6, 8, 15, 21, 22, 23, 24, 67, 254:
	default:
		ok = false
	}
	if !ok {
		t.AddEvent(evInvalidHandshake, dir)
	}
	p.progress(dir)
}

// clientHello reads RFC 8446 section 4.1.2 and its ancestors.
func (p *parser) clientHello(s *side, b []byte) bool {
	b = p.tx.keep(s, b)
	c := cursor.New(b)
	h := &s.hello
	h.legacy = c.U16()
	s.version = h.legacy
	h.random = c.Bytes(32)
	h.sessionID = c.Bytes(int(c.U8()))
	list := c.Sub(int(c.U16()))
	for list.Len() >= 2 {
		h.ciphers = append(h.ciphers, list.U16())
	}
	h.compression = int(c.U8())
	c.Skip(h.compression)
	if c.Short() {
		return false
	}
	return c.Len() == 0 || p.extensions(s, &c, field.ToServer)
}

// serverHello reads RFC 8446 section 4.1.3 and its ancestors.
func (p *parser) serverHello(s *side, b []byte) bool {
	b = p.tx.keep(s, b)
	c := cursor.New(b)
	s.hello = hello{ciphers: s.hello.ciphers[:0], extensions: s.hello.extensions[:0]}
	h := &s.hello
	h.legacy = c.U16()
	s.version = h.legacy
	h.random = c.Bytes(32)
	if !draft(h.legacy) || h.legacy == 0x7e01 || h.legacy&0xff > 21 {
		h.sessionID = c.Bytes(int(c.U8()))
	}
	h.ciphers = append(h.ciphers, c.U16())
	if !draft(h.legacy) || h.legacy == 0x7e01 || h.legacy&0xff > 21 {
		c.Skip(1)
	}
	if c.Short() {
		return false
	}
	ok := c.Len() == 0 || p.extensions(s, &c, field.ToClient)
	if len(h.versions) > 0 {
		s.version = h.versions[0]
	}
	client := &p.tx.sides[0].hello
	if !tls13(s.version) && len(h.sessionID) > 0 && string(h.sessionID) == string(client.sessionID) {
		p.tx.resumed = true
	}
	if tls13(s.version) {
		// What follows the hello is encrypted.
		p.tx.dark = true
	}
	return ok
}

// extensions reads the extension block of a hello.
func (p *parser) extensions(s *side, c *cursor.Cursor, dir field.Dir) bool {
	block := c.Sub(int(c.U16()))
	h := &s.hello
	for block.Len() >= 4 {
		kind := block.U16()
		body := block.Sub(int(block.U16()))
		if block.Short() {
			return false
		}
		h.extensions = append(h.extensions, kind)
		switch kind {
		case extSNI:
			if dir == field.ToServer {
				p.serverName(h, body)
			}
		case extGroups:
			l := body.Sub(int(body.U16()))
			for l.Len() >= 2 {
				h.groups = append(h.groups, l.U16())
			}
		case extPointFormats:
			h.points = body.Bytes(int(body.U8()))
		case extSigAlgs:
			l := body.Sub(int(body.U16()))
			for l.Len() >= 2 {
				h.sigAlgs = append(h.sigAlgs, l.U16())
			}
		case extALPN:
			l := body.Sub(int(body.U16()))
			for l.Len() > 0 {
				if name := l.Bytes(int(l.U8())); name != nil {
					h.alpn = append(h.alpn, name)
				}
			}
		case extVersions:
			if dir == field.ToClient {
				h.versions = append(h.versions, body.U16())
				break
			}
			l := body.Sub(int(body.U8()))
			for l.Len() >= 2 {
				h.versions = append(h.versions, l.U16())
			}
		case extSessionTicket:
			h.ticket = body.Len() > 0
		case extPSK:
			h.psk = true
		case extECH:
			h.ech = true
		}
	}
	return !block.Short()
}

// serverName reads RFC 6066 section 3.
func (p *parser) serverName(h *hello, c cursor.Cursor) {
	t := p.tx
	if h.hasSNI {
		t.AddEvent(evMultipleSNI, field.ToServer)
		return
	}
	if c.Len() == 0 {
		return
	}
	c.Skip(2)
	if kind := c.U8(); kind != 0 {
		t.AddEvent(evInvalidSNIType, field.ToServer)
		return
	}
	n := int(c.U16())
	if n > 255 || n == 0 {
		t.AddEvent(evInvalidSNILength, field.ToServer)
		return
	}
	name := c.Bytes(n)
	if name == nil {
		t.AddEvent(evInvalidSNILength, field.ToServer)
		return
	}
	h.sni, h.hasSNI = name, true
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
