package decode

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// recogniser tells which application protocol the first bytes of a direction
// are: by patterns, then by the probes of the flow's ports. It is made once and
// only read by the workers.
type recogniser struct {
	set *proto.Set
	// patterns by transport and direction; anchored ones by first byte.
	pats [2][2]patterns
	// probes by transport, and there by port of the server.
	byPort [2]map[uint16][]portProbe
	any    [2][]portProbe
}

// portProbe is a probe with its protocol.
type portProbe struct {
	p     *proto.Protocol
	probe *proto.Probe
	// source: the port is that of the sender.
	source bool
}

type patterns struct {
	first [256][]pattern // at offset 0, by first byte
	rest  []pattern
	depth int // bytes that any pattern may look at
}

type pattern struct {
	p *proto.Protocol
	*proto.Pattern
	rank int
}

// recognition is the state of one direction of a flow.
type recognition struct {
	patsDone, probesDone bool
}

// transportIndex is the place of a transport in the recogniser's arrays.
func transportIndex(t proto.Transport) int { return int(t-1) & 1 }

// newRecogniser builds the tables for the protocols that the options enable.
func newRecogniser(o *Options) (*recogniser, error) {
	r := &recogniser{set: o.Protocols}
	rank := 0
	for t := range r.byPort {
		r.byPort[t] = map[uint16][]portProbe{}
	}
	for _, p := range o.Protocols.All() {
		if !o.Enabled(p) || p.Since > o.Version {
			continue
		}
		for i := range p.Patterns {
			pt := &p.Patterns[i]
			if pt.Since > o.Version {
				continue
			}
			rank++
			r.addPattern(pattern{p, pt, rank})
		}
		for i := range p.Probes {
			probe := &p.Probes[i]
			if o.Ports != nil {
				if server, client := o.Ports(p, probe.Transport); server != "" || client != "" {
					own := *probe
					own.Ports, own.SourcePorts = server, client
					probe = &own
				}
			}
			if err := r.addProbe(p, probe); err != nil {
				return nil, fmt.Errorf("protocol %s: %w", p.Name, err)
			}
		}
	}
	return r, nil
}

func (r *recogniser) addPattern(pt pattern) {
	for _, d := range [...]field.Dir{field.ToServer, field.ToClient} {
		if !pt.Dir.Has(d) {
			continue
		}
		ps := &r.pats[transportIndex(pt.Transport)][d.Index()]
		ps.depth = max(ps.depth, pt.Depth)
		if pt.Offset == 0 && pt.Depth == len(pt.Bytes) {
			c := pt.Bytes[0]
			ps.first[c] = append(ps.first[c], pt)
			if lower := c ^ 0x20; pt.Nocase && (lower|0x20) >= 'a' && (lower|0x20) <= 'z' {
				ps.first[lower] = append(ps.first[lower], pt)
			}
		} else {
			ps.rest = append(ps.rest, pt)
		}
	}
}

func (r *recogniser) addProbe(p *proto.Protocol, pr *proto.Probe) error {
	t := transportIndex(pr.Transport)
	for _, ports := range [...]struct {
		list   string
		source bool
	}{{pr.Ports, false}, {pr.SourcePorts, true}} {
		for part := range strings.SplitSeq(ports.list, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			pp := portProbe{p, pr, ports.source}
			if part == "any" {
				r.any[t] = append(r.any[t], pp)
				continue
			}
			lo, hi, isRange := strings.Cut(part, "-")
			a, err := strconv.ParseUint(lo, 10, 16)
			b := a
			if err == nil && isRange {
				b, err = strconv.ParseUint(hi, 10, 16)
			}
			if err != nil || b < a {
				return fmt.Errorf("detection-ports: value %q: want ports 0 to 65535, ranges as 1-5, or any", part)
			}
			for port := a; port <= b; port++ {
				r.byPort[t][uint16(port)] = append(r.byPort[t][uint16(port)], pp)
			}
		}
	}
	return nil
}

// match returns the first protocol, in order of registration, one of whose
// patterns stands in b. more is true if a pattern's confirmation needs bytes.
func (r *recogniser) match(t int, dir field.Dir, b []byte) (found *proto.Protocol, v proto.Verdict) {
	if len(b) == 0 {
		return nil, proto.More
	}
	ps := &r.pats[t][dir.Index()]
	best, more := 0, len(b) < ps.depth
	try := func(pt *pattern) {
		if best != 0 && pt.rank > best || !pt.in(b) {
			return
		}
		got := proto.Yes
		if pt.Confirm != nil {
			got = pt.Confirm(b, dir)
		}
		switch got {
		case proto.More:
			more = true
		case proto.Yes, proto.Reversed:
			best, found, v = pt.rank, pt.p, got
		}
	}
	list := ps.first[b[0]]
	for i := range list {
		try(&list[i])
	}
	for i := range ps.rest {
		try(&ps.rest[i])
	}
	if found == nil && more {
		return nil, proto.More
	}
	return found, v
}

// in reports whether the pattern stands in b within its bounds.
func (pt *pattern) in(b []byte) bool {
	if len(b) < pt.Offset+len(pt.Bytes) {
		return false
	}
	b = b[pt.Offset:min(len(b), max(pt.Depth, pt.Offset+len(pt.Bytes)))]
	if !pt.Nocase {
		if len(b) == len(pt.Bytes) {
			return string(b) == pt.Bytes
		}
		return bytes.Contains(b, []byte(pt.Bytes))
	}
	for i := 0; i+len(pt.Bytes) <= len(b); i++ {
		if strings.EqualFold(string(b[i:i+len(pt.Bytes)]), pt.Bytes) {
			return true
		}
	}
	return false
}

// probe runs the probes of the flow's ports. more is true while one of them
// cannot tell yet.
func (r *recogniser) probe(t int, dir field.Dir, b []byte, f *flow.Flow) (found *proto.Protocol, v proto.Verdict) {
	sport, dport := f.Port[dir.Index()], f.Port[1-dir.Index()]
	more := false
	try := func(list []portProbe, source, anyPort bool) bool {
		for i := range list {
			pp := &list[i]
			if !anyPort && pp.source != source {
				continue
			}
			if len(b) < pp.probe.Min {
				more = true
				continue
			}
			switch got := pp.probe.Func(b, dir, f); got {
			case proto.More:
				more = true
			case proto.Yes, proto.Reversed:
				found, v = pp.p, got
				return true
			}
		}
		return false
	}
	ports := r.byPort[t]
	// The server's port decides: that of the receiver for data to the server.
	first, second := dport, sport
	if dir == field.ToClient {
		first, second = sport, dport
	}
	if try(ports[first], false, false) || try(ports[second], true, false) || try(r.any[t], false, true) {
		return found, v
	}
	if inMiddle(t, f) && try(ports[second], false, false) {
		return found, v
	}
	if more {
		return nil, proto.More
	}
	return nil, proto.No
}

// inMiddle reports whether the connection was picked up in its middle: either
// side of it may be the server.
func inMiddle(t int, f *flow.Flow) bool {
	return t == transportIndex(proto.TCP) && f.InMiddle()
}

// recognise looks at all bytes seen so far of one direction. No means that it
// never will be recognised from this direction.
func (r *recogniser) recognise(st *recognition, tr proto.Transport, dir field.Dir, b []byte, f *flow.Flow) (*proto.Protocol, proto.Verdict) {
	t := transportIndex(tr)
	if !st.patsDone {
		p, v := r.match(t, dir, b)
		if p == nil && inMiddle(t, f) {
			if q, w := r.match(t, dir.Reverse(), b); q != nil && w == proto.Yes {
				p, v = q, proto.Reversed
			}
		}
		switch v {
		case proto.Yes, proto.Reversed:
			return p, v
		case proto.No:
			st.patsDone = true
		}
	}
	if !st.probesDone {
		p, v := r.probe(t, dir, b, f)
		switch v {
		case proto.Yes, proto.Reversed:
			return p, v
		case proto.No:
			st.probesDone = true
		}
	}
	if st.patsDone && st.probesDone {
		return nil, proto.No
	}
	return nil, proto.More
}
