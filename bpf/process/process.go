// Package process tells which process talks over which socket, as the kernel sees it
// happen: programs at the hooks of control groups (connect, release), at sock_ops, and
// at the tracepoints of send, receive, exec and exit. Nothing is on the way of a
// packet; a socket is told of once for each process that uses it.
package process

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

//go:generate go tool bpf2go -target bpfel -type event -type exec_event -type owner -cflags "-mcpu=v3 -Wall -Werror -Wno-parentheses -I../include" program process.bpf.c

// Kind of an Event.
type Kind uint8

// Kinds of events.
const (
	Uses   Kind = iota + 1 // a process uses a socket
	Closes                 // nobody does any more
	Execs                  // a process runs a program
	Exits                  // a process has ended
)

// How a process was seen to use a socket.
type How uint8

// Ways.
const (
	Connect How = iota + 1 // it asked for the connection
	Sends
	Receives
)

func (h How) String() string {
	switch h {
	case Connect:
		return "connect"
	case Sends:
		return "send"
	}
	return "receive"
}

// Event is one thing that has happened.
type Event struct {
	Kind   Kind
	How    How
	Time   int64  // ns since the Unix epoch
	Cookie uint64 // of the socket (SO_COOKIE)
	NetNS  uint64 // cookie of its network namespace (SO_NETNS_COOKIE)
	// Shared: another process has used the socket before.
	Shared bool
	// AtHome: the process is in the network namespace of its socket. Of a connect it
	// is not told.
	AtHome bool

	Proto         uint8          // TCP or UDP
	Local, Remote netip.AddrPort // an unspecified address is any

	// Of the process.
	Pid, UID uint32
	Start    int64  // when it was started, ns since the Unix epoch
	Ticks    uint64 // the same in clock ticks since boot, as proc(5) has it
	Cgroup   uint64 // id in the unified hierarchy
	Comm     string
	Path     string // of the program, as it was called; of Execs
}

// Probe is attached until it is closed.
type Probe struct {
	objs  programObjects
	links []link.Link
	ring  *ringbuf.Reader
	rec   ringbuf.Record
	boot  int64 // when the clock of events was 0, ns since the Unix epoch
}

// Open loads the programs and attaches them.
func Open() (*Probe, error) {
	root, err := unifiedRoot("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	p := new(Probe)
	if err := loadProgramObjects(&p.objs, nil); err != nil {
		return nil, fmt.Errorf("load the programs of process identity: %w", err)
	}
	if err := p.attach(root); err != nil {
		p.Close()
		return nil, fmt.Errorf("attach the programs of process identity: %w", err)
	}
	if p.ring, err = ringbuf.NewReader(p.objs.Events); err != nil {
		p.Close()
		return nil, fmt.Errorf("read what the programs tell: %w", err)
	}
	p.boot = bootTime()
	return p, nil
}

func (p *Probe) attach(root string) error {
	for _, x := range []struct {
		prog *ebpf.Program
		at   ebpf.AttachType
	}{
		{p.objs.Connect4, ebpf.AttachCGroupInet4Connect},
		{p.objs.Connect6, ebpf.AttachCGroupInet6Connect},
		{p.objs.Connecting, ebpf.AttachCGroupSockOps},
		{p.objs.Released, ebpf.AttachCgroupInetSockRelease},
	} {
		l, err := link.AttachCgroup(link.CgroupOptions{Path: root, Attach: x.at, Program: x.prog})
		if err != nil {
			return fmt.Errorf("%v: %w", x.at, err)
		}
		p.links = append(p.links, l)
	}
	for _, prog := range []*ebpf.Program{p.objs.Sends, p.objs.Receives, p.objs.Execs, p.objs.Exits} {
		l, err := link.AttachTracing(link.TracingOptions{Program: prog})
		if err != nil {
			return fmt.Errorf("%v: %w", prog, err)
		}
		p.links = append(p.links, l)
	}
	return nil
}

// unifiedRoot finds where the unified hierarchy of control groups is mounted
// (cgroups(7)), which is not the same place on all hosts.
func unifiedRoot(mounts string) (string, error) {
	b, err := os.ReadFile(mounts)
	if err != nil {
		return "", fmt.Errorf("control groups: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 2 && f[2] == "cgroup2" {
			return f[1], nil
		}
	}
	return "", errors.New("control groups: the unified hierarchy (cgroup2) is not mounted")
}

// bootTime returns when the clock that goes on while the host sleeps was 0, ns since
// the Unix epoch.
func bootTime() int64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return 0
	}
	return time.Now().UnixNano() - ts.Nano()
}

// Refresh follows a change of the host's clock.
func (p *Probe) Refresh() { p.boot = bootTime() }

// ErrClosed is what Read returns behind Close.
var ErrClosed = ringbuf.ErrClosed

// Read waits for the next event, until deadline; then ok is false. It belongs to one
// goroutine.
func (p *Probe) Read(e *Event, deadline time.Time) (ok bool, err error) {
	p.ring.SetDeadline(deadline)
	if err := p.ring.ReadInto(&p.rec); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return false, nil
		}
		return false, err
	}
	b := p.rec.RawSample
	var raw programEvent
	if len(b) < int(unsafe.Sizeof(raw)) {
		return false, fmt.Errorf("event of %d bytes", len(b))
	}
	raw = *(*programEvent)(unsafe.Pointer(&b[0]))
	o := &raw.Owner
	*e = Event{
		Kind: Kind(raw.Kind), How: How(raw.How), Time: p.boot + int64(raw.Time), Cookie: raw.Cookie, NetNS: raw.Netns, Shared: raw.Switches > 0, AtHome: raw.AtHome > 0,
		Proto: raw.Proto, Local: addrPort(&raw.Local, raw.Lport), Remote: addrPort(&raw.Remote, raw.Rport),
		Pid: o.Pid, UID: o.Uid, Start: p.boot + int64(o.Start), Ticks: o.Start / tick, Cgroup: o.Cgroup, Comm: text(unsafe.Slice((*byte)(unsafe.Pointer(&o.Comm[0])), len(o.Comm))),
	}
	if e.Kind == Execs {
		e.Path = text(b[unsafe.Sizeof(raw):])
	}
	return true, nil
}

// tick is a clock tick as proc(5) counts them, USER_HZ, ns.
const tick = 1e9 / 100

func addrPort(a *[16]byte, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(*a).Unmap(), port)
}

// text returns what stands before the first zero byte.
func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}

// Lost returns for how many events there was no room.
func (p *Probe) Lost() (n uint64) {
	_ = p.objs.Lost.Get(&n)
	return n
}

// Close detaches everything. Read returns ErrClosed.
func (p *Probe) Close() error {
	var errs []error
	for _, l := range p.links {
		errs = append(errs, l.Close())
	}
	if p.ring != nil {
		errs = append(errs, p.ring.Close())
	}
	return errors.Join(append(errs, p.objs.Close())...)
}

// OwnNetNS returns the cookie of the calling thread's network namespace.
func OwnNetNS() (uint64, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("network namespace: %w", err)
	}
	defer unix.Close(fd)
	n, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err != nil {
		return 0, fmt.Errorf("network namespace: %w", err)
	}
	return n, nil
}
