package eve

import (
	"bufio"
	"fmt"
	"io"
	"log/syslog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
)

// writeBuffer holds lines of one output until it is full or flushed, bytes.
const writeBuffer = 256 << 10

// file is one opened destination. The first error stays; what comes after it
// is counted as lost.
type file struct {
	name string
	mode int // flags that it is opened anew with; 0: never
	w    *bufio.Writer
	c    io.Closer
	err  error
	bad  atomic.Bool // err is set; for readers on other goroutines
	lost uint64      // records not written
	n    uint64      // records written
}

// open opens the destination of o.
func open(o *Output, dir string) (*file, error) {
	if o.Record != nil {
		return &file{w: bufio.NewWriter(io.Discard), c: nopCloser{}}, nil
	}
	f := &file{name: o.Filename}
	if !filepath.IsAbs(f.name) {
		f.name = filepath.Join(dir, f.name)
	}
	var w io.WriteCloser
	var err error
	switch o.FileType {
	case "", "regular":
		flag := os.O_CREATE | os.O_WRONLY
		if o.Append {
			flag |= os.O_APPEND
		} else {
			flag |= os.O_TRUNC
		}
		w, err = os.OpenFile(f.name, flag, 0o640)
		f.mode = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	case "stdout":
		f.name = "standard output"
		w = nopCloser{os.Stdout}
	case "unix_stream":
		w, err = net.Dial("unix", f.name)
	case "unix_dgram":
		w, err = net.Dial("unixgram", f.name)
	case "syslog":
		f.name = "syslog"
		w, err = syslog.New(syslog.LOG_LOCAL5|syslog.LOG_INFO, "weir")
	default:
		return nil, fmt.Errorf("filetype: value %q: want regular, stdout, unix_stream, unix_dgram or syslog", o.FileType)
	}
	if err != nil {
		return nil, fmt.Errorf("open output: %w", err)
	}
	size := writeBuffer
	if o.FileType == "unix_dgram" || o.FileType == "syslog" {
		size = 0 // a write is a message
	}
	f.w, f.c = bufio.NewWriterSize(w, max(size, 16)), w
	return f, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// write appends one record.
func (f *file) write(line []byte) {
	if f.err != nil {
		f.lost++
		return
	}
	if _, err := f.w.Write(line); err != nil {
		f.fail(err)
		return
	}
	f.n++
}

func (f *file) fail(err error) {
	f.err = err
	f.lost++
	f.bad.Store(true)
}

// flush hands buffered records to the system.
func (f *file) flush() {
	if f.err == nil {
		if err := f.w.Flush(); err != nil {
			f.fail(err)
		}
	}
}

// reopen goes on in a new file of the same name, after somebody has moved the old
// one away.
func (f *file) reopen() {
	if f.mode == 0 || f.err != nil {
		return
	}
	f.flush()
	w, err := os.OpenFile(f.name, f.mode, 0o640)
	if err != nil {
		f.fail(err)
		return
	}
	if err := f.c.Close(); err != nil {
		f.fail(err)
	}
	f.w.Reset(w)
	f.c = w
}

// close flushes and closes, and tells what went wrong since open.
func (f *file) close() error {
	f.flush()
	if err := f.c.Close(); err != nil && f.err == nil {
		f.err = err
	}
	if f.err != nil {
		return fmt.Errorf("output %s is incomplete, at least %d of %d records are missing: %w", f.name, f.lost, f.lost+f.n, f.err)
	}
	return nil
}
