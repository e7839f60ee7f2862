package spool

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestAcceptRate writes events of 800 bytes, all of them durable, for as long as
// WEIR_SPOOL says, and in turns with it the disk alone, in pieces of the same size with
// fdatasync at the same pace. make accept runs it.
func TestAcceptRate(t *testing.T) {
	d, err := time.ParseDuration(os.Getenv("WEIR_SPOOL"))
	if err != nil || d <= 0 {
		t.Skip("loads the disk: say how long with WEIR_SPOOL, such as 3s")
	}
	const turns, size = 3, 800
	var events, disk float64 // best of the turns
	for range turns {
		events, disk = max(events, spoolRate(t, d, size)), max(disk, diskRate(t, d))
	}
	share := events * size / disk
	t.Logf("FIGURE spool: %.0f events/s of %d bytes (%.0f MB/s); the disk alone takes %.0f MB/s: %.0f %% of it", events, size, events*size/1e6, disk/1e6, 100*share)
	if events < 300_000 && share < 0.8 {
		t.Error("want 300,000 events/s, or 80 % of what the disk takes")
	}
}

// spoolRate returns events a second that reach the disk.
func spoolRate(t *testing.T, d time.Duration, size int) float64 {
	s := open(t, Options{Dir: t.TempDir(), Quota: 1 << 40, Wait: true})
	r, err := s.Reader("behind") // nobody reads: segments are removed here
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var all sync.WaitGroup
	for range 2 {
		p := s.Producer()
		all.Go(func() {
			body := make([]byte, size)
			for n := 0; time.Since(start) < d; n++ {
				for range 64 { // a batch of packets
					p.Put(alert, body)
				}
				p.Flush()
			}
			p.Close()
		})
	}
	for time.Since(start) < d {
		time.Sleep(20 * time.Millisecond)
		s.mu.Lock()
		end := s.end
		s.mu.Unlock()
		if err := r.Commit(end); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	st := s.Stats()
	if st.Classes[alert].Shed+st.Classes[alert].Dropped > 0 {
		t.Errorf("%d shed, %d dropped", st.Classes[alert].Shed, st.Classes[alert].Dropped)
	}
	return float64(st.Classes[alert].Written) / took.Seconds()
}

// diskRate returns bytes a second.
func diskRate(t *testing.T, d time.Duration) float64 {
	dir := t.TempDir()
	buf, written := make([]byte, writeSize), int64(0)
	start, synced := time.Now(), time.Now()
	for n := 0; time.Since(start) < d; n++ {
		name := filepath.Join(dir, "segment")
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		for range DefaultSegment / writeSize {
			n, err := f.Write(buf)
			if err != nil {
				t.Fatal(err)
			}
			written += int64(n)
			if time.Since(synced) > DefaultSync {
				if err := fdatasync(f); err != nil {
					t.Fatal(err)
				}
				synced = time.Now()
			}
		}
		if err := fdatasync(f); err != nil {
			t.Fatal(err)
		}
		f.Close()
		os.Remove(name)
	}
	return float64(written) / time.Since(start).Seconds()
}
