package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The ledger says what the spool has not kept: a file of slots, written over in turn.
// It has its full size from the start, so that a full disk has room for it. A slot is
//
//	CRC32C of what follows (4)   class (1)   reason (1)   zero (2)   number of the entry (8)
//	first and last sequence number (16)   time in ns (8)   boot (16)   zero (8)
const (
	ledgerSlots = 4096
	slotLen     = 64
	bootLen     = 16
)

// Reason says why records are not there.
type Reason uint8

// Reasons. Dropped records have no numbers: First is 1 and Last their count.
const (
	Shed    Reason = 1 + iota // their class had used up its share of the quota
	Failed                    // the disk did not take them
	Dropped                   // the writer did not keep up
)

// String returns the name of a reason.
func (r Reason) String() string {
	switch r {
	case Shed:
		return "quota"
	case Failed:
		return "disk"
	case Dropped:
		return "writer behind"
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// Loss is an entry of the ledger: records of a class from one number to another.
type Loss struct {
	Boot        string // Options.Boot of the time
	Class       Class
	Reason      Reason
	First, Last uint64
	Time        time.Time // of the last of them
}

// ledger belongs to the writer. Entries that are being added to are written again by
// flush; the others are on disk.
type ledger struct {
	f    *os.File
	boot [bootLen]byte
	next uint64 // number of the next entry; its slot is that modulo ledgerSlots
	open [maxClasses][Dropped + 1]openLoss
	any  bool // open entries that are not written
}

type openLoss struct {
	num         uint64
	first, last uint64 // last 0: none
	dirty       bool
}

func ledgerFile(dir string) string { return filepath.Join(dir, "ledger") }

// openLedger opens the ledger of a folder; on a disk that has no room for it, there
// is none until the next start.
func openLedger(dir, boot string) (*ledger, error) {
	f, err := os.OpenFile(ledgerFile(dir), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	l := &ledger{f: f}
	copy(l.boot[:], boot)
	st, err := f.Stat()
	if err == nil && st.Size() < ledgerSlots*slotLen {
		_, err = f.WriteAt(make([]byte, ledgerSlots*slotLen-st.Size()), st.Size())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	b := make([]byte, ledgerSlots*slotLen)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	for at := 0; at < len(b); at += slotLen {
		if num, _, ok := parseSlot(b[at : at+slotLen]); ok {
			l.next = max(l.next, num+1)
		}
	}
	return l, nil
}

// lost notes a record; nil notes nothing.
func (l *ledger) lost(c Class, why Reason, seq uint64) {
	if l == nil {
		return
	}
	e := &l.open[c][why]
	if e.last != 0 && e.last+1 != seq {
		l.flush() // what it was is complete
		e.last = 0
	}
	if e.last == 0 {
		e.num, e.first = l.next, seq
		l.next++
	}
	e.last, e.dirty, l.any = seq, true, true
}

// flush writes the entries that have changed.
func (l *ledger) flush() {
	if l == nil || !l.any {
		return
	}
	l.any = false
	for c := range l.open {
		for why := range l.open[c] {
			e := &l.open[c][why]
			if !e.dirty {
				continue
			}
			e.dirty = false
			var b [slotLen]byte
			b[4], b[5] = byte(c), byte(why)
			binary.LittleEndian.PutUint64(b[8:], e.num)
			binary.LittleEndian.PutUint64(b[16:], e.first)
			binary.LittleEndian.PutUint64(b[24:], e.last)
			binary.LittleEndian.PutUint64(b[32:], uint64(time.Now().UnixNano()))
			copy(b[40:], l.boot[:])
			binary.LittleEndian.PutUint32(b[:], crc32.Checksum(b[4:], castagnoli))
			// A disk that refuses this refuses more: its error is seen there.
			_, _ = l.f.WriteAt(b[:], int64(e.num%ledgerSlots)*slotLen)
		}
	}
}

func (l *ledger) close() {
	if l != nil {
		l.flush()
		l.f.Close()
	}
}

// parseSlot reads a slot; not ok is one that was never written, or is damaged.
func parseSlot(b []byte) (num uint64, e Loss, ok bool) {
	if binary.LittleEndian.Uint32(b) != crc32.Checksum(b[4:slotLen], castagnoli) {
		return 0, e, false
	}
	e.Class, e.Reason = Class(b[4]), Reason(b[5])
	e.First, e.Last = binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
	e.Time = time.Unix(0, int64(binary.LittleEndian.Uint64(b[32:]))).UTC()
	boot := b[40 : 40+bootLen]
	for len(boot) > 0 && boot[len(boot)-1] == 0 {
		boot = boot[:len(boot)-1]
	}
	e.Boot = string(boot)
	return binary.LittleEndian.Uint64(b[8:]), e, true
}

// Losses returns the ledger of a spool's folder, the oldest entry first: the last
// 4,096 there were.
func Losses(dir string) ([]Loss, error) {
	b, err := os.ReadFile(ledgerFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	type entry struct {
		num uint64
		Loss
	}
	var all []entry
	for ; len(b) >= slotLen; b = b[slotLen:] {
		if num, e, ok := parseSlot(b); ok {
			all = append(all, entry{num, e})
		}
	}
	slices.SortFunc(all, func(a, b entry) int {
		if a.num < b.num {
			return -1
		}
		return 1
	})
	losses := make([]Loss, len(all))
	for i := range all {
		losses[i] = all[i].Loss
	}
	return losses, nil
}
