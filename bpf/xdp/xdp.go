// Package xdp is the program at the driver of an interface: it counts what comes
// in, drops what block-listed peers send, and gives samples. Whatever else comes is
// passed on to the host untouched.
//
// Nothing is pinned. Links, maps and the program are held by descriptors of this
// process alone, so that its end, however it comes, leaves nothing attached.
//
// XDP sees what comes in, not what the host sends. The program needs Linux 5.18.
package xdp

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"weir/bpf"
)

//go:generate go tool bpf2go -target bpfel -type entry -type counters -type sample -cflags "-mcpu=v3 -Wall -Werror -I../include" program xdp.bpf.c

// Options of a Program.
type Options struct {
	// Entries is how many prefixes of each IP version can be blocked; 0: 65536.
	Entries uint32
	// SampleBuffer is the room for samples that nobody has read yet, bytes: a power
	// of two, of pages; 0: 256 KiB.
	SampleBuffer uint32
	// Never are blocked: prefixes besides the host's own addresses.
	Never []netip.Prefix
}

// Defaults of Options.
const (
	defaultEntries      = 1 << 16
	defaultSampleBuffer = 1 << 18
)

// Program is loaded and attached until it is closed. Its methods may be called from
// any goroutine.
type Program struct {
	objs  programObjects
	guard guard

	mu      sync.Mutex
	links   map[string]attached // by interface
	blocked map[netip.Prefix]int64
	next    int64 // when an entry of blocked first comes to its end, monotonic ns; 0: never

	done   chan struct{}
	sweeps sync.WaitGroup
}

// Mode is how a program is attached.
type Mode string

// Modes.
const (
	Native  Mode = "native"  // in the driver
	Generic Mode = "generic" // behind it, where each frame has a buffer already
)

type attached struct {
	link  link.Link
	mode  Mode
	index int // of the interface
}

// Open loads the program.
func Open(o Options) (*Program, error) {
	spec, err := loadProgram()
	if err != nil {
		return nil, err
	}
	if o.Entries == 0 {
		o.Entries = defaultEntries
	}
	if o.SampleBuffer == 0 {
		o.SampleBuffer = defaultSampleBuffer
	}
	spec.Maps["blocked4"].MaxEntries = o.Entries
	spec.Maps["blocked6"].MaxEntries = o.Entries
	spec.Maps["samples"].MaxEntries = o.SampleBuffer
	p := &Program{
		guard: guard{never: o.Never}, links: map[string]attached{}, blocked: map[netip.Prefix]int64{}, done: make(chan struct{}),
	}
	if err := bpf.Load("XDP program", spec, &p.objs); err != nil {
		return nil, err
	}
	p.sweeps.Go(p.sweep)
	return p, nil
}

// Attach puts the program in front of an interface: in the driver, or behind it
// where the driver cannot.
func (p *Program) Attach(name string) (Mode, error) {
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		return "", fmt.Errorf("interface %s: %w", name, err)
	}
	if err := p.Detach(name); err != nil {
		return "", err
	}
	var errs []error
	for _, m := range [...]struct {
		mode Mode
		flag link.XDPAttachFlags
	}{{Native, link.XDPDriverMode}, {Generic, link.XDPGenericMode}} {
		l, err := link.AttachXDP(link.XDPOptions{Program: p.objs.Watch, Interface: ifc.Index, Flags: m.flag})
		switch {
		case err == nil:
			p.mu.Lock()
			p.links[name] = attached{l, m.mode, ifc.Index}
			p.mu.Unlock()
			return m.mode, nil
		case errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EEXIST):
			return "", fmt.Errorf("attach XDP to %s: another program is there: %w", name, err)
		case errors.Is(err, unix.EPERM):
			return "", fmt.Errorf("attach XDP to %s: %w", name, err)
		}
		errs = append(errs, fmt.Errorf("attach XDP to %s, %s: %w", name, m.mode, err))
	}
	return "", errors.Join(errs...)
}

// Detach takes the program away from an interface, if it is there.
func (p *Program) Detach(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.links[name]
	if !ok {
		return nil
	}
	delete(p.links, name)
	if a.link == nil {
		return nil
	}
	if err := a.link.Close(); err != nil {
		return fmt.Errorf("detach XDP from %s: %w", name, err)
	}
	return nil
}

// Renew attaches the program to interfaces that were taken away and are there again.
func (p *Program) Renew() error {
	var errs []error
	p.mu.Lock()
	links := maps.Clone(p.links)
	p.mu.Unlock()
	for name, a := range links {
		if ifc, err := net.InterfaceByName(name); err == nil && ifc.Index != a.index {
			if _, err := p.Attach(name); err != nil {
				errs = append(errs, err)
				p.mu.Lock()
				p.links[name] = attached{} // to be tried again
				p.mu.Unlock()
			}
		}
	}
	return errors.Join(errs...)
}

// Attached returns where the program is, and how.
func (p *Program) Attached() map[string]Mode {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := make(map[string]Mode, len(p.links))
	for name, a := range p.links {
		m[name] = a.mode // empty where Renew could not
	}
	return m
}

// Counters are of all interfaces since Open.
type Counters struct {
	Packets, Bytes        uint64 // all that came in
	IPv4, IPv6            uint64 // packets
	Blocked, BlockedBytes uint64
	Sampled               uint64 // packets that samples were given of
	Unsampled             uint64 // packets that samples had no room for
}

// Counters reads them.
func (p *Program) Counters() (c Counters, err error) {
	var each []programCounters
	if err := p.objs.Counted.Lookup(uint32(0), &each); err != nil {
		return c, fmt.Errorf("counters of XDP: %w", err)
	}
	for _, e := range each {
		c.Packets += e.Packets
		c.Bytes += e.Bytes
		c.IPv4 += e.Ipv4
		c.IPv6 += e.Ipv6
		c.Blocked += e.Blocked
		c.BlockedBytes += e.BlockedBytes
		c.Sampled += e.Sampled
		c.Unsampled += e.Unsampled
	}
	return c, nil
}

// Run takes a frame of Ethernet through the program as if it had come in, and says
// whether it was dropped.
func (p *Program) Run(frame []byte) (dropped bool, err error) {
	action, err := p.objs.Watch.Run(&ebpf.RunOptions{Data: frame})
	return action == xdpDrop, err
}

// xdpDrop is XDP_DROP of linux/bpf.h.
const xdpDrop = 1

// Close takes the program away from all interfaces and unloads it.
func (p *Program) Close() error {
	close(p.done)
	p.sweeps.Wait()
	var errs []error
	for _, name := range slices.Collect(maps.Keys(p.Attached())) {
		errs = append(errs, p.Detach(name))
	}
	return errors.Join(append(errs, p.objs.Close())...)
}
