package eve

import (
	"fmt"
	"strings"
	"time"

	"weir/decode/event"
)

// appendStats appends the counters of a stats event as a table of text, one
// line a counter, under the time they were taken.
func appendStats(b []byte, ev *event.Event, opts *event.Output) []byte {
	body := ev.Body.AppendEvent([]byte{'{'}, opts)
	if body == nil {
		return nil
	}
	rule := strings.Repeat("-", 86)
	b = fmt.Appendf(b, "%s\nDate: %s\n%s\n", rule, time.Unix(0, ev.Time).UTC().Format("1/2/2006 -- 15:04:05"), rule)
	b = fmt.Appendf(b, "%-45s | %-25s | %s\n%s\n", "Counter", "TM Name", "Value", rule)
	event.Flatten(append(body, '}'), func(name, value string) {
		b = fmt.Appendf(b, "%-45s | %-25s | %s\n", strings.TrimPrefix(name, "stats."), "Total", value)
	})
	return b
}
