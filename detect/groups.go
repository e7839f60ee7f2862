package detect

import (
	"cmp"
	"fmt"
	"slices"

	"weir/decode/field"
)

// Group is rules that are looked at together.
type Group struct {
	Name  string // "http.uri of http1 to_server", "payload tcp to_client port 25"
	Rules int
	// FoundBy is what leads to a rule of the group: "pattern", "address", or
	// "check" where each is looked at.
	FoundBy string
}

// Groups returns how the rules are divided, the largest first. A rule is in each
// group where it may be wanted.
func (e *Engine) Groups() []Group {
	var all []Group
	add := func(n int, foundBy string, format string, args ...any) {
		if n > 0 {
			all = append(all, Group{fmt.Sprintf(format, args...), n, foundBy})
		}
	}
	dirs := [...]string{field.ToServer.String(), field.ToClient.String()}
	transports := [...]string{trTCP: "tcp", trUDP: "udp", trOther: "other"}
	group := func(what string, g *ruleGroup) {
		add(len(g.any.sigs), "pattern", "%s", what)
		for port := range 1 << 16 {
			if s := g.byPort.at(uint16(port)); s != nil {
				add(len(s.sigs), "pattern", "%s port %d", what, port)
			}
		}
		for id, s := range g.byApp {
			if s != nil {
				add(len(s.sigs), "pattern", "%s of %s", what, e.set.All()[id-int(e.set.All()[0].ID)].Name)
			}
		}
	}
	for d, dir := range dirs {
		for t, tr := range transports {
			group("payload "+tr+" "+dir, &e.payload[t][d])
			p := &e.plain[t][d]
			add(len(p.any), "address", "packets %s %s", tr, dir)
			for port := range 1 << 16 {
				if l := p.byPort.at(uint16(port)); l != nil {
					add(len(*l), "check", "packets %s %s port %d", tr, dir, port)
				}
			}
		}
		group("stream "+dir, &e.stream[d])
		add(len(e.ipOnly[d]), "address", "addresses alone %s", dir)
		add(len(e.protoOnly[d]), "check", "protocol alone %s", dir)
		for _, p := range e.set.All() {
			g := &e.app[p.ID][d]
			for _, b := range g.buffers {
				add(len(b.sigs), "pattern", "%s of %s %s", b.def.Name, p.Name, dir)
			}
			add(len(g.plain), "check", "transactions of %s %s", p.Name, dir)
		}
	}
	add(len(e.events), "check", "decoder and stream events")
	add(len(e.onFrames), "check", "frames")
	slices.SortStableFunc(all, func(a, b Group) int { return cmp.Compare(b.Rules, a.Rules) })
	return all
}

// FastPattern returns the pattern by which a rule that was added is selected; nil if
// there is none.
func (b *Builder) FastPattern(gid, sid uint32) []byte {
	i, ok := b.ids[ruleID{gid, sid}]
	if !ok || b.sigs[i].fast == nil {
		return nil
	}
	return b.sigs[i].fast.pattern
}
