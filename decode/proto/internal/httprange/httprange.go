// Package httprange puts files together that come in ranges (RFC 9110 section
// 14), over several responses and several connections between two hosts.
//
// A Table belongs to one worker. Bytes that continue a file go to it at once;
// those ahead of it wait, within the table's memory cap.
package httprange

import (
	"slices"

	"weir/decode/file"
)

// Defaults of app-layer.protocols.http.byterange.
const (
	DefaultMemcap  = 100 << 20 // bytes
	DefaultTimeout = 60        // seconds
)

// maxFiles bounds the files that wait for more ranges.
const maxFiles = 4096

// Table holds the files that are not complete.
type Table struct {
	store   *file.Store
	memcap  uint64
	timeout int64 // ns
	held    uint64
	files   map[string]*whole
	swept   int64
}

// whole is a file in the making.
type whole struct {
	key     string
	list    file.List
	file    *file.File
	size    uint64 // in the end
	current *Part  // appends now
	parts   []*Part
	used    int64 // packet clock, ns
}

// Part is one range on its way.
type Part struct {
	t     *Table
	w     *whole
	start uint64
	skip  uint64 // bytes that the file has already
	buf   []byte
	full  bool // the memory cap was hit: what follows is dropped
}

// NewTable returns an empty table; timeout is in seconds.
func NewTable(store *file.Store, memcap, timeout uint64) *Table {
	return &Table{store: store, memcap: memcap, timeout: int64(timeout) * 1e9, files: map[string]*whole{}}
}

// Open begins a range: the bytes from start to end, end included, of a file of
// size bytes. key tells files apart. It returns nil if the range brings nothing
// new or cannot be kept.
func (t *Table) Open(key, name []byte, start, end, size uint64, now int64) *Part {
	t.expire(now)
	w := t.files[string(key)]
	if w == nil {
		if len(t.files) >= maxFiles {
			return nil
		}
		w = &whole{key: string(key), size: size}
		w.file = t.store.Open(&w.list, name, 0)
		t.files[w.key] = w
	}
	w.used = now
	if w.size != size || end < w.file.Size {
		return nil
	}
	p := &Part{t: t, w: w, start: start}
	if start <= w.file.Size && w.current == nil {
		p.skip = w.file.Size - start
		w.current = p
	}
	return p
}

// Write takes the next bytes of the range.
func (p *Part) Write(b []byte) {
	if p.w.current == p {
		n := min(p.skip, uint64(len(b)))
		p.skip -= n
		p.w.file.Append(b[n:], false)
		return
	}
	if p.full || p.t.held+uint64(len(b)) > p.t.memcap {
		p.full = true
		return
	}
	p.t.held += uint64(len(b))
	p.buf = p.t.store.Buffers.Append(p.buf, b)
}

// Close ends the range. It returns the file if this has made it complete; the
// caller owns it then.
func (p *Part) Close(now int64) *file.File {
	w := p.w
	w.used = now
	if w.current == p {
		w.current = nil
	} else if len(p.buf) > 0 {
		i, _ := slices.BinarySearchFunc(w.parts, p.start, func(q *Part, start uint64) int {
			switch {
			case q.start < start:
				return -1
			case q.start > start:
				return 1
			}
			return 0
		})
		w.parts = slices.Insert(w.parts, i, p)
	}
	if w.current != nil {
		return nil
	}
	for len(w.parts) > 0 && w.parts[0].start <= w.file.Size {
		q := w.parts[0]
		w.parts = w.parts[1:]
		if skip := w.file.Size - q.start; skip < uint64(len(q.buf)) {
			w.file.Append(q.buf[skip:], false)
		}
		p.t.release(q)
	}
	if w.file.Size < w.size {
		return nil
	}
	p.t.drop(w)
	w.file.Close(false)
	f := w.file
	w.list.Files = w.list.Files[:0]
	return f
}

// expire gives up files for which nothing has come for too long.
func (t *Table) expire(now int64) {
	if now-t.swept < t.timeout {
		return
	}
	t.swept = now
	for _, w := range t.files {
		if now-w.used > t.timeout && w.current == nil {
			t.drop(w)
			t.store.Free(&w.list)
		}
	}
}

// drop takes a file out of the table.
func (t *Table) drop(w *whole) {
	for _, p := range w.parts {
		t.release(p)
	}
	w.parts = nil
	delete(t.files, w.key)
}

// release gives the bytes of a part back.
func (t *Table) release(p *Part) {
	t.held -= uint64(len(p.buf))
	p.buf = t.store.Buffers.Free(p.buf)
}
