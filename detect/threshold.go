package detect

import (
	"fmt"
	"strconv"
	"strings"

	"weir/decode/packet"
	"weir/rules"
)

// thresholdKind is what a threshold does with the matches it counts.
type thresholdKind uint8

const (
	thSuppress  thresholdKind = iota // no alert for certain addresses
	thDetection                      // detection_filter: no match before count
	thRate                           // rate_filter: another action above count
	thLimit                          // the first count of a time span
	thThreshold                      // each count-th of a time span
	thBoth                           // the count-th of a time span alone
	thBackoff                        // the count-th, then ever more rarely
)

// thresholdTypes are the values of type.
var thresholdTypes = map[string]thresholdKind{
	"limit": thLimit, "threshold": thThreshold, "both": thBoth, "backoff": thBackoff,
}

// tracking is what matches are counted by.
type tracking uint8

const (
	bySrc tracking = iota + 1
	byDst
	byBoth // the pair of addresses, in either direction
	byRule
	byFlow
	byEither // suppress: any of the two addresses
)

var trackings = map[string]tracking{
	"by_src": bySrc, "by_dst": byDst, "by_both": byBoth, "by_rule": byRule, "by_flow": byFlow, "by_either": byEither,
}

// threshold bounds the alerts of a rule; immutable.
type threshold struct {
	kind       thresholdKind
	track      tracking
	count      uint32
	span       int64 // ns
	multiplier uint32
	port       func(p *packet.Packet) uint16 // unique_on: matches count once for each port; may be nil

	// Of thRate.
	action  action
	timeout int64 // ns

	addrs *rules.AddressSet // of thSuppress; nil: any
}

func thresholdKeyword(c *compiler, v string) error {
	t, err := parseThreshold(v, "type", "track", "count", "seconds", "multiplier")
	if err != nil {
		return err
	}
	if t.kind == 0 {
		return fmt.Errorf("value %q: want type limit, threshold, both or backoff", v)
	}
	return c.limit(t)
}

func detectionFilter(c *compiler, v string) error {
	t, err := parseThreshold(v, "track", "count", "seconds", "unique_on")
	if err != nil {
		return err
	}
	t.kind = thDetection
	if t.port != nil && c.s.protos&^(protoTCP|protoUDP|protoSCTP) != 0 {
		return fmt.Errorf("unique_on: the rule is not on tcp, udp or sctp alone")
	}
	return c.limit(t)
}

// limit gives a threshold to the rule. Several thresholds count one after the
// other, behind its one detection_filter.
func (c *compiler) limit(t *threshold) error {
	for _, have := range c.s.limits {
		if have.kind == thDetection && t.kind == thDetection {
			return fmt.Errorf("the rule has one already")
		}
	}
	c.s.limits = append(c.s.limits, t)
	c.e.shares = c.e.shares || t.shared()
	return nil
}

// shared reports whether what is counted spans flows.
func (t *threshold) shared() bool { return t.kind != thSuppress && t.track != byFlow }

// inOrder sorts thresholds by what comes first: suppress, then what decides
// whether a rule has matched, then what bounds its alerts.
func inOrder(ts []*threshold) []*threshold {
	var out []*threshold
	for kind := thSuppress; kind <= thBackoff; kind++ {
		for _, t := range ts {
			if t.kind == kind {
				out = append(out, t)
			}
		}
	}
	return out
}

// parseThreshold reads a list of words, each with its value, of those given.
func parseThreshold(v string, words ...string) (*threshold, error) {
	t := &threshold{}
	seen := map[string]bool{}
	for _, w := range split(v) {
		key, val, _ := strings.Cut(w, " ")
		val = strings.TrimSpace(val)
		known := false
		for _, w := range words {
			known = known || w == key
		}
		if !known {
			return nil, fmt.Errorf("value %q: want %s", w, strings.Join(words, ", "))
		}
		if seen[key] {
			return nil, fmt.Errorf("%s is given twice", key)
		}
		seen[key] = true
		if err := t.set(key, val); err != nil {
			return nil, err
		}
	}
	if t.track == 0 {
		return nil, fmt.Errorf("value %q: want track", v)
	}
	if !seen["count"] || t.count == 0 {
		return nil, fmt.Errorf("value %q: want count, at least 1", v)
	}
	if t.kind == thBackoff {
		if seen["seconds"] || t.track != byFlow || t.multiplier == 0 {
			return nil, fmt.Errorf("type backoff: want track by_flow, count and multiplier alone")
		}
		return t, nil
	}
	if t.multiplier != 0 {
		return nil, fmt.Errorf("multiplier: is of type backoff")
	}
	if t.span == 0 {
		return nil, fmt.Errorf("value %q: want seconds, at least 1", v)
	}
	return t, nil
}

// set takes one word.
func (t *threshold) set(key, val string) error {
	switch key {
	case "type":
		kind, ok := thresholdTypes[val]
		if !ok {
			return fmt.Errorf("type %q: want limit, threshold, both or backoff", val)
		}
		t.kind = kind
	case "track":
		track, ok := trackings[val]
		if !ok || track == byEither {
			return fmt.Errorf("track %q: want by_src, by_dst, by_both, by_rule or by_flow", val)
		}
		t.track = track
	case "unique_on":
		switch val {
		case "src_port":
			t.port = func(p *packet.Packet) uint16 { return p.SrcPort }
		case "dst_port":
			t.port = func(p *packet.Packet) uint16 { return p.DstPort }
		default:
			return fmt.Errorf("unique_on %q: want src_port or dst_port", val)
		}
	default:
		n, err := strconv.ParseUint(val, 10, 32)
		if err != nil {
			return fmt.Errorf("%s %q: want a number", key, val)
		}
		switch key {
		case "count":
			t.count = uint32(n)
		case "multiplier":
			t.multiplier = uint32(n)
		case "seconds":
			t.span = int64(n) * 1e9
		}
	}
	return nil
}

// applyLimits applies lines of threshold.config to the rules added so far.
func (b *Builder) applyLimits(limits []rules.Limit) {
	for i := range limits {
		l := &limits[i]
		t, err := b.outerThreshold(l)
		switch {
		case err != nil:
			b.errs = append(b.errs, &rules.Error{Pos: l.Pos, SID: l.SID, Msg: l.Kind + ": " + err.Error()})
		case !b.apply(t, l.GID, l.SID):
			b.odd = append(b.odd, &rules.Error{Pos: l.Pos, SID: l.SID, Msg: l.Kind + ": no rule that is loaded has this sid and gid"})
		}
	}
}

// outerThreshold makes a threshold of a line of threshold.config.
func (b *Builder) outerThreshold(l *rules.Limit) (t *threshold, err error) {
	t = &threshold{
		kind: thresholdTypes[l.Type], track: trackings[l.Track], count: l.Count,
		span: int64(l.Seconds) * 1e9, timeout: int64(l.Timeout) * 1e9, action: actionNames[l.NewAction],
	}
	if l.Kind == "rate_filter" {
		t.kind = thRate
	}
	if l.IP != "" {
		t.addrs, err = b.addresses(l.IP)
	}
	return t, err
}

// apply gives a threshold to the rules that it is about, 0 being all, and reports
// whether there is any. One on all rules spares those with a threshold of their
// own; one on a rule replaces that.
func (b *Builder) apply(t *threshold, gid, sid uint32) bool {
	found := gid == 0 || sid == 0
	for _, s := range b.sigs {
		if gid != 0 && s.gid != gid || sid != 0 && s.sid != sid {
			continue
		}
		found = true
		if t.kind > thRate {
			others := s.withoutThreshold()
			if sid == 0 && len(others) < len(s.limits) {
				continue
			}
			s.limits = others
		}
		s.limits = inOrder(append(s.limits, t))
		b.shares = b.shares || t.shared()
	}
	return found
}

// withoutThreshold returns the rule's limits but those that bound alerts.
func (s *signature) withoutThreshold() (out []*threshold) {
	for _, t := range s.limits {
		if t.kind == thSuppress || t.kind == thRate {
			out = append(out, t)
		}
	}
	return out
}
