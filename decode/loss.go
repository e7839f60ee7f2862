package decode

// Loss is what did not come through to where it was meant to go, and why. The
// workers must be at rest.
type Loss struct {
	Reason string // "TCP segments dropped: reassembly memory is full"
	Count  uint64
}

// Losses returns the losses of a run, those that happened.
func (pl *Pipeline) Losses() []Loss {
	all := []Loss{
		{Reason: "packets broken, looked at as far as they go"},
		{Reason: "TCP segments not followed: wrong checksum, as before an interface fills it in (-k none follows them)"},
		{Reason: "gaps in TCP streams: segments missing from the capture"},
		{Reason: "TCP segments dropped: stream.reassembly.memcap is reached"},
		{Reason: "TCP sessions not followed: stream.memcap is reached"},
		{Reason: "flows without a record: flow.memcap is reached"},
		{Reason: "fragments dropped: defrag.max-frags or its memcap is reached"},
		{Reason: "flows whose application layer could not be parsed on"},
		{Reason: "announced connections forgotten: too many at a time"},
		{Reason: "packets given up at an error of the program, and the rest of their flows"},
		{Reason: "packets of bypassed flows that the kernel has kept back"},
	}
	for _, w := range pl.workers {
		var app uint64
		for i := range w.counters.app {
			app += w.counters.app[i].errors
		}
		for i, n := range [...]uint64{
			w.dec.Counters.Invalid, w.streams.Counters.InvalidChecksum, w.streams.Counters.Gap, w.streams.Counters.SegmentDrop, w.streams.Counters.SSNMemCapDrop,
			w.flows.Counters.MemCap, w.frags.Counters.MaxFragHits, app, w.counters.expectDropped,
			w.counters.panics, w.counters.shunt.kept[0],
		} {
			all[i].Count += n
		}
	}
	var some []Loss
	for _, l := range all {
		if l.Count > 0 {
			some = append(some, l)
		}
	}
	return some
}

// Files returns how many files have passed.
func (pl *Pipeline) Files() (n uint64) {
	for _, w := range pl.workers {
		n += w.counters.files
	}
	return n
}
