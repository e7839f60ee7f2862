package spool

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/decode/ring"
)

var classes = []ClassOptions{{Name: "alert", Durable: true}, {Name: "flow", ShedAt: 0.5}}

const (
	alert Class = iota
	flow
)

func open(t testing.TB, o Options) *Spool {
	t.Helper()
	if o.Classes == nil {
		o.Classes = classes
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func reader(t testing.TB, s *Spool, name string) *Reader {
	t.Helper()
	r, err := s.Reader(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// put writes records and waits until they are in the spool, by closing it.
func put(t testing.TB, o Options, class Class, bodies ...string) {
	t.Helper()
	s := open(t, o)
	p := s.Producer()
	for _, b := range bodies {
		p.Put(class, []byte(b))
	}
	p.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// rest returns the bodies of all records that a destination has before it.
func rest(t testing.TB, r *Reader) (all []string) {
	t.Helper()
	for {
		rec, ok, err := r.TryNext()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return all
		}
		all = append(all, string(rec.Body))
	}
}

func TestReadBack(t *testing.T) {
	o := Options{Dir: t.TempDir(), Segment: 100, Seal: func(b []byte, seq uint64) []byte { return fmt.Appendf(b, "#%d", seq) }}
	put(t, o, alert, "a", "b")
	put(t, o, flow, "c")
	s := open(t, o)
	defer s.Close()
	got := strings.Join(rest(t, reader(t, s, "x")), " ")
	if want := "a#1 b#2 c#1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNextWaits(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	r := reader(t, s, "x")
	go func() {
		p := s.Producer()
		p.Put(alert, []byte("late"))
		p.Close()
	}()
	rec, err := r.Next(t.Context())
	if err != nil || string(rec.Body) != "late" {
		t.Fatalf("got %q, %v", rec.Body, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(t.Context()); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("got %v, want that it is closed", err)
	}
}

func TestCursor(t *testing.T) {
	o := Options{Dir: t.TempDir(), Segment: 1}
	for i := range 4 {
		put(t, o, alert, strconv.Itoa(i))
	}
	s := open(t, o)
	r, slow := reader(t, s, "fast"), reader(t, s, "slow")
	for range 3 {
		rec, _, err := r.TryNext()
		if err != nil || r.Commit(rec.End) != nil {
			t.Fatal(err)
		}
	}
	if n := s.Stats().Segments; n != 5 {
		t.Errorf("%d segments while one reader has read nothing, want 5", n)
	}
	rec, _, _ := slow.TryNext()
	slow.Commit(rec.End)
	if n := s.Stats().Segments; n != 4 {
		t.Errorf("%d segments, want 4: the first is behind both", n)
	}
	if r.Lag() >= slow.Lag() || r.Lag() == 0 {
		t.Errorf("lag %d of the fast, %d of the slow", r.Lag(), slow.Lag())
	}
	s.Close()
	s = open(t, o)
	defer s.Close()
	if got := rest(t, reader(t, s, "fast")); len(got) != 1 || got[0] != "3" {
		t.Errorf("got %q after a restart, want what was not committed", got)
	}
	if got := rest(t, reader(t, s, "slow")); len(got) != 3 {
		t.Errorf("got %q after a restart, want three", got)
	}
}

// TestTorn cuts and damages the last segment at each byte: every whole record
// before that stays.
func TestTorn(t *testing.T) {
	dir := t.TempDir()
	put(t, Options{Dir: dir}, alert, "one", "two", "three")
	whole, err := os.ReadFile(filepath.Join(dir, "0000000000000001.seg"))
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{headSize + recordLen + 3, headSize + 2*recordLen + 6, headSize + 3*recordLen + 11}
	check := func(name string, b []byte, good int) {
		d := t.TempDir()
		if err := os.WriteFile(filepath.Join(d, "0000000000000001.seg"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, Options{Dir: d})
		defer s.Close()
		if got := rest(t, reader(t, s, "x")); len(got) != good {
			t.Errorf("%s: got %q, want %d records", name, got, good)
		}
	}
	for n := range len(whole) + 1 {
		good := 0
		for good < len(ends) && ends[good] <= n {
			good++
		}
		check(fmt.Sprintf("cut at %d", n), whole[:n], good)
	}
	for n := headSize; n < len(whole); n++ {
		b := append([]byte(nil), whole...)
		b[n] ^= 0x40
		good := 0
		for ends[good] <= n {
			good++
		}
		check(fmt.Sprintf("damaged at %d", n), b, good)
	}
}

func TestNewerVersion(t *testing.T) {
	dir := t.TempDir()
	b := appendHead(nil)
	binary.LittleEndian.PutUint16(b[8:], Version+1)
	binary.LittleEndian.PutUint32(b[16:], crc32.Checksum(b[:16], castagnoli))
	os.WriteFile(filepath.Join(dir, "0000000000000001.seg"), b, 0o600)
	_, err := Open(Options{Dir: dir, Classes: classes})
	if !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "version 2: this program reads up to 1") {
		t.Errorf("got %v, want that the version is refused", err)
	}
}

func TestSecondOpen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	defer s.Close()
	if _, err := Open(Options{Dir: dir, Classes: classes}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("got %v, want that it is in use", err)
	}
}

func TestPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	put(t, Options{Dir: dir}, alert, "x")
	filepath.WalkDir(dir, func(name string, e fs.DirEntry, _ error) error {
		if i, _ := e.Info(); i.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, i.Mode())
		}
		return nil
	})
}

// TestQuota: the cheap class goes first, alerts last, and all is counted.
func TestQuota(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir(), Quota: 100 << 10, Wait: true})
	p := s.Producer()
	body := make([]byte, 1<<10)
	for range 200 {
		p.Put(flow, body)
	}
	for range 200 {
		p.Put(alert, body)
	}
	p.Close()
	s.Close()
	st := s.Stats()
	if st.Bytes > st.Quota {
		t.Errorf("%d bytes, quota %d", st.Bytes, st.Quota)
	}
	for i, half := range []uint64{alert: 49, flow: 49} {
		c := st.Classes[i]
		if c.Written+c.Shed != 200 || c.Written < half-2 || c.Written > half+2 {
			t.Errorf("%s: %d written, %d shed; want about %d of 200", c.Name, c.Written, c.Shed, half)
		}
	}
}

// TestDropped: a producer that the writer cannot keep up with drops and counts.
// TestFullDisk: a full disk sheds, lets what is there be read, and takes records again
// once that has made room; also after a start on the full disk.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m,mode=700"); err != nil {
		t.Skipf("needs a small disk: mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	for _, restart := range []bool{false, true} {
		s := open(t, Options{Dir: dir, Wait: true})
		r, err := s.Reader("a")
		if err != nil {
			t.Fatal(err)
		}
		p := s.Producer()
		body := make([]byte, 10_000)
		for range 1000 {
			p.Put(0, body)
		}
		p.Flush()
		s.Sync()
		// Batches differ in size: where the last has found room, single records
		// fill what is left.
		for range 1000 {
			if s.Stats().Err != nil {
				break
			}
			p.Put(0, body)
			p.Flush()
			s.Sync()
		}
		if st := s.Stats(); st.Classes[0].Shed == 0 || !errors.Is(st.Err, syscall.ENOSPC) {
			t.Fatalf("the disk is not full: %+v", st)
		}
		if restart {
			p.Close()
			s.Close()
			r.Close()
			if f, err := os.Create(filepath.Join(dir, "else")); err == nil {
				for err == nil {
					_, err = f.Write(body)
				}
				f.Close()
			}
			s = open(t, Options{Dir: dir, Wait: true})
			if r, err = s.Reader("a"); err != nil {
				t.Fatal(err)
			}
			p = s.Producer()
		}
		n := 0
		for {
			rec, ok, err := r.TryNext()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			n++
			if err := r.Commit(rec.End); err != nil {
				t.Fatal(err)
			}
		}
		if n < 200 {
			t.Errorf("%d records were read, want some 400", n)
		}
		p.Put(0, body)
		p.Flush()
		s.Sync()
		if rec, ok, err := r.TryNext(); !ok || err != nil || len(rec.Body) < len(body) {
			t.Errorf("restart %v: nothing is written once there is room: %v, %v", restart, ok, err)
		}
		p.Close()
		r.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		os.Remove(filepath.Join(dir, "else"))
	}
}

func TestDropped(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	p := &Producer{s: s} // never gets a buffer
	p.full, p.free = s.Producer().full, s.Producer().free
	for _, ok := p.free.TryGet(); ok; _, ok = p.free.TryGet() {
	}
	if p.Put(flow, []byte("x")) {
		t.Error("taken without a buffer")
	}
	s.Close()
	if n := s.Stats().Classes[flow].Dropped; n != 1 {
		t.Errorf("%d dropped, want 1", n)
	}
}

// TestBehind: what a producer flushes while the writer is behind waits in fuller
// buffers, and is handed over later.
func TestBehind(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	other := s.Producer()
	p := &Producer{s: s, full: other.full, free: other.free}
	aside := ring.New[*batch](buffers)
	p.full = aside // the writer does not look there
	for range 100 * buffers {
		if !p.Put(alert, make([]byte, 500)) {
			t.Fatal("dropped while there is room")
		}
		p.Flush()
	}
	p.pass()
	n := 0
	for {
		b, ok := aside.TryGet()
		if !ok {
			break
		}
		n += len(b.recs)
	}
	if n != 100*buffers {
		t.Errorf("%d records, want %d", n, 100*buffers)
	}
	s.handed.Store(0) // what was taken aside was never the writer's
	other.Close()
	s.Close()
}

func TestPutAllocates(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir(), Wait: true})
	p := s.Producer()
	body := make([]byte, 800)
	for range 3 * buffers * handOver / len(body) {
		p.Put(flow, body)
	}
	if n := testing.AllocsPerRun(1000, func() { p.Put(flow, body) }); n != 0 {
		t.Errorf("Put allocates %v times, want 0", n)
	}
	p.Close()
	s.Close()
}

// TestKill kills a child that writes and says what is durable: all of that must be
// there afterwards, in order.
func TestKill(t *testing.T) {
	const env = "WEIR_SPOOL_KILL_DIR"
	if dir := os.Getenv(env); dir != "" {
		writeUntilKilled(dir)
		return
	}
	dir := t.TempDir()
	var last uint64
	for round := range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), env+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, said := bufio.NewScanner(out), uint64(0)
		for n := 0; n < 20+round*7 && lines.Scan(); n++ {
			said, _ = strconv.ParseUint(lines.Text(), 10, 64)
		}
		cmd.Process.Kill()
		cmd.Wait()
		s := open(t, Options{Dir: dir, Segment: 64 << 10})
		r := reader(t, s, "x")
		var end Position
		n := uint64(0)
		for {
			rec, ok, err := r.TryNext()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if n++; rec.Seq != n {
				t.Fatalf("round %d: number %d follows %d", round, rec.Seq, n-1)
			}
			end = rec.End
		}
		if n < said || said == 0 {
			t.Errorf("round %d: %d records kept, %d were reported written", round, n, said)
		}
		r.Commit(end)
		s.Close()
		last = max(last, n)
	}
	t.Logf("at most %d records a round", last)
}

func writeUntilKilled(dir string) {
	s, err := Open(Options{Dir: dir, Classes: classes, Segment: 64 << 10})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	p := s.Producer()
	for {
		p.Put(alert, make([]byte, 700))
		p.Flush()
		fmt.Println(s.Stats().Classes[alert].Written)
		time.Sleep(time.Microsecond)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(appendRecord(nil, alert, 7, []byte("body")))
	f.Add([]byte{255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			r, size, need, err := parseRecord(b)
			if err != nil || need > 0 {
				return
			}
			if size < recordLen || size > len(b) {
				t.Fatalf("size %d of %d", size, len(b))
			}
			if again := appendRecord(nil, r.Class, r.Seq, r.Body); len(again) != size {
				t.Fatalf("%d bytes read, %d written", size, len(again))
			}
			b = b[size:]
		}
	})
}

// BenchmarkSpool measures events of 800 bytes from producer to disk, the last sync
// included, and says what the disk does alone.
func BenchmarkSpool(b *testing.B) {
	body := make([]byte, 800)
	s := open(b, Options{Dir: b.TempDir(), Wait: true, Quota: 1 << 40})
	reader(b, s, "none") // frees nothing
	p := s.Producer()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		p.Put(flow, body)
	}
	p.Close()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkDisk is the sequential rate of the disk, with one fdatasync at the end.
func BenchmarkDisk(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "f"))
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, writeSize)
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		f.Write(buf)
	}
	fdatasync(f)
	f.Close()
}
