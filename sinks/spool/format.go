package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Version is that of the format which this package writes, and the highest that
// it reads.
const Version = 1

const (
	magic     = "weirspl\n"
	headSize  = 24 // of a segment, bytes
	recordLen = 20 // of a record before its body, bytes

	// MaxBody bounds a record, bytes: no event comes near, and a length beyond it
	// is damage.
	MaxBody = 16 << 20
)

// Errors of reading a segment.
var (
	ErrVersion = errors.New("format of a newer version")
	errMagic   = errors.New("not a spool segment")
	errTorn    = errors.New("record is cut short or damaged")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendHead appends the head of a segment.
func appendHead(b []byte) []byte {
	at := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint16(b, Version)
	b = append(b, make([]byte, 6)...)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
	return append(b, 0, 0, 0, 0)
}

// checkHead reads the head of a segment.
func checkHead(b []byte) error {
	if len(b) < headSize {
		return errTorn
	}
	if string(b[:8]) != magic {
		return errMagic
	}
	if v := binary.LittleEndian.Uint16(b[8:]); v > Version {
		return fmt.Errorf("version %d: this program reads up to %d: %w", v, Version, ErrVersion)
	}
	if crc32.Checksum(b[:16], castagnoli) != binary.LittleEndian.Uint32(b[16:]) {
		return errTorn
	}
	return nil
}

// appendRecord appends one record.
func appendRecord(b []byte, class Class, seq uint64, body []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, seq)
	b = append(b, byte(class), 0, 0, 0)
	b = append(b, body...)
	binary.LittleEndian.PutUint32(b[at+4:], crc32.Checksum(b[at+8:], castagnoli))
	return b
}

// Record is one record as read. Body aliases the reader's buffer and is valid
// until its next call.
type Record struct {
	Class Class
	Seq   uint64
	Body  []byte
	End   Position // behind the record: what Commit takes
}

// Start returns the place before the record.
func (r *Record) Start() Position {
	return Position{r.End.Segment, r.End.Offset - recordLen - int64(len(r.Body))}
}

// parseRecord reads the record that b begins with and returns its size. need is
// how many bytes are missing, errTorn that no further byte would help.
func parseRecord(b []byte) (r Record, size, need int, err error) {
	if len(b) < recordLen {
		return r, 0, recordLen - len(b), nil
	}
	n := binary.LittleEndian.Uint32(b)
	if n > MaxBody {
		return r, 0, 0, errTorn
	}
	size = recordLen + int(n)
	if len(b) < size {
		return r, 0, size - len(b), nil
	}
	if crc32.Checksum(b[8:size], castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return r, 0, 0, errTorn
	}
	r.Seq, r.Class, r.Body = binary.LittleEndian.Uint64(b[8:]), Class(b[16]), b[recordLen:size]
	return r, size, 0, nil
}
