package xdp

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// ErrProtected is what Block returns of addresses that must not be blocked.
var ErrProtected = errors.New("it is never blocked")

// ErrNotBlocked is what Unblock returns of prefixes that are not in the list.
var ErrNotBlocked = errors.New("it is not blocked")

// sweepEvery is how often entries whose time is over are looked for. They are out of
// force by then: the program reads the clock itself. But until they are removed they
// hide shorter prefixes that hold them.
const sweepEvery = time.Second

// Blocked is an entry of the block list.
type Blocked struct {
	Prefix netip.Prefix
	Left   time.Duration // until it ends; 0: never
	Hits   uint64        // packets dropped
	Bytes  uint64        // of those
}

// Block drops what comes from the addresses of a prefix, for ttl; 0 is for ever.
// A prefix in the list keeps its hits and gets the new time.
func (p *Program) Block(prefix netip.Prefix, ttl time.Duration) error {
	m, key, err := p.entry(&prefix)
	if err != nil {
		return err
	}
	if ttl < 0 {
		return fmt.Errorf("block %v: time of %v: want 0 or more", prefix, ttl)
	}
	if err := p.guard.check(prefix); err != nil {
		return fmt.Errorf("block %v: %w", prefix, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var e programEntry
	if _, ok := p.blocked[prefix]; ok {
		if err := m.Lookup(key, &e); err != nil {
			return fmt.Errorf("block %v: %w", prefix, err)
		}
	}
	e.Until = 0
	if ttl > 0 {
		now := monotonic()
		e.Until = uint64(now + min(int64(ttl), math.MaxInt64-now))
	}
	switch err := m.Put(key, &e); {
	case errors.Is(err, unix.ENOSPC):
		return fmt.Errorf("block %v: there are %d already", prefix, m.MaxEntries())
	case err != nil:
		return fmt.Errorf("block %v: %w", prefix, err)
	}
	p.blocked[prefix] = int64(e.Until)
	if e.Until != 0 && (p.next == 0 || int64(e.Until) < p.next) {
		p.next = int64(e.Until)
	}
	return nil
}

// Unblock takes a prefix out of the list.
func (p *Program) Unblock(prefix netip.Prefix) error {
	m, key, err := p.entry(&prefix)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.blocked[prefix]; !ok {
		return fmt.Errorf("%v: %w", prefix, ErrNotBlocked)
	}
	delete(p.blocked, prefix)
	if err := m.Delete(key); err != nil {
		return fmt.Errorf("unblock %v: %w", prefix, err)
	}
	return nil
}

// List returns what is blocked, by address.
func (p *Program) List() ([]Blocked, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := monotonic()
	list := make([]Blocked, 0, len(p.blocked))
	for prefix, until := range p.blocked {
		if until != 0 && until <= now {
			continue // not swept yet
		}
		m, key, err := p.entry(&prefix)
		if err != nil {
			return nil, err
		}
		var e programEntry
		if err := m.Lookup(key, &e); err != nil {
			return nil, fmt.Errorf("block list: %v: %w", prefix, err)
		}
		list = append(list, Blocked{prefix, time.Duration(max(until-now, 0)), e.Hits, e.Bytes})
	}
	slices.SortFunc(list, func(a, b Blocked) int {
		return cmp.Or(a.Prefix.Addr().Compare(b.Prefix.Addr()), cmp.Compare(a.Prefix.Bits(), b.Prefix.Bits()))
	})
	return list, nil
}

// Keys of the maps: struct key4 and key6 of xdp.bpf.c.
type (
	key4 struct {
		Bits uint32
		Addr [4]byte
	}
	key6 struct {
		Bits uint32
		Addr [16]byte
	}
)

// entry brings a prefix into its one form, and returns the map it belongs to and
// its key.
func (p *Program) entry(prefix *netip.Prefix) (*ebpf.Map, any, error) {
	if !prefix.IsValid() {
		return nil, nil, fmt.Errorf("%v is no prefix", *prefix)
	}
	if a := prefix.Addr(); a.Is4In6() && prefix.Bits() >= 96 {
		*prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-96)
	}
	*prefix = netip.PrefixFrom(prefix.Addr().WithZone(""), prefix.Bits()).Masked()
	if a := prefix.Addr(); a.Is4() {
		return p.objs.Blocked4, &key4{uint32(prefix.Bits()), a.As4()}, nil
	}
	return p.objs.Blocked6, &key6{uint32(prefix.Bits()), prefix.Addr().As16()}, nil
}

// sweep removes entries whose time is over, until the program is closed.
func (p *Program) sweep() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
			p.expire()
		}
	}
}

func (p *Program) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := monotonic()
	if p.next == 0 || now < p.next {
		return
	}
	p.next = 0
	for prefix, until := range p.blocked {
		switch {
		case until == 0:
		case until > now:
			if p.next == 0 || until < p.next {
				p.next = until
			}
		default:
			delete(p.blocked, prefix)
			if m, key, err := p.entry(&prefix); err == nil {
				_ = m.Delete(key) // out of force all the same
			}
		}
	}
}

// monotonic returns the clock of the program, ns.
func monotonic() int64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0
	}
	return ts.Nano()
}
