package mpm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"unsafe"
)

// The stored form of a set: a header, then its tables as they lie in memory, in
// the byte order of the machine, each behind its length and padded to eight
// bytes, so that Load takes them as they are.
//
//	0  magic, 4 bytes
//	4  byteOrder as the machine stores it, 4
//	8  Version, 4
//	12 CRC-32C of everything from byte 16 on, 4
//	16 length of the whole, 8

// Version is that of the stored form. It changes when what is stored, or what
// Build would make of the same patterns, changes.
const Version = 2

const (
	magic      = "wmpm"
	byteOrder  = 0x01020304
	headerSize = 24
)

// ErrFormat is wrapped by all errors of Load: the data is no set that this
// program can use, and the set must be built.
var ErrFormat = errors.New("stored pattern set is not usable")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendBinary appends the stored form of the set to b.
func (s *Set) AppendBinary(b []byte) ([]byte, error) {
	start := len(b)
	b = append(b, make([]byte, headerSize)...)
	w := writer{b: b, start: start}
	w.set(s)
	h := w.b[start:]
	copy(h, magic)
	binary.NativeEndian.PutUint32(h[4:], byteOrder)
	binary.NativeEndian.PutUint32(h[8:], Version)
	binary.NativeEndian.PutUint64(h[16:], uint64(len(h)))
	binary.NativeEndian.PutUint32(h[12:], crc32.Checksum(h[16:], castagnoli))
	return w.b, nil
}

// MarshalBinary returns the stored form of the set.
func (s *Set) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// Load returns the set stored in data, which must hold nothing else. The set
// refers to data, which must not change any more. Damaged data is refused, and
// so are sets for kernels that this machine has not.
func Load(data []byte) (*Set, error) {
	if len(data) < headerSize || string(data[:4]) != magic {
		return nil, fmt.Errorf("%w: no header", ErrFormat)
	}
	if v := binary.NativeEndian.Uint32(data[4:]); v != byteOrder {
		return nil, fmt.Errorf("%w: byte order %#x", ErrFormat, v)
	}
	if v := binary.NativeEndian.Uint32(data[8:]); v != Version {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrFormat, v, Version)
	}
	if n := binary.NativeEndian.Uint64(data[16:]); n != uint64(len(data)) {
		return nil, fmt.Errorf("%w: %d bytes, header says %d", ErrFormat, len(data), n)
	}
	if crc := crc32.Checksum(data[16:], castagnoli); crc != binary.NativeEndian.Uint32(data[12:]) {
		return nil, fmt.Errorf("%w: checksum %#x, header says %#x", ErrFormat, crc, binary.NativeEndian.Uint32(data[12:]))
	}
	if uintptr(unsafe.Pointer(unsafe.SliceData(data)))%8 != 0 {
		words := make([]uint64, (len(data)+7)/8)
		aligned := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(data))
		copy(aligned, data)
		data = aligned
	}
	r := reader{b: data, at: headerSize}
	s := r.set()
	if r.err == nil && r.at != len(data) {
		r.fail("%d bytes left over", len(data)-r.at)
	}
	if r.err == nil {
		r.err = s.validate()
	}
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, r.err)
	}
	return s, nil
}

// A writer appends values of eight bytes and arrays.
type writer struct {
	b     []byte
	start int // of the stored form in b
}

func (w *writer) int(v int) { w.b = binary.NativeEndian.AppendUint64(w.b, uint64(v)) }

func (w *writer) bool(v bool) {
	if v {
		w.int(1)
	} else {
		w.int(0)
	}
}

// putSlice appends an array of a type without pointers.
func putSlice[T any](w *writer, s []T) {
	w.int(len(s))
	if len(s) > 0 {
		n := len(s) * int(unsafe.Sizeof(s[0]))
		w.b = append(w.b, unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), n)...)
	}
	for (len(w.b)-w.start)%8 != 0 {
		w.b = append(w.b, 0)
	}
}

// A reader takes them back. After an error it returns zeros.
type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *reader) int() int {
	if r.err != nil || len(r.b)-r.at < 8 {
		r.fail("cut at byte %d", r.at)
		return 0
	}
	v := binary.NativeEndian.Uint64(r.b[r.at:])
	r.at += 8
	if v > 1<<40 {
		r.fail("value %d at byte %d", v, r.at-8)
		return 0
	}
	return int(v)
}

func (r *reader) bool() bool { return r.int() != 0 }

// getSlice takes an array, which stays where it is.
func getSlice[T any](r *reader) []T {
	n := r.int()
	var zero T
	size := int(unsafe.Sizeof(zero))
	if n > (len(r.b)-r.at)/size {
		r.fail("array of %d at byte %d", n, r.at)
	}
	if n == 0 || r.err != nil {
		return nil
	}
	s := unsafe.Slice((*T)(unsafe.Pointer(&r.b[r.at])), n)
	r.at = min(r.at+(n*size+7)/8*8, len(r.b))
	return s
}
