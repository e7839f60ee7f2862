package tls

import (
	"encoding/base64"
	"slices"
	"time"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/tlshello"
)

// member is one member of the record that the custom option can name.
type member struct {
	name     string // in the custom list
	basic    bool   // without options
	extended bool   // with extended: yes
	append   func(b []byte, t *Tx, o *options) []byte
}

// members are written in this order.
var members = []member{
	{"subject", true, true, func(b []byte, t *Tx, _ *options) []byte {
		return appendCertText(b, "subject", t, 1, t.sides[1].chain().cert.subject)
	}},
	{"issuer", true, true, func(b []byte, t *Tx, _ *options) []byte {
		return appendCertText(b, "issuerdn", t, 1, t.sides[1].chain().cert.issuer)
	}},
	{"session_resumed", true, true, appendResumed},
	{"serial", false, true, func(b []byte, t *Tx, _ *options) []byte { return appendCertText(b, "serial", t, 1, t.serial(1)) }},
	{"fingerprint", false, true, func(b []byte, t *Tx, _ *options) []byte {
		return appendCertText(b, "fingerprint", t, 1, t.fingerprint(1))
	}},
	{"sni", false, true, appendSNI},
	{"version", false, true, appendVersion},
	{"not_before", false, true, func(b []byte, t *Tx, _ *options) []byte {
		return appendDate(b, "notbefore", t, 1, t.sides[1].chain().cert.notBefore)
	}},
	{"not_after", false, true, func(b []byte, t *Tx, _ *options) []byte {
		return appendDate(b, "notafter", t, 1, t.sides[1].chain().cert.notAfter)
	}},
	{"certificate", false, false, func(b []byte, t *Tx, _ *options) []byte { return appendCertificate(b, t, 1) }},
	{"chain", false, false, func(b []byte, t *Tx, _ *options) []byte { return appendChain(b, t, 1) }},
	{"ja3", false, true, appendJA3Member},
	{"ja3s", false, true, appendJA3SMember},
	{"ja4", false, true, appendJA4Member},
	{"client", false, true, appendClient},
	{"client_alpns", false, true, func(b []byte, t *Tx, o *options) []byte { return appendALPN(b, "client_alpns", t, 0, o) }},
	{"server_alpns", false, true, func(b []byte, t *Tx, o *options) []byte { return appendALPN(b, "server_alpns", t, 1, o) }},
	{"subjectaltname", false, true, appendAltNames},
	{"client_handshake", false, false, appendClientHandshake},
	{"server_handshake", false, false, appendServerHandshake},
}

// options are those of a tls type of an eve-log output.
type options struct {
	want    []bool // by members
	resumed bool
	ja4     bool
	// clientCert and clientChain add to the client object.
	clientCert, clientChain bool
	v7                      bool // records of 7.0: no ALPN, no alternative names
}

// all are the options of alerts.
var all = newOptions(true)

func newOptions(extended bool) *options {
	o := &options{want: make([]bool, len(members)), resumed: true, ja4: true}
	for i, m := range members {
		o.want[i] = m.basic || extended && m.extended
	}
	return o
}

func logOptions(src event.Options) (any, error) {
	o := newOptions(src.Bool("extended", false))
	o.resumed = src.Bool("session-resumption", true)
	o.ja4 = src.Bool("ja4", false)
	o.v7 = src.String("suricata-version", "") == "7.0"
	if custom := src.Strings("custom"); len(custom) > 0 {
		clear(o.want)
		for _, name := range custom {
			if !o.enable(name) {
				src.Reject("custom", "names of members such as subject, issuer, sni, version, ja3")
			}
		}
	}
	return o, nil
}

func (o *options) enable(name string) bool {
	switch name {
	case "session_resumption":
		name = "session_resumed"
	case "client_certificate":
		o.clientCert = true
		return true
	case "client_chain":
		o.clientChain = true
		return true
	}
	for i, m := range members {
		if m.name == name {
			o.want[i] = true
			return true
		}
	}
	return false
}

// appendRecord writes the tls object. There is none for a session of which the
// server's side was never seen, unless the client asked for tickets: what
// follows then may be an old session.
func appendRecord(b []byte, tx proto.Transaction, f *flow.Flow, opt any) ([]byte, bool) {
	t := tx.(*Tx)
	o, _ := opt.(*options)
	if o == nil {
		o = all
	}
	if s := &t.sides[1]; s.version == 0 && !s.chain().cert.ok && (!t.resumed || !o.resumed) && !slices.Contains(t.sides[0].hello.Extensions, tlshello.ExtSessionTicket) {
		return b, false
	}
	return o.append(b, t), true
}

func appendAlert(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) []byte {
	return all.append(event.Key(b, "tls"), tx.(*Tx))
}

func (o *options) append(b []byte, t *Tx) []byte {
	b = append(b, '{')
	for i, m := range members {
		if o.want[i] && m.append != nil {
			b = m.append(b, t, o)
		}
	}
	if t.upgraded != "" {
		b = event.Str(b, "from_proto", t.upgraded)
	}
	return event.Close(b)
}

// appendCertText appends a text of side i's certificate, if there is one.
func appendCertText(b []byte, key string, t *Tx, i int, v []byte) []byte {
	if !t.sides[i].chain().cert.ok {
		return b
	}
	return event.Bytes(b, key, v)
}

func appendDate(b []byte, key string, t *Tx, i int, sec int64) []byte {
	if !t.sides[i].chain().cert.hasValidity {
		return b
	}
	return event.Str(b, key, time.Unix(sec, 0).UTC().Format("2006-01-02T15:04:05"))
}

func appendResumed(b []byte, t *Tx, o *options) []byte {
	if t.resumed && o.resumed && !t.sides[1].chain().cert.ok {
		b = event.Bool(b, "session_resumed", true)
	}
	return b
}

func appendSNI(b []byte, t *Tx, _ *options) []byte {
	if h := &t.sides[0].hello; h.HasSNI {
		b = event.Bytes(b, "sni", h.SNI)
	}
	return b
}

func appendVersion(b []byte, t *Tx, _ *options) []byte {
	return event.Str(b, "version", versionName(t.sides[1].version))
}

func appendCertificate(b []byte, t *Tx, i int) []byte {
	if certs := t.sides[i].chain().certs; len(certs) > 0 {
		b = appendBase64(event.Key(b, "certificate"), certs[0])
	}
	return b
}

func appendChain(b []byte, t *Tx, i int) []byte {
	certs := t.sides[i].chain().certs
	if len(certs) == 0 {
		return b
	}
	b = event.OpenArray(b, "chain")
	for j, der := range certs {
		if j > 0 {
			b = append(b, ',')
		}
		b = appendBase64(b, der)
	}
	return event.CloseArray(b)
}

func appendBase64(b, der []byte) []byte {
	b = append(b, '"')
	return append(base64.StdEncoding.AppendEncode(b, der), '"')
}

// logged reports whether a fingerprint is shown: where it is on, or where a
// rule made it.
func logged(set fingerprinting, made []byte) bool { return set == on || set == auto && made != nil }

func appendJA3Member(b []byte, t *Tx, _ *options) []byte {
	if !logged(t.opt.ja3, t.ja3) || t.ja3Text() == nil {
		return b
	}
	b = event.Open(b, "ja3")
	b = event.Bytes(b, "hash", t.ja3Digest())
	return event.Close(event.Bytes(b, "string", t.ja3Text()))
}

func appendJA3SMember(b []byte, t *Tx, _ *options) []byte {
	if !logged(t.opt.ja3, t.ja3s) || t.ja3sText() == nil {
		return b
	}
	b = event.Open(b, "ja3s")
	b = event.Bytes(b, "hash", t.ja3sDigest())
	return event.Close(event.Bytes(b, "string", t.ja3sText()))
}

func appendJA4Member(b []byte, t *Tx, o *options) []byte {
	if o.v7 || !o.ja4 && !logged(t.opt.ja4, t.ja4Hash) || t.ja4Text() == nil {
		return b
	}
	return event.Bytes(b, "ja4", t.ja4Text())
}

func appendALPN(b []byte, key string, t *Tx, i int, o *options) []byte {
	names := t.sides[i].hello.ALPN
	if len(names) == 0 || o.v7 {
		return b
	}
	b = event.OpenArray(b, key)
	for _, n := range names {
		b = event.ElemBytes(b, n)
	}
	return event.CloseArray(b)
}

func appendAltNames(b []byte, t *Tx, o *options) []byte {
	names := t.sides[1].chain().cert.names
	if len(names) == 0 || o.v7 {
		return b
	}
	b = event.OpenArray(b, "subjectaltname")
	for _, n := range names {
		b = event.ElemBytes(b, n)
	}
	return event.CloseArray(b)
}

// appendClientHandshake appends the numbers of the ClientHello.
func appendClientHandshake(b []byte, t *Tx, _ *options) []byte {
	h := &t.sides[0].hello
	if h.Random == nil {
		return b
	}
	b = event.Open(b, "client_handshake")
	b = event.Str(b, "version", versionName(h.Legacy))
	b = appendNumbers(b, "ciphers", h.Ciphers)
	b = appendNumbers(b, "exts", h.Extensions)
	b = appendNumbers(b, "sig_algs", h.SigAlgs)
	return event.Close(b)
}

// appendServerHandshake appends the numbers of the ServerHello.
func appendServerHandshake(b []byte, t *Tx, _ *options) []byte {
	h := &t.sides[1].hello
	if h.Random == nil {
		return b
	}
	b = event.Open(b, "server_handshake")
	b = event.Str(b, "version", versionName(t.sides[1].version))
	if len(h.Ciphers) > 0 {
		b = event.Uint(b, "cipher", uint64(h.Ciphers[0]))
	}
	b = appendNumbers(b, "exts", h.Extensions)
	return event.Close(b)
}

// appendNumbers appends a list, without reserved values (RFC 8701).
func appendNumbers(b []byte, key string, list []uint16) []byte {
	b = event.OpenArray(b, key)
	for _, v := range list {
		if !tlshello.Grease(v) {
			b = event.ElemUint(b, uint64(v))
		}
	}
	return event.CloseArray(b)
}

// appendClient appends what is known of the client's certificate.
func appendClient(b []byte, t *Tx, o *options) []byte {
	c := &t.sides[0].chain().cert
	if !c.ok {
		return b
	}
	b = event.Open(b, "client")
	b = event.Bytes(b, "subject", c.subject)
	b = event.Bytes(b, "issuerdn", c.issuer)
	b = event.Bytes(b, "fingerprint", t.fingerprint(0))
	b = event.Bytes(b, "serial", t.serial(0))
	b = appendDate(b, "notbefore", t, 0, c.notBefore)
	b = appendDate(b, "notafter", t, 0, c.notAfter)
	if o.clientCert {
		b = appendCertificate(b, t, 0)
	}
	if o.clientChain {
		b = appendChain(b, t, 0)
	}
	return event.Close(b)
}
