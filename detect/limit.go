package detect

import (
	"bytes"
	"math/bits"
	"sync"

	"weir/decode/flow"
	"weir/decode/packet"
)

// outcome is what the thresholds of a rule leave of a match.
type outcome uint8

const (
	noMatch outcome = iota // as if the rule had not fitted
	silent                 // the rule's action is done, no alert raised
	match
)

// thresholdKey finds the counter of a threshold for one tracked thing.
type thresholdKey struct {
	sig, n int // n-th threshold of the rule
	a, b   [16]byte
}

// counter counts what a threshold tracks.
type counter struct {
	first int64 // when the time span has begun, ns
	count uint32
	next  uint32 // backoff: count of the next alert
	// active is when a rate filter has begun to act; 0 if it does not.
	active int64
	ports  *portBits // unique_on: those seen
}

// portBits are ports seen.
type portBits [1 << 16 / 64]uint64

// add notes a port, and returns how many there are.
func (b *portBits) add(port uint16) (n uint32) {
	b[port/64] |= 1 << (port % 64)
	for _, w := range b {
		n += uint32(bits.OnesCount64(w))
	}
	return n
}

// size is what the counter takes of a table's memory, bytes.
func (c *counter) size() uint64 {
	if c.ports != nil {
		return counterBytes + portsBytes
	}
	return counterBytes
}

// flowCounter is a counter of one flow.
type flowCounter struct {
	sig, n int
	counter
}

// Sizes of what counters take, with their share of the table, bytes.
const (
	counterBytes = 192
	portsBytes   = 1 << 13
)

// thresholdTable holds the counters that span flows.
type thresholdTable struct {
	mu       sync.Mutex
	counters map[thresholdKey]*counter
	memcap   uint64
	memuse   uint64
	refused  uint64 // counters for which there was no memory
	pruned   int64  // when outdated ones were last looked for, ns
	longest  int64  // span that any counter may last, ns
}

func newThresholdTable(memcap uint64) thresholdTable {
	return thresholdTable{counters: map[thresholdKey]*counter{}, memcap: memcap}
}

// ThresholdMemory returns the memory of counters that span flows, and how many
// found none.
func (s *Shared) ThresholdMemory() (memuse, refused uint64) {
	t := &s.thresholds
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.memuse, t.refused
}

// get returns a counter, made at first use; nil if there is no memory. The table
// is locked.
func (t *thresholdTable) get(k thresholdKey, th *threshold, now int64) (c *counter, fresh bool) {
	if c = t.counters[k]; c != nil {
		return c, false
	}
	size := uint64(counterBytes)
	if th.port != nil {
		size += portsBytes
	}
	t.longest = max(t.longest, th.span, th.timeout)
	if t.memuse+size > t.memcap {
		t.prune(now)
		if t.memuse+size > t.memcap {
			t.refused++
			return nil, false
		}
	}
	t.memuse += size
	c = &counter{first: now}
	if th.port != nil {
		c.ports = new(portBits)
	}
	t.counters[k] = c
	return c, true
}

// prune forgets the counters that are outdated, once a second at most.
func (t *thresholdTable) prune(now int64) {
	if now-t.pruned < 1e9 && now >= t.pruned {
		return
	}
	t.pruned = now
	for k, c := range t.counters {
		if now-max(c.first, c.active) > t.longest {
			delete(t.counters, k)
			t.memuse -= c.size()
		}
	}
}

// allow counts a match for the thresholds of its rule, which may change what it
// does.
func (w *Worker) allow(a *alert, p *packet.Packet, f *flow.Flow) outcome {
	if p.Version == 0 {
		return match // there is nothing to count by
	}
	for n, t := range a.sig.limits {
		out := match
		switch {
		case t.kind == thSuppress:
			if t.suppresses(p) {
				out = silent
			}
		case t.track == byFlow:
			if f == nil {
				return noMatch
			}
			c, fresh := w.counterOf(f, a.sig.order, n, p.Time)
			out = t.step(c, fresh, p, a)
		default:
			out = w.limitShared(t, n, p, a)
		}
		if out != match {
			return out
		}
	}
	return match
}

// suppresses reports whether no alert is wanted for p.
func (t *threshold) suppresses(p *packet.Packet) bool {
	switch t.track {
	case bySrc:
		return t.addrs.Contains(&p.Src)
	case byDst:
		return t.addrs.Contains(&p.Dst)
	case byEither:
		return t.addrs.Contains(&p.Src) || t.addrs.Contains(&p.Dst)
	}
	return true
}

// counterOf returns the counter of a flow, made at first use.
func (w *Worker) counterOf(f *flow.Flow, sig, n int, now int64) (c *counter, fresh bool) {
	st := w.makeState(f)
	for i := range st.counts {
		if c := &st.counts[i]; c.sig == sig && c.n == n {
			return &c.counter, false
		}
	}
	fc := flowCounter{sig: sig, n: n, counter: counter{first: now}}
	if w.e.sigs[sig].limits[n].port != nil {
		fc.ports = new(portBits)
	}
	st.counts = append(st.counts, fc)
	return &st.counts[len(st.counts)-1].counter, true
}

// limitShared counts a match where the counter spans flows.
func (w *Worker) limitShared(t *threshold, n int, p *packet.Packet, a *alert) outcome {
	k := thresholdKey{sig: a.sig.order, n: n}
	switch t.track {
	case bySrc:
		k.a = p.Src
	case byDst:
		k.a = p.Dst
	case byBoth:
		k.a, k.b = p.Src, p.Dst
		if bytes.Compare(k.a[:], k.b[:]) > 0 {
			k.a, k.b = k.b, k.a
		}
	}
	w.turn()
	tab := &w.shared.thresholds
	tab.mu.Lock()
	defer tab.mu.Unlock()
	c, fresh := tab.get(k, t, p.Time)
	if c == nil {
		// What bounds the number of alerts lets them through rather than lose
		// them; what waits for a number goes on waiting.
		if t.kind == thDetection || t.kind == thThreshold {
			return noMatch
		}
		return match
	}
	return t.step(c, fresh, p, a)
}

// step counts a match. A time span ends when a match comes later than its
// length; that match begins the next one.
func (t *threshold) step(c *counter, fresh bool, p *packet.Packet, a *alert) outcome {
	now := p.Time
	if t.kind == thRate && c.active != 0 {
		if now-c.active > t.timeout {
			c.active = 0
		} else {
			a.change(t.action)
		}
		return match
	}
	if !fresh && t.kind != thBackoff && now-c.first > t.span {
		c.first, c.count = now, 0
		if c.ports != nil {
			*c.ports = portBits{}
		}
	}
	if c.ports != nil {
		c.count = c.ports.add(t.port(p))
	} else {
		c.count++
	}
	switch t.kind {
	case thLimit:
		if c.count > t.count {
			return silent
		}
	case thThreshold:
		if c.count < t.count {
			return noMatch
		}
		c.count = 0
	case thBoth:
		if c.count < t.count {
			return noMatch
		}
		if c.count > t.count {
			return silent
		}
	case thBackoff:
		if c.next == 0 {
			c.next = t.count
		}
		if c.count != c.next {
			return silent
		}
		if next := uint64(c.next) * uint64(t.multiplier); next <= 1<<32-1 {
			c.next = uint32(next)
		}
	case thDetection:
		if c.count <= t.count {
			return noMatch
		}
	case thRate:
		if c.count > t.count {
			c.active = now
			a.change(t.action)
		}
	}
	return match
}
