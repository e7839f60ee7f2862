package nsq

import (
	"encoding/json"
	"maps"
	"slices"

	"weir/sinks/identity"
)

// bulky are members that an event can do without, the largest first.
var bulky = []string{"packet", "payload", "payload_printable", "stream", "frame"}

// truncate makes an event fit into limit bytes by leaving out members, and lists
// them under weir.truncated. What is left of an event that does not get small
// enough is its head.
func truncate(body []byte, limit int) []byte {
	var ev map[string]json.RawMessage
	if json.Unmarshal(body, &ev) != nil {
		return nil
	}
	w, err := identity.Of(body)
	if err != nil {
		return nil
	}
	size := len(body)
	leave := func(name string) {
		if v, ok := ev[name]; ok && size > limit-256 {
			size -= len(v)
			delete(ev, name)
			w.Truncated = append(w.Truncated, name)
		}
	}
	for _, name := range bulky {
		leave(name)
	}
	for _, name := range slices.SortedFunc(maps.Keys(ev), func(a, b string) int { return len(ev[b]) - len(ev[a]) }) {
		if name != "weir" {
			leave(name)
		}
	}
	ev["weir"], _ = json.Marshal(w)
	out, err := json.Marshal(ev)
	if err != nil || len(out) > limit {
		return nil
	}
	return out
}
