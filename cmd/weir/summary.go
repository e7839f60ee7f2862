package main

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"

	"weir/decode"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// summary gathers what a person wants to know of captures at a glance. Each
// worker has a tally of its own; they are added up when all are at rest.
type summary struct {
	tallies []*tally
	losses  map[string]uint64
	files   uint64
	name    func(app uint16) string
}

// tally is the part of one worker.
type tally struct {
	hosts map[netip.Addr]*hostSum
	apps  map[uint16]*appSum
	rules map[uint32]*ruleSum
	other hostSum // of hosts beyond maxHosts
}

type hostSum struct{ flows, bytes uint64 }
type appSum struct{ flows, bytes uint64 }
type ruleSum struct {
	alerts   uint64
	priority uint32
	msg      string
}

// maxHosts bounds the addresses that one worker tells apart.
const maxHosts = 1 << 17

func newSummary() *summary { return &summary{losses: map[string]uint64{}} }

// worker returns the tally of another worker.
func (s *summary) worker() *tally {
	t := &tally{hosts: map[netip.Addr]*hostSum{}, apps: map[uint16]*appSum{}, rules: map[uint32]*ruleSum{}}
	s.tallies = append(s.tallies, t)
	return t
}

// flow counts a flow that has ended.
func (t *tally) flow(f *flow.Flow) {
	src, dst, _, _ := f.Tuple(1)
	n := f.Bytes[0] + f.Bytes[1]
	for _, a := range [...]netip.Addr{src, dst} {
		h := t.hosts[a]
		if h == nil {
			h = &t.other
			if len(t.hosts) < maxHosts {
				h = &hostSum{}
				t.hosts[a] = h
			}
		}
		h.flows++
		h.bytes += n
	}
	a := t.apps[f.App]
	if a == nil {
		a = &appSum{}
		t.apps[f.App] = a
	}
	a.flows++
	a.bytes += n
}

// tapped is a lane whose alerts are counted as they pass.
type tapped struct {
	decode.Lane
	t *tally
}

// Publish implements event.Publisher.
func (l tapped) Publish(ev *event.Event) {
	if a := ev.Alert; a != nil && ev.Type == "alert" {
		r := l.t.rules[a.SID]
		if r == nil {
			r = &ruleSum{priority: a.Priority, msg: a.Msg}
			l.t.rules[a.SID] = r
		}
		r.alerts++
	}
	l.Lane.Publish(ev)
}

// ended takes what a pipeline knows when its captures are read.
func (s *summary) ended(pl *decode.Pipeline, set *proto.Set) {
	s.files += pl.Files()
	for _, l := range pl.Losses() {
		s.losses[l.Reason] += l.Count
	}
	s.name = func(app uint16) string {
		switch proto.ID(app) {
		case 0:
			return "not looked for"
		case proto.Failed:
			return "not recognised"
		}
		if p := set.ByID(proto.ID(app)); p != nil {
			return p.EVEName()
		}
		return "?"
	}
}

// lines is how many rows of a table are printed.
const lines = 10

// print writes the tables.
func (s *summary) print(w io.Writer) {
	sum := &tally{hosts: map[netip.Addr]*hostSum{}, apps: map[uint16]*appSum{}, rules: map[uint32]*ruleSum{}}
	for _, t := range s.tallies {
		for a, h := range t.hosts {
			x := sum.hosts[a]
			if x == nil {
				x = &hostSum{}
				sum.hosts[a] = x
			}
			x.flows, x.bytes = x.flows+h.flows, x.bytes+h.bytes
		}
		for id, a := range t.apps {
			x := sum.apps[id]
			if x == nil {
				x = &appSum{}
				sum.apps[id] = x
			}
			x.flows, x.bytes = x.flows+a.flows, x.bytes+a.bytes
		}
		for sid, r := range t.rules {
			x := sum.rules[sid]
			if x == nil {
				x = &ruleSum{priority: r.priority, msg: r.msg}
				sum.rules[sid] = x
			}
			x.alerts += r.alerts
		}
	}
	table(w, "hosts", len(sum.hosts), sorted(sum.hosts, func(a, b *hostSum) int { return cmp.Compare(b.bytes, a.bytes) }, netip.Addr.Compare),
		func(a netip.Addr) string {
			h := sum.hosts[a]
			return fmt.Sprintf("%-40s %8d flows %12s", a, h.flows, size(h.bytes))
		})
	table(w, "protocols", len(sum.apps), sorted(sum.apps, func(a, b *appSum) int { return cmp.Compare(b.flows, a.flows) }, cmp.Compare[uint16]),
		func(id uint16) string {
			a := sum.apps[id]
			return fmt.Sprintf("%-40s %8d flows %12s", s.name(id), a.flows, size(a.bytes))
		})
	table(w, "rules", len(sum.rules), sorted(sum.rules, func(a, b *ruleSum) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(b.alerts, a.alerts))
	}, cmp.Compare[uint32]), func(sid uint32) string {
		r := sum.rules[sid]
		return fmt.Sprintf("%8d alerts  priority %d  %d %s", r.alerts, r.priority, sid, r.msg)
	})
	if s.files > 0 {
		fmt.Fprintf(w, "\n%d files passed by\n", s.files)
	}
	if len(s.losses) > 0 {
		fmt.Fprintln(w, "\nlost or looked at in part:")
		for _, reason := range sorted(s.losses, func(a, b uint64) int { return cmp.Compare(b, a) }, cmp.Compare[string]) {
			fmt.Fprintf(w, "  %8d %s\n", s.losses[reason], reason)
		}
	}
}

// sorted returns the keys of m by their values, then by themselves.
func sorted[K comparable, V any](m map[K]V, byValue func(a, b V) int, byKey func(a, b K) int) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int { return cmp.Or(byValue(m[a], m[b]), byKey(a, b)) })
	return keys
}

// table prints the first rows under a heading that says how many there are.
func table[K any](w io.Writer, name string, n int, keys []K, row func(k K) string) {
	if n == 0 {
		return
	}
	heading := fmt.Sprintf("%d %s", n, name)
	if n > lines {
		heading += fmt.Sprintf(", the first %d", lines)
	}
	fmt.Fprintf(w, "\n%s:\n", heading)
	for _, k := range keys[:min(lines, len(keys))] {
		fmt.Fprintf(w, "  %s\n", row(k))
	}
}

// size prints bytes with a unit.
func size(n uint64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 10_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
