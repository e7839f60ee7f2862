package magic

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf8"
)

// pe makes the headers of a PE file.
func peFile(machine, flags, subsystem, sections uint16, plus, clr bool) string {
	b := make([]byte, 0x80+24+240+40*int(sections))
	copy(b, "MZ")
	b[0x3c] = 0x80
	h := b[0x80:]
	copy(h, "PE\x00\x00")
	le := binary.LittleEndian
	le.PutUint16(h[4:], machine)
	le.PutUint16(h[6:], sections)
	le.PutUint16(h[22:], flags)
	size, dirs := 224, 96
	le.PutUint16(h[24:], 0x10b)
	if plus {
		size, dirs = 240, 112
		le.PutUint16(h[24:], 0x20b)
	}
	le.PutUint16(h[20:], uint16(size))
	le.PutUint16(h[24+68:], subsystem)
	if clr {
		le.PutUint32(h[24+dirs+8*14:], 0x2000)
	}
	copy(h[24+size:], ".text")
	return string(b)
}

// member makes a member of a ZIP archive.
func member(version byte, method byte, name, content string) string {
	h := make([]byte, zipName)
	copy(h, "PK\x03\x04")
	h[zipVersion], h[zipMethod], h[zipNameLen] = version, method, byte(len(name))
	return string(h) + name + content
}

const pngHead = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"

func TestType(t *testing.T) {
	x := strings.Repeat("x", 400)
	tests := []struct{ name, b, want string }{
		{"nothing", "", "empty"},
		{"one byte", "a", "very short file (no magic)"},
		{"control bytes", "\x01\x02\x03", "data"},
		{"text", "a b\nc\n", "ASCII text"},
		{"text, no line end", "hello", "ASCII text, with no line terminators"},
		{"text, CRLF", "a\r\nb\r\n", "ASCII text, with CRLF line terminators"},
		{"text, CR", "a\rb\r", "ASCII text, with CR line terminators"},
		{"text, mixed", "a\r\nb\n", "ASCII text, with CRLF, LF line terminators"},
		{"text, long line", x + "\n", "ASCII text, with very long lines (400)"},
		{"text, one long line", x, "ASCII text, with very long lines (400), with no line terminators"},
		{"UTF-8", "h\xc3\xa9llo\n", "Unicode text, UTF-8 text"},
		{"UTF-8 with mark", "\xef\xbb\xbfhello\n", "Unicode text, UTF-8 (with BOM) text"},
		{"UTF-8, cut", "hello\n\xc3", "Unicode text, UTF-8 text"},
		{"Latin-1", "h\xe9llo\n", "ISO-8859 text"},
		{"UTF-16", "\xff\xfeh\x00i\x00", "Unicode text, UTF-16, little-endian text"},
		{"escapes", "a\x1b[0m\n", "ASCII text, with escape sequences"},
		{"PE, GUI", peFile(0x14c, 0x102, 2, 1, false, false), "PE32 executable (GUI) Intel 80386, for MS Windows"},
		{"PE, DLL of .NET", peFile(0x14c, 0x2102, 3, 3, false, true), "PE32 executable (DLL) (console) Intel 80386 Mono/.Net assembly, for MS Windows, 3 sections"},
		{"PE, 64 bit", peFile(0x8664, 0x22, 3, 1, true, false), "PE32+ executable (console) x86-64, for MS Windows"},
		{"DOS", "MZ" + strings.Repeat("\x00", 200), "MS-DOS executable, MZ for MS-DOS"},
		{"MZ in text", "MZ is not enough", "ASCII text, with no line terminators"},
		{"ELF", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00\x01\x00\x00\x00", "ELF 64-bit LSB executable, x86-64, version 1 (SYSV)"},
		{"ELF, MSB", "\x7fELF\x01\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x08\x00\x00\x00\x01", "ELF 32-bit MSB shared object, MIPS, version 1 (SYSV)"},
		{"Java class", "\xca\xfe\xba\xbe\x00\x00\x00\x34", "compiled Java class data, version 52.0 (Java 1.8)"},
		{"PDF", "%PDF-1.4\n%\xe2\xe3\n", "PDF document, version 1.4"},
		{"PDF, bare", "%PDF-\n", "PDF document"},
		{"ZIP", member(20, 8, "a.txt", x), "Zip archive data, at least v2.0 to extract, compression method=deflate"},
		{"ZIP, stored", member(10, 0, "a.txt", x), "Zip archive data, at least v1.0 to extract, compression method=store"},
		{"ZIP, empty", "PK\x05\x06" + strings.Repeat("\x00", 18), "Zip archive data (empty)"},
		{"Word", member(20, 8, "[Content_Types].xml", x) + member(20, 8, "_rels/.rels", x) + member(20, 8, "word/document.xml", x), "Microsoft Word 2007+"},
		{"Excel", member(20, 8, "[Content_Types].xml", x) + member(20, 8, "_rels/.rels", x) + member(20, 8, "xl/workbook.xml", x), "Microsoft Excel 2007+"},
		{"OpenDocument", member(20, 0, "mimetype", "application/vnd.oasis.opendocument.text") + "PK\x03\x04", "OpenDocument Text"},
		{"Android", member(20, 0, "AndroidManifest.xml", x), "Android package (APK), with AndroidManifest.xml"},
		{"compound document", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", "Composite Document File V2 Document"},
		{"RTF", "{\\rtf1\\ansi\\ansicpg1252 hello}", "Rich Text Format data, version 1, ANSI, code page 1252"},
		{"PNG", pngHead + "\x00\x00\x02\x80\x00\x00\x01\xe0\x08\x06\x00\x00\x00", "PNG image data, 640 x 480, 8-bit/color RGBA, non-interlaced"},
		{"PNG, one pixel", pngHead + "\x00\x00\x00\x01\x00\x00\x00\x01\x08\x03\x00\x00\x01", "PNG image data, 1 x 1, 8-bit colormap, interlaced"},
		{"GIF", "GIF89a\x01\x00\x01\x00\x80", "GIF image data, version 89a, 1 x 1"},
		{"JPEG", "\xff\xd8\xff\xdb\x00\x43", "JPEG image data"},
		{"JFIF", "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00\x48\x00\x48\x00\x00\xff\xc0\x00\x11\x08\x00\x64\x00\xc8\x03",
			"JPEG image data, JFIF standard 1.01, resolution (DPI), density 72x72, segment length 16, baseline, precision 8, 200x100, components 3"},
		{"WebP", "RIFF\x24\x00\x00\x00WEBPVP8 ", "RIFF (little-endian) data, Web/P image"},
		{"gzip", "\x1f\x8b\x08\x08\x00\x00\x00\x00\x02\x03foo.txt\x00", `gzip compressed data, was "foo.txt", max compression, from Unix`},
		{"bzip2", "BZh91AY", "bzip2 compressed data, block size = 900k"},
		{"XZ", "\xfd7zXZ\x00\x00\x04", "XZ compressed data, checksum CRC64"},
		{"7-Zip", "7z\xbc\xaf\x27\x1c\x00\x04", "7-zip archive data, version 0.4"},
		{"RAR", "Rar!\x1a\x07\x01\x00", "RAR archive data, v5"},
		{"HTML", "\n <!DOCTYPE html>\n<html>\n", "HTML document, ASCII text"},
		{"HTML behind a comment", "<!-- x -->\r\n<HTML>\r\n", "HTML document, ASCII text, with CRLF line terminators"},
		{"XML", "<?xml version=\"1.0\"?>\n<a/>\n", "XML 1.0 document, ASCII text"},
		{"SVG", "<?xml version=\"1.0\"?>\n<svg/>\n", "SVG Scalable Vector Graphics image"},
		{"shell", "#!/bin/bash\necho\n", "Bourne-Again shell script, ASCII text executable"},
		{"python", "#!/usr/bin/env python3\nx\n", "Python script, ASCII text executable"},
		{"PHP", "<?php x;\n", "PHP script, ASCII text"},
		{"JSON", "{\"a\": 1}\n", "JSON text data"},
		{"not JSON", "{a}\n", "ASCII text"},
		{"Flash", "CWS\x0a\x00\x10\x00\x00", "Macromedia Flash data (compressed), version 10"},
		{"FWS in text", "FWS is text\n", "ASCII text"},
		{"MP3", "ID3\x03\x00\x00", "Audio file with ID3 version 2.3.0"},
		{"MP4", "\x00\x00\x00\x18ftypmp42", "ISO Media, MP4 v2 [ISO 14496-14]"},
		{"icon", "\x00\x00\x01\x00\x01\x00\x10\x10" + strings.Repeat("\x00", 14), "MS Windows icon resource - 1 icon, 16x16"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Type([]byte(tt.b)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzType(f *testing.F) {
	for _, k := range kinds {
		f.Add([]byte(strings.Repeat("\x00", k.at) + k.mark + "\x00\x01\x02\x03\x04\x05\x06\x07\x08"))
	}
	f.Add([]byte(peFile(0x14c, 2, 2, 1, false, false)))
	f.Add([]byte("{\\rtf1\\ansi\\ansicpg1252}"))
	f.Add([]byte("#!/bin/env "))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s := Type(b); s == "" || len(s) > 512 || !utf8.ValidString(s) {
			t.Errorf("%q: got %q", b, s)
		}
	})
}
