package decode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"weir/decode/event"
)

// statsOptions are those of a stats type of an eve-log output, and of stats.log.
type statsOptions struct {
	totals, threads, zeros bool
	// last holds the counters of the record before, by path, where records have
	// differences; nil where they have none.
	last map[string]uint64
}

// StatsOptions reads the stats section of an eve-log output.
func StatsOptions(o event.Options) (any, error) {
	s := &statsOptions{totals: o.Bool("totals", true), threads: o.Bool("threads", false), zeros: o.Bool("null-values", true)}
	if o.Bool("deltas", false) {
		s.last = map[string]uint64{}
	}
	return s, nil
}

// StatsOutput are the options of an output of counters: whether it has the sums
// over all workers, those of each, and counters that are 0.
func StatsOutput(totals, threads, zeros bool) any {
	return &statsOptions{totals: totals, threads: threads, zeros: zeros}
}

// ThreadsKey is the member of a stats record with the counters of each worker.
const ThreadsKey = "threads"

// appendTo appends the object of s as the options want it.
func (o *statsOptions) appendTo(b []byte, s *stats, out *event.Output) []byte {
	var all []byte
	if o.totals {
		all = s.counters(nil, out)
	} else {
		all = event.Uint([]byte{'{'}, "uptime", s.pl.uptime())
		all = event.Close(all)
	}
	if o.threads {
		all = event.Open(all[:len(all)-1], ThreadsKey)
		for i := range s.pl.workers {
			one := stats{pl: s.pl.only(i), set: s.set, part: true}
			all = one.counters(event.Key(all, fmt.Sprintf("W#%02d", i+1)), out)
		}
		all = event.Close(event.Close(all))
	}
	if !o.zeros {
		all = event.Prune(nil, all)
	}
	if o.last == nil {
		return append(b, all...)
	}
	return o.withDifferences(b, all)
}

// withDifferences appends the object all, and beside each counter by how much it
// has grown since the record before.
func (o *statsOptions) withDifferences(b, all []byte) []byte {
	return o.differences(b, json.NewDecoder(bytes.NewReader(all)), "")
}

// differences appends the next value of d, which stands at path, in this way.
func (o *statsOptions) differences(b []byte, d *json.Decoder, path string) []byte {
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return b // counters are objects of objects and numbers
	}
	b = append(b, '{')
	for d.More() {
		key, _ := d.Token()
		name, _ := key.(string)
		at := path + "." + name
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			return b
		}
		b = event.Key(b, name)
		n, err := strconv.ParseUint(string(raw), 10, 64)
		switch {
		case at == ".uptime":
			b = append(b, raw...)
		case err == nil:
			b = append(b, raw...)
			b = event.Int(b, name+"_delta", int64(n-o.last[at]))
			o.last[at] = n
		case raw[0] == '{':
			b = o.differences(b, json.NewDecoder(bytes.NewReader(raw)), at)
		default:
			b = append(b, raw...)
		}
	}
	_, _ = d.Token() // its end
	return append(b, '}')
}

// only returns a view of one worker, for its counters.
func (pl *Pipeline) only(i int) *Pipeline {
	return &Pipeline{
		workers: pl.workers[i : i+1], clock: pl.clock, started: pl.started, dispatch: pl.dispatch,
		version: pl.version, streamEvents: pl.streamEvents, stream: pl.stream, flowMemCap: pl.flowMemCap,
	}
}
