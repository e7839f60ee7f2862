// Package magic tells the type of a file by its first bytes, in the words of
// libmagic (file 5.44), which rules and records use: "PDF document, version 1.4".
//
// It knows the types that cross networks often, and of each the part of the
// description that rules look for; details that libmagic finds deep in a file
// are left out. What it does not know is text, described by its characters and
// line ends, or "data".
package magic

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// Need is the number of first bytes that Type can make use of.
const Need = 4096

// kind is one type, or a family of types with a common beginning.
type kind struct {
	at   int
	mark string
	name string // the description, or its start
	// more returns what follows name; ok is false if it is not this type after all.
	more func(b []byte) (s string, ok bool)
}

// Type describes a file that begins with b.
func Type(b []byte) string {
	switch {
	case len(b) == 0:
		return "empty"
	case len(b) == 1:
		return "very short file (no magic)"
	}
	b = b[:min(len(b), Need)]
	for _, k := range kinds {
		if len(b) < k.at+len(k.mark) || string(b[k.at:k.at+len(k.mark)]) != k.mark {
			continue
		}
		if k.more == nil {
			return k.name
		}
		if s, ok := k.more(b); ok {
			return k.name + s
		}
	}
	return text(b)
}

var kinds = []kind{
	{0, "MZ", "", executable},
	{0, "\x7fELF", "ELF", elf},
	{0, "\xcf\xfa\xed\xfe", "Mach-O 64-bit ", machO},
	{0, "\xce\xfa\xed\xfe", "Mach-O ", machO},
	{0, "\xca\xfe\xba\xbe", "", java},
	{0, "%PDF-", "PDF document", pdf},
	{0, "\xef\xbb\xbf%PDF-", "PDF document", func(b []byte) (string, bool) { return pdf(b[3:]) }},
	{0, "PK\x03\x04", "", zip},
	{0, "PK\x05\x06", "Zip archive data (empty)", nil},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Composite Document File V2 Document", nil},
	{0, "{\\rtf", "Rich Text Format data, version ", rtf},
	{0, "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", "PNG image data", png},
	{0, "GIF8", "GIF image data", gif},
	{0, "\xff\xd8\xff", "JPEG image data", jpeg},
	{0, "RIFF", "RIFF (little-endian) data", riff},
	{0, "BM", "PC bitmap", bmp},
	{0, "II*\x00", "TIFF image data, little-endian", nil},
	{0, "MM\x00*", "TIFF image data, big-endian", nil},
	{0, "\x00\x00\x01\x00", "MS Windows icon resource", icon},
	{0, "8BPS\x00\x01", "Adobe Photoshop Image", nil},
	{0, "\x1f\x8b", "gzip compressed data", gzip},
	{0, "BZh", "bzip2 compressed data", bzip2},
	{0, "\xfd7zXZ\x00", "XZ compressed data", xz},
	{0, "7z\xbc\xaf\x27\x1c", "7-zip archive data", sevenZip},
	{0, "Rar!\x1a\x07\x01\x00", "RAR archive data, v5", nil},
	{0, "Rar!\x1a\x07\x00", "RAR archive data", nil},
	{0, "\x28\xb5\x2f\xfd", "Zstandard compressed data (v0.8+)", nil},
	{0, "\x04\x22\x4d\x18", "LZ4 compressed data (v1.4+)", nil},
	{0, "LZIP", "lzip compressed data, version: 1", nil},
	{0, "\x1f\x9d", "compress'd data", compressed},
	{0, "MSCF\x00\x00\x00\x00", "Microsoft Cabinet archive data", cabinet},
	{257, "ustar  \x00", "POSIX tar archive (GNU)", nil},
	{257, "ustar\x00", "POSIX tar archive", nil},
	{0, "!<arch>\ndebian", "Debian binary package (format 2.0)", nil},
	{0, "!<arch>\n", "current ar archive", nil},
	{0, "\xed\xab\xee\xdb", "RPM v3.0", rpm},
	{0, "ITSF\x03\x00\x00\x00\x60\x00\x00\x00", "MS Windows HtmlHelp Data", nil},
	{0, "L\x00\x00\x00\x01\x14\x02\x00", "MS Windows shortcut", nil},
	{0, "Cr24", "Google Chrome extension", crx},
	{0, "SQLite format 3\x00", "SQLite 3.x database", nil},
	{0, "\xd4\xc3\xb2\xa1", "pcap capture file, microsecond ts (little-endian)", pcap},
	{0, "\xa1\xb2\xc3\xd4", "pcap capture file, microsecond ts (big-endian)", nil},
	{0, "\x0a\x0d\x0d\x0a", "pcapng capture file", nil},
	{0, "FWS", "Macromedia Flash data", flash},
	{0, "CWS", "Macromedia Flash data (compressed)", flash},
	{0, "ZWS", "Macromedia Flash data (lzma compressed)", flash},
	{0, "FLV\x01", "Macromedia Flash Video", nil},
	{0, "ID3", "Audio file with ID3 version 2.", id3},
	{0, "OggS", "Ogg data", ogg},
	{0, "fLaC", "FLAC audio bitstream data", nil},
	{0, "\xff\xfb", "MPEG ADTS, layer III, v1", nil},
	{0, "\x1a\x45\xdf\xa3", "", matroska},
	{4, "ftyp", "ISO Media", isoMedia},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "Microsoft ASF", nil},
	{0, "\x00\x00\x01\xba", "MPEG sequence, v2, program multiplex", nil},
	{0, "wOFF", "Web Open Font Format", nil},
	{0, "wOF2", "Web Open Font Format (Version 2)", nil},
	{0, "\x00\x01\x00\x00\x00", "TrueType Font data", nil},
	{0, "OTTO", "OpenType font data", nil},
	{0, "%!PS-Adobe-", "PostScript document text conforming DSC level ", postScript},
	{0, "%!", "PostScript document text", nil},
	{0, "-----BEGIN CERTIFICATE-----", "PEM certificate", nil},
	{0, "-----BEGIN RSA PRIVATE", "PEM RSA private key", nil},
	{0, "-----BEGIN PGP MESSAGE-", "PGP message", nil},
	{0, "-----BEGIN PGP PUBLIC KEY BLOCK-", "PGP public key block", nil},
}

func le16(b []byte, at int) int {
	if len(b) < at+2 {
		return -1
	}
	return int(binary.LittleEndian.Uint16(b[at:]))
}

func be16(b []byte, at int) int {
	if len(b) < at+2 {
		return -1
	}
	return int(binary.BigEndian.Uint16(b[at:]))
}

func le32(b []byte, at int) int {
	if at < 0 || len(b) < at+4 {
		return -1
	}
	return int(binary.LittleEndian.Uint32(b[at:]))
}

// has reports whether s stands in b at at.
func has(b []byte, at int, s string) bool {
	return at >= 0 && len(b) >= at+len(s) && string(b[at:at+len(s)]) == s
}

// word returns the printable characters at the start of b, at most n.
func word(b []byte, n int) string {
	k := 0
	for k < min(n, len(b)) && b[k] > ' ' && b[k] < 0x7f {
		k++
	}
	return string(b[:k])
}

func pdf(b []byte) (string, bool) {
	// "%PDF-1.4": the version is the three characters behind the hyphen.
	if v := word(b[5:], 3); len(v) == 3 && v[1] == '.' {
		return ", version " + v, true
	}
	return "", true
}

func rtf(b []byte) (string, bool) {
	v := word(b[5:], 1)
	if v == "" || v[0] < '0' || v[0] > '9' {
		return "", false
	}
	switch rest := b[6:]; {
	case bytes.HasPrefix(rest, []byte("\\ansi")):
		v += ", ANSI"
		if at := bytes.Index(rest[:min(len(rest), 40)], []byte("\\ansicpg")); at >= 0 {
			page := word(rest[at+len("\\ansicpg"):], 5)
			v += ", code page " + page[:len(page)-len(strings.TrimLeft(page, "0123456789"))]
		}
	case bytes.HasPrefix(rest, []byte("\\mac")):
		v += ", Apple Macintosh"
	case bytes.HasPrefix(rest, []byte("\\pc")):
		v += ", IBM PC, code page 437"
	}
	return v, true
}

func postScript(b []byte) (string, bool) { return word(b[11:], 3), true }

func pcap(b []byte) (string, bool) {
	return fmt.Sprintf(" - version %d.%d", le16(b, 4), le16(b, 6)), len(b) >= 24
}

func crx(b []byte) (string, bool) {
	return fmt.Sprintf(", version %d", le32(b, 4)), len(b) >= 8
}
