package tls

import (
	"encoding/binary"

	"weir/decode/cursor"
	"weir/decode/field"
)

// SSLv2 message types, "The SSL Protocol" section 2.6 and 2.7 (1995).
const (
	ssl2Error       = 0
	ssl2ClientHello = 1
	ssl2MasterKey   = 2
	ssl2ServerHello = 4
	ssl2ServerDone  = 6
)

// sslv2 reads one record with the header of SSLv2: two bytes with the top bit
// set, or three with padding.
func (p *parser) sslv2(dir field.Dir, b []byte) (n, need int, ok bool) {
	t, s := p.tx, &p.tx.sides[dir.Index()]
	if len(b) < 3 {
		return 0, 3, true
	}
	header := 2
	size := int(binary.BigEndian.Uint16(b) & 0x7fff)
	if b[0]&0x80 == 0 {
		header, size = 3, size&0x3fff
	}
	if size < 1 || size > maxRecord {
		t.AddEvent(evInvalidSSLv2, dir)
		return 0, 0, false
	}
	if len(b) < header+size {
		return 0, header + size, true
	}
	body := b[header : header+size]
	s.sslv2 = true
	c := cursor.New(body)
	switch kind := c.U8(); kind {
	case ssl2ClientHello:
		s.version = c.U16()
		if s.version == 0x0200 {
			s.version = versionSSL2
		}
		s.hello.Legacy = s.version
		s.seen |= seenHello
		p.ssl2Hello(s, &c)
	case ssl2ServerHello:
		s.version = versionSSL2
		s.seen |= seenHello
	case ssl2MasterKey:
		s.seen |= seenKeyExchange
		s.encrypted = true
	case ssl2Error:
		t.AddEvent(evErrorMessage, dir)
	case ssl2ServerDone:
		s.seen |= seenFinished
	default:
		if s.seen&seenHello == 0 {
			t.AddEvent(evInvalidSSLv2, dir)
			return 0, 0, false
		}
	}
	p.progress(dir)
	return header + size, 0, true
}

// ssl2Hello reads the cipher list of a hello in the old form, of which the
// ciphers with a zero in front are those of later versions (RFC 5246 appendix
// E.2).
func (p *parser) ssl2Hello(s *side, c *cursor.Cursor) {
	n := int(c.U16())
	c.Skip(4)
	list := c.Sub(n)
	for list.Len() >= 3 {
		if v := list.U24(); v>>16 == 0 {
			s.hello.Ciphers = append(s.hello.Ciphers, uint16(v))
		}
	}
}
