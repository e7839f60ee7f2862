package magic

import (
	"encoding/binary"
	"fmt"
)

// png describes the IHDR chunk (RFC 2083 section 4.1.1).
func png(b []byte) (string, bool) {
	if len(b) < 29 {
		return "", true
	}
	s := fmt.Sprintf(", %d x %d, %d-bit", binary.BigEndian.Uint32(b[16:]), binary.BigEndian.Uint32(b[20:]), b[24])
	switch b[25] {
	case 0:
		s += " grayscale,"
	case 2:
		s += "/color RGB,"
	case 3:
		s += " colormap,"
	case 4:
		s += " gray+alpha,"
	case 6:
		s += "/color RGBA,"
	}
	switch b[28] {
	case 0:
		s += " non-interlaced"
	case 1:
		s += " interlaced"
	}
	return s, true
}

func gif(b []byte) (string, bool) {
	if len(b) < 6 || b[4] != '7' && b[4] != '9' || b[5] != 'a' {
		return "", true
	}
	s := ", version 8" + string(b[4]) + "a"
	if len(b) >= 10 {
		s += fmt.Sprintf(", %d x %d", le16(b, 6), le16(b, 8))
	}
	return s, true
}

// jpeg describes the application marker behind the start of the image.
func jpeg(b []byte) (string, bool) {
	switch {
	case has(b, 6, "JFIF\x00") && len(b) >= 18:
		s := fmt.Sprintf(", JFIF standard %d.%02d", b[11], b[12])
		switch b[13] {
		case 0:
			s += ", aspect ratio"
		case 1:
			s += ", resolution (DPI)"
		case 2:
			s += ", resolution (DPCM)"
		}
		return s + fmt.Sprintf(", density %dx%d, segment length %d", be16(b, 14), be16(b, 16), be16(b, 4)) + jpegFrame(b), true
	case has(b, 6, "Exif\x00\x00II"):
		return ", Exif standard: [TIFF image data, little-endian]", true
	case has(b, 6, "Exif\x00\x00MM"):
		return ", Exif standard: [TIFF image data, big-endian]", true
	}
	return "", true
}

// jpegFrame describes the frame header (ITU-T T.81 B.2.2), if it is near.
func jpegFrame(b []byte) string {
	for at := 2; ; {
		n := be16(b, at+2)
		if n < 2 || b[at] != 0xff {
			return ""
		}
		kind := ""
		switch b[at+1] {
		case 0xc0:
			kind = "baseline"
		case 0xc1:
			kind = "extended sequential"
		case 0xc2:
			kind = "progressive"
		}
		if kind != "" && len(b) >= at+10 {
			return fmt.Sprintf(", %s, precision %d, %dx%d, components %d", kind, b[at+4], be16(b, at+7), be16(b, at+5), b[at+9])
		}
		at += 2 + n
	}
}

func bmp(b []byte) (string, bool) {
	if len(b) < 30 || le32(b, 6) != 0 { // reserved
		return "", false
	}
	switch le32(b, 14) {
	case 12:
		return fmt.Sprintf(", OS/2 1.x format, %d x %d", le16(b, 18), le16(b, 20)), true
	case 40:
		return fmt.Sprintf(", Windows 3.x format, %d x %d x %d", int32(le32(b, 18)), int32(le32(b, 22)), le16(b, 28)), true
	case 108:
		return fmt.Sprintf(", Windows 95/NT4 and newer format, %d x %d x %d", int32(le32(b, 18)), int32(le32(b, 22)), le16(b, 28)), true
	case 124:
		return fmt.Sprintf(", Windows 98/2000 and newer format, %d x %d x %d", int32(le32(b, 18)), int32(le32(b, 22)), le16(b, 28)), true
	}
	return "", false
}

func icon(b []byte) (string, bool) {
	n := le16(b, 4)
	if n < 1 || len(b) < 22 || b[9] != 0 {
		return "", false
	}
	s := fmt.Sprintf(" - %d icon", n)
	if n > 1 {
		s += "s"
	}
	return s + fmt.Sprintf(", %dx%d", b[6], b[7]), true
}
