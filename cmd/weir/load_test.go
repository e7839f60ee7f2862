package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// loadRule makes each packet of a loadLink an alert.
const loadRule = `alert udp any any -> any 9999 (msg:"load"; content:"weir load"; sid:1; rev:1; priority:1;)` + "\n"

// Interfaces of a loadLink: packets go in at one and come out at the other.
const (
	loadIn  = "weirload0"
	loadOut = "weirload1"
)

// loadLink is a pair of interfaces in the namespace of the test, with a sender of
// packets at one end.
type loadLink struct {
	fd   int
	to   unix.SockaddrLinklayer
	sent atomic.Uint64
}

func newLoadLink(t *testing.T) *loadLink {
	t.Helper()
	// Nobody else says anything on it.
	_ = os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
	for _, words := range []string{
		"link add " + loadIn + " type veth peer name " + loadOut, "link set " + loadIn + " up", "link set " + loadOut + " up",
	} {
		if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
			t.Skipf("ip %s: %v: %s", words, err, out)
		}
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	ifc, err := net.InterfaceByName(loadIn)
	if err != nil {
		t.Fatal(err)
	}
	return &loadLink{fd: fd, to: unix.SockaddrLinklayer{Ifindex: ifc.Index, Halen: 6}}
}

// send sends one packet: UDP with its number, from one of 16 ports.
func (l *loadLink) send(t *testing.T) {
	n := l.sent.Add(1)
	text := fmt.Appendf(nil, "weir load %012d %s", n, strings.Repeat("x", 200))
	f := make([]byte, 42, 42+len(text))
	copy(f, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45\x00")
	binary.BigEndian.PutUint16(f[16:], uint16(28+len(text)))
	copy(f[22:], "\x40\x11")
	copy(f[26:], "\x0a\x4d\x00\x01\x0a\x4d\x00\x02")
	sum := uint32(0)
	for i := 14; i < 34; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(f[i:]))
	}
	binary.BigEndian.PutUint16(f[24:], ^uint16(sum+sum>>16))
	binary.BigEndian.PutUint16(f[34:], uint16(40000+n%16))
	binary.BigEndian.PutUint16(f[36:], 9999)
	binary.BigEndian.PutUint16(f[38:], uint16(8+len(text)))
	if err := unix.Sendto(l.fd, append(f, text...), 0, &l.to); err != nil {
		t.Errorf("send: %v", err)
	}
}

// run sends so many packets a second until ctx ends.
func (l *loadLink) run(ctx context.Context, t *testing.T, perSecond int) {
	start, n := time.Now(), 0
	for tick := time.NewTicker(2 * time.Millisecond); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return
		}
		for ; n < int(time.Since(start).Seconds()*float64(perSecond)); n++ {
			l.send(t)
		}
	}
}

// loadSensor is a weir run of its own that watches a loadLink.
type loadSensor struct {
	*exec.Cmd
	dir, socket string
}

// binWeir returns a weir that is this program.
func binWeir(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "weir")
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func startSensor(t *testing.T, weir string, more ...string) *loadSensor {
	t.Helper()
	dir := t.TempDir()
	s := &loadSensor{dir: dir, socket: filepath.Join(dir, "ctl.sock")}
	rules := filepath.Join(dir, "load.rules")
	if err := os.WriteFile(rules, []byte(loadRule), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	s.Cmd = exec.Command(weir, append([]string{"run", "-i", loadOut, "-S", rules, "-l", dir, "--control", s.socket}, more...)...)
	s.Stdout, s.Stderr = said, said
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Process.Signal(unix.SIGTERM)
		s.Wait()
		if t.Failed() {
			b, _ := os.ReadFile(said.Name())
			t.Logf("sensor: %s", b)
		}
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if b, _ := os.ReadFile(said.Name()); bytes.Contains(b, []byte("ready")) {
			return s
		}
		if time.Now().After(end) {
			t.Fatal("the sensor is not ready")
		}
	}
}

// loadStats are the counters that matter here.
type loadStats struct {
	Capture struct {
		Drops uint64 `json:"kernel_drops"`
	}
	Decoder  struct{ Pkts uint64 }
	Delivery struct {
		Lag        uint64 `json:"lag_bytes"`
		Shipped    uint64
		Unsendable uint64
		Retries    uint64
		Spool      struct {
			Bytes                  uint64
			Written, Shed, Dropped map[string]uint64
		}
		Store struct {
			Handled uint64
			P50     uint64 `json:"lag_p50_ms"`
			P99     uint64 `json:"lag_p99_ms"`
		}
	}
}

// lost returns how many events the spool has not taken.
func (st *loadStats) lost() (n uint64) {
	for _, m := range []map[string]uint64{st.Delivery.Spool.Shed, st.Delivery.Spool.Dropped} {
		for _, v := range m {
			n += v
		}
	}
	return n + st.Delivery.Unsendable
}

func (s *loadSensor) stats(t *testing.T) (st loadStats) {
	t.Helper()
	var b bytes.Buffer
	if err := askControl(t.Context(), s.socket, "GET", "/stats", &b); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), &st); err != nil {
		t.Fatal(err)
	}
	return st
}

// await waits until the counters are as wanted, and returns them.
func (s *loadSensor) await(t *testing.T, what string, limit time.Duration, ok func(st *loadStats) bool) loadStats {
	t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		st := s.stats(t)
		if ok(&st) {
			return st
		}
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s: %+v", limit, what, st)
		}
	}
}

// processor returns the time that the threads of a process have used: all, and those
// of the workers, which are bound to one processor each.
func (s *loadSensor) processor(t *testing.T) (all, workers time.Duration) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", s.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		spent, _ := os.ReadFile(task + "/schedstat")
		ns, err := strconv.ParseInt(string(bytes.SplitN(spent, []byte{' '}, 2)[0]), 10, 64)
		if err != nil {
			continue // it has just ended
		}
		all += time.Duration(ns)
		var set unix.CPUSet
		tid, _ := strconv.Atoi(filepath.Base(task))
		if unix.SchedGetaffinity(tid, &set) == nil && set.Count() == 1 {
			workers += time.Duration(ns)
		}
	}
	return all, workers
}

// resident returns the memory of a process, bytes: of its own, and with files and the
// kernel's rings.
func (s *loadSensor) resident(t *testing.T) (own, all int64) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			switch f[0] {
			case "RssAnon:":
				own = n << 10
			case "VmRSS:":
				all = n << 10
			}
		}
	}
	return own, all
}
