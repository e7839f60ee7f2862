package detect

import (
	"fmt"
	"strings"

	"weir/decode/flow"
	"weir/decode/proto"
)

// appModes say which of a flow's protocols app-layer-protocol is about.
var appModes = map[string]func(f *flow.Flow) [2]uint16{
	"":          func(f *flow.Flow) [2]uint16 { return [2]uint16{f.App, f.App} },
	"exact":     func(f *flow.Flow) [2]uint16 { return [2]uint16{f.App, f.App} },
	"final":     func(f *flow.Flow) [2]uint16 { return [2]uint16{f.App, f.App} },
	"original":  func(f *flow.Flow) [2]uint16 { return [2]uint16{f.AppOrig, f.AppOrig} },
	"to_server": func(f *flow.Flow) [2]uint16 { return [2]uint16{f.AppTS, f.AppTS} },
	"to_client": func(f *flow.Flow) [2]uint16 { return [2]uint16{f.AppTC, f.AppTC} },
	"either":    func(f *flow.Flow) [2]uint16 { return [2]uint16{f.AppTS, f.AppTC} },
}

// appProtocol compiles [!]protocol[,mode]. A family stands for all of its
// protocols, but with the mode exact.
func appProtocol(c *compiler, v string) error {
	v, neg := strings.CutPrefix(strings.TrimSpace(v), "!")
	name, mode, _ := strings.Cut(v, ",")
	name, mode = strings.TrimSpace(name), strings.TrimSpace(mode)
	of, ok := appModes[mode]
	if !ok {
		return fmt.Errorf("mode %q: want final, original, either, to_server, to_client or exact", mode)
	}
	var ids []uint16
	for _, p := range c.e.set.Members(name) {
		if mode != "exact" || p.Name == name {
			ids = append(ids, uint16(p.ID))
		}
	}
	switch {
	case name == "failed":
		ids = append(ids, uint16(proto.Failed))
	case name == "unknown":
		ids = append(ids, 0)
	case len(ids) == 0:
		return fmt.Errorf("value %q: no such protocol", name)
	}
	c.s.appTests++
	return c.flowTest(func(f *flow.Flow) bool {
		have := of(f)
		if have == [2]uint16{} && name != "unknown" {
			return false // it is not known yet
		}
		is := false
		for _, id := range ids {
			is = is || have[0] == id || have[1] == id
		}
		return is != neg
	})
}
