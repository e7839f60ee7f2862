package detect

import (
	"bytes"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"weir/decode/flow"
	"weir/decode/packet"
	"weir/rules"
)

// threshold bounds the alerts of a rule, or changes what it does.
type threshold struct {
	kind    string // limit, threshold, both, backoff, detection (detection_filter), rate (rate_filter)
	track   string // by_src, by_dst, by_rule, by_both, by_flow
	count   uint32
	seconds int64
	// multiplier: backoff alerts at count, count times this, and so on.
	multiplier uint32
	distinct   portOf // what a detection_filter counts once
	// Of a rate_filter: what the rule does instead, and for how long, s.
	action  action
	timeout int64
}

// portOf says which port of a packet.
type portOf uint8

const (
	noPort portOf = iota
	srcPort
	dstPort
)

// suppression silences a rule for some addresses.
type suppression struct {
	track string // by_src, by_dst, by_either; empty: for all
	addrs *rules.AddressSet
}

func thresholdKeyword(c *compiler, v string) error {
	t, err := parseThreshold(v)
	if err != nil {
		return err
	}
	if t.kind == "" {
		return fmt.Errorf("value %q: want type limit, threshold, both or backoff", v)
	}
	if t.distinct != noPort {
		return fmt.Errorf("value %q: unique_on is for detection_filter", v)
	}
	c.s.ownLimit = true
	c.e.limit(c.s, t)
	return nil
}

func detectionFilter(c *compiler, v string) error {
	t, err := parseThreshold(v)
	if err != nil {
		return err
	}
	t.kind = "detection"
	c.s.ownLimit = true
	c.e.limit(c.s, t)
	return nil
}

// limit gives a rule a threshold.
func (b *Builder) limit(s *signature, t *threshold) {
	b.shares = b.shares || t.track != "by_flow"
	s.thresholds = append(s.thresholds, t)
}

func parseThreshold(v string) (*threshold, error) {
	t := &threshold{count: 1}
	for _, w := range split(v) {
		key, val, _ := strings.Cut(w, " ")
		val = strings.TrimSpace(val)
		switch key {
		case "type":
			switch val {
			case "limit", "threshold", "both", "backoff":
			default:
				return nil, fmt.Errorf("type %q: want limit, threshold, both or backoff", val)
			}
			t.kind = val
		case "track":
			switch val {
			case "by_src", "by_dst", "by_rule", "by_both", "by_flow":
			default:
				return nil, fmt.Errorf("track %q: want by_src, by_dst, by_both, by_rule or by_flow", val)
			}
			t.track = val
		case "unique_on":
			switch val {
			case "src_port":
				t.distinct = srcPort
			case "dst_port":
				t.distinct = dstPort
			default:
				return nil, fmt.Errorf("unique_on %q: want src_port or dst_port", val)
			}
		case "count", "seconds", "multiplier":
			n, err := strconv.ParseUint(val, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("%s %q: want a number", key, val)
			}
			switch key {
			case "count":
				t.count = uint32(n)
			case "seconds":
				t.seconds = int64(n)
			case "multiplier":
				t.multiplier = uint32(n)
			}
		default:
			return nil, fmt.Errorf("value %q: want type, track, count, seconds, multiplier or unique_on", w)
		}
	}
	if t.track == "" {
		return nil, fmt.Errorf("value %q: want track", v)
	}
	return t, nil
}

// applyLimits applies lines of threshold.config to the rules added so far. A rule's
// own threshold counts before one from outside.
func (b *Builder) applyLimits(limits []rules.Limit) {
	for i := range limits {
		l := &limits[i]
		var sup suppression
		if l.Kind == "suppress" && l.IP != "" {
			addrs, err := b.addresses(l.IP)
			if err != nil {
				b.errs = append(b.errs, &rules.Error{Pos: l.Pos, Msg: "suppress: ip: " + err.Error()})
				continue
			}
			sup = suppression{l.Track, addrs}
		}
		for _, s := range b.sigs {
			if l.GID != 0 && l.GID != s.gid || l.SID != 0 && l.SID != s.sid {
				continue
			}
			if l.Kind == "suppress" {
				s.suppressed = append(s.suppressed, sup)
			} else if !s.ownLimit {
				b.limit(s, outerThreshold(l))
			}
		}
	}
}

// outerThreshold makes a threshold of a line of threshold.config.
func outerThreshold(l *rules.Limit) *threshold {
	t := &threshold{kind: l.Type, track: l.Track, count: l.Count, seconds: int64(l.Seconds)}
	if l.Kind == "rate_filter" {
		t.kind, t.timeout, t.action = "rate", int64(l.Timeout), actionNames[l.NewAction]
	}
	return t
}

// thresholdKey finds the counter of a rule for one tracked thing.
type thresholdKey struct {
	sig, index int // of the rule, and of its threshold
	a, b       [16]byte
	flow       int64
}

// counter counts what a threshold tracks.
type counter struct {
	first int64 // s
	count uint32
	next  uint32 // backoff: count of the next alert
	until int64  // s; it may be forgotten then
	since int64  // rate_filter: when its action began, s; 0: it does not hold
	ports *[1024]uint64
}

// outcome is what thresholds make of a match.
type outcome uint8

const (
	noMatch outcome = iota // as if the rule had not fitted
	silent                 // its action counts, and nothing is shown
	match
)

// allow counts a match of a rule by p, which may change what it does.
func (w *Worker) allow(a *alert, p *packet.Packet, f *flow.Flow) outcome {
	s := a.sig
	if p.Version == 0 {
		return match
	}
	for i := range s.suppressed {
		if s.suppressed[i].holds(p) {
			return silent
		}
	}
	for i := range s.thresholds {
		if o := w.count(a, i, p, f); o != match {
			return o
		}
	}
	return match
}

func (x *suppression) holds(p *packet.Packet) bool {
	switch x.track {
	case "by_src":
		return x.addrs.Contains(&p.Src)
	case "by_dst":
		return x.addrs.Contains(&p.Dst)
	case "by_either":
		return x.addrs.Contains(&p.Src) || x.addrs.Contains(&p.Dst)
	}
	return true
}

// count counts a match for one threshold of a rule.
func (w *Worker) count(a *alert, i int, p *packet.Packet, f *flow.Flow) outcome {
	t := a.sig.thresholds[i]
	k := thresholdKey{sig: a.sig.order, index: i}
	switch t.track {
	case "by_src":
		k.a = p.Src
	case "by_dst":
		k.a = p.Dst
	case "by_both":
		if k.a, k.b = p.Src, p.Dst; bytes.Compare(k.a[:], k.b[:]) > 0 {
			k.a, k.b = k.b, k.a
		}
	case "by_flow":
		if f == nil {
			return noMatch
		}
		k.flow = f.ID
	}
	now := p.Time / 1e9
	table := w.counters
	if t.track != "by_flow" {
		w.turn()
		table = w.shared.counters
		w.shared.mu.Lock()
		defer w.shared.mu.Unlock()
	}
	c := table[k]
	if c == nil {
		if len(table) >= maxCounters {
			prune(table, now)
		}
		c = &counter{first: now, until: now + max(t.seconds, t.timeout)}
		table[k] = c
	} else if t.kind != "backoff" && c.since == 0 && now-c.first >= t.seconds {
		*c = counter{first: now, until: now + max(t.seconds, t.timeout)}
	}
	if t.kind == "rate" {
		return c.rate(t, a, now)
	}
	c.add(t, p)
	return c.outcome(t)
}

// add counts p.
func (c *counter) add(t *threshold, p *packet.Packet) {
	if t.distinct == noPort {
		c.count++
		return
	}
	if c.ports == nil {
		c.ports = new([1024]uint64)
	}
	port := p.DstPort
	if t.distinct == srcPort {
		port = p.SrcPort
	}
	word, bit := &c.ports[port>>6], uint(port&63)
	c.count += uint32(1 - bits.OnesCount64(*word>>bit&1))
	*word |= 1 << bit
}

// outcome tells what the count so far makes of a match.
func (c *counter) outcome(t *threshold) outcome {
	switch t.kind {
	case "limit":
		if c.count > t.count {
			return silent
		}
		return match
	case "threshold":
		if c.count < t.count {
			return noMatch
		}
		c.count = 0
		return match
	case "both":
		switch {
		case c.count < t.count:
			return noMatch
		case c.count > t.count:
			return silent
		}
		return match
	case "backoff":
		if c.next == 0 {
			c.next = t.count
		}
		if c.count < c.next {
			return silent
		}
		c.next *= max(t.multiplier, 1)
		return match
	}
	if c.count > t.count { // detection_filter
		return match
	}
	return noMatch
}

// rate counts a match for a rate_filter and changes what the rule does while the
// rate is exceeded, and for the time-out from then on.
func (c *counter) rate(t *threshold, a *alert, now int64) outcome {
	if c.since != 0 {
		if now-c.since <= t.timeout {
			a.change(t.action)
			return match
		}
		*c = counter{first: now, until: c.until}
	}
	c.until = now + max(t.seconds, t.timeout)
	if c.count++; c.count > t.count {
		c.since = now
		a.change(t.action)
	}
	return match
}
