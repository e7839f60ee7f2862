package magic

import (
	"bytes"
	"fmt"
)

func riff(b []byte) (string, bool) {
	switch {
	case has(b, 8, "WEBP"):
		return ", Web/P image", true
	case has(b, 8, "AVI "):
		return ", AVI", true
	case has(b, 8, "ACON"):
		return ", animated cursor", true
	case has(b, 8, "WAVE"):
		if !has(b, 12, "fmt ") || le16(b, 34) < 0 || le16(b, 20) != 1 {
			return ", WAVE audio", true
		}
		channels := fmt.Sprintf("%d channels", le16(b, 22))
		switch le16(b, 22) {
		case 1:
			channels = "mono"
		case 2:
			channels = "stereo"
		}
		return fmt.Sprintf(", WAVE audio, Microsoft PCM, %d bit, %s %d Hz", le16(b, 34), channels, le32(b, 24)), true
	}
	return "", true
}

// flash: the version stands in byte 3; text that begins with these letters is
// told apart by the length behind it, which is large there.
func flash(b []byte) (string, bool) {
	if len(b) < 8 || b[3] >= 0x30 || b[3] == 0 || le32(b, 4) == 0 || b[7] >= 0x20 {
		return "", false
	}
	return fmt.Sprintf(", version %d", b[3]), true
}

func id3(b []byte) (string, bool) {
	if len(b) < 5 || b[3] == 0xff || b[4] == 0xff {
		return "", false
	}
	return fmt.Sprintf("%d.%d", b[3], b[4]), true
}

func ogg(b []byte) (string, bool) {
	for mark, s := range map[string]string{
		"\x01vorbis": ", Vorbis audio", "OpusHead": ", Opus audio", "\x80theora": ", Theora video", "\x7fFLAC": ", FLAC audio", "Speex   ": ", Speex audio",
	} {
		if has(b, 28, mark) {
			return s, true
		}
	}
	return "", true
}

func matroska(b []byte) (string, bool) {
	head := b[:min(len(b), 64)]
	switch {
	case bytes.Contains(head, []byte("\x42\x82\x84webm")):
		return "WebM", true
	case bytes.Contains(head, []byte("\x42\x82\x88matroska")):
		return "Matroska data", true
	}
	return "EBML file", true
}

// isoBrands are the major brands of ISO base media files.
var isoBrands = map[string]string{
	"isom": ", MP4 Base Media v1 [ISO 14496-12:2003]", "iso2": ", MP4 Base Media v2 [ISO 14496-12:2005]",
	"iso5": ", MP4 Base Media v5", "iso6": ", MP4 Base Media v6",
	"mp41": ", MP4 v1 [ISO 14496-1:ch13]", "mp42": ", MP4 v2 [ISO 14496-14]",
	"qt  ": ", Apple QuickTime movie, Apple QuickTime (.MOV/QT)",
	"M4A ": ", Apple iTunes ALAC/AAC-LC (.M4A) Audio", "M4V ": ", Apple iTunes Video (.M4V) Video",
	"avc1": ", MP4 Base w/ AVC ext [ISO 14496-12:2005]", "heic": ", HEIF Image HEVC Main or Main Still Picture Profile", "avif": ", AVIF Image",
}

func isoMedia(b []byte) (string, bool) {
	if len(b) < 12 {
		return "", true
	}
	return isoBrands[string(b[8:12])], true
}
