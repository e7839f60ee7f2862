package main

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"weir/cmd/weir/config"
)

// homeNetEvery is how often the addresses of the interfaces are looked at.
const homeNetEvery = 5 * time.Second

// homeNet is the variable of the networks that are the host's own.
const homeNet = "HOME_NET"

// choosesHome reports whether HOME_NET is left to the run: neither a configuration nor
// a flag says what it is.
func (o *liveOptions) choosesHome() bool {
	return o.Config.File == "" && len(o.Config.Includes) == 0 &&
		!slices.ContainsFunc(o.Config.Sets, func(s string) bool { return strings.HasPrefix(s, "vars.address-groups."+homeNet) })
}

// ownNets returns the networks of interfaces, in order; without loopback and
// link-local ones.
func ownNets(names []string) []netip.Prefix {
	var all []netip.Prefix
	for _, name := range names {
		ifc, err := net.InterfaceByName(name)
		if err != nil {
			continue // it may come yet
		}
		addrs, _ := ifc.Addrs()
		for _, a := range addrs {
			p, err := netip.ParsePrefix(a.String())
			if err != nil || p.Addr().IsLoopback() || p.Addr().IsLinkLocalUnicast() {
				continue
			}
			if p = p.Masked(); !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, func(a, b netip.Prefix) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// addHome adds networks to HOME_NET.
func addHome(c *config.Config, nets []netip.Prefix) {
	for i := range c.Vars.AddressGroups {
		v := &c.Vars.AddressGroups[i]
		if v.Name != homeNet {
			continue
		}
		list := strings.TrimSuffix(strings.TrimPrefix(v.Value, "["), "]")
		for _, p := range nets {
			list += "," + p.String()
		}
		v.Value = "[" + list + "]"
	}
}
