package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weir/bpf/nstest"
	"weir/sinks/identity"
	"weir/sinks/nsq"
	"weir/sinks/spool"
)

// chaosLoad is how many alerts a second the sensor of TestChaosRun has.
const chaosLoad = 400

// chaosSite is a place for a broker: a network namespace with one way to it.
type chaosSite struct {
	name, link, addr string
}

func newChaosSite(t *testing.T, i int) chaosSite {
	t.Helper()
	s := chaosSite{fmt.Sprintf("weir-chaos-%d-%d", os.Getpid(), i), fmt.Sprintf("weirch%d", i), fmt.Sprintf("10.78.%d.2:4150", i)}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", s.name).Run() })
	for _, words := range []string{
		"netns add " + s.name,
		fmt.Sprintf("link add %s type veth peer name far netns %s", s.link, s.name),
		fmt.Sprintf("addr add 10.78.%d.1/24 dev %s", i, s.link), "link set " + s.link + " up",
		fmt.Sprintf("-n %s addr add 10.78.%d.2/24 dev far", s.name, i), "-n " + s.name + " link set far up", "-n " + s.name + " link set lo up",
	} {
		if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
			t.Skipf("ip %s: %v: %s", words, err, out)
		}
	}
	return s
}

// reach lets packets to the site pass, or not.
func (s chaosSite) reach(t *testing.T, way string) {
	if out, err := exec.Command("ip", "link", "set", s.link, way).CombinedOutput(); err != nil {
		t.Errorf("link %s: %v: %s", way, err, out)
	}
}

// spoolWatch reads the segments of a spool while it is written: what is in them is
// what the sensor has recorded.
type spoolWatch struct {
	dir   string
	open  map[string]*os.File
	at    map[string]int64
	eids  map[string]bool // of alerts
	ended chan struct{}
	wg    sync.WaitGroup
	err   error
}

func watchSpool(dir string) *spoolWatch {
	w := &spoolWatch{dir: dir, open: map[string]*os.File{}, at: map[string]int64{}, eids: map[string]bool{}, ended: make(chan struct{})}
	w.wg.Go(func() {
		for {
			w.look()
			select {
			case <-w.ended:
				w.look()
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return w
}

// look reads what is new. A file stays open until it is gone and read to its end.
func (w *spoolWatch) look() {
	names, _ := filepath.Glob(filepath.Join(w.dir, "*.seg"))
	for _, name := range names {
		if _, known := w.at[name]; known {
			continue
		}
		if f, err := os.Open(name); err == nil {
			w.open[name], w.at[name] = f, 0
		}
	}
	for name, f := range w.open {
		var st syscall.Stat_t
		gone := syscall.Fstat(int(f.Fd()), &st) == nil && st.Nlink == 0
		at, err := spool.Scan(f, w.at[name], func(r spool.Record) {
			if r.Class == 0 {
				id, err := identity.Of(r.Body)
				w.err = errors.Join(w.err, err)
				w.eids[id.EID] = true
			}
		})
		w.at[name], w.err = at, errors.Join(w.err, err)
		if gone {
			f.Close()
			delete(w.open, name)
		}
	}
}

// end returns the ids of all alerts that were recorded.
func (w *spoolWatch) end(t *testing.T) map[string]bool {
	close(w.ended)
	w.wg.Wait()
	if w.err != nil {
		t.Error(w.err)
	}
	for _, f := range w.open {
		f.Close()
	}
	return w.eids
}

// chaosKills is how often something is killed: WEIR_CHAOS, or 6 times.
func chaosKills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("WEIR_CHAOS")
	if text == "" {
		if testing.Short() {
			t.Skip("not in short mode: takes 20 s")
		}
		return 6
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("WEIR_CHAOS: value %q: want a number of kills", text)
	}
	return n
}

// TestChaosRun is TestChaos with weir run on an interface as the sensor, and brokers in
// namespaces whose only way is cut at times. In the end each alert that was in the
// spool is in the store exactly once, and each number that no event has is in the
// spool's ledger.
func TestChaosRun(t *testing.T) {
	t.Parallel()
	if !nstest.Enter(t) {
		return
	}
	kills := chaosKills(t)
	link, weir, dir := newLoadLink(t), binWeir(t), t.TempDir()
	state, stored := filepath.Join(dir, "state"), filepath.Join(dir, "store")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	small := smallDisk(t, state)
	rules := filepath.Join(dir, "load.rules")
	if err := os.WriteFile(rules, []byte(loadRule), 0o600); err != nil {
		t.Fatal(err)
	}
	var sites []chaosSite
	var all []*chaosProcess
	var addrs []string
	for i := range 2 {
		s := newChaosSite(t, i+1)
		sites, addrs = append(sites, s), append(addrs, s.addr)
		all = append(all, &chaosProcess{name: fmt.Sprintf("broker%d", i), argv: func() []string {
			return []string{"ip", "netns", "exec", s.name, weir, "nsq", "--no-lookupd", "--no-admin", "--tcp-address", s.addr,
				"--http-address", "127.0.0.1:0", "--data-path", filepath.Join(dir, fmt.Sprintf("nsqd%d", i))}
		}})
	}
	for i := range 2 {
		all = append(all, &chaosProcess{name: fmt.Sprintf("store%d", i), argv: func() []string {
			return []string{weir, "consume", "store", "--store", stored, "--nsqd", strings.Join(addrs, ",")}
		}})
	}
	all = append(all, &chaosProcess{name: "sensor", argv: func() []string {
		return []string{weir, "run", "-i", loadOut, "-S", rules, "-l", state, "--control", "off", "--workers", "1", "--nsqd", strings.Join(addrs, ","),
			"--set", "nsq.confirm=store", "--set", "nsq.resend-after=2", "--set", "outputs.0.eve-log.enabled=no", "--set", "stats.interval=1"}
	}})
	recorded := watchSpool(filepath.Join(state, "spool"))
	ended := make(chan struct{})
	var keepers sync.WaitGroup
	for _, p := range all {
		keepers.Go(func() { p.keep(t, dir, ended) })
	}
	defer func() {
		for _, p := range all {
			p.signal(syscall.SIGKILL)
		}
		keepers.Wait()
	}()
	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	sending.Go(func() { link.run(ctx, t, chaosLoad) })
	time.Sleep(2 * time.Second)
	cuts, fills := 0, 0
	for n := range kills {
		time.Sleep(rand.N(1500 * time.Millisecond))
		switch {
		case n%8 == 3:
			s := sites[cuts%2]
			cuts++
			s.reach(t, "down")
			time.Sleep(3 * time.Second)
			s.reach(t, "up")
		case n%20 == 5 && small:
			fills++
			fillDisk(t, filepath.Join(state, "fill"), time.Second)
		}
		all[rand.N(len(all))].signal(syscall.SIGKILL)
	}
	time.Sleep(2 * time.Second)
	stop()
	sending.Wait()
	time.Sleep(time.Second) // what is in the ring is analysed
	n, losses := checkChaosRun(t, dir, state, stored, recorded, "sensor", "store0", "broker0")
	close(ended)
	t.Logf("FIGURE chaos: %d kills, %d cuts of a broker, %d times a full disk; %d packets, %d alerts recorded, all in the store exactly once; %d entries in the ledger, which explain every gap",
		kills, cuts, fills, link.sent.Load(), n, losses)
}

// checkChaosRun waits until all that was recorded is in the store, and looks at gaps. It
// returns the number of alerts, and of entries of the ledger.
func checkChaosRun(t *testing.T, dir, state, stored string, recorded *spoolWatch, logs ...string) (n, losses int) {
	t.Helper()
	missing, n := chaosMissing(t, stored, recorded)
	if missing > 0 {
		for _, name := range logs {
			log, _ := os.ReadFile(filepath.Join(dir, name+".log"))
			t.Logf("%s: %s", name, log[max(0, len(log)-2000):])
		}
		t.Fatalf("%d of %d recorded alerts are not in the store", missing, n)
	}
	twice, holes := chaosGaps(t, stored, filepath.Join(state, "spool"))
	for end := time.Now().Add(time.Minute); twice == 0 && len(holes) > 0 && time.Now().Before(end); time.Sleep(time.Second) {
		twice, holes = chaosGaps(t, stored, filepath.Join(state, "spool")) // other topics may be late
	}
	if twice > 0 || len(holes) > 0 {
		t.Errorf("%d events more than once; numbers of no event that are not in the ledger: %v", twice, holes)
	}
	all, err := spool.Losses(filepath.Join(state, "spool"))
	if err != nil {
		t.Fatal(err)
	}
	return n, len(all)
}

// TestChaosEmbedded kills a weir run that has everything in its process, a tenth as
// often.
func TestChaosEmbedded(t *testing.T) {
	t.Parallel()
	if !nstest.Enter(t) {
		return
	}
	kills := max(chaosKills(t)/10, 2)
	link, weir, dir := newLoadLink(t), binWeir(t), t.TempDir()
	rules := filepath.Join(dir, "load.rules")
	if err := os.WriteFile(rules, []byte(loadRule), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &chaosProcess{name: "run", argv: func() []string {
		return []string{weir, "run", "-i", loadOut, "-S", rules, "-l", dir, "--control", "off", "--workers", "1", "--set", "nsq.resend-after=2", "--set", "stats.interval=1"}
	}}
	recorded := watchSpool(filepath.Join(dir, "spool"))
	ended := make(chan struct{})
	var keeper, sending sync.WaitGroup
	keeper.Go(func() { p.keep(t, dir, ended) })
	defer func() {
		p.signal(syscall.SIGKILL)
		keeper.Wait()
	}()
	ctx, stop := context.WithCancel(t.Context())
	sending.Go(func() { link.run(ctx, t, chaosLoad) })
	for range kills {
		time.Sleep(2*time.Second + rand.N(time.Second))
		p.signal(syscall.SIGKILL)
	}
	time.Sleep(3 * time.Second)
	stop()
	sending.Wait()
	time.Sleep(time.Second) // what is in the ring is analysed
	n, losses := checkChaosRun(t, dir, dir, filepath.Join(dir, "store"), recorded, "run")
	close(ended)
	t.Logf("FIGURE chaos, all in one process: %d kills, %d packets, %d alerts recorded, all in the store exactly once; %d entries in the ledger",
		kills, link.sent.Load(), n, losses)
}

// fillDisk leaves no room on a file system for a time.
func fillDisk(t *testing.T, name string, d time.Duration) {
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 64<<10))
	}
	f.Close()
	time.Sleep(d)
	os.Remove(name)
}

// eachStored calls each for all rows of a store.
func eachStored(t *testing.T, stored, columns string, each func(rows *sql.Rows) error) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(stored, "*.db"))
	for _, f := range files {
		db, err := sql.Open("sqlite", "file:"+f+"?mode=ro&_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query("SELECT " + columns + " FROM events")
		if err != nil {
			db.Close()
			continue // just being made
		}
		for rows.Next() {
			if err := each(rows); err != nil {
				t.Fatal(err)
			}
		}
		rows.Close()
		db.Close()
	}
}

// chaosMissing waits until the store has all alerts that were recorded, as long as
// it gets more, and returns what is missing.
func chaosMissing(t *testing.T, stored string, recorded *spoolWatch) (missing, all int) {
	want := recorded.end(t)
	last := len(want) + 1
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		missing = len(want)
		eachStored(t, stored, "eid", func(rows *sql.Rows) error {
			var eid string
			if err := rows.Scan(&eid); err != nil {
				return err
			}
			if want[eid] {
				missing--
			}
			return nil
		})
		if missing <= 0 {
			break
		}
		if missing < last {
			last, end = missing, time.Now().Add(time.Minute)
		}
	}
	return missing, len(want)
}

// chaosGaps returns how many events are stored more than once, and the numbers that
// neither an event nor an entry of the ledger has.
func chaosGaps(t *testing.T, stored, dir string) (twice int, holes []string) {
	type line struct{ boot, topic string }
	seqs, ids := map[line][]uint64{}, map[string]bool{}
	eachStored(t, stored, "eid, boot, topic, seq", func(rows *sql.Rows) error {
		var eid string
		var l line
		var seq uint64
		if err := rows.Scan(&eid, &l.boot, &l.topic, &seq); err != nil {
			return err
		}
		if ids[eid] {
			twice++
		}
		ids[eid] = true
		seqs[l] = append(seqs[l], seq)
		return nil
	})
	losses, err := spool.Losses(dir)
	if err != nil {
		t.Fatal(err)
	}
	for l, have := range seqs {
		for _, e := range losses {
			if e.Boot == l.boot && e.Reason != spool.Dropped && nsq.TopicNames(nsq.DefaultPrefix)[e.Class] == l.topic {
				for n := e.First; n <= e.Last; n++ {
					have = append(have, n)
				}
			}
		}
		slices.Sort(have)
		next := uint64(1)
		for _, n := range have {
			if n > next {
				holes = append(holes, fmt.Sprintf("%s %s %d-%d", l.boot, l.topic, next, n-1))
			}
			next = n + 1
		}
	}
	return twice, holes
}
