package tls

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
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

// grease reports whether v is one of the reserved values of RFC 8701.
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// appendList appends numbers joined by '-', without reserved ones.
func appendList(b []byte, list []uint16) []byte {
	first := true
	for _, v := range list {
		if grease(v) {
			continue
		}
		if !first {
			b = append(b, '-')
		}
		b = appendUint(b, uint64(v))
		first = false
	}
	return b
}

// appendJA3 appends the JA3 string of a ClientHello: version, ciphers,
// extensions, groups, point formats.
func appendJA3(b []byte, h *hello) []byte {
	b = appendUint(b, uint64(h.legacy))
	b = appendList(append(b, ','), h.ciphers)
	b = appendList(append(b, ','), h.extensions)
	b = appendList(append(b, ','), h.groups)
	b = append(b, ',')
	for i, v := range h.points {
		if i > 0 {
			b = append(b, '-')
		}
		b = appendUint(b, uint64(v))
	}
	return b
}

// appendJA3S appends the JA3S string of a ServerHello: version, cipher,
// extensions.
func appendJA3S(b []byte, h *hello) []byte {
	b = appendUint(b, uint64(h.legacy))
	b = appendList(append(b, ','), h.ciphers)
	return appendList(append(b, ','), h.extensions)
}

// appendMD5 appends the digest of s in hexadecimal digits.
func appendMD5(b, s []byte) []byte {
	sum := md5.Sum(s)
	return hex.AppendEncode(b, sum[:])
}

// appendJA4 appends the JA4 fingerprint of a ClientHello: transport, version, name,
// counts, first ALPN; then digests of the sorted ciphers, and of the sorted
// extensions with the signature algorithms.
func appendJA4(b []byte, transport byte, h *hello) []byte {
	version := h.legacy
	for _, v := range h.versions {
		if !grease(v) && (v > version || version == h.legacy) {
			version = max(v, version)
		}
	}
	b = append(b, transport)
	b = append(b, ja4Version(version)...)
	if h.hasSNI {
		b = append(b, 'd')
	} else {
		b = append(b, 'i')
	}
	var room [3][64]uint16 // most hellos fit
	ciphers := slices.DeleteFunc(append(room[0][:0], h.ciphers...), grease)
	exts := slices.DeleteFunc(append(room[1][:0], h.extensions...), grease)
	b = appendTwo(b, len(ciphers))
	b = appendTwo(b, len(exts))
	b = appendJA4ALPN(b, h)

	slices.Sort(ciphers)
	b = appendDigest(append(b, '_'), ciphers, nil)
	exts = slices.DeleteFunc(exts, func(v uint16) bool { return v == extSNI || v == extALPN })
	slices.Sort(exts)
	return appendDigest(append(b, '_'), exts, slices.DeleteFunc(append(room[2][:0], h.sigAlgs...), grease))
}

func ja4Version(v uint16) string {
	switch v {
	case versionTLS13:
		return "13"
	case versionTLS12:
		return "12"
	case versionTLS11:
		return "11"
	case versionTLS10:
		return "10"
	case versionSSL3:
		return "s3"
	case versionSSL2:
		return "s2"
	}
	return "00"
}

// appendJA4ALPN appends the first and last character of the first protocol name.
func appendJA4ALPN(b []byte, h *hello) []byte {
	if len(h.alpn) == 0 || len(h.alpn[0]) == 0 {
		return append(b, "00"...)
	}
	a := h.alpn[0]
	first, last := a[0], a[len(a)-1]
	if !alnum(first) || !alnum(last) {
		const digits = "0123456789abcdef"
		return append(b, digits[first>>4], digits[last&15])
	}
	return append(b, first, last)
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func appendTwo(b []byte, n int) []byte {
	n = min(n, 99)
	return append(b, byte('0'+n/10), byte('0'+n%10))
}

// appendDigest appends the first twelve digits of the SHA-256 of the values in
// hexadecimal, joined by commas, and of tail behind an underscore.
func appendDigest(b []byte, list, tail []uint16) []byte {
	if len(list) == 0 {
		return append(b, "000000000000"...)
	}
	var room [512]byte
	s := room[:0]
	for i, v := range list {
		if i > 0 {
			s = append(s, ',')
		}
		s = appendHex16(s, v)
	}
	for i, v := range tail {
		sep := byte(',')
		if i == 0 {
			sep = '_'
		}
		s = appendHex16(append(s, sep), v)
	}
	sum := sha256.Sum256(s)
	return hex.AppendEncode(b, sum[:6])
}

func appendHex16(b []byte, v uint16) []byte {
	return hex.AppendEncode(b, []byte{byte(v >> 8), byte(v)})
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
