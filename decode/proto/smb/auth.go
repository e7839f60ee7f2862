package smb

import (
	"bytes"
	"strconv"

	"weir/decode/cursor"
	"weir/decode/proto/internal/der"
)

// auth is what a session setup tells of the one who sets it up.
type auth struct {
	ntlm               bool // the last message of NTLMSSP was there
	domain, user, host []byte
	version            []byte
	ticket             bool // a Kerberos ticket was there
	realm              []byte
	names              []byte // of the service, each behind its length
}

func (a *auth) reset(o *auth) {
	*a = auth{
		domain: o.domain[:0], user: o.user[:0], host: o.host[:0], version: o.version[:0], realm: o.realm[:0], names: o.names[:0],
	}
}

// ntlmSignature begins each message of NTLMSSP ([MS-NLMP] section 2.2.1).
var ntlmSignature = []byte("NTLMSSP\x00")

// negotiateUnicode and negotiateVersion are flags of NTLMSSP ([MS-NLMP] section
// 2.2.2.5).
const (
	negotiateUnicode = 1 << 0
	negotiateVersion = 1 << 25
)

// read reads a security blob of a client: an NTLMSSP message, bare or within
// SPNEGO, or a Kerberos AP-REQ within it (RFC 4178, 4120). It reports false if what
// is there is broken.
func (a *auth) read(blob []byte) (ok bool) {
	if i := bytes.Index(blob, ntlmSignature); i >= 0 {
		return a.ntlmssp(blob[i:])
	}
	a.kerberos(blob)
	return true
}

// ntlmssp reads the AUTHENTICATE message ([MS-NLMP] section 2.2.1.3).
func (a *auth) ntlmssp(b []byte) bool {
	c := cursor.New(b)
	c.Skip(len(ntlmSignature))
	kind := c.LE32()
	if c.Short() {
		return false
	}
	if kind != 3 {
		return kind == 1 || kind == 2
	}
	c.Skip(16) // the two responses
	var at [3][2]int
	for i := range at {
		n := int(c.LE16())
		c.Skip(2)
		at[i] = [2]int{int(c.LE32()), n}
	}
	c.Skip(8) // session key
	flags := c.LE32()
	if c.Short() {
		return false
	}
	unicode := flags&negotiateUnicode != 0
	for i, dst := range [...]*[]byte{&a.domain, &a.user, &a.host} {
		off, n := at[i][0], at[i][1]
		if off > len(b) || n > len(b)-off {
			return false
		}
		*dst = appendText((*dst)[:0], b[off:off+n], unicode)
	}
	a.ntlm = true
	if flags&negotiateVersion != 0 {
		if v := c.Bytes(8); v != nil {
			a.version = appendVersion(a.version[:0], v)
		}
	}
	return true
}

// appendVersion appends a VERSION ([MS-NLMP] section 2.2.2.10) as text.
func appendVersion(b, v []byte) []byte {
	b = strconv.AppendUint(b, uint64(v[0]), 10)
	b = strconv.AppendUint(append(b, '.'), uint64(v[1]), 10)
	b = strconv.AppendUint(append(b, " build "...), uint64(v[2])|uint64(v[3])<<8, 10)
	return strconv.AppendUint(append(b, " rev "...), uint64(v[7]), 10)
}

// Tags of the parts of a Kerberos AP-REQ that lead to the ticket (RFC 4120 section
// 5.5.1) and in it (section 5.3).
const (
	tagAPReq   = 0x6e
	tagTicket  = 0x61
	tagAPTick  = 0xa3
	tagRealm   = 0xa1
	tagSName   = 0xa2
	tagStrings = 0xa1
)

// kerberos looks for an AP-REQ in the blob and reads realm and service of its
// ticket. A blob that has none says nothing.
func (a *auth) kerberos(blob []byte) {
	for at := 0; at < len(blob); at++ {
		i := bytes.IndexByte(blob[at:], tagAPReq)
		if i < 0 {
			return
		}
		at += i
		if a.apReq(blob[at:]) {
			return
		}
	}
}

// apReq reads an AP-REQ; false if b is none.
func (a *auth) apReq(b []byte) bool {
	ticket := der.Path(b, tagAPReq, der.Sequence, tagAPTick, tagTicket, der.Sequence)
	realm := der.Path(ticket, tagRealm, der.GeneralString)
	strings := der.Path(ticket, tagSName, der.Sequence, tagStrings, der.Sequence)
	if realm == nil || strings == nil {
		return false
	}
	a.ticket = true
	a.realm = append(a.realm[:0], realm...)
	a.names = a.names[:0]
	c := cursor.New(strings)
	for c.Len() > 0 {
		t, v := der.Next(&c)
		if t != der.GeneralString || len(v) > 255 {
			break
		}
		a.names = append(append(a.names, byte(len(v))), v...)
	}
	return true
}
