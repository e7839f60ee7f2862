package http1

import "weir/decode/proto/internal/decompress"

// Flash files: signature, version and length stand in front of the rest, which
// may be packed (Adobe, SWF File Format Specification 19, chapter 2).
const (
	swfHeader     = 8
	swfLZMAHeader = 12 // and 5 bytes of properties
)

// unpackSWF returns a Flash file with its packed part undone, or b as it is.
// The result is in buf's memory if it is another one.
func (c *swfConfig) unpackSWF(buf, b []byte) []byte {
	if len(b) < swfLZMAHeader+5 || b[1] != 'W' || b[2] != 'S' {
		return b
	}
	if c.compress > 0 {
		b = b[:min(len(b), int(c.compress))]
	}
	out := swfSink{buf: append(append(buf[:0], 'F'), b[1:swfHeader]...), limit: int(c.output)}
	switch {
	case b[0] == 'C' && c.deflate:
		d := decompress.NewFlate()
		defer d.Release()
		_ = d.Write(b[swfHeader:], &out) // what was decoded counts
	case b[0] == 'Z' && c.lzma && len(b) > swfLZMAHeader+5:
		d := decompress.NewLZMA(swfDictionary)
		defer d.Release()
		head := [13]byte{5: 0xff, 6: 0xff, 7: 0xff, 8: 0xff, 9: 0xff, 10: 0xff, 11: 0xff, 12: 0xff}
		copy(head[:5], b[swfLZMAHeader:])
		if d.Write(head[:], &out) == nil && d.Write(b[swfLZMAHeader+5:], &out) == nil {
			_ = d.Finish(&out)
		}
	default:
		return b
	}
	return out.buf
}

// swfDictionary is the largest dictionary of a Flash file, bytes; swfOutput
// bounds the result where the configuration does not.
const (
	swfDictionary = 4 << 20
	swfOutput     = 4 << 20
)

// swfSink gathers decoded bytes up to a limit; 0 is swfOutput.
type swfSink struct {
	buf   []byte
	limit int
}

// Decoded implements decompress.Sink.
func (s *swfSink) Decoded(b []byte) bool {
	limit := s.limit
	if limit == 0 {
		limit = swfOutput
	}
	room := max(limit-len(s.buf), 0)
	s.buf = append(s.buf, b[:min(room, len(b))]...)
	return room > len(b)
}
