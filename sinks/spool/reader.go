package spool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// readSize is how many bytes of a segment are read with one call, about.
const readSize = 256 << 10

// scanner reads the records of one segment.
type scanner struct {
	f   *os.File
	at  int64 // of the next record
	buf []byte
	off int // of the next record in buf
}

// next returns the next record that ends by limit: io.EOF if there is none.
func (c *scanner) next(limit int64) (Record, error) {
	for {
		r, size, need, err := parseRecord(c.buf[c.off:])
		if err != nil {
			return r, err
		}
		if need == 0 {
			c.off += size
			c.at += int64(size)
			return r, nil
		}
		have := c.at + int64(len(c.buf)-c.off)
		if have >= limit {
			if have > c.at {
				return r, errTorn
			}
			return r, io.EOF
		}
		if have+int64(need) > limit {
			return r, errTorn
		}
		c.buf = append(c.buf[:0], c.buf[c.off:]...)
		c.off = 0
		n := int(min(int64(max(need, readSize)), limit-have))
		at := len(c.buf)
		c.buf = append(c.buf, make([]byte, n)...)
		if _, err := c.f.ReadAt(c.buf[at:], have); err != nil {
			c.buf = c.buf[:at]
			return r, fmt.Errorf("read %s: %w", c.f.Name(), err)
		}
	}
}

// Reader reads records in order, for one destination. It belongs to one
// goroutine; Commit may come from another.
type Reader struct {
	s    *Spool
	name string
	num  uint64 // segment of scan
	scan scanner
}

// Reader returns the reader of a destination, behind what that has committed. A
// segment stays until all destinations that were ever named are behind it.
func (s *Spool) Reader(name string) (*Reader, error) {
	if name == "" || strings.ContainsAny(name, "/.") {
		return nil, fmt.Errorf("spool: cursor %q: want a name without dots and slashes", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.cursors[name]
	if !ok {
		p = Position{0, headSize}
		if len(s.segments) > 0 {
			p.Segment = s.segments[0].num
		}
		s.cursors[name] = p
		if err := writeCursor(s.cursorFile(name), p); err != nil {
			return nil, err
		}
	}
	return &Reader{s: s, name: name, num: p.Segment, scan: scanner{at: p.Offset}}, nil
}

// Next returns the next record and waits for it. The error is that of ctx, or
// fs.ErrClosed when the spool is closed and read to its end.
func (r *Reader) Next(ctx context.Context) (Record, error) {
	for {
		rec, ok, grown, err := r.try()
		if err != nil || ok {
			return rec, err
		}
		if grown == nil {
			return rec, fs.ErrClosed
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return rec, ctx.Err()
		}
	}
}

// TryNext returns the next record if there is one.
func (r *Reader) TryNext() (Record, bool, error) {
	rec, ok, _, err := r.try()
	return rec, ok, err
}

// try returns the next record, or what tells of more: nil when none will come.
func (r *Reader) try() (rec Record, ok bool, grown chan struct{}, err error) {
	for {
		limit, next, grown, closed := r.s.bounds(r.num)
		if limit > 0 && r.scan.at < limit {
			if r.scan.f == nil {
				if r.scan.f, err = os.Open(r.s.segmentFile(r.num)); err != nil {
					return rec, false, nil, fmt.Errorf("read spool: %w", err)
				}
				r.scan.buf, r.scan.off = r.scan.buf[:0], 0
			}
			rec, err = r.scan.next(limit)
			if err == nil {
				rec.End = Position{r.num, r.scan.at}
				return rec, true, nil, nil
			}
			if !errors.Is(err, errTorn) {
				return rec, false, nil, err
			}
			r.s.torn.Add(limit - r.scan.at)
			if next == 0 && !r.s.left(r.num) {
				return rec, false, nil, fmt.Errorf("read %s at %d: %w", r.s.segmentFile(r.num), r.scan.at, err)
			}
		}
		if next == 0 {
			if closed {
				grown = nil
			}
			return rec, false, grown, nil
		}
		r.Close()
		r.num, r.scan.at = next, headSize
	}
}

// Range calls each for the records of one segment from one place to another once
// more, for what a destination has read and not committed.
func (s *Spool) Range(from, to Position, each func(Record)) error {
	f, err := os.Open(s.segmentFile(from.Segment))
	if err != nil {
		return fmt.Errorf("read spool: %w", err)
	}
	defer f.Close()
	scan := scanner{f: f, at: from.Offset}
	for scan.at < to.Offset {
		rec, err := scan.next(to.Offset)
		if err != nil {
			return fmt.Errorf("read %s at %d: %w", f.Name(), scan.at, err)
		}
		rec.End = Position{from.Segment, scan.at}
		each(rec)
	}
	return nil
}

// Scan calls each for the whole records of an open segment from a place on, 0 for its
// begin, and returns the place behind them: for whoever looks on while a spool is
// written.
func Scan(f *os.File, at int64, each func(Record)) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return at, err
	}
	if at == 0 {
		head := make([]byte, headSize)
		if n, _ := f.ReadAt(head, 0); n < headSize {
			return 0, nil
		}
		if err := checkHead(head); err != nil {
			return 0, fmt.Errorf("%s: %w", f.Name(), err)
		}
		at = headSize
	}
	scan := scanner{f: f, at: at}
	for {
		rec, err := scan.next(st.Size())
		if err != nil {
			return scan.at, nil // as far as it is written
		}
		each(rec)
	}
}

// bounds returns how far segment num is written (0: it is gone), the segment that
// follows it (0: none), and what tells of more.
func (s *Spool) bounds(num uint64) (limit int64, next uint64, grown chan struct{}, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		if seg.num == num {
			limit = seg.size
		}
		if seg.num > num {
			next = seg.num
			break
		}
	}
	select {
	case <-s.ended:
		closed = true
	default:
	}
	return limit, next, s.grown, closed
}

// left reports whether segment num is not written to any more.
func (s *Spool) left(num uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.writing || s.end.Segment != num
}

// Commit says that everything before p has arrived; segments that no other
// destination needs are removed. It is on disk, though not synced, when Commit
// returns: after a power failure records may come twice.
func (r *Reader) Commit(p Position) error {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.cursors[r.name].Before(p) {
		return nil
	}
	// A cursor that is left behind makes records come twice after a restart; that is
	// no reason to keep segments.
	err := writeCursor(s.cursorFile(r.name), p)
	s.cursors[r.name] = p
	s.free()
	return err
}

// Lag returns how many bytes of segments lie behind the destination's cursor.
func (r *Reader) Lag() (n int64) {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.cursors[r.name]
	for _, seg := range s.segments {
		switch {
		case seg.num == p.Segment:
			n += max(seg.size-p.Offset, 0)
		case seg.num > p.Segment:
			n += max(seg.size-headSize, 0)
		}
	}
	return n
}

// Close gives back the reader's file.
func (r *Reader) Close() {
	if r.scan.f != nil {
		r.scan.f.Close()
		r.scan.f = nil
	}
}

func (s *Spool) cursorFile(name string) string { return filepath.Join(s.o.Dir, name+".cursor") }

// writeCursor writes a cursor's file: 16 bytes of position and their CRC32C. It is
// overwritten, not replaced, as a full disk has no room for a second one.
func writeCursor(name string, p Position) error {
	b := binary.LittleEndian.AppendUint64(nil, p.Segment)
	b = binary.LittleEndian.AppendUint64(b, uint64(p.Offset))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write cursor: %w", err)
	}
	_, err = f.WriteAt(b, 0)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write cursor: %w", err)
	}
	return nil
}

// readCursor reads it. A damaged one stands at the beginning: records may come
// twice, none is missed.
func readCursor(name string) (p Position, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return p, fmt.Errorf("read cursor: %w", err)
	}
	if len(b) != 20 || crc32.Checksum(b[:16], castagnoli) != binary.LittleEndian.Uint32(b[16:]) {
		return Position{0, headSize}, nil
	}
	return Position{binary.LittleEndian.Uint64(b), int64(binary.LittleEndian.Uint64(b[8:]))}, nil
}
