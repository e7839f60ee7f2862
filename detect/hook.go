package detect

import (
	"fmt"
	"strings"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// hook is the state of a transaction at which a rule is checked first.
type hook struct {
	set   bool
	dir   field.Dir
	state uint8
}

// hook compiles what stands behind the rule's protocol: a state of its
// transactions, or for tcp, udp and the like flow_start or all.
func (c *compiler) hook(name string) error {
	s := c.s
	if s.app == nil {
		switch name {
		case "all":
			return nil
		case "flow_start":
			return c.cond(func(p *packet.Packet, f *flow.Flow) bool { return f != nil && f.Pkts[p.Dir.Index()] == 1 })
		}
		return fmt.Errorf("hook %q: want flow_start or all", name)
	}
	p := s.app[0]
	if len(s.app) > 1 {
		return fmt.Errorf("hook %q: %s stands for several protocols: name one", name, c.r.Proto.S)
	}
	var names []string
	for d, states := range p.States {
		for i, st := range states {
			names = append(names, st.Name)
			if st.Name == name {
				s.hook = hook{true, field.Dir(1 << d), uint8(i)}
				s.dir, s.hasTx = s.hook.dir, true
				return nil
			}
		}
	}
	if names == nil {
		return errUnsupported{"hook " + name}
	}
	return fmt.Errorf("hook %q: want one of %s", name, strings.Join(names, ", "))
}

// appState compiles a comparison with the state of a transaction: [<|<=|>|>=|!]name.
func appState(c *compiler, v string) error {
	if len(c.s.app) != 1 {
		return fmt.Errorf("is for rules on one application protocol")
	}
	v = strings.TrimSpace(v)
	name := strings.TrimLeft(v, "<>=!")
	op := v[:len(v)-len(name)]
	d, at := stateOf(c.s.app[0], strings.TrimSpace(name))
	if at < 0 {
		return fmt.Errorf("state %q is unknown to %s", name, c.r.Proto.S)
	}
	cmp, ok := comparisons[op]
	if op == "" || op == "!" {
		cmp, ok = comparisons[op+"="], true
	}
	if !ok {
		return fmt.Errorf("operator %q: want <, <=, >, >=, ! or none", op)
	}
	def := &field.Def{Field: field.Field{Name: "app-layer-state", Dir: field.Both, Growing: true}, Kind: field.KindCustom}
	c.s.units = append(c.s.units, unit{def: def, alts: []*defOf{{c.s.app[0], def}}, test: func(tx any, _ field.Dir) bool {
		t := tx.(proto.Transaction).Base()
		return cmp(t.Progress[d], uint8(at))
	}})
	c.s.hasTx = true
	return nil
}

// stateOf returns direction and number of a state, -1 if there is none of that
// name.
func stateOf(p *proto.Protocol, name string) (d, at int) {
	for d, states := range p.States {
		for i, st := range states {
			if st.Name == name {
				return d, i
			}
		}
	}
	return 0, -1
}
