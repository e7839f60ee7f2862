package main

import (
	"slices"

	"weir/bpf/shunt"
	"weir/cmd/weir/config"
	"weir/decode"
	"weir/decode/event"
	"weir/decode/flow"
)

// kernelShunt is a decode.Shunt in front of the rings of one interface: a flow that is
// seen at two has its packets counted at each.
type kernelShunt struct{ *shunt.Shunt }

// kernelShunts are those of the workers; nil where packets are not kept back.
type kernelShunts []*kernelShunt

// openShunts loads one for each interface; nil where bpf.shunt is off or the kernel
// refuses.
func openShunts(c *config.Config, snaplen int, watched []tap, say func(string, ...any)) (all kernelShunts, err error) {
	on := c.BPF.Bool("shunt", true)
	if err := c.Err(); err != nil || !on {
		return nil, err
	}
	for i := range watched {
		t := &watched[i]
		s, err := shunt.Open(shunt.Options{Snaplen: uint32(snaplen), VLAN: c.VLAN.UseForTracking})
		if err != nil {
			say("packets of bypassed flows come all the same: %v", err)
			all.close()
			for j := range i {
				watched[j].shunt = nil
			}
			return nil, nil //nolint:nilerr // the run does without
		}
		t.shunt = &kernelShunt{s}
		all = append(all, slices.Repeat(kernelShunts{t.shunt}, t.workers)...)
	}
	return all, nil
}

// attach puts the shunt in front of a ring. It is the live source's.
func (s *kernelShunt) attach(fd int) error {
	if s == nil {
		return nil
	}
	return s.AttachTo(fd)
}

// use hands the shunts to a pipeline.
func (all kernelShunts) use(o *decode.Options, c *config.Config) {
	if all != nil {
		o.Shunt = func(i int) decode.Shunt { return all[i] }
		o.ShuntAfter = c.BPF.Size("shunt-after", 0)
	}
}

// Add implements decode.Shunt.
func (s *kernelShunt) Add(k *flow.Key) bool { return s.Shunt.Add((*shunt.Key)(k)) == nil }

// Read implements decode.Shunt.
func (s *kernelShunt) Read(k *flow.Key) (flow.Kept, bool) {
	c, ok := s.Shunt.Read((*shunt.Key)(k))
	return flow.Kept(c), ok
}

// Remove implements decode.Shunt.
func (s *kernelShunt) Remove(k *flow.Key) (flow.Kept, bool) {
	c, ok := s.Shunt.Remove((*shunt.Key)(k))
	return flow.Kept(c), ok
}

// kept returns what is kept back of a flow so far.
func (all kernelShunts) kept(k *flow.Key) (flow.Kept, bool) {
	for _, s := range slices.Compact(slices.Clone(all)) {
		if kept, ok := s.Read(k); ok {
			return kept, true
		}
	}
	return flow.Kept{}, false
}

// AppendEvent implements event.Appender: what was kept back in all.
func (all kernelShunts) AppendEvent(b []byte, _ *event.Output) []byte {
	var sum shunt.Totals
	for _, s := range slices.Compact(slices.Clone(all)) {
		t, err := s.Totals()
		if err != nil {
			return nil
		}
		sum.Packets += t.Packets
		sum.Bytes += t.Bytes
		sum.Flows += t.Flows
	}
	b = event.Open(b, "shunt")
	b = event.Uint(b, "packets", sum.Packets)
	b = event.Uint(b, "bytes", sum.Bytes)
	b = event.Uint(b, "flows", uint64(sum.Flows))
	return event.Close(b)
}

// close gives the shunts back.
func (all kernelShunts) close() {
	for _, s := range slices.Compact(slices.Clone(all)) {
		_ = s.Close() // descriptors alone
	}
}
