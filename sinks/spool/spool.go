package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Class groups records that are kept, numbered and shed alike: an index of
// Options.Classes.
type Class uint8

// ClassOptions describe a class.
type ClassOptions struct {
	Name    string
	Durable bool    // synced within Options.SyncEvery
	ShedAt  float64 // share of the quota from which on records are dropped; 0 is 1
}

// Defaults.
const (
	DefaultSegment = 64 << 20
	DefaultQuota   = 4 << 30
	DefaultSync    = 20 * time.Millisecond
	maxClasses     = 32
	// segmentsAtLeast is how many segments the quota or the disk shall hold.
	segmentsAtLeast = 16
)

// Options of a spool.
type Options struct {
	Dir     string
	Classes []ClassOptions
	Segment int64         // size from which on a new segment is begun, bytes
	Quota   int64         // of all segments, bytes
	Sync    time.Duration // between syncs while durable records come
	Wait    bool          // producers wait for room instead of dropping
	Boot    string        // names this start in the ledger, at most 16 bytes
	// Seal appends to a record when its number is known; nil appends nothing.
	Seal func(b []byte, seq uint64) []byte
}

// Position is a place between records.
type Position struct {
	Segment uint64
	Offset  int64
}

// Before reports whether p comes before q.
func (p Position) Before(q Position) bool {
	return p.Segment < q.Segment || p.Segment == q.Segment && p.Offset < q.Offset
}

// Spool is an open folder. There is one for a folder at a time.
type Spool struct {
	o    Options
	lock *os.File

	ring  wakeable
	ended chan struct{} // the writer is done

	counts  [maxClasses]classCounts
	handed  atomic.Uint64 // batches of all producers
	settled atomic.Uint64 // of them, written or shed

	syncs  atomic.Uint64
	failed atomic.Uint64 // writes and syncs that failed
	torn   atomic.Int64  // bytes cut off or skipped as damaged
	bytes  atomic.Int64  // of all segments

	mu        sync.Mutex
	producers []*Producer
	closing   bool
	segments  []segment // oldest first
	writing   bool      // the last of them is being written; else the disk is full
	cursors   map[string]Position
	end       Position      // behind the last record written
	grown     chan struct{} // closed when end moves
	err       error         // last failure of the disk; nil after a success
}

// segment is a file of the folder.
type segment struct {
	num  uint64
	size int64
}

type classCounts struct{ written, bytes, shed, dropped atomic.Uint64 }

// Open opens the spool in a folder, made if need be, and recovers what is there.
func Open(o Options) (*Spool, error) {
	if len(o.Classes) == 0 || len(o.Classes) > maxClasses {
		return nil, fmt.Errorf("spool: %d classes: want 1 to %d", len(o.Classes), maxClasses)
	}
	if o.Segment <= 0 {
		o.Segment = DefaultSegment
	}
	if o.Quota <= 0 {
		o.Quota = DefaultQuota
	}
	if o.Sync <= 0 {
		o.Sync = DefaultSync
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make spool folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(o.Dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock spool: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("lock spool %s: another process has it open: %w", o.Dir, err)
	}
	s := &Spool{o: o, lock: lock, cursors: map[string]Position{}, grown: make(chan struct{}), ended: make(chan struct{})}
	s.ring.token = make(chan struct{}, 1)
	w, err := s.recover()
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("open spool %s: %w", o.Dir, err)
	}
	go w.run()
	return s, nil
}

// recover reads what the folder holds and begins a new segment.
func (s *Spool) recover() (*writer, error) {
	names, err := os.ReadDir(s.o.Dir)
	if err != nil {
		return nil, err
	}
	for _, e := range names {
		if name, ok := strings.CutSuffix(e.Name(), ".cursor"); ok {
			p, err := readCursor(s.cursorFile(name))
			if err != nil {
				return nil, err
			}
			s.cursors[name] = p
			continue
		}
		hex, ok := strings.CutSuffix(e.Name(), ".seg")
		num, err := strconv.ParseUint(hex, 16, 64)
		if !ok || err != nil {
			continue
		}
		st, err := e.Info()
		if err != nil {
			return nil, err
		}
		s.segments = append(s.segments, segment{num, st.Size()})
	}
	slices.SortFunc(s.segments, func(a, b segment) int {
		if a.num < b.num {
			return -1
		}
		return 1
	})
	next := uint64(1)
	for i := range s.segments {
		seg := &s.segments[i]
		if err := s.checkSegment(seg, i == len(s.segments)-1); err != nil {
			return nil, err
		}
		s.bytes.Add(seg.size)
		next = seg.num + 1
	}
	for _, p := range s.cursors {
		next = max(next, p.Segment+1)
	}
	if n := len(s.segments); n > 0 {
		s.end = Position{s.segments[n-1].num, s.segments[n-1].size}
	}
	if s.o.Segment, err = fitting(s.o); err != nil {
		return nil, err
	}
	w := &writer{s: s, num: next - 1}
	if w.ledger, err = openLedger(s.o.Dir, s.o.Boot); errors.Is(err, syscall.ENOSPC) {
		w.ledger, err = nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := w.begin(); errors.Is(err, syscall.ENOSPC) {
		w.note(err) // what is there can still be taken away, which makes room
	} else if err != nil {
		return nil, err
	}
	return w, nil
}

// fitting returns the size of segments: on a small disk less than asked for, as room
// comes back by whole segments.
func fitting(o Options) (int64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(o.Dir, &disk); err != nil {
		return 0, err
	}
	room := min(o.Quota, int64(disk.Blocks)*disk.Bsize)
	return min(o.Segment, max(room/segmentsAtLeast, 64<<10)), nil
}

// checkSegment refuses a segment that is not ours to read and, if it is the last one,
// cuts off what is not whole.
func (s *Spool) checkSegment(seg *segment, last bool) error {
	f, err := os.OpenFile(s.segmentFile(seg.num), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, headSize)
	n, _ := f.ReadAt(head, 0)
	switch err := checkHead(head[:n]); {
	case errors.Is(err, errTorn): // killed while it was begun
		s.torn.Add(seg.size)
		seg.size = 0
		return f.Truncate(0)
	case err != nil:
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	if !last {
		return nil
	}
	r := scanner{f: f, at: headSize}
	for {
		if _, err := r.next(seg.size); err != nil {
			break
		}
	}
	s.torn.Add(seg.size - r.at)
	if r.at == seg.size {
		return nil
	}
	seg.size = r.at
	return f.Truncate(r.at)
}

func (s *Spool) segmentFile(num uint64) string {
	return filepath.Join(s.o.Dir, fmt.Sprintf("%016x.seg", num))
}

// Stats are the counters of a spool.
type Stats struct {
	Classes  []ClassStats `json:"classes"`
	Bytes    int64        `json:"bytes"`
	Quota    int64        `json:"quota"`
	Segments int          `json:"segments"`
	Syncs    uint64       `json:"syncs"`
	Failed   uint64       `json:"failed_writes"`
	Torn     int64        `json:"torn_bytes"`
	Err      error        `json:"-"` // the disk's last, while it lasts
}

// ClassStats are those of a class.
type ClassStats struct {
	Name    string `json:"name"`
	Written uint64 `json:"written"`
	Bytes   uint64 `json:"bytes"`
	Shed    uint64 `json:"shed"`    // for the quota or a full disk; a number was used up
	Dropped uint64 `json:"dropped"` // the writer did not keep up; no number was used
}

// Stats returns the counters so far.
func (s *Spool) Stats() Stats {
	st := Stats{Bytes: s.bytes.Load(), Quota: s.o.Quota, Syncs: s.syncs.Load(), Failed: s.failed.Load(), Torn: s.torn.Load()}
	for i, c := range s.o.Classes {
		n := &s.counts[i]
		st.Classes = append(st.Classes, ClassStats{c.Name, n.written.Load(), n.bytes.Load(), n.shed.Load(), n.dropped.Load()})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Segments, st.Err = len(s.segments), s.err
	return st
}

// Close waits until what producers have handed over is written and synced.
// Producers must have been closed; readers end with fs.ErrClosed.
func (s *Spool) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return fs.ErrClosed
	}
	s.closing = true
	s.mu.Unlock()
	s.ring.wake()
	<-s.ended
	s.mu.Lock()
	close(s.grown)
	err := s.err
	s.mu.Unlock()
	return errors.Join(err, s.lock.Close())
}

// Sync waits until what producers have handed over so far is written, or shed.
func (s *Spool) Sync() {
	for want := s.handed.Load(); s.settled.Load() < want; {
		time.Sleep(time.Millisecond)
	}
}
