package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/cmd/weir/config/yaml11"
)

// Vars are the variables of rules, as written.
type Vars struct {
	AddressGroups []Var
	PortGroups    []Var
}

// Var is one variable.
type Var struct {
	Name  string // without $
	Value string // a YAML list is written as rules have it: [a,b]
	Pos   yaml11.Pos
}

// Address returns the value of an address variable.
func (v *Vars) Address(name string) (string, bool) { return find(v.AddressGroups, name) }

// Port returns the value of a port variable.
func (v *Vars) Port(name string) (string, bool) { return find(v.PortGroups, name) }

func find(vars []Var, name string) (string, bool) {
	i := slices.IndexFunc(vars, func(v Var) bool { return v.Name == name })
	if i < 0 {
		return "", false
	}
	return vars[i].Value, true
}

func readVars(root Section) Vars {
	return Vars{
		AddressGroups: readGroup(root.Get("vars.address-groups")),
		PortGroups:    readGroup(root.Get("vars.port-groups")),
	}
}

func readGroup(s Section) []Var {
	var all []Var
	for _, name := range s.Keys() {
		sub := s.Get(name)
		value := sub.Text()
		if sub.node.Kind == yaml11.List {
			value = "[" + strings.Join(s.Strings(name), ",") + "]"
		}
		if value == "" || sub.node.Kind == yaml11.Map {
			s.Reject(name, "addresses or ports, such as any, 80 or \"[10.0.0.0/8,!10.1.1.1]\"")
			continue
		}
		all = append(all, Var{name, value, sub.Pos()})
	}
	return all
}

// maxVarDepth bounds variables that name one another.
const maxVarDepth = 16

// Ports reads a list of ports as decoder settings have it: "any", "4789",
// "[3544, 1234]" or "$TEREDO_PORTS". Nil stands for any.
func (v *Vars) Ports(text string) ([]uint16, error) { return v.ports(text, maxVarDepth) }

func (v *Vars) ports(text string, depth int) ([]uint16, error) {
	ports := []uint16{}
	for _, p := range splitList(text) {
		if p == "any" {
			return nil, nil
		}
		if name, ok := strings.CutPrefix(p, "$"); ok {
			value, ok := v.Port(name)
			if !ok {
				return nil, fmt.Errorf("port variable %s is not in vars.port-groups", p)
			}
			if depth == 0 {
				return nil, fmt.Errorf("port variable %s stands for itself", p)
			}
			more, err := v.ports(value, depth-1)
			if err != nil || more == nil {
				return nil, err
			}
			ports = append(ports, more...)
			continue
		}
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("port %q: want a number up to 65535, $VARIABLE or any", p)
		}
		ports = append(ports, uint16(n))
	}
	return ports, nil
}
