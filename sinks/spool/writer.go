package spool

import (
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"weir/decode/atomicfile"
)

// writeSize is how many bytes of records are written with one call, about.
const writeSize = 1 << 20

// retryAfter is how long only durable classes are tried once a write has failed.
const retryAfter = time.Second

// writer is the one goroutine that appends to segments.
type writer struct {
	s    *Spool
	f    *os.File
	num  uint64
	size int64 // of whole records in f
	seqs [maxClasses]uint64

	ledger  *ledger            // nil: the disk was full from the start
	dropped [maxClasses]uint64 // records, as the ledger has it

	buf    []byte // records to be written
	recs   []placed
	sealed []byte // scratch

	open      atomic.Pointer[os.File] // f, for the syncer
	syncing   chan struct{}           // there are unsynced durable records
	syncEnded chan struct{}
	dirty     bool // durable records since the last hand-over to the syncer
	badUntil  time.Time
}

// placed is what a record in buf counts as.
type placed struct {
	class Class
	bytes int
	seq   uint64
}

// begin starts the next segment.
func (w *writer) begin() error {
	num := w.num + 1
	f, err := os.OpenFile(w.s.segmentFile(num), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(appendHead(nil)); err != nil {
		f.Close()
		os.Remove(f.Name())
		return fmt.Errorf("begin segment: %w", err)
	}
	w.f, w.num, w.size = f, num, headSize
	w.open.Store(f)
	s := w.s
	s.bytes.Add(headSize)
	s.mu.Lock()
	s.segments = append(s.segments, segment{num, headSize})
	s.end = Position{num, headSize}
	s.writing = true
	s.mu.Unlock()
	return atomicfile.SyncDir(s.o.Dir)
}

// run writes until the spool is closed and all rings are empty.
func (w *writer) run() {
	s := w.s
	defer close(s.ended)
	w.syncing, w.syncEnded = make(chan struct{}, 1), make(chan struct{})
	go w.syncer()
	for {
		s.mu.Lock()
		closing, all := s.closing, slices.Clone(s.producers)
		s.mu.Unlock()
		if w.collect(all) {
			continue
		}
		if closing {
			break
		}
		s.ring.parked.Store(true)
		if w.collect(all) {
			s.ring.parked.Store(false)
			continue
		}
		select {
		case <-s.ring.token:
		case <-time.After(100 * time.Millisecond): // a producer may be new
			s.ring.parked.Store(false)
		}
	}
	close(w.syncing)
	<-w.syncEnded
	w.noteDropped()
	w.ledger.close()
	if w.f != nil {
		w.note(w.f.Sync())
		w.note(w.f.Close())
	}
}

// collect takes what producers have handed over and reports whether that was
// anything.
func (w *writer) collect(all []*Producer) (any bool) {
	taken := uint64(0)
	for more := true; more; {
		more = false
		for _, p := range all {
			b, ok := p.full.TryGet()
			if !ok {
				continue
			}
			more, any = true, true
			taken++
			w.add(b)
			b.recs, b.buf = b.recs[:0], b.buf[:0]
			p.free.TryPut(b)
			if len(w.buf) >= writeSize {
				w.write()
			}
		}
	}
	w.noteDropped()
	w.write()
	w.s.settled.Add(taken)
	return any
}

// noteDropped enters what producers have dropped since it last looked.
func (w *writer) noteDropped() {
	for c := range w.s.o.Classes {
		for n := w.s.counts[c].dropped.Load(); w.dropped[c] < n; {
			w.dropped[c]++
			w.ledger.lost(Class(c), Dropped, w.dropped[c])
		}
	}
}

// add numbers the records of a batch and takes those that there is room for.
func (w *writer) add(b *batch) {
	s, start := w.s, 0
	bad := !w.badUntil.IsZero() && time.Now().Before(w.badUntil)
	for _, r := range b.recs {
		body, c := b.buf[start:r.end], &s.o.Classes[r.class]
		start = r.end
		w.seqs[r.class]++
		seq := w.seqs[r.class]
		share := c.ShedAt
		if share == 0 {
			share = 1
		}
		used := s.bytes.Load() + int64(len(w.buf)+len(body)+recordLen)
		if float64(used) > share*float64(s.o.Quota) || bad && !c.Durable {
			s.counts[r.class].shed.Add(1)
			why := Shed
			if bad {
				why = Failed
			}
			w.ledger.lost(r.class, why, seq)
			continue
		}
		if s.o.Seal != nil {
			w.sealed = s.o.Seal(append(w.sealed[:0], body...), seq)
			body = w.sealed
		}
		at := len(w.buf)
		w.buf = appendRecord(w.buf, r.class, seq, body)
		w.recs = append(w.recs, placed{r.class, len(w.buf) - at, seq})
		w.dirty = w.dirty || c.Durable
	}
}

// write appends the records that are waiting, whole or not at all.
func (w *writer) write() {
	w.ledger.flush() // before a record behind a gap can be read
	if len(w.buf) == 0 {
		return
	}
	s := w.s
	if w.f != nil && w.size >= s.o.Segment && w.size > headSize {
		w.roll()
	}
	var err error
	if w.f == nil {
		err = w.begin()
	}
	if err == nil {
		_, err = w.f.WriteAt(w.buf, w.size)
	}
	w.note(err)
	if err != nil {
		w.leave()
		w.badUntil = time.Now().Add(retryAfter)
		for _, r := range w.recs {
			s.counts[r.class].shed.Add(1)
			w.ledger.lost(r.class, Failed, r.seq)
		}
		w.ledger.flush()
	} else {
		w.badUntil = time.Time{}
		w.size += int64(len(w.buf))
		s.bytes.Add(int64(len(w.buf)))
		for _, r := range w.recs {
			s.counts[r.class].written.Add(1)
			s.counts[r.class].bytes.Add(uint64(r.bytes))
		}
		s.mu.Lock()
		s.segments[len(s.segments)-1].size = w.size
		s.end.Offset = w.size
		close(s.grown)
		s.grown = make(chan struct{})
		s.mu.Unlock()
		if w.dirty {
			w.handSync()
		}
	}
	w.buf, w.recs = w.buf[:0], w.recs[:0]
}

// handSync asks the syncer for one more round, unless that is yet to begin.
func (w *writer) handSync() {
	select {
	case w.syncing <- struct{}{}:
	default:
	}
	w.dirty = false
}

// leave ends the segment that could not be written to, so that it can be removed
// once it is read. The next write begins another.
func (w *writer) leave() {
	if w.f == nil || w.size == headSize {
		return
	}
	w.f.Truncate(w.size)
	w.f.Close()
	w.f = nil
	w.open.Store(nil)
	w.s.mu.Lock()
	w.s.writing = false
	w.s.free()
	w.s.mu.Unlock()
}

// roll ends the segment and begins the next. It stays where it is if the disk
// is full.
func (w *writer) roll() {
	old := w.f
	if err := w.begin(); err != nil {
		w.note(err)
		return
	}
	w.note(old.Sync())
	w.note(old.Close())
	w.s.mu.Lock()
	w.s.free()
	w.s.mu.Unlock()
}

// syncer syncs files with durable records, at most once in Options.Sync.
func (w *writer) syncer() {
	defer close(w.syncEnded)
	for range w.syncing {
		// A file that is rolled over meanwhile is synced there.
		if f := w.open.Load(); f != nil && fdatasync(f) == nil {
			w.s.syncs.Add(1)
		}
		time.Sleep(w.s.o.Sync)
	}
}

// note keeps what the disk said last.
func (w *writer) note(err error) {
	if err != nil {
		w.s.failed.Add(1)
	}
	w.s.mu.Lock()
	w.s.err = err
	w.s.mu.Unlock()
}

// free removes segments that all cursors are behind. mu is held.
func (s *Spool) free() {
	if len(s.cursors) == 0 {
		return
	}
	low := s.end
	for _, p := range s.cursors {
		if p.Before(low) {
			low = p
		}
	}
	n, last := 0, len(s.segments)
	if s.writing {
		last--
	}
	for n < last && (s.segments[n].num < low.Segment || s.segments[n].num == low.Segment && low.Offset >= s.segments[n].size) {
		if os.Remove(s.segmentFile(s.segments[n].num)) != nil {
			break
		}
		s.bytes.Add(-s.segments[n].size)
		n++
	}
	s.segments = slices.Delete(s.segments, 0, n)
}

// fdatasync syncs what is needed to read f's data again.
func fdatasync(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = syscall.Fdatasync(int(fd)) }); err != nil {
		return err
	}
	return failed
}
