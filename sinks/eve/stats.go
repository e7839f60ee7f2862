package eve

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/decode"
	"weir/decode/event"
)

// appendStats appends the counters of a stats event as a table of text, one
// line a counter, under the time they were taken.
func appendStats(b []byte, ev *event.Event, opts *event.Output) []byte {
	body := ev.Body.AppendEvent([]byte{'{'}, opts)
	if body == nil {
		return nil
	}
	var lines []byte
	var up int64
	event.Flatten(append(body, '}'), func(name, value string) {
		name, thread := strings.TrimPrefix(name, "stats."), "Total"
		if name == "uptime" {
			up, _ = strconv.ParseInt(value, 10, 64)
			return
		}
		if of, ok := strings.CutPrefix(name, decode.ThreadsKey+"."); ok {
			thread, name, _ = strings.Cut(of, ".")
		}
		lines = fmt.Appendf(lines, "%-45s | %-25s | %s\n", name, thread, value)
	})
	rule := strings.Repeat("-", 84)
	b = fmt.Appendf(b, "%s\nDate: %s (uptime: %dd, %02dh %02dm %02ds)\n%s\n", rule,
		time.Unix(0, ev.Time).UTC().Format("1/2/2006 -- 15:04:05"), up/86400, up/3600%24, up/60%60, up%60, rule)
	b = fmt.Appendf(b, "%-45s | %-25s | %s\n%s\n", "Counter", "TM Name", "Value", rule)
	return append(b, lines...)
}
