package eve

import (
	"strconv"
	"time"

	"weir/decode/event"
)

// appendFast appends an alert in the form of fast.log:
//
//	10/12/2018-16:15:30.123456  [**] [1:2018:3] msg [**] [Classification: c] [Priority: 2] {TCP} 192.0.2.1:99 -> 192.0.2.2:80
func appendFast(b []byte, ev *event.Event) []byte {
	a := ev.Alert
	b = time.Unix(0, ev.Time).UTC().AppendFormat(b, "01/02/2006-15:04:05.000000")
	b = append(b, "  "...)
	if a.Dropped {
		b = append(b, "[Drop] "...)
	}
	b = append(b, "[**] ["...)
	b = strconv.AppendUint(b, uint64(a.GID), 10)
	b = append(b, ':')
	b = strconv.AppendUint(b, uint64(a.SID), 10)
	b = append(b, ':')
	b = strconv.AppendUint(b, uint64(a.Rev), 10)
	b = append(b, "] "...)
	msg := a.Msg
	if msg == "" {
		msg = "(null)"
	}
	b = append(b, msg...)
	b = append(b, " [**] [Classification: "...)
	class := a.Class
	if class == "" {
		class = "(null)"
	}
	b = append(b, class...)
	b = append(b, "] [Priority: "...)
	b = strconv.AppendUint(b, uint64(a.Priority), 10)
	b = append(b, "] {"...)
	b = append(b, event.ProtoName(ev.Proto)...)
	b = append(b, "} "...)
	b = event.AppendAddr(b, ev.Src)
	b = append(b, ':')
	b = strconv.AppendUint(b, uint64(ev.SrcPort), 10)
	b = append(b, " -> "...)
	b = event.AppendAddr(b, ev.Dst)
	b = append(b, ':')
	b = strconv.AppendUint(b, uint64(ev.DstPort), 10)
	return append(b, '\n')
}
