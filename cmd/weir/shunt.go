package main

import (
	"weir/bpf/shunt"
	"weir/cmd/weir/config"
	"weir/decode"
	"weir/decode/event"
	"weir/decode/flow"
)

// kernelShunt is a decode.Shunt in front of the rings of a live run.
type kernelShunt struct{ *shunt.Shunt }

// openShunt loads the shunt; nil where bpf.shunt is off or the kernel refuses.
func openShunt(c *config.Config, snaplen int, say func(string, ...any)) (*kernelShunt, error) {
	on := c.BPF.Bool("shunt", true)
	if err := c.Err(); err != nil || !on {
		return nil, err
	}
	s, err := shunt.Open(shunt.Options{Snaplen: uint32(snaplen), VLAN: c.VLAN.UseForTracking})
	if err != nil {
		say("packets of bypassed flows come all the same: %v", err)
		return nil, nil //nolint:nilerr // the run does without
	}
	return &kernelShunt{s}, nil
}

// attach puts the shunt in front of a ring. It is the live source's.
func (s *kernelShunt) attach(fd int) error {
	if s == nil {
		return nil
	}
	return s.AttachTo(fd)
}

// use hands the shunt to a pipeline.
func (s *kernelShunt) use(o *decode.Options, c *config.Config) {
	if s != nil {
		o.Shunt, o.ShuntAfter = s, c.BPF.Size("shunt-after", 0)
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

// AppendEvent implements event.Appender: what was kept back in all.
func (s *kernelShunt) AppendEvent(b []byte, _ *event.Output) []byte {
	t, err := s.Totals()
	if err != nil {
		return nil
	}
	b = event.Open(b, "shunt")
	b = event.Uint(b, "packets", t.Packets)
	b = event.Uint(b, "bytes", t.Bytes)
	b = event.Uint(b, "flows", uint64(t.Flows))
	return event.Close(b)
}

// close gives the shunt back.
func (s *kernelShunt) close() {
	if s != nil {
		_ = s.Close() // descriptors alone
	}
}
