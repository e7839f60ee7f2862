// Package pcaplog keeps captured frames in pcap files of bounded size, as many
// as are wanted; the oldest go first.
package pcaplog

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pierrec/lz4/v4"

	"weir/decode/packet"
)

// Options set up a Writer.
type Options struct {
	// Path: files are PATH.SECONDS, by the time of their first frame, or PATH with
	// the time for %t; see Begin.
	Path     string
	Micros   bool   // and .MICROSECONDS
	Limit    uint64 // bytes of a file
	MaxFiles int    // of this run; 0 is no limit
	LZ4      *LZ4   // nil: not compressed
}

// LZ4 says how files are compressed. Their names end in .lz4.
type LZ4 struct {
	Level    int // 0 (fast) to 16, as other programs count
	Checksum bool
}

const (
	writeBuffer = 256 << 10 // bytes
	snapLen     = 256 << 10 // that the file header promises, bytes
	fileHeader  = 24        // bytes
	frameHeader = 16        // bytes
)

// Writer writes frames. It serves one goroutine; the first error ends it.
type Writer struct {
	opt   Options
	f     *os.File // nil until the first frame
	z     *lz4.Writer
	w     *bufio.Writer
	link  packet.LinkType // of the file
	size  uint64          // of the file, bytes
	names []string        // of the files there are, oldest first
	from  int64           // names the first file, ns
	begun bool            // from is set
	err   error
}

// New returns a Writer; the first file is opened with the first frame.
func New(o Options) *Writer {
	return &Writer{opt: o, w: bufio.NewWriterSize(nil, writeBuffer)}
}

// Begin says when the log begins: the first file is named by that, even if its
// first frame comes later.
func (w *Writer) Begin(ns int64) {
	if !w.begun {
		w.from, w.begun = ns, true
	}
}

// Write keeps a frame. It reports whether that was possible.
func (w *Writer) Write(f *packet.Frame) bool {
	n := uint64(frameHeader + len(f.Data))
	if w.err == nil && (w.f == nil || w.link != f.Link || w.size+n > w.opt.Limit && w.size > fileHeader) {
		w.next(f)
	}
	if w.err != nil {
		return false
	}
	var h [frameHeader]byte
	binary.LittleEndian.PutUint32(h[0:], uint32(f.Time/1e9))
	binary.LittleEndian.PutUint32(h[4:], uint32(f.Time%1e9/1e3))
	binary.LittleEndian.PutUint32(h[8:], uint32(len(f.Data)))
	binary.LittleEndian.PutUint32(h[12:], f.Wire)
	_, w.err = w.w.Write(h[:])
	if w.err == nil {
		_, w.err = w.w.Write(f.Data)
	}
	w.size += n
	return w.err == nil
}

// next begins a new file, whose first frame is f.
func (w *Writer) next(f *packet.Frame) {
	if w.end(); w.err != nil {
		return
	}
	at := f.Time
	if len(w.names) == 0 && w.begun {
		at = w.from
	}
	stamp := strconv.FormatInt(at/1e9, 10)
	if w.opt.Micros {
		stamp += fmt.Sprintf(".%06d", at%1e9/1e3)
	}
	name := w.opt.Path + "." + stamp
	if strings.Contains(w.opt.Path, "%t") {
		name = strings.ReplaceAll(w.opt.Path, "%t", stamp)
	}
	if w.opt.LZ4 != nil {
		name += ".lz4"
	}
	if n := len(w.names); n > 0 && w.names[n-1] == name {
		name += "." + strconv.Itoa(n)
	}
	if w.f, w.err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o640); w.err != nil {
		return
	}
	w.names = append(w.names, name)
	if w.opt.MaxFiles > 0 && len(w.names) > w.opt.MaxFiles {
		w.err = os.Remove(w.names[0])
		w.names = w.names[1:]
	}
	var h [fileHeader]byte
	binary.LittleEndian.PutUint32(h[0:], 0xa1b2c3d4) // microseconds
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], snapLen)
	binary.LittleEndian.PutUint32(h[20:], uint32(f.Link))
	var to io.Writer = w.f
	if w.opt.LZ4 != nil {
		w.z = lz4.NewWriter(w.f)
		w.err = w.z.Apply(lz4.CompressionLevelOption(lz4Level(w.opt.LZ4.Level)), lz4.ChecksumOption(w.opt.LZ4.Checksum))
		to = w.z
	}
	w.w.Reset(to)
	if _, err := w.w.Write(h[:]); w.err == nil {
		w.err = err
	}
	w.link, w.size = f.Link, fileHeader
}

// lz4Level translates a level of 0 to 16 to those of the library, which has one
// for each power of two of the search depth.
func lz4Level(n int) lz4.CompressionLevel {
	if n < 3 {
		return lz4.Fast
	}
	return lz4.CompressionLevel(1 << (8 + min(n-2, 9)))
}

// end closes the file in work, if there is one.
func (w *Writer) end() {
	if w.f == nil {
		return
	}
	if err := w.w.Flush(); w.err == nil {
		w.err = err
	}
	if w.z != nil {
		if err := w.z.Close(); w.err == nil {
			w.err = err
		}
		w.z = nil
	}
	if err := w.f.Close(); w.err == nil {
		w.err = err
	}
	w.f = nil
}

// Close ends the last file. Its error tells that frames are missing.
func (w *Writer) Close() error {
	w.end()
	if w.err != nil {
		return fmt.Errorf("output %s is incomplete: %w", filepath.Base(w.opt.Path), w.err)
	}
	return nil
}
