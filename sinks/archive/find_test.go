package archive

import (
	"fmt"
	"testing"
	"time"

	"weir/sinks/consume"
	"weir/sinks/store"
)

// TestFind: what was archived is found again, in the order of time, also when an event
// came twice.
func TestFind(t *testing.T) {
	for _, format := range []Format{JSON, Parquet} {
		t.Run(string(format), func(t *testing.T) {
			dir := t.TempDir()
			for _, batch := range [][]consume.Event{{event(5, 4), event(3, 2), event(3, 1)}, {event(4, 3), event(3, 2)}} {
				a, err := Open(Options{Dir: dir, Format: format, Log: t.Logf})
				if err != nil {
					t.Fatal(err)
				}
				if err := a.Handle(t.Context(), batch); err != nil {
					t.Fatal(err)
				}
				if err := a.Close(); err != nil {
					t.Fatal(err)
				}
			}
			at := func(hour int) time.Time { return time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC) }
			for _, c := range []struct {
				name string
				q    store.Query
				want string // source ports
			}{
				{"all", store.Query{}, "[1 2 3 4]"},
				{"from", store.Query{From: at(4)}, "[3 4]"},
				{"to", store.Query{To: at(4)}, "[1 2]"},
				{"limit", store.Query{Limit: 3}, "[1 2 3]"},
				{"type", store.Query{Types: []string{"alert"}}, "[]"},
				{"text", store.Query{Text: `"eid":"e4"`}, "[4]"},
			} {
				var got []int
				if err := Find(t.Context(), dir, c.q, func(r *store.Row) error {
					got = append(got, r.SrcPort)
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(got) != c.want {
					t.Errorf("%s: got %v, want %s", c.name, got, c.want)
				}
			}
		})
	}
}
