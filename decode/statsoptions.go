package decode

import "weir/decode/event"

// statsOptions are those of a stats type of an eve-log output, and of stats.log.
type statsOptions struct {
	totals, zeros bool
}

// StatsOptions reads the stats section of an eve-log output.
func StatsOptions(o event.Options) (any, error) {
	return StatsOutput(o.Bool("totals", true), o.Bool("null-values", true)), nil
}

// StatsOutput are the options of an output of counters: whether it has the sums
// over all workers, and counters that are 0.
func StatsOutput(totals, zeros bool) any { return &statsOptions{totals, zeros} }
