package tls

import (
	"crypto/md5"
	"encoding/hex"
	"net/netip"
	"strconv"
)

func appendUint(b []byte, v uint64) []byte { return strconv.AppendUint(b, v, 10) }

// ipText returns an address of a certificate in text.
func ipText(b []byte) []byte {
	if a, ok := netip.AddrFromSlice(b); ok {
		return a.AppendTo(nil)
	}
	return b
}

// appendMD5 appends the digest of s in hexadecimal digits.
func appendMD5(b, s []byte) []byte {
	sum := md5.Sum(s)
	return hex.AppendEncode(b, sum[:])
}

// versionName returns a version as records show it.
func versionName(v uint16) string {
	switch v {
	case versionSSL2:
		return "SSLv2"
	case versionSSL3:
		return "SSLv3"
	case versionTLS10:
		return "TLSv1"
	case versionTLS11:
		return "TLS 1.1"
	case versionTLS12:
		return "TLS 1.2"
	case versionTLS13:
		return "TLS 1.3"
	case 0:
		return "UNDETERMINED"
	}
	if v>>8 == 0x7f {
		return "TLS 1.3 draft-" + strconv.Itoa(int(v&0xff))
	}
	if v == 0xfb1a {
		return "TLS 1.3 draft-26-fb"
	}
	s := strconv.FormatUint(uint64(v), 16)
	return "0x" + "0000"[:4-len(s)] + s
}
