package krb5

import (
	"encoding/binary"

	"weir/decode/cursor"
	"weir/decode/proto/internal/der"
)

// Context tags of the parts of messages (RFC 4120 sections 5.3, 5.4 and 5.9).
const (
	tag0 = 0xa0 + iota
	tag1
	tag2
	tag3
	tag4
	tag5
	tag6
	tag7
	tag8
	_
	tag10
)

// tagTicket is the application tag of a ticket.
const tagTicket = 0x61

// readRequest reads an AS-REQ or a TGS-REQ.
func (t *Tx) readRequest(b []byte) bool {
	body := der.Path(b, tag4, der.Sequence)
	if body == nil {
		return false
	}
	t.setCName(der.Find(body, tag1))
	t.setRealm(der.Path(body, tag2, der.GeneralString))
	t.setSName(der.Find(body, tag3))
	return true
}

// readReply reads an AS-REP or a TGS-REP.
func (t *Tx) readReply(b []byte) bool {
	t.setRealm(der.Path(b, tag3, der.GeneralString))
	t.setCName(der.Find(b, tag4))
	ticket := der.Path(b, tag5, tagTicket, der.Sequence)
	t.setSName(der.Find(ticket, tag2))
	t.ticket, t.hasTicket = der.Int(der.Path(ticket, tag3, der.Sequence, tag0, der.Integer))
	t.etype, t.hasEtype = der.Int(der.Path(b, tag6, der.Sequence, tag0, der.Integer))
	return ticket != nil && t.hasEtype
}

// readError reads a KRB-ERROR.
func (t *Tx) readError(b []byte) bool {
	t.code, t.hasCode = der.Int(der.Path(b, tag6, der.Integer))
	t.setRealm(der.Path(b, tag7, der.GeneralString))
	t.setCName(der.Find(b, tag8))
	t.setSName(der.Find(b, tag10))
	return t.hasCode
}

func (t *Tx) setRealm(b []byte) {
	if b != nil {
		t.realm, t.hasRealm = append(t.realm[:0], b...), true
	}
}

func (t *Tx) setCName(b []byte) { t.cname, t.hasCName = appendName(t.cname[:0], b) }

func (t *Tx) setSName(b []byte) { t.sname, t.hasSName = appendName(t.sname[:0], b) }

// appendName appends the parts of a PrincipalName (section 5.2.2), each behind its
// length of two bytes.
func appendName(dst, b []byte) ([]byte, bool) {
	parts := der.Path(b, der.Sequence, tag1, der.Sequence)
	if parts == nil {
		return dst, false
	}
	c := cursor.New(parts)
	for c.Len() > 0 {
		_, v := der.Next(&c)
		if v == nil || len(v) > 1<<16-1 {
			break
		}
		dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(v))), v...)
	}
	return dst, true
}

// part returns part i of a name.
func part(name []byte, i int) ([]byte, bool) {
	for len(name) >= 2 {
		n := int(binary.BigEndian.Uint16(name))
		if i == 0 {
			return name[2 : 2+n], true
		}
		name = name[2+n:]
		i--
	}
	return nil, false
}
