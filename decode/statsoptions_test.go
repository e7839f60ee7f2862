package decode

import (
	"strings"
	"testing"

	"weir/decode/event"
)

// TestDifferences looks at how counters have grown from record to record.
func TestDifferences(t *testing.T) {
	o := &statsOptions{totals: true, last: map[string]uint64{}}
	for _, tt := range []struct{ in, want string }{
		{`{"uptime":3,"a":{"b":2,"c":0},"d":5,"e":"x"}`, `{"uptime":3,"a":{"b":2,"b_delta":2,"c":0,"c_delta":0},"d":5,"d_delta":5,"e":"x"}`},
		{`{"uptime":4,"a":{"b":7,"c":0},"d":4}`, `{"uptime":4,"a":{"b":7,"b_delta":5,"c":0,"c_delta":0},"d":4,"d_delta":-1}`},
	} {
		if got := string(o.withDifferences(nil, []byte(tt.in))); got != tt.want {
			t.Errorf("got %s\nwant %s", got, tt.want)
		}
	}
}

// TestStatsThreads looks at what the options want of the counters.
func TestStatsThreads(t *testing.T) {
	pl := &Pipeline{}
	s := &stats{pl: pl}
	for _, tt := range []struct {
		totals, threads bool
		want            string // the beginning
	}{
		{false, false, ""},
		{false, true, `,"stats":{"uptime":0,"threads":{}}`},
	} {
		out := &event.Output{Opts: StatsOutput(tt.totals, tt.threads, true)}
		if got := string(s.AppendEvent([]byte{'{', '}'}, out)); !strings.HasSuffix(got, tt.want) {
			t.Errorf("totals %v, threads %v: got %s, want %s", tt.totals, tt.threads, got, tt.want)
		}
	}
}
