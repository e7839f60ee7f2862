package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"weir/bpf/afpacket"
	"weir/cmd/weir/config"
	"weir/decode/event"
)

// tap is one interface to watch.
type tap struct {
	name    string
	workers int
	ring    afpacket.Options // of each worker
	filter  string
	shunt   *kernelShunt // in front of the rings; may be nil
}

// taps returns the interfaces of a run: those of the flags, else those of the
// configuration, else the one of the default route.
func taps(o *liveOptions, c *config.Config, workers int) ([]tap, error) {
	names := o.Interfaces
	if len(names) == 0 {
		for _, item := range c.AFPacket.Items() {
			if name := item.String("interface", ""); name != "" && name != "default" {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		name, err := defaultInterface()
		if err != nil {
			return nil, err
		}
		names = []string{name}
	}
	var all []tap
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		t := newTap(c, name, workers)
		t.ring.Snaplen, t.ring.Promisc = o.Snaplen, t.ring.Promisc && o.Promisc
		t.filter = cmp.Or(o.BPF, t.filter)
		all = append(all, t)
	}
	return all, nil
}

// newTap returns what af-packet says of an interface; that of "default" counts for
// those not named. ring-size is in packets, as Suricata's.
func newTap(c *config.Config, name string, workers int) tap {
	t := tap{name: name, workers: workers, ring: afpacket.Options{BlockSize: 1 << 20, Blocks: 64, Promisc: true}}
	var of event.Options
	for _, item := range c.AFPacket.Items() {
		switch item.String("interface", "") {
		case name:
			of = item
		case "default":
			if of == nil {
				of = item
			}
		}
	}
	if of == nil {
		return t
	}
	mtu := 1500
	if ifc, err := net.InterfaceByName(name); err == nil {
		mtu = ifc.MTU
	}
	frame := uint64(min(mtu, 1<<16) + 118) // with headers of the link and of the ring
	block := of.Size("block-size", uint64(t.ring.BlockSize))
	if n := of.Uint("ring-size", 0); n > 0 {
		total := (n/max(block/frame, 1) + 1) * block
		// Small blocks are handed over too often.
		t.ring.BlockSize = int(min(max(block, 1<<18), 1<<22))
		t.ring.Blocks = int(max((total+uint64(t.ring.BlockSize)-1)/uint64(t.ring.BlockSize), 4))
	}
	t.ring.Timeout = time.Duration(of.Uint("block-timeout", 10)) * time.Millisecond
	t.ring.Promisc = !of.Bool("disable-promisc", false)
	t.filter = of.String("bpf-filter", "")
	return t
}

// defaultInterface returns the interface of the default route (proc(5),
// /proc/net/route and ipv6_route).
func defaultInterface() (string, error) {
	var none = errors.New("there is no default route: name an interface with -i")
	name, err := routeInterface("/proc/net/route", func(f []string) (string, bool) {
		return f[0], len(f) > 7 && f[1] == "00000000" && f[7] == "00000000"
	})
	if err == nil && name == "" {
		zero := strings.Repeat("0", 32)
		name, err = routeInterface("/proc/net/ipv6_route", func(f []string) (string, bool) {
			return f[len(f)-1], len(f) > 9 && f[0] == zero && f[1] == "00" && f[len(f)-1] != "lo"
		})
	}
	if name == "" {
		return "", cmp.Or(err, none)
	}
	return name, nil
}

// routeInterface returns what pick takes of the first line that it takes.
func routeInterface(file string, pick func(fields []string) (string, bool)) (string, error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("routes: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 0 {
			if name, ok := pick(fields); ok {
				return name, nil
			}
		}
	}
	return "", lines.Err()
}
