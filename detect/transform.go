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

// Transform changes the buffer before it for the conditions that follow.
type Transform struct {
	Name, Doc, Syntax, Example string
	make                       func(v string) (transform, error)
}

// transformList are the transforms there are.
var transformList = []Transform{
	{"dotprefix", "Puts a dot in front, for names of which the end is looked for.", "", `dns.query; dotprefix; content:".example.com"; endswith;`, simple("dotprefix", dotPrefix)},
	{"domain", "The registered domain of a name.", "", `dns.query; domain; content:"example.co.uk";`, simple("domain", registeredDomain)},
	{"tld", "The public suffix of a name.", "", `dns.query; tld; content:"co.uk";`, simple("tld", publicSuffix)},
	{"strip_whitespace", "Takes blanks out.", "", `http.request_body; strip_whitespace; content:"ab";`, simple("strip_whitespace", stripBlanks)},
	{"compress_whitespace", "Makes one of blanks in a row.", "", `http.request_body; compress_whitespace; content:"a b";`, simple("compress_whitespace", compressBlanks)},
	{"to_lowercase", "Turns letters to lower case.", "", `http.uri; to_lowercase; content:"ab";`, simple("to_lowercase", func(dst, b []byte) []byte { return append(dst, lowerBytes(b)...) })},
	{"to_uppercase", "Turns letters to upper case.", "", `http.uri; to_uppercase; content:"AB";`, simple("to_uppercase", upperBytes)},
	{"header_lowercase", "Turns names of headers to lower case, not their values.", "", `http.header; header_lowercase; content:"host|3a 20|Example";`, simple("header_lowercase", lowerNames)},
	{"strip_pseudo_headers", "Takes the pseudo headers of HTTP/2 out.", "", `http.header; strip_pseudo_headers; content:"host";`, simple("strip_pseudo_headers", stripPseudo)},
	{"url_decode", "Decodes %XX and +.", "", `http.uri.raw; url_decode; content:"a b";`, simple("url_decode", urlDecode)},
	{"from_base64", "Decodes base64.", "[bytes n][, offset n][, mode rfc4648|rfc2045|strict]", `http.request_body; from_base64; content:"secret";`, fromBase64},
	{"gunzip", "Unpacks gzip.", "[max-size size]", `http.request_body; gunzip; content:"secret";`, unpacker("gunzip", openGzip)},
	{"zlib_deflate", "Unpacks zlib.", "[max-size size]", `http.request_body; zlib_deflate; content:"secret";`, unpacker("zlib_deflate", openZlib)},
	{"xor", "Exclusive or with a key that repeats.", "hexadecimal digits", `http.request_body; xor:"0d0ac8ff"; content:"secret";`, xorWith},
	{"pcrexform", "The first group of a regular expression.", `"expression"`, `http.uri; pcrexform:"id=([0-9]+)"; content:"1";`, pcrexform},
	{"to_md5", "MD5, as 16 bytes.", "", `http.host; to_md5; content:"|d4 1d 8c d9 8f 00 b2 04 e9 80 09 98 ec f8 42 7e|";`, simple("to_md5", func(dst, b []byte) []byte { s := md5.Sum(b); return append(dst, s[:]...) })},
	{"to_sha1", "SHA-1, as 20 bytes.", "", `http.host; to_sha1; content:"|da 39 a3 ee|"; startswith;`, simple("to_sha1", func(dst, b []byte) []byte { s := sha1.Sum(b); return append(dst, s[:]...) })},
	{"to_sha256", "SHA-256, as 32 bytes.", "", `http.host; to_sha256; content:"|e3 b0 c4 42|"; startswith;`, simple("to_sha256", func(dst, b []byte) []byte { s := sha256.Sum256(b); return append(dst, s[:]...) })},
}

// transforms finds them by name.
var transforms = func() map[string]func(v string) (transform, error) {
	m := map[string]func(v string) (transform, error){}
	for _, t := range transformList {
		m[t.Name] = t.make
	}
	return m
}()

func dotPrefix(dst, b []byte) []byte { return append(append(dst, '.'), b...) }

func compressBlanks(dst, b []byte) []byte {
	for i, c := range b {
		if !blank(c) || i == 0 || !blank(b[i-1]) {
			dst = append(dst, c)
		}
	}
	return dst
}

func upperBytes(dst, b []byte) []byte {
	for _, c := range b {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func lowerNames(dst, b []byte) []byte {
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
}

func stripPseudo(dst, b []byte) []byte {
	for line := range bytes.Lines(b) {
		if line[0] != ':' {
			dst = append(dst, line...)
		}
	}
	return dst
}

func xorWith(v string) (transform, error) {
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
