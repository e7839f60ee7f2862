package host

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"weir/bpf/process"
)

const (
	// maxProcesses bounds the processes that are remembered.
	maxProcesses = 1 << 16
	// keepEnded is for how long one is remembered behind its end: its last events
	// may come later.
	keepEnded = 10 * time.Second
	// look is how often things are looked after that no event tells.
	look = 5 * time.Second
)

type pidStart struct {
	pid   uint32
	ticks uint64
}

// Watcher fills a Table by the events of a probe.
type Watcher struct {
	Table *Table
	root  string // "/proc"

	probe  *process.Probe
	procs  map[pidStart]*Process
	ended  []ending
	spaces map[uint64]time.Time // network namespaces whose addresses were read, and when
	done   chan struct{}
}

type ending struct {
	pidStart
	at time.Time
}

// Watch attaches to the kernel, and reads from /proc which sockets are open.
func Watch() (*Watcher, error) {
	own, err := process.OwnNetNS()
	if err != nil {
		return nil, err
	}
	probe, err := process.Open()
	if err != nil {
		return nil, err
	}
	w := &Watcher{
		Table: NewTable(own), root: "/proc", probe: probe,
		procs: map[pidStart]*Process{}, spaces: map[uint64]time.Time{}, done: make(chan struct{}),
	}
	w.addresses("self", own)
	w.scan(own)
	go w.run()
	return w, nil
}

// Lost returns how many events were lost: so many sockets may have no process.
func (w *Watcher) Lost() uint64 { return w.probe.Lost() }

// Close detaches.
func (w *Watcher) Close() error {
	err := w.probe.Close()
	<-w.done
	return err
}

func (w *Watcher) run() {
	defer close(w.done)
	var e process.Event
	next := time.Now().Add(look)
	for {
		ok, err := w.probe.Read(&e, next)
		if err != nil {
			return // closed
		}
		if ok {
			w.event(&e)
		}
		if now := time.Now(); now.After(next) {
			next = now.Add(look)
			w.probe.Refresh()
			w.lookAfter(now)
		}
	}
}

// lookAfter forgets processes that have ended, and reads the sensor's own addresses
// anew.
func (w *Watcher) lookAfter(now time.Time) {
	n := 0
	for n < len(w.ended) && now.Sub(w.ended[n].at) > keepEnded {
		delete(w.procs, w.ended[n].pidStart)
		n++
	}
	w.ended = append(w.ended[:0], w.ended[n:]...)
	w.addresses("self", w.Table.own)
}

func (w *Watcher) event(e *process.Event) {
	switch e.Kind {
	case process.Closes:
		w.Table.close(e.Cookie, e.Time)
	case process.Exits:
		id := pidStart{e.Pid, e.Ticks}
		if w.procs[id] != nil {
			w.ended = append(w.ended, ending{id, time.Now()})
		}
	case process.Execs:
		// It may be gone before it is asked for: what it runs is known now.
		p := w.fresh(e)
		if p.Exe == "" {
			p.Exe = e.Path
		}
		w.remember(p)
	case process.Uses:
		w.uses(e)
	}
}

// fresh describes the process of an event.
func (w *Watcher) fresh(e *process.Event) *Process {
	p := &Process{Pid: e.Pid, UID: e.UID, Start: e.Start, Comm: e.Comm, ticks: e.Ticks}
	dir := w.root + "/" + strconv.FormatUint(uint64(e.Pid), 10) + "/"
	seen := Process{}
	if seen.readStat(dir) == nil && seen.ticks == p.ticks {
		p.readMore(dir)
	}
	return p
}

func (w *Watcher) remember(p *Process) {
	if len(w.procs) >= maxProcesses {
		clear(w.procs)
		w.ended = w.ended[:0]
	}
	w.procs[pidStart{p.Pid, p.ticks}] = p
}

// process returns the description of the process of an event. It is made anew where
// the process has taken another name or user since.
func (w *Watcher) process(e *process.Event) *Process {
	p := w.procs[pidStart{e.Pid, e.Ticks}]
	if p != nil && p.Comm == e.Comm && p.UID == e.UID {
		return p
	}
	q := w.fresh(e)
	if p != nil && q.Exe == "" {
		q.Exe, q.Cgroup, q.Container, q.Pod = p.Exe, p.Cgroup, p.Container, p.Pod
	}
	w.remember(q)
	return q
}

func (w *Watcher) uses(e *process.Event) {
	own := e.NetNS == w.Table.own
	k, ok := keyOf(e.Proto, e.Local, e.Remote, e.NetNS)
	if !ok || !own && k.ns == 0 && e.Local.Addr().IsLoopback() {
		return // loopback of another namespace cannot be seen
	}
	if !own {
		if k.ns == 0 {
			w.Table.space(e.Local.Addr(), e.NetNS)
		} else if e.AtHome && time.Since(w.spaces[e.NetNS]) > look {
			w.addresses(strconv.FormatUint(uint64(e.Pid), 10), e.NetNS)
		}
	}
	a := Answer{w.process(e), High, e.How.String()}
	if e.Shared {
		a.Confidence = Medium
	}
	w.Table.use(k, e.Cookie, e.Time, a)
}

// keyOf returns the key of a socket.
func keyOf(proto uint8, local, remote netip.AddrPort, ns uint64) (k key, ok bool) {
	if local.Port() == 0 {
		return k, false
	}
	k = key{local: local, proto: proto}
	if remote.Port() != 0 && !remote.Addr().IsUnspecified() {
		k.remote = remote
	}
	if local.Addr().IsUnspecified() {
		if k.remote.IsValid() {
			return k, false // connected, and not bound yet
		}
		k.local, k.ns = netip.AddrPortFrom(netip.IPv6Unspecified(), local.Port()), ns
	}
	return k, true
}

// addresses notes the addresses of the network namespace of a process (proc(5),
// net/fib_trie and net/if_inet6).
func (w *Watcher) addresses(pid string, ns uint64) {
	w.spaces[ns] = time.Now()
	if b, err := os.ReadFile(w.root + "/" + pid + "/net/fib_trie"); err == nil {
		last := ""
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSpace(line)
			if name, ok := strings.CutPrefix(line, "|-- "); ok {
				last = name
			} else if line == "/32 host LOCAL" {
				if a, err := netip.ParseAddr(last); err == nil {
					w.Table.space(a, ns)
				}
			}
		}
	}
	if b, err := os.ReadFile(w.root + "/" + pid + "/net/if_inet6"); err == nil {
		for line := range strings.Lines(string(b)) {
			if a, ok := hexAddr6(line); ok {
				w.Table.space(a, ns)
			}
		}
	}
}

// hexAddr6 reads 32 hexadecimal digits.
func hexAddr6(s string) (netip.Addr, bool) {
	if len(s) < 32 {
		return netip.Addr{}, false
	}
	var a [16]byte
	for i := range a {
		v, err := strconv.ParseUint(s[2*i:2*i+2], 16, 8)
		if err != nil {
			return netip.Addr{}, false
		}
		a[i] = byte(v)
	}
	return netip.AddrFrom16(a), true
}
