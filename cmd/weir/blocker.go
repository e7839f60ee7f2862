package main

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"weir/bpf/xdp"
	"weir/cmd/weir/config"
	"weir/decode/event"
	"weir/decode/packet"
)

const (
	// maxRefused is how many peers of refused packets wait to be blocked: more are
	// counted and passed over.
	maxRefused = 1024
	// maxRecent bounds the peers that are remembered as just blocked, and recent is
	// for how long.
	maxRecent, recent = 4096, 10 * time.Second
)

// blocker drops what peers on the block list send, at the interfaces of a live run:
// those that somebody names, and, with bpf.block, those whose packets a rule would
// have dropped. It also counts what comes in, and gives samples.
type blocker struct {
	prog  *xdp.Program
	rules bool          // block
	ttl   time.Duration // of what they block
	warn  func(string, ...any)

	sampling sync.Mutex // held by who takes samples

	peers            chan [2]netip.Addr // source and destination
	done             chan struct{}
	working          sync.WaitGroup
	blocked, refused atomic.Uint64 // by rules; those that must not be
	skipped          atomic.Uint64 // no room in peers
}

// openBlocker puts the block list in front of the interfaces; nil where neither
// bpf.block nor bpf.xdp asks for it.
func openBlocker(c *config.Config, watched []tap, warn, say func(string, ...any)) (*blocker, error) {
	s := c.BPF
	rules, never, ttl := s.Bool("block", false), s.Strings("never-block"), s.Uint("block-time", 3600)
	on := s.Bool("xdp", rules)
	o := xdp.Options{}
	for _, text := range never {
		p, err := parsePrefix(text)
		if err != nil {
			s.Reject("never-block", "addresses or prefixes")
			break
		}
		o.Never = append(o.Never, p)
	}
	if err := c.Err(); err != nil || !on {
		return nil, err
	}
	prog, err := xdp.Open(o)
	if err != nil {
		return nil, fmt.Errorf("bpf.xdp: %w", err)
	}
	b := &blocker{
		prog: prog, rules: rules, ttl: time.Duration(ttl) * time.Second, warn: warn, peers: make(chan [2]netip.Addr, maxRefused), done: make(chan struct{}),
	}
	for i := range watched {
		mode, err := prog.Attach(watched[i].name)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("bpf.xdp: %w", err), prog.Close())
		}
		say("block list in front of %s (XDP, %s)", watched[i].name, mode)
	}
	b.working.Go(b.work)
	return b, nil
}

// parsePrefix reads an address or a prefix.
func parsePrefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Prefix(a.BitLen())
	}
	return netip.ParsePrefix(text)
}

// refuse notes the peer of a packet that a rule would have dropped. Only one who has
// got an answer counts: anybody can send in another's name.
func (b *blocker) refuse(p *packet.Packet) {
	if !p.Has(packet.Established) || p.Version == 0 {
		return
	}
	select {
	case b.peers <- [2]netip.Addr{netip.AddrFrom16(p.Src).Unmap(), netip.AddrFrom16(p.Dst).Unmap()}:
	default:
		b.skipped.Add(1)
	}
}

// work blocks the peers of refused packets, and sees to interfaces that come back.
func (b *blocker) work() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	done := map[netip.Addr]time.Time{}
	for {
		select {
		case <-b.done:
			return
		case <-tick.C:
			if err := b.prog.Renew(); err != nil {
				b.warn("block list: %v", err)
			}
		case pair := <-b.peers:
			b.block(pair, done)
		}
	}
}

// block blocks the sender; where that is the host itself, whom it sends to.
func (b *blocker) block(pair [2]netip.Addr, done map[netip.Addr]time.Time) {
	now := time.Now()
	for _, a := range pair {
		if t, ok := done[a]; ok && now.Sub(t) < recent {
			return
		}
		err := b.prog.Block(netip.PrefixFrom(a, a.BitLen()), b.ttl)
		switch {
		case err == nil:
			b.blocked.Add(1)
			if len(done) == maxRecent {
				clear(done)
			}
			done[a] = now
			return
		case !errors.Is(err, xdp.ErrProtected):
			b.refused.Add(1)
			return
		}
	}
	b.refused.Add(1)
}

// AppendEvent implements event.Appender: the counters of what comes in.
func (b *blocker) AppendEvent(to []byte, _ *event.Output) []byte {
	c, err := b.prog.Counters()
	if err != nil {
		return nil
	}
	to = event.Open(to, "xdp")
	for _, m := range [...]struct {
		name string
		n    uint64
	}{
		{"packets", c.Packets}, {"bytes", c.Bytes}, {"ipv4", c.IPv4}, {"ipv6", c.IPv6}, {"blocked_packets", c.Blocked}, {"blocked_bytes", c.BlockedBytes},
		{"blocked_by_rules", b.blocked.Load()}, {"never_blocked", b.refused.Load()}, {"not_blocked_in_time", b.skipped.Load()},
		{"sampled", c.Sampled}, {"sampled_without_room", c.Unsampled},
	} {
		to = event.Uint(to, m.name, m.n)
	}
	return event.Close(to)
}

// close takes the block list away. A nil blocker has none.
func (b *blocker) close() {
	if b == nil {
		return
	}
	close(b.done)
	b.working.Wait()
	if err := b.prog.Close(); err != nil {
		b.warn("block list: %v", err)
	}
}
