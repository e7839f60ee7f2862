package krb5

import (
	"strconv"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the krb5 object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	b = event.Str(b, "msg_type", kindName(t.kind))
	if t.kind == krbError {
		b = event.Str(b, "failed_request", kindName(t.failed))
		b = event.Str(b, "error_code", codeName(t.code))
	}
	b = appendPrincipal(b, "cname", t.cname, t.hasCName)
	if t.hasRealm {
		b = event.Bytes(b, "realm", t.realm)
	} else {
		b = event.Str(b, "realm", "<empty>")
	}
	b = appendPrincipal(b, "sname", t.sname, t.hasSName)
	if t.hasEtype {
		b = event.Str(b, "encryption", etypeName(t.etype))
		b = event.Bool(b, "weak_encryption", weak(t.etype))
	} else {
		b = event.Str(b, "encryption", "<none>")
		b = event.Bool(b, "weak_encryption", false)
	}
	if t.hasTicket {
		b = event.Str(b, "ticket_encryption", etypeName(t.ticket))
		b = event.Bool(b, "ticket_weak_encryption", weak(t.ticket))
	}
	return event.Close(b), true
}

// appendPrincipal writes a name, its parts joined by slashes.
func appendPrincipal(b []byte, key string, name []byte, ok bool) []byte {
	if !ok {
		return event.Str(b, key, "<empty>")
	}
	first, _ := part(name, 0)
	if _, more := part(name, 1); !more {
		return event.Bytes(b, key, first)
	}
	var buf [256]byte
	text := append(buf[:0], first...)
	for i := 1; ; i++ {
		x, ok := part(name, i)
		if !ok {
			return event.Bytes(b, key, text)
		}
		text = append(append(text, '/'), x...)
	}
}

// kindName names a type of message.
func kindName(k uint8) string {
	switch k {
	case asReq:
		return "KRB_AS_REQ"
	case asRep:
		return "KRB_AS_REP"
	case tgsReq:
		return "KRB_TGS_REQ"
	case tgsRep:
		return "KRB_TGS_REP"
	case apReq:
		return "KRB_AP_REQ"
	case apRep:
		return "KRB_AP_REP"
	case krbError:
		return "KRB_ERROR"
	case 0:
		return "UNKNOWN"
	}
	return strconv.Itoa(int(k))
}

// weak reports whether a cipher must not be used any more: those of RFC 6649, RFC
// 8429 and their kin.
func weak(e int64) bool {
	switch e {
	case 1, 2, 3, 5, 7, 9, 10, 11, 12, 15, 23, 24:
		return true
	}
	return false
}

// etypeName names a type of encryption (registry "Kerberos Encryption Type
// Numbers").
func etypeName(e int64) string {
	if e >= 0 && e < int64(len(etypes)) && etypes[e] != "" {
		return etypes[e]
	}
	return strconv.FormatInt(e, 10)
}

var etypes = [...]string{
	0: "null", 1: "des-cbc-crc", 2: "des-cbc-md4", 3: "des-cbc-md5", 5: "des3-cbc-md5", 7: "des3-cbc-sha1",
	9: "dsaWithSHA1-CmsOID", 10: "md5WithRSAEncryption-CmsOID", 11: "sha1WithRSAEncryption-CmsOID", 12: "rc2CBC-EnvOID",
	13: "rsaEncryption-EnvOID", 14: "rsaES-OAEP-ENV-OID", 15: "des-ede3-cbc-Env-OID", 16: "des3-cbc-sha1-kd",
	17: "aes128-cts-hmac-sha1-96", 18: "aes256-cts-hmac-sha1-96", 19: "aes128-cts-hmac-sha256-128", 20: "aes256-cts-hmac-sha384-192",
	23: "rc4-hmac", 24: "rc4-hmac-exp", 25: "camellia128-cts-cmac", 26: "camellia256-cts-cmac", 65: "subkey-keymaterial",
}

// codeName names an error (RFC 4120 section 7.5.9).
func codeName(c int64) string {
	if c >= 0 && c < int64(len(codes)) && codes[c] != "" {
		return codes[c]
	}
	return strconv.FormatInt(c, 10)
}

var codes = [...]string{
	0: "KDC_ERR_NONE", 1: "KDC_ERR_NAME_EXP", 2: "KDC_ERR_SERVICE_EXP", 3: "KDC_ERR_BAD_PVNO", 4: "KDC_ERR_C_OLD_MAST_KVNO",
	5: "KDC_ERR_S_OLD_MAST_KVNO", 6: "KDC_ERR_C_PRINCIPAL_UNKNOWN", 7: "KDC_ERR_S_PRINCIPAL_UNKNOWN", 8: "KDC_ERR_PRINCIPAL_NOT_UNIQUE",
	9: "KDC_ERR_NULL_KEY", 10: "KDC_ERR_CANNOT_POSTDATE", 11: "KDC_ERR_NEVER_VALID", 12: "KDC_ERR_POLICY", 13: "KDC_ERR_BADOPTION",
	14: "KDC_ERR_ETYPE_NOSUPP", 15: "KDC_ERR_SUMTYPE_NOSUPP", 16: "KDC_ERR_PADATA_TYPE_NOSUPP", 17: "KDC_ERR_TRTYPE_NOSUPP",
	18: "KDC_ERR_CLIENT_REVOKED", 19: "KDC_ERR_SERVICE_REVOKED", 20: "KDC_ERR_TGT_REVOKED", 21: "KDC_ERR_CLIENT_NOTYET",
	22: "KDC_ERR_SERVICE_NOTYET", 23: "KDC_ERR_KEY_EXPIRED", 24: "KDC_ERR_PREAUTH_FAILED", 25: "KDC_ERR_PREAUTH_REQUIRED",
	26: "KDC_ERR_SERVER_NOMATCH", 27: "KDC_ERR_MUST_USE_USER2USER", 28: "KDC_ERR_PATH_NOT_ACCEPTED", 29: "KDC_ERR_SVC_UNAVAILABLE",
	31: "KRB_AP_ERR_BAD_INTEGRITY", 32: "KRB_AP_ERR_TKT_EXPIRED", 33: "KRB_AP_ERR_TKT_NYV", 34: "KRB_AP_ERR_REPEAT", 35: "KRB_AP_ERR_NOT_US",
	36: "KRB_AP_ERR_BADMATCH", 37: "KRB_AP_ERR_SKEW", 38: "KRB_AP_ERR_BADADDR", 39: "KRB_AP_ERR_BADVERSION", 40: "KRB_AP_ERR_MSG_TYPE",
	41: "KRB_AP_ERR_MODIFIED", 42: "KRB_AP_ERR_BADORDER", 44: "KRB_AP_ERR_BADKEYVER", 45: "KRB_AP_ERR_NOKEY", 46: "KRB_AP_ERR_MUT_FAIL",
	47: "KRB_AP_ERR_BADDIRECTION", 48: "KRB_AP_ERR_METHOD", 49: "KRB_AP_ERR_BADSEQ", 50: "KRB_AP_ERR_INAPP_CKSUM", 51: "KRB_AP_PATH_NOT_ACCEPTED",
	52: "KRB_ERR_RESPONSE_TOO_BIG", 60: "KRB_ERR_GENERIC", 61: "KRB_ERR_FIELD_TOOLONG", 62: "KDC_ERROR_CLIENT_NOT_TRUSTED",
	63: "KDC_ERROR_KDC_NOT_TRUSTED", 64: "KDC_ERROR_INVALID_SIG", 65: "KDC_ERR_KEY_TOO_WEAK", 66: "KDC_ERR_CERTIFICATE_MISMATCH",
	67: "KRB_AP_ERR_NO_TGT", 68: "KDC_ERR_WRONG_REALM", 69: "KRB_AP_ERR_USER_TO_USER_REQUIRED",
}
