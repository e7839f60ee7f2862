package tlshello

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// Grease reports whether v is one of the reserved values of RFC 8701.
func Grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// appendList appends numbers joined by '-', without reserved ones.
func appendList(b []byte, list []uint16) []byte {
	first := true
	for _, v := range list {
		if Grease(v) {
			continue
		}
		if !first {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(v), 10)
		first = false
	}
	return b
}

// AppendJA3 appends the JA3 string of a ClientHello: version, ciphers,
// extensions, groups, point formats.
func AppendJA3(b []byte, h *Hello) []byte {
	b = strconv.AppendUint(b, uint64(h.Legacy), 10)
	b = appendList(append(b, ','), h.Ciphers)
	b = appendList(append(b, ','), h.Extensions)
	b = appendList(append(b, ','), h.Groups)
	b = append(b, ',')
	for i, v := range h.Points {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(v), 10)
	}
	return b
}

// AppendJA3S appends the JA3S string of a ServerHello: version, cipher,
// extensions.
func AppendJA3S(b []byte, h *Hello) []byte {
	b = strconv.AppendUint(b, uint64(h.Legacy), 10)
	b = appendList(append(b, ','), h.Ciphers)
	return appendList(append(b, ','), h.Extensions)
}

// AppendJA4 appends the JA4 fingerprint of a ClientHello: transport, version, name,
// counts, first ALPN; then digests of the sorted ciphers, and of the sorted
// extensions with the signature algorithms.
func AppendJA4(b []byte, transport byte, h *Hello) []byte {
	version := h.Legacy
	for _, v := range h.Versions {
		if !Grease(v) && (v > version || version == h.Legacy) {
			version = max(v, version)
		}
	}
	b = append(b, transport)
	b = append(b, ja4Version(version)...)
	if h.HasSNI {
		b = append(b, 'd')
	} else {
		b = append(b, 'i')
	}
	var room [3][64]uint16 // most hellos fit
	ciphers := slices.DeleteFunc(append(room[0][:0], h.Ciphers...), Grease)
	exts := slices.DeleteFunc(append(room[1][:0], h.Extensions...), Grease)
	b = appendTwo(b, len(ciphers))
	b = appendTwo(b, len(exts))
	b = appendJA4ALPN(b, h)

	slices.Sort(ciphers)
	b = appendDigest(append(b, '_'), ciphers, nil)
	exts = slices.DeleteFunc(exts, func(v uint16) bool { return v == ExtSNI || v == ExtALPN })
	slices.Sort(exts)
	return appendDigest(append(b, '_'), exts, slices.DeleteFunc(append(room[2][:0], h.SigAlgs...), Grease))
}

func ja4Version(v uint16) string {
	switch v {
	case 0x0304:
		return "13"
	case 0x0303:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	case 0x0002:
		return "s2"
	}
	return "00"
}

// appendJA4ALPN appends the first and last character of the first protocol name.
func appendJA4ALPN(b []byte, h *Hello) []byte {
	if len(h.ALPN) == 0 || len(h.ALPN[0]) == 0 {
		return append(b, "00"...)
	}
	a := h.ALPN[0]
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
