package pcapfile

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// Stdin is the name that stands for standard input.
const Stdin = "-"

// File is an opened capture.
type File struct {
	*Reader
	f    *os.File
	stop func()
	size int64
	read *atomic.Int64
}

// Open opens a capture, packed or not; "-" is standard input.
func Open(name string) (*File, error) {
	f := os.Stdin
	shown := "standard input"
	if name != Stdin && name != "/dev/stdin" {
		var err error
		if f, err = os.Open(name); err != nil {
			return nil, fmt.Errorf("open capture: %w", err)
		}
		shown = name
	}
	c := &File{f: f, read: new(atomic.Int64)}
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
		c.size = st.Size()
	}
	r, stop, err := unpack(&counter{f, c.read})
	if err == nil {
		c.stop = stop
		c.Reader, err = NewReader(shown, r)
	} else {
		err = &Error{shown, 0, err}
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Size returns the file's size, bytes, packed; 0 if it is not known.
func (f *File) Size() int64 { return f.size }

// BytesRead returns how much of the file has been read, bytes, packed. It may be
// called from any goroutine.
func (f *File) BytesRead() int64 { return f.read.Load() }

// Close closes the file.
func (f *File) Close() error {
	if f.Reader != nil {
		f.Reader.Close()
	}
	if f.stop != nil {
		f.stop()
	}
	if f.f == os.Stdin {
		return nil
	}
	return f.f.Close()
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// unpack looks at the first bytes of r for the magic of gzip and zstd.
func unpack(r io.Reader) (io.Reader, func(), error) {
	br := bufio.NewReaderSize(r, 64<<10)
	magic, err := br.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	nothing := func() {}
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		z, err := gzip.NewReader(br)
		return z, nothing, err
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return br, nothing, nil
}

// List returns the captures that args name: files as they are, folders as all
// captures below them, by the time of their first frame. What is no capture in a
// folder is passed over; notes tells which and why.
func List(args []string) (files []string, notes []error, err error) {
	for _, a := range args {
		if a == Stdin {
			files = append(files, a)
			continue
		}
		st, err := os.Stat(a)
		if err != nil {
			return nil, nil, fmt.Errorf("open capture: %w", err)
		}
		if !st.IsDir() {
			files = append(files, a)
			continue
		}
		in, skipped, err := folder(a)
		if err != nil {
			return nil, nil, err
		}
		files, notes = append(files, in...), append(notes, skipped...)
	}
	return files, notes, nil
}

// folder lists the captures below dir by the time of their first frame.
func folder(dir string) (files []string, skipped []error, err error) {
	type found struct {
		name string
		time int64
	}
	var all []found
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		t, err := firstTime(path)
		if err != nil {
			skipped = append(skipped, err)
			return nil
		}
		all = append(all, found{path, t})
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list captures: %w", err)
	}
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.name, b.name))
	})
	for _, f := range all {
		files = append(files, f.name)
	}
	return files, skipped, nil
}

// firstTime returns the time of a capture's first frame; one without frames
// counts as the oldest.
func firstTime(name string) (int64, error) {
	f, err := Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var b Batch
	defer b.Release()
	if err := f.Next(&b); len(b.Frames) == 0 && err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, ErrTruncated) {
		return 0, err
	}
	if len(b.Frames) == 0 {
		return 0, nil
	}
	return b.Frames[0].Time, nil
}
