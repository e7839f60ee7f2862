package rdp

import (
	"bytes"
	"encoding/binary"

	"weir/decode/cursor"
)

// The header of a packet (RFC 1006 section 6).
const (
	tpktVersion = 3
	tpktLen     = 4 // bytes
)

// Codes of messages below (X.224 section 13).
const (
	codeRequest = 0xe0
	codeConfirm = 0xd0
	codeData    = 0xf0
)

// size returns the length of the packet that b begins with.
func size(b []byte) (int, bool) {
	if len(b) < tpktLen || b[0] != tpktVersion {
		return 0, false
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	return n, n >= tpktLen+3
}

// read tells what the content of a packet is, and what is kept of it.
func read(b []byte) (k kind, data []byte, ok bool) {
	c := cursor.New(b)
	c.Skip(1) // length
	switch c.U8() & 0xf0 {
	case codeRequest:
		c.Skip(5) // references, class
		return initialRequest, cookie(c.Rest()), true
	case codeConfirm:
		c.Skip(5)
		return initialResponse, c.Rest(), true
	case codeData:
		c.Skip(1) // end of the unit
		switch c.U16() {
		case 0x7f65: // connect-initial (T.125 section 7)
			return connectRequest, settings(c.Rest()), true
		case 0x7f66: // connect-response
			return connectResponse, nil, true
		}
	}
	return 0, nil, false
}

// cookie returns the name in front of the negotiation ([MS-RDPBCGR] section
// 2.2.1.1), nil without.
func cookie(b []byte) []byte {
	name, ok := bytes.CutPrefix(b, []byte("Cookie: mstshash="))
	if !ok {
		return nil
	}
	name, _, ok = bytes.Cut(name, []byte("\r\n"))
	if !ok {
		return nil
	}
	return name
}

// settings returns the blocks of settings of the client: they stand behind the key of
// its user data (T.124 section 8.7) and their length.
func settings(b []byte) []byte {
	_, b, ok := bytes.Cut(b, []byte("Duca"))
	if !ok {
		return nil
	}
	c := cursor.New(b)
	n := int(c.U8())
	if n&0x80 != 0 {
		n = n&0x7f<<8 | int(c.U8())
	}
	return c.Bytes(min(n, c.Len()))
}

// block returns the settings of one type without their header ([MS-RDPBCGR] section
// 2.2.1.3), nil if they are not there.
func (t *Tx) block(kind uint16) []byte {
	c := cursor.New(t.data)
	for c.Len() >= 4 {
		this, n := c.LE16(), int(c.LE16())
		if n < 4 {
			return nil
		}
		v := c.Bytes(n - 4)
		if c.Short() {
			return nil
		}
		if this == kind {
			return v
		}
	}
	return nil
}
