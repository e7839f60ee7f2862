package magic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// longLine is the length of a line from which it is called very long, bytes.
const longLine = 300

// text describes what has no mark of a known type.
func text(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")) && len(b)%2 == 0:
		return "Unicode text, UTF-16, little-endian text"
	case bytes.HasPrefix(b, []byte("\xfe\xff")) && len(b)%2 == 0:
		return "Unicode text, UTF-16, big-endian text"
	}
	chars := characters(b)
	if chars == "" {
		return "data"
	}
	if bytes.HasPrefix(b, []byte("#!")) {
		if s := script(b, chars); s != "" {
			return s
		}
	}
	kind, alone := content(b)
	if alone {
		return kind
	}
	if kind != "" {
		kind += ", "
	}
	return kind + chars + lines(b)
}

// characters names the encoding of a text, "" if it is none.
func characters(b []byte) string {
	ascii, iso := true, true
	for _, c := range b {
		switch {
		case c >= 0xa0:
			ascii = false
		case c >= 0x80:
			ascii = false
			if c != 0x85 { // a line end of ISO 6429
				iso = false
			}
		case c < ' ' && !(c >= 7 && c <= '\r') && c != 0x1b, c == 0x7f:
			return ""
		}
	}
	switch {
	case ascii:
		return "ASCII text"
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) && utf8Text(b):
		return "Unicode text, UTF-8 (with BOM) text"
	case utf8Text(b):
		return "Unicode text, UTF-8 text"
	case iso:
		return "ISO-8859 text"
	}
	return "Non-ISO extended-ASCII text"
}

// utf8Text allows for a last character that the end of b cuts.
func utf8Text(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		b = b[n:]
	}
	return true
}

// lines describes the lines of a text.
func lines(b []byte) string {
	var crlf, cr, lf, nel bool
	unicode := utf8Text(b)
	longest, from := 0, 0
	for i, c := range b {
		switch {
		case c == '\n' && i > 0 && b[i-1] == '\r':
			crlf = true
		case c == '\n':
			lf = true
		case c == '\r' && (i+1 == len(b) || b[i+1] != '\n'):
			cr = true
		case c == 0x85 && !unicode:
			nel = true
		default:
			continue
		}
		longest = max(longest, i-from)
		from = i + 1
	}
	longest = max(longest, len(b)-from)
	s := ""
	if longest > longLine {
		s = fmt.Sprintf(", with very long lines (%d)", longest)
	}
	var ends []string
	for _, e := range []struct {
		on   bool
		name string
	}{{crlf, "CRLF"}, {cr, "CR"}, {lf, "LF"}, {nel, "NEL"}} {
		if e.on {
			ends = append(ends, e.name)
		}
	}
	switch {
	case len(ends) == 0:
		s += ", with no line terminators"
	case len(ends) > 1 || !lf:
		s += ", with " + strings.Join(ends, ", ") + " line terminators"
	}
	if bytes.IndexByte(b, 0x1b) >= 0 {
		s += ", with escape sequences"
	}
	if bytes.IndexByte(b, '\b') >= 0 {
		s += ", with overstriking"
	}
	return s
}

// tags begin an HTML document, in any case.
var tags = []string{"<!doctype html", "<html", "<head", "<title", "<script", "<style", "<table", "<a href="}

// content names what a text is about; alone says that this is all to say.
func content(b []byte) (kind string, alone bool) {
	s := bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	start := strings.ToLower(string(s[:min(len(s), 16)]))
	switch {
	case strings.HasPrefix(start, "<?xml"):
		if bytes.Contains(s[:min(len(s), 1024)], []byte("<svg")) {
			return "SVG Scalable Vector Graphics image", true
		}
		if k := bytes.Index(s[:min(len(s), 40)], []byte("version=")); k >= 0 && len(s) > k+12 {
			return "XML " + word(s[k+9:], 3) + " document", false
		}
		return "XML document", false
	case strings.HasPrefix(start, "<svg"):
		return "SVG Scalable Vector Graphics image", true
	case strings.HasPrefix(start, "<?php"):
		return "PHP script", false
	case strings.HasPrefix(start, "@echo off"):
		return "DOS batch file", false
	case strings.HasPrefix(start, "#include"):
		return "C source", false
	case strings.HasPrefix(start, "received:"):
		return "RFC 822 mail", false
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		if jsonText(s) {
			return "JSON text data", true
		}
		return "", false
	}
	if strings.HasPrefix(start, "<!--") {
		if _, rest, ok := bytes.Cut(s, []byte("-->")); ok {
			rest = bytes.TrimLeft(rest, " \t\r\n")
			start = strings.ToLower(string(rest[:min(len(rest), 16)]))
		}
	}
	for _, t := range tags {
		if strings.HasPrefix(start, t) {
			return "HTML document", false
		}
	}
	return "", false
}

// jsonText reports whether b is JSON; of a text that is cut, the start must be.
func jsonText(b []byte) bool {
	if len(b) < Need {
		return json.Valid(b)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	for n := 0; n < 16; n++ {
		if _, err := d.Token(); err != nil {
			return false
		}
	}
	return true
}
