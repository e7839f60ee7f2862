package magic

import (
	"bytes"
	"fmt"
)

// Offsets in a local file header of a ZIP archive (APPNOTE 4.3.7).
const (
	zipVersion  = 4
	zipMethod   = 8
	zipNameLen  = 26
	zipExtraLen = 28
	zipName     = 30
)

var zipMethods = map[int]string{
	0: "store", 6: "implode", 8: "deflate", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz", 98: "PPMd", 99: "AES Encrypted",
}

func zip(b []byte) (string, bool) {
	n := le16(b, zipNameLen)
	if n < 0 {
		return "", false
	}
	name := b[min(zipName, len(b)):min(zipName+n, len(b))]
	switch {
	case has(b, zipName, "mimetype"):
		if t, ok := mimeTypes[mimeType(b)]; ok {
			return t, true
		}
	case string(name) == "AndroidManifest.xml":
		return "Android package (APK), with AndroidManifest.xml", true
	case string(name) == "[Content_Types].xml" || string(name) == "_rels/.rels" || bytes.HasPrefix(name, []byte("docProps")):
		if s := office(b); s != "" {
			return s, true
		}
	case bytes.HasPrefix(name, []byte("META-INF/")) && le16(b, zipName+n) == 0xcafe:
		return "Java archive data (JAR)", true
	}
	v := le16(b, zipVersion) & 0xff
	s := fmt.Sprintf("Zip archive data, at least v%d.%d to extract", v/10, v%10)
	if m := zipMethods[le16(b, zipMethod)]; m != "" {
		s += ", compression method=" + m
	}
	return s, true
}

var mimeTypes = map[string]string{
	"application/epub+zip":                            "EPUB document",
	"application/vnd.oasis.opendocument.text":         "OpenDocument Text",
	"application/vnd.oasis.opendocument.spreadsheet":  "OpenDocument Spreadsheet",
	"application/vnd.oasis.opendocument.presentation": "OpenDocument Presentation",
	"application/vnd.oasis.opendocument.graphics":     "OpenDocument Drawing",
}

// mimeType returns the content of the stored member "mimetype", which stands
// first and has no extra field.
func mimeType(b []byte) string {
	rest := b[zipName+len("mimetype"):]
	if k := bytes.Index(rest, []byte("PK")); k >= 0 {
		rest = rest[:k]
	}
	return word(rest, 64)
}

// office tells the kinds of Office Open XML apart by the folder of a later
// member.
func office(b []byte) string {
	for turns := 0; turns < 16; turns++ {
		k := bytes.Index(b[1:], []byte("PK\x03\x04"))
		if k < 0 {
			return ""
		}
		b = b[1+k:]
		switch {
		case has(b, zipName, "word/"):
			return "Microsoft Word 2007+"
		case has(b, zipName, "ppt/"):
			return "Microsoft PowerPoint 2007+"
		case has(b, zipName, "xl/"):
			return "Microsoft Excel 2007+"
		case has(b, zipName, "visio/"):
			return "Microsoft Visio 2013+"
		}
	}
	return ""
}

var gzipSystems = map[byte]string{
	0: "FAT filesystem (MS-DOS, OS/2, NT)", 1: "Amiga", 3: "Unix", 6: "HPFS filesystem (OS/2, NT)", 7: "MacOS", 10: "NTFS filesystem (NT)", 11: "NTFS filesystem (NT)",
}

// gzip describes the header of RFC 1952 section 2.3.
func gzip(b []byte) (string, bool) {
	if len(b) < 10 {
		return "", true
	}
	s := ""
	if b[2] != 8 {
		s += ", reserved method"
	}
	if b[3]&8 != 0 && b[3]&4 == 0 {
		s += `, was "` + word(b[10:], 64) + `"`
	}
	switch b[8] {
	case 2:
		s += ", max compression"
	case 4:
		s += ", max speed"
	}
	if sys := gzipSystems[b[9]]; sys != "" {
		s += ", from " + sys
	}
	return s, true
}

func bzip2(b []byte) (string, bool) {
	if len(b) < 4 || b[3] < '1' || b[3] > '9' {
		return "", false
	}
	return ", block size = " + string(b[3]) + "00k", true
}

func xz(b []byte) (string, bool) {
	if len(b) < 8 {
		return "", true
	}
	switch b[7] {
	case 0:
		return ", checksum NONE", true
	case 1:
		return ", checksum CRC32", true
	case 4:
		return ", checksum CRC64", true
	case 10:
		return ", checksum SHA-256", true
	}
	return "", true
}

func sevenZip(b []byte) (string, bool) {
	if len(b) < 8 {
		return "", true
	}
	return fmt.Sprintf(", version %d.%d", b[6], b[7]), true
}

func compressed(b []byte) (string, bool) {
	if len(b) < 3 {
		return "", true
	}
	return fmt.Sprintf(" %d bits", b[2]&0x1f), true
}

func cabinet(b []byte) (string, bool) {
	n := le16(b, 28)
	if n < 0 {
		return "", true
	}
	s := fmt.Sprintf(", %d bytes, %d file", le32(b, 8), n)
	if n != 1 {
		s += "s"
	}
	return s, true
}

func rpm(b []byte) (string, bool) {
	switch be16(b, 6) {
	case 0:
		return " bin", true
	case 1:
		return " src", true
	}
	return "", true
}
