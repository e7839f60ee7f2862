// Package tlshello reads the hello messages of TLS (RFC 8446 section 4.1, RFC 5246
// section 7.4.1), which QUIC carries too, and makes the fingerprints of them.
//
// Byte slices alias the message.
package tlshello

import "weir/decode/cursor"

// Extensions that are read, IANA "TLS ExtensionType Values".
const (
	ExtSNI           = 0
	ExtGroups        = 10
	ExtPointFormats  = 11
	ExtSigAlgs       = 13
	ExtALPN          = 16
	ExtSessionTicket = 35
	ExtPSK           = 41
	ExtVersions      = 43
	ExtECH           = 0xfe0d
)

// Faults of the server name (RFC 6066 section 3).
const (
	MultipleSNI = 1 << iota
	SNIType
	SNILength
)

// Hello is what a ClientHello or ServerHello says.
type Hello struct {
	Legacy      uint16 // version field of the message
	Random      []byte // 32 bytes
	SessionID   []byte
	Ciphers     []uint16
	Compression int
	Extensions  []uint16 // in their order
	Groups      []uint16
	Points      []byte
	SigAlgs     []uint16
	Versions    []uint16 // supported_versions
	ALPN        [][]byte
	SNI         []byte
	HasSNI      bool
	Ticket      bool // a session ticket with content
	PSK         bool
	ECH         bool
	Faults      uint8
}

// Reset empties h and keeps the memory of its lists.
func (h *Hello) Reset() {
	*h = Hello{
		Ciphers: h.Ciphers[:0], Extensions: h.Extensions[:0], Groups: h.Groups[:0], SigAlgs: h.SigAlgs[:0], Versions: h.Versions[:0],
		ALPN: h.ALPN[:0],
	}
}

// Draft reports whether a version is that of a TLS 1.3 draft (RFC 8446 section
// 4.2.1: 0x7f and the draft's number; Facebook's 0xfb, Google's 0x7e01).
func Draft(v uint16) bool { return v>>8 == 0x7f || v>>8 == 0xfb || v == 0x7e01 }

// ParseClient reads a ClientHello, behind its type and length; false if it is cut.
func (h *Hello) ParseClient(b []byte) bool {
	c := cursor.New(b)
	h.Legacy = c.U16()
	h.Random = c.Bytes(32)
	h.SessionID = c.Bytes(int(c.U8()))
	list := c.Sub(int(c.U16()))
	for list.Len() >= 2 {
		h.Ciphers = append(h.Ciphers, list.U16())
	}
	h.Compression = int(c.U8())
	c.Skip(h.Compression)
	if c.Short() {
		return false
	}
	return c.Len() == 0 || h.extensions(&c, false)
}

// ParseServer reads a ServerHello, behind its type and length; false if it is cut.
func (h *Hello) ParseServer(b []byte) bool {
	c := cursor.New(b)
	h.Legacy = c.U16()
	h.Random = c.Bytes(32)
	old := Draft(h.Legacy) && h.Legacy != 0x7e01 && h.Legacy&0xff <= 21 // without session and compression
	if !old {
		h.SessionID = c.Bytes(int(c.U8()))
	}
	h.Ciphers = append(h.Ciphers, c.U16())
	if !old {
		c.Skip(1)
	}
	if c.Short() {
		return false
	}
	return c.Len() == 0 || h.extensions(&c, true)
}

// extensions reads the extension block of a hello.
func (h *Hello) extensions(c *cursor.Cursor, server bool) bool {
	block := c.Sub(int(c.U16()))
	for block.Len() >= 4 {
		kind := block.U16()
		body := block.Sub(int(block.U16()))
		if block.Short() {
			return false
		}
		h.Extensions = append(h.Extensions, kind)
		switch kind {
		case ExtSNI:
			if !server {
				h.serverName(body)
			}
		case ExtGroups:
			l := body.Sub(int(body.U16()))
			for l.Len() >= 2 {
				h.Groups = append(h.Groups, l.U16())
			}
		case ExtPointFormats:
			h.Points = body.Bytes(int(body.U8()))
		case ExtSigAlgs:
			l := body.Sub(int(body.U16()))
			for l.Len() >= 2 {
				h.SigAlgs = append(h.SigAlgs, l.U16())
			}
		case ExtALPN:
			l := body.Sub(int(body.U16()))
			for l.Len() > 0 {
				if name := l.Bytes(int(l.U8())); name != nil {
					h.ALPN = append(h.ALPN, name)
				}
			}
		case ExtVersions:
			if server {
				h.Versions = append(h.Versions, body.U16())
				break
			}
			l := body.Sub(int(body.U8()))
			for l.Len() >= 2 {
				h.Versions = append(h.Versions, l.U16())
			}
		case ExtSessionTicket:
			h.Ticket = body.Len() > 0
		case ExtPSK:
			h.PSK = true
		case ExtECH:
			h.ECH = true
		}
	}
	return !block.Short()
}

// serverName reads RFC 6066 section 3.
func (h *Hello) serverName(c cursor.Cursor) {
	if h.HasSNI {
		h.Faults |= MultipleSNI
		return
	}
	if c.Len() == 0 {
		return
	}
	c.Skip(2)
	if kind := c.U8(); kind != 0 {
		h.Faults |= SNIType
		return
	}
	n := int(c.U16())
	if n > 255 || n == 0 {
		h.Faults |= SNILength
		return
	}
	name := c.Bytes(n)
	if name == nil {
		h.Faults |= SNILength
		return
	}
	h.SNI, h.HasSNI = name, true
}
