package main

import (
	"bytes"
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
	hosts map[[16]byte]hostSum // by address as in flow.Flow; without pointers, as there may be many
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

func newTally() *tally {
	return &tally{hosts: map[[16]byte]hostSum{}, apps: map[uint16]*appSum{}, rules: map[uint32]*ruleSum{}}
}

func newSummary() *summary { return &summary{losses: map[string]uint64{}} }

// worker returns the tally of another worker.
func (s *summary) worker() *tally {
	t := newTally()
	s.tallies = append(s.tallies, t)
	return t
}

// flow counts a flow that has ended.
func (t *tally) flow(f *flow.Flow) {
	n := f.Bytes[0] + f.Bytes[1]
	t.host(f.Addr[0], hostSum{1, n})
	if f.Addr[1] != f.Addr[0] {
		t.host(f.Addr[1], hostSum{1, n})
	}
	a := t.apps[f.App]
	if a == nil {
		a = &appSum{}
		t.apps[f.App] = a
	}
	a.flows++
	a.bytes += n
}

// host adds to what is known of an address.
func (t *tally) host(a [16]byte, more hostSum) {
	h, ok := t.hosts[a]
	if !ok && len(t.hosts) == maxHosts {
		t.other.add(more)
		return
	}
	h.add(more)
	t.hosts[a] = h
}

func (h *hostSum) add(more hostSum) {
	h.flows += more.flows
	h.bytes += more.bytes
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
	sum := newTally()
	for i, t := range s.tallies {
		if i == 0 {
			sum.hosts = t.hosts
		} else {
			for a, h := range t.hosts {
				sum.host(a, h)
			}
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
	table(w, "hosts", len(sum.hosts), first(lines, sum.hosts, func(a, b hostSum) int { return cmp.Compare(b.bytes, a.bytes) },
		func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }),
		func(a [16]byte) string {
			h := sum.hosts[a]
			return fmt.Sprintf("%-40s %8d flows %12s", netip.AddrFrom16(a).Unmap(), h.flows, size(h.bytes))
		})
	table(w, "protocols", len(sum.apps), first(lines, sum.apps, func(a, b *appSum) int { return cmp.Compare(b.flows, a.flows) }, cmp.Compare[uint16]),
		func(id uint16) string {
			a := sum.apps[id]
			return fmt.Sprintf("%-40s %8d flows %12s", s.name(id), a.flows, size(a.bytes))
		})
	table(w, "rules", len(sum.rules), first(lines, sum.rules, func(a, b *ruleSum) int {
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
		for _, reason := range first(len(s.losses), s.losses, func(a, b uint64) int { return cmp.Compare(b, a) }, cmp.Compare[string]) {
			fmt.Fprintf(w, "  %8d %s\n", s.losses[reason], reason)
		}
	}
}

// first returns the keys that come first by their values, then by themselves: at
// most n, in order.
func first[K comparable, V any](n int, m map[K]V, byValue func(a, b V) int, byKey func(a, b K) int) []K {
	keys := make([]K, 0, n+1)
	for k, v := range m {
		i, _ := slices.BinarySearchFunc(keys, k, func(x, k K) int { return cmp.Or(byValue(m[x], v), byKey(x, k)) })
		if i == n {
			continue
		}
		if keys = slices.Insert(keys, i, k); len(keys) > n {
			keys = keys[:n]
		}
	}
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
