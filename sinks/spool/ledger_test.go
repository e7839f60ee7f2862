package spool

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// TestLedger: each number that is not in the spool is in its ledger, with the reason,
// for each start of it.
func TestLedger(t *testing.T) {
	dir := t.TempDir()
	for _, boot := range []string{"first", "second of 16 byt"} {
		s := open(t, Options{Dir: dir, Quota: 300 << 10, Wait: true, Boot: boot})
		p := s.Producer()
		for i := range 600 {
			p.Put(Class(i%2), make([]byte, 1000+i%7*100))
		}
		p.Close()
		s.Close()
		left := map[Class][]uint64{}
		for _, seg := range s.segments {
			f, err := os.Open(s.segmentFile(seg.num))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Scan(f, 0, func(r Record) { left[r.Class] = append(left[r.Class], r.Seq) }); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
		all, err := Losses(dir)
		if err != nil {
			t.Fatal(err)
		}
		lost := uint64(0)
		for _, l := range all {
			if l.Boot != boot {
				continue
			}
			lost += l.Last - l.First + 1
			if l.Reason != Shed || l.Time.IsZero() {
				t.Errorf("got %+v", l)
			}
			for n := l.First; n <= l.Last; n++ {
				left[l.Class] = append(left[l.Class], n)
			}
		}
		st := s.Stats()
		if want := st.Classes[0].Shed + st.Classes[1].Shed; lost != want || lost == 0 {
			t.Errorf("%s: %d records in the ledger, want %d", boot, lost, want)
		}
		if boot == "first" { // the second finds the segments of the first
			for class, seqs := range left {
				slices.Sort(seqs)
				if seqs = slices.Compact(seqs); len(seqs) != 300 || seqs[0] != 1 || seqs[299] != 300 {
					t.Errorf("class %d: %d numbers, want 1 to 300", class, len(seqs))
				}
			}
		}
	}
}

// TestLedgerTurns: the ledger keeps its size, and the last entries.
func TestLedgerTurns(t *testing.T) {
	dir := t.TempDir()
	l, err := openLedger(dir, "b")
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(ledgerSlots + 10) {
		l.lost(1, Dropped, 2*n+1) // no two of them follow each other
	}
	l.close()
	all, err := Losses(dir)
	if err != nil || len(all) != ledgerSlots {
		t.Fatalf("%d entries, %v, want %d", len(all), err, ledgerSlots)
	}
	if first, last := all[0], all[len(all)-1]; first.First != 21 || last.First != 2*(ledgerSlots+9)+1 || fmt.Sprint(last.Reason) != "writer behind" {
		t.Errorf("first %+v, last %+v", first, last)
	}
	if l, err = openLedger(dir, "c"); err != nil || l.next != ledgerSlots+10 {
		t.Errorf("the next entry has number %d: %v", l.next, err)
	}
	l.close()
}
