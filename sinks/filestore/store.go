// Package filestore keeps files that pass by, in the layout of Suricata's
// file-store version 2: DIR/ab/abcd…, named by their SHA-256, with an optional
// record beside each. A file is written below DIR/tmp and moved when it is whole.
package filestore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"weir/decode/event"
	"weir/decode/file"
)

// Options set up a Store.
type Options struct {
	Dir     string
	Info    bool // a record beside each file
	MaxOpen int  // files that are open at a time; 0 is no limit
	// Encode appends an event as one line of JSON; needed for Info.
	Encode func(b []byte, ev *event.Event) []byte
}

// Store is the folder of one run. Its Workers share it.
type Store struct {
	opt  Options
	open atomic.Int64
	// Stored, Errors and OpenMax count files kept, operations that went wrong,
	// and files that had to be closed between writes.
	Stored, Errors, OpenMax atomic.Uint64

	mu    sync.Mutex
	first error
	lost  int
}

// New makes the folder.
func New(o Options) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(o.Dir, "tmp"), 0o750); err != nil {
		return nil, fmt.Errorf("make file store: %w", err)
	}
	return &Store{opt: o}, nil
}

// Open returns how many files are open.
func (s *Store) Open() uint64 { return uint64(max(s.open.Load(), 0)) }

// Close tells what is missing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		return nil
	}
	return fmt.Errorf("file store %s is incomplete, %d files are missing: %w", s.opt.Dir, s.lost, s.first)
}

func (s *Store) fail(err error, lost bool) {
	s.Errors.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.first = err
	}
	if lost {
		s.lost++
	}
}

// Worker is the part of one worker: it implements file.Sink.
type Worker struct {
	s     *Store
	id    int
	files map[*file.File]*writer
	line  []byte
}

// Worker returns the sink of worker id.
func (s *Store) Worker(id int) *Worker { return &Worker{s: s, id: id, files: map[*file.File]*writer{}} }

// writer is a file in the making.
type writer struct {
	path   string
	f      *os.File // nil between writes where too many are open
	failed bool
}

// Write implements file.Sink.
func (w *Worker) Write(f *file.File, b []byte) {
	wr := w.files[f]
	if wr == nil {
		name := "file." + strconv.Itoa(os.Getpid()) + "." + strconv.Itoa(w.id) + "." + strconv.FormatUint(uint64(f.ID), 10)
		wr = &writer{path: filepath.Join(w.s.opt.Dir, "tmp", name)}
		w.files[f] = wr
		wr.open(w.s, os.O_CREATE|os.O_TRUNC)
	} else if wr.f == nil && !wr.failed {
		wr.open(w.s, os.O_APPEND)
	}
	if wr.failed {
		return
	}
	if _, err := wr.f.Write(b); err != nil {
		wr.fail(w.s, err)
	}
	if o := w.s.opt.MaxOpen; o > 0 && wr.f != nil && w.s.open.Load() > int64(o) {
		w.s.OpenMax.Add(1)
		wr.close(w.s)
	}
}

func (wr *writer) open(s *Store, flag int) {
	f, err := os.OpenFile(wr.path, os.O_WRONLY|flag, 0o640)
	if err != nil {
		wr.fail(s, err)
		return
	}
	wr.f = f
	s.open.Add(1)
}

func (wr *writer) close(s *Store) {
	if wr.f == nil {
		return
	}
	s.open.Add(-1)
	if err := wr.f.Close(); err != nil {
		wr.fail(s, err)
	}
	wr.f = nil
}

func (wr *writer) fail(s *Store, err error) {
	if !wr.failed {
		wr.failed = true
		s.fail(err, true)
	}
}

// Close implements file.Sink.
func (w *Worker) Close(f *file.File) {
	wr := w.files[f]
	if wr == nil { // an empty file
		w.Write(f, nil)
		wr = w.files[f]
	}
	delete(w.files, f)
	wr.close(w.s)
	if wr.failed {
		os.Remove(wr.path)
		return
	}
	if err := w.move(wr.path, w.path(f)); err != nil {
		wr.fail(w.s, err)
		return
	}
	w.s.Stored.Add(1)
	f.Stored = true
}

// path is where a whole file goes.
func (w *Worker) path(f *file.File) string {
	sum := hex.EncodeToString(f.SHA256[:])
	return filepath.Join(w.s.opt.Dir, sum[:2], sum)
}

// move puts a whole file in its place. One of the same content that is there
// already stays and becomes as new.
func (w *Worker) move(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		now := time.Now()
		return errors.Join(os.Remove(from), os.Chtimes(to, now, now))
	}
	return os.Rename(from, to)
}

// Describe writes the record of a file that was kept.
func (w *Worker) Describe(f *file.File, ev *event.Event) {
	if !w.s.opt.Info || !f.Stored {
		return
	}
	w.line = w.s.opt.Encode(w.line[:0], ev)
	name := fmt.Sprintf("%s.%d.%d.json", w.path(f), ev.Time/1e9, f.ID)
	if err := os.WriteFile(name, w.line, 0o640); err != nil {
		w.s.fail(err, false)
	}
}
