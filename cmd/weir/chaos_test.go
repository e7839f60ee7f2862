package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// chaosProcess is one of those that are killed; it is started again by its keeper.
type chaosProcess struct {
	name string
	argv func() []string

	mu  sync.Mutex
	cmd *exec.Cmd // the one that runs
}

// keep starts the process whenever it is not there.
func (p *chaosProcess) keep(t *testing.T, dir string, ended <-chan struct{}) {
	log, err := os.OpenFile(filepath.Join(dir, p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	defer log.Close()
	for {
		argv := p.argv()
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Stdout, cmd.Stderr = log, log
		p.mu.Lock()
		err := cmd.Start()
		p.cmd = cmd
		p.mu.Unlock()
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
			return
		}
		cmd.Wait()
		select {
		case <-ended:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (p *chaosProcess) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil && p.cmd.Process != nil {
		p.cmd.Process.Signal(s)
	}
}

// freePort returns a port that nobody had a moment ago.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// smallDisk mounts a file system of 24 MB for the sensor, where that is allowed.
func smallDisk(t *testing.T, dir string) (ok bool) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m,mode=700"); err != nil {
		t.Logf("the disk is not filled: mount a small one: %v", err)
		return false
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return true
}

// TestChaos kills the sensor, two brokers and two stores at random, WEIR_CHAOS times
// (6 without it), stops brokers in their tracks for as long as a partition lasts,
// fills the sensor's disk and steps its clock. In the end each alert that the sensor
// has recorded is in the store exactly once.
func TestChaos(t *testing.T) {
	t.Parallel()
	kills := chaosKills(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	weir, sensor := filepath.Join(dir, "weir"), filepath.Join(dir, "chaossensor")
	for _, name := range []string{weir, sensor} {
		if err := os.Symlink(self, name); err != nil {
			t.Fatal(err)
		}
	}
	state, journal, stored := filepath.Join(dir, "state"), filepath.Join(dir, "recorded"), filepath.Join(dir, "store")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	small := smallDisk(t, state)

	var all []*chaosProcess
	var addrs []string
	for i := range 2 {
		addr := freePort(t)
		addrs = append(addrs, addr)
		all = append(all, &chaosProcess{name: fmt.Sprintf("broker%d", i), argv: func() []string {
			return []string{weir, "nsq", "--no-lookupd", "--no-admin", "--tcp-address", addr, "--http-address", "127.0.0.1:0", "--data-path", filepath.Join(dir, fmt.Sprintf("nsqd%d", i))}
		}})
	}
	for i := range 2 {
		all = append(all, &chaosProcess{name: fmt.Sprintf("store%d", i), argv: func() []string {
			return []string{weir, "consume", "store", "--store", stored, "--nsqd", strings.Join(addrs, ",")}
		}})
	}
	starts := 0
	all = append(all, &chaosProcess{name: "sensor", argv: func() []string {
		starts++
		return []string{sensor, state, journal, strconv.Itoa(starts * 10_000_000), strings.Join(addrs, ",")}
	}})
	ended := make(chan struct{})
	var keepers sync.WaitGroup
	for _, p := range all {
		keepers.Go(func() { p.keep(t, dir, ended) })
	}
	defer func() {
		for _, p := range all {
			p.signal(syscall.SIGCONT)
			p.signal(syscall.SIGKILL)
		}
		keepers.Wait()
	}()
	time.Sleep(2 * time.Second)
	for n := range kills {
		time.Sleep(rand.N(1500 * time.Millisecond))
		p := all[rand.N(len(all))]
		switch {
		case n%10 == 3: // a partition
			b := all[rand.N(2)]
			b.signal(syscall.SIGSTOP)
			time.Sleep(3 * time.Second)
			b.signal(syscall.SIGCONT)
		case n%20 == 5 && small: // a full disk
			file := filepath.Join(state, "fill")
			f, err := os.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = f.Write(make([]byte, 64<<10))
			}
			f.Close()
			time.Sleep(time.Second)
			os.Remove(file)
		}
		p.signal(syscall.SIGKILL)
	}
	// Nothing is recorded any more; the rest finds its way.
	if err := os.WriteFile(filepath.Join(state, chaosQuiet), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	checkChaos(t, dir, journal, stored, kills)
	close(ended)
}

// checkChaos waits until the store has what was recorded.
func checkChaos(t *testing.T, dir, journal, stored string, kills int) {
	b, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64]bool{}
	shed := 0
	for line := range strings.Lines(string(b)) {
		n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		if err != nil {
			shed++ // or cut short by the kill
			continue
		}
		want[n] = true
	}
	missing, last := 0, len(want)+1
	var twice []string
	// As long as it gets less there is hope.
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		if missing, twice = compareChaos(t, stored, want); missing == 0 || len(twice) > 0 {
			break
		}
		if missing < last {
			last, end = missing, time.Now().Add(time.Minute)
		}
	}
	if missing > 0 || len(twice) > 0 {
		for _, name := range []string{"sensor", "store0", "broker0"} {
			log, _ := os.ReadFile(filepath.Join(dir, name+".log"))
			if len(log) > 2000 {
				log = log[len(log)-2000:]
			}
			t.Logf("%s: %s", name, bytes.TrimSpace(log))
		}
		t.Fatalf("%d of %d recorded alerts are not in the store; more than once: %v", missing, len(want), twice)
	}
	t.Logf("%d kills, %d alerts recorded, all in the store exactly once; %d lines of shed or cut", kills, len(want), shed)
}

// compareChaos counts what the store lacks, and lists what it has more than once.
func compareChaos(t *testing.T, stored string, want map[int64]bool) (missing int, twice []string) {
	files, _ := filepath.Glob(filepath.Join(stored, "*.db"))
	got := map[int64]int{}
	for _, f := range files {
		db, err := sql.Open("sqlite", "file:"+f+"?mode=ro&_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query("SELECT sid FROM events WHERE severity <= 2")
		if err != nil {
			db.Close()
			continue // just being made
		}
		for rows.Next() {
			var n int64
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			got[n]++
		}
		rows.Close()
		db.Close()
	}
	for n := range want {
		switch c := got[n]; {
		case c == 0:
			missing++
		case c > 1:
			twice = append(twice, strconv.FormatInt(n, 10))
		}
	}
	return missing, twice
}
