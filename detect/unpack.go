package detect

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxUnpacked bounds what a transform unpacks, bytes; rules may ask for less.
const maxUnpacked = 1 << 20

// fromBase64 makes the transform [bytes n][, offset n][, mode m], for bytes of
// RFC 4648, RFC 2045 (what is not of the alphabet is passed over), or strict
// (all must be well formed).
func fromBase64(v string) (transform, error) {
	n, offset, mode := 0, 0, "rfc4648"
	for _, w := range split(v) {
		key, val, _ := strings.Cut(strings.TrimSpace(w), " ")
		val = strings.TrimSpace(val)
		switch key {
		case "":
		case "bytes", "offset":
			i, err := strconv.ParseUint(val, 10, 16)
			if err != nil {
				return transform{}, fmt.Errorf("%s %q: want a number up to 65535", key, val)
			}
			if key == "bytes" {
				n = int(i)
			} else {
				offset = int(i)
			}
		case "mode":
			switch mode = strings.ToLower(val); mode {
			case "rfc4648", "rfc2045", "strict":
			default:
				return transform{}, fmt.Errorf("mode %q: want rfc4648, rfc2045 or strict", val)
			}
		default:
			return transform{}, fmt.Errorf("%q: want bytes, offset or mode", key)
		}
	}
	name := fmt.Sprintf("from_base64 %d %d %s", n, offset, mode)
	return transform{name, func(dst, b []byte) []byte {
		b = b[min(offset, len(b)):]
		if n > 0 {
			b = b[:min(n, len(b))]
		}
		switch mode {
		case "rfc2045":
			return decodeBase64(dst, b)
		case "strict":
			if out, err := base64.StdEncoding.AppendDecode(dst, b); err == nil {
				return out
			}
			return dst
		}
		return decodeBase64(dst, b[:plainBase64(b)])
	}}, nil
}

// plainBase64 returns how many bytes b begins with that are of the alphabet.
func plainBase64(b []byte) int {
	for i, c := range b {
		if blank(c) {
			return i
		}
	}
	return len(b)
}

// unpacker makes a transform that unpacks: [max-size n].
func unpacker(name string, open func(r io.Reader) (io.Reader, error)) func(v string) (transform, error) {
	return func(v string) (transform, error) {
		limit := 1024
		if v = strings.TrimSpace(v); v != "" {
			num, ok := strings.CutPrefix(v, "max-size ")
			n, err := strconv.ParseUint(strings.TrimSpace(num), 10, 32)
			if !ok || err != nil || n == 0 || n > maxUnpacked {
				return transform{}, fmt.Errorf("value %q: want max-size and a number up to %d", v, maxUnpacked)
			}
			limit = int(n)
		}
		return transform{fmt.Sprint(name, " ", limit), func(dst, b []byte) []byte {
			r, err := open(bytes.NewReader(b))
			if err != nil {
				return dst
			}
			out := bytes.NewBuffer(dst)
			io.Copy(out, io.LimitReader(r, int64(limit))) // what comes before an error counts
			return out.Bytes()
		}}, nil
	}
}

func openGzip(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }

func openZlib(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }
