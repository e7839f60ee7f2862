package main

import (
	"weir/bpf/fanout"
	"weir/cmd/weir/config"
)

// loadPrograms loads what a live run has in the kernel, as the section bpf says, and
// hands it to the rings of the interfaces and to the pipeline that is made next.
// unload is never nil.
func (a *analysis) loadPrograms(c *config.Config, o *liveOptions, watched []tap, say func(string, ...any)) (unload func(), err error) {
	spread, err := openFanout(c, watched, say)
	if err == nil {
		a.shunts, err = openShunts(c, o.Snaplen, watched, say)
	}
	if err == nil {
		a.blocker, err = openBlocker(c, watched, a.warn, say)
	}
	return func() {
		a.blocker.close()
		a.shunts.close()
		if spread != nil {
			_ = spread.Close() // a descriptor alone
		}
	}, err
}

// openFanout loads the program that spreads frames over the workers of an interface,
// where there are several. Without it they go by the addresses outside of tunnels.
func openFanout(c *config.Config, watched []tap, say func(string, ...any)) (*fanout.Program, error) {
	on, several := c.BPF.Bool("fanout", true), false
	for i := range watched {
		several = several || watched[i].workers > 1
	}
	if err := c.Err(); err != nil || !on || !several {
		return nil, err
	}
	o := packetOptions(c)
	p, err := fanout.Open(fanout.Options{VXLANPorts: o.VXLANPorts, GENEVEPorts: o.GENEVEPorts})
	if err != nil {
		say("what comes in one tunnel goes to one worker: %v", err)
		return nil, nil //nolint:nilerr // the run does without
	}
	for i := range watched {
		watched[i].ring.Spread = p
	}
	return p, nil
}
