package quic

import (
	"strconv"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/tlshello"
)

// appendRecord writes the quic object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	b = append(t.appendVersion(append(event.Key(b, "version"), '"')), '"')
	if s := t.sni(); len(s) > 0 {
		b = event.Bytes(b, "sni", s)
	}
	if g := &t.google; g.ok {
		if len(g.ua) > 0 {
			b = event.Bytes(b, "ua", g.ua)
		}
		if len(g.cyu) > 0 {
			b = event.OpenArray(b, "cyu")
			b = event.OpenElem(b)
			b = event.Bytes(b, "hash", g.hash)
			b = event.Bytes(b, "string", g.cyu)
			b = event.CloseArray(event.Close(b))
		}
	}
	if !t.hasTLS {
		return event.Close(b), true
	}
	for _, x := range [...]struct {
		key        string
		text, hash int
	}{{"ja3", madeJA3, madeJA3Hash}, {"ja3s", madeJA3S, madeJA3SHash}} {
		if s := t.print(x.text); s != nil {
			b = event.Open(b, x.key)
			b = event.Bytes(b, "hash", t.print(x.hash))
			b = event.Bytes(b, "string", s)
			b = event.Close(b)
		}
	}
	if asked := len(t.made[madeJA4]) > 0; (asked || t.opt.ja4) && !t.opt.old {
		if s := t.print(madeJA4); s != nil {
			b = event.Bytes(b, "ja4", s)
		}
	}
	if len(t.hello.Extensions) > 0 {
		b = event.OpenArray(b, "extensions")
		for _, x := range t.hello.Extensions {
			b = t.appendExtension(event.OpenElem(b), x)
			b = event.Close(b)
		}
		b = event.CloseArray(b)
	}
	return event.Close(b), true
}

// appendVersion appends the version: names for version 2 and those of Google's that
// are read, digits else.
func (t *Tx) appendVersion(b []byte) []byte {
	v := be32(t.version[:])
	switch v {
	case version2:
		return append(b, "v2"...)
	case versionQ039, versionQ043, 0x51303434, 0x51303435, versionQ046:
		return append(b, t.version[:]...)
	}
	return strconv.AppendUint(b, uint64(v), 16)
}

// appendExtension appends the members of an extension, with the values of some.
func (t *Tx) appendExtension(b []byte, x uint16) []byte {
	h := &t.hello
	if n := extensionName(x); n != "" {
		b = event.Str(b, "name", n)
	}
	b = event.Uint(b, "type", uint64(x))
	switch {
	case x == tlshello.ExtSNI && t.Dirs == field.ToServer && h.HasSNI:
		b = event.OpenArray(b, "values")
		b = event.CloseArray(event.ElemBytes(b, h.SNI))
	case x == tlshello.ExtALPN && len(h.ALPN) > 0:
		b = event.OpenArray(b, "values")
		for _, a := range h.ALPN {
			b = event.ElemBytes(b, a)
		}
		b = event.CloseArray(b)
	case x == tlshello.ExtSigAlgs && len(h.SigAlgs) > 0:
		b = event.OpenArray(b, "values")
		for _, a := range h.SigAlgs {
			b = event.ElemStr(b, strconv.Itoa(int(a)))
		}
		b = event.CloseArray(b)
	case x == tlshello.ExtVersions && len(h.Versions) > 0:
		b = event.OpenArray(b, "values")
		for _, v := range h.Versions {
			b = event.ElemStr(b, tlsVersion(v))
		}
		b = event.CloseArray(b)
	}
	return b
}

// tlsVersion names a version of TLS the way these records do.
func tlsVersion(v uint16) string {
	if v >= 0x0301 && v <= 0x0304 {
		return "Tls1" + strconv.Itoa(int(v-0x0301))
	}
	return "TlsVersion(" + strconv.Itoa(int(v)) + " / 0x" + strconv.FormatUint(uint64(v), 16) + ")"
}

// extensionName names an extension (IANA "TLS ExtensionType Values"), "" where it has no
// name here.
func extensionName(x uint16) string {
	if int(x) < len(extensions) {
		return extensions[x]
	}
	if x == 0xff01 {
		return "renegotiation_info"
	}
	return ""
}

var extensions = [...]string{
	0: "server_name", 1: "max_fragment_length", 2: "client_certificate_url", 3: "trusted_ca_keys", 4: "truncated_hmac", 5: "status_request",
	6: "user_mapping", 7: "client_authz", 8: "server_authz", 9: "cert_type", 10: "supported_groups", 11: "ec_point_formats", 12: "srp",
	13: "signature_algorithms", 14: "use_srtp", 15: "heartbeat", 16: "alpn", 17: "status_request_v2", 18: "signed_certificate_timestamp",
	19: "client_certificate_type", 20: "server_certificate_type", 21: "padding", 22: "encrypt_then_mac", 23: "extended_master_secret",
	24: "token_binding", 25: "cached_info", 26: "tls_lts", 27: "compress_certificate", 28: "record_size_limit", 29: "pwd_protect",
	30: "pwd_clear", 31: "password_salt", 32: "ticket_pinning", 33: "tls_cert_with_extern_psk", 34: "delegated_credentials",
	35: "session_ticket", 41: "pre_shared_key", 42: "early_data", 43: "supported_versions", 44: "cookie", 45: "psk_key_exchange_modes",
	47: "certificate_authorities", 48: "oid_filters", 49: "post_handshake_auth", 50: "signature_algorithms_cert", 51: "key_share",
	52: "transparency_info", 55: "external_id_hash", 56: "external_session_id", 57: "quic_transport_parameters", 58: "ticket_request",
	59: "dnssec_chain",
}
