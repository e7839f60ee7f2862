package detect

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
)

// transform changes a buffer before it is matched. It appends to dst.
type transform struct {
	name  string // with its argument: tells transforms apart
	apply func(dst, b []byte) []byte
}

// simple makes a transform without argument.
func simple(name string, f func(dst, b []byte) []byte) func(string) (transform, error) {
	return func(v string) (transform, error) {
		if strings.TrimSpace(v) != "" {
			return transform{}, fmt.Errorf("value %q: want none", v)
		}
		return transform{name, f}, nil
	}
}

var transforms = map[string]func(v string) (transform, error){
	"dotprefix":        simple("dotprefix", func(dst, b []byte) []byte { return append(append(dst, '.'), b...) }),
	"strip_whitespace": simple("strip_whitespace", stripBlanks),
	"compress_whitespace": simple("compress_whitespace", func(dst, b []byte) []byte {
		for i, c := range b {
			if !blank(c) || i == 0 || !blank(b[i-1]) {
				dst = append(dst, c)
			}
		}
		return dst
	}),
	"to_lowercase": simple("to_lowercase", func(dst, b []byte) []byte { return append(dst, lowerBytes(b)...) }),
	"to_uppercase": simple("to_uppercase", func(dst, b []byte) []byte {
		for _, c := range b {
			if c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
			dst = append(dst, c)
		}
		return dst
	}),
	"to_md5":       simple("to_md5", func(dst, b []byte) []byte { s := md5.Sum(b); return append(dst, s[:]...) }),
	"to_sha1":      simple("to_sha1", func(dst, b []byte) []byte { s := sha1.Sum(b); return append(dst, s[:]...) }),
	"to_sha256":    simple("to_sha256", func(dst, b []byte) []byte { s := sha256.Sum256(b); return append(dst, s[:]...) }),
	"url_decode":   simple("url_decode", urlDecode),
	"domain":       simple("domain", registeredDomain),
	"tld":          simple("tld", publicSuffix),
	"pcrexform":    pcrexform,
	"from_base64":  fromBase64,
	"gunzip":       unpacker("gunzip", openGzip),
	"zlib_deflate": unpacker("zlib_deflate", openZlib),
	"header_lowercase": simple("header_lowercase", func(dst, b []byte) []byte {
		name := true
		for _, c := range b {
			if name && c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			switch c {
			case ':':
				name = false
			case '\n':
				name = true
			}
			dst = append(dst, c)
		}
		return dst
	}),
	"strip_pseudo_headers": simple("strip_pseudo_headers", func(dst, b []byte) []byte {
		for line := range bytes.Lines(b) {
			if line[0] != ':' {
				dst = append(dst, line...)
			}
		}
		return dst
	}),
	"xor": func(v string) (transform, error) {
		v = strings.Trim(strings.TrimSpace(v), `"`)
		key := make([]byte, 0, len(v)/2)
		for i := 0; i+1 < len(v); i += 2 {
			n, err := strconv.ParseUint(v[i:i+2], 16, 8)
			if err != nil {
				return transform{}, fmt.Errorf("value %q: want pairs of hexadecimal digits", v)
			}
			key = append(key, byte(n))
		}
		if len(key) == 0 || len(v)%2 != 0 {
			return transform{}, fmt.Errorf("value %q: want pairs of hexadecimal digits", v)
		}
		return transform{"xor " + v, func(dst, b []byte) []byte {
			for i, c := range b {
				dst = append(dst, c^key[i%len(key)])
			}
			return dst
		}}, nil
	},
}

func blank(c byte) bool { return c == ' ' || c >= 9 && c <= 13 }

func stripBlanks(dst, b []byte) []byte {
	for _, c := range b {
		if !blank(c) {
			dst = append(dst, c)
		}
	}
	return dst
}

// urlDecode decodes %HH and '+' (WHATWG URL, "application/x-www-form-urlencoded").
func urlDecode(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '+':
			dst = append(dst, ' ')
		case c == '%' && i+2 < len(b) && digit(b[i+1]) < 16 && digit(b[i+2]) < 16:
			dst = append(dst, byte(digit(b[i+1])<<4|digit(b[i+2])))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
