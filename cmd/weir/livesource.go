package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"weir/bpf/afpacket"
	"weir/cmd/weir/config"
	"weir/decode"
	"weir/decode/capture/live"
	"weir/decode/event"
	"weir/sinks/eve"
)

// liveSource is a decode.Source over an interface.
type liveSource struct {
	*live.Source
	sink    *eve.Sink
	filter  *frameFilter // may be nil
	packets *packetLog   // may be nil
	came    uint64       // frames
	passed  uint64       // frames that the filter did not take
}

// Next implements decode.Source.
func (s *liveSource) Next() (decode.Batch, error) {
	b, err := s.Source.Next()
	if werr := s.sink.Err(); werr != nil && err == nil {
		err = werr
	}
	n := len(b.Frames())
	s.came += uint64(n)
	if s.filter != nil {
		b.Keep(s.filter.take(b.Frames()))
		s.passed += uint64(n - len(b.Frames()))
	}
	s.packets.keep(b.Frames())
	return b, err
}

// AppendEvent implements event.Appender: the counters of the capture.
func (s *liveSource) AppendEvent(b []byte, _ *event.Output) []byte {
	c := s.Counters()
	b = event.Open(b, "capture")
	b = event.Uint(b, "kernel_packets", c.Frames)
	b = event.Uint(b, "kernel_drops", c.Drops)
	b = event.Uint(b, "ring_full", c.Freezes)
	b = event.Uint(b, "interface_down", c.Downs)
	if s.filter != nil {
		b = event.Uint(b, "filtered", s.passed)
	}
	return event.Close(b)
}

// ringOptions returns what af-packet says of an interface; that of "default" counts
// for those not named. ring-size is in packets, as Suricata's.
func ringOptions(c *config.Config, name string, promisc bool) (o afpacket.Options, filter string) {
	o = afpacket.Options{BlockSize: 1 << 20, Blocks: 64, Promisc: promisc}
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
		return o, ""
	}
	mtu := 1500
	if ifc, err := net.InterfaceByName(name); err == nil {
		mtu = ifc.MTU
	}
	frame := uint64(min(mtu, 1<<16) + 118) // with headers of the link and of the ring
	block := of.Size("block-size", uint64(o.BlockSize))
	if n := of.Uint("ring-size", 0); n > 0 {
		total := (n/max(block/frame, 1) + 1) * block
		// Small blocks are handed over too often.
		o.BlockSize = int(min(max(block, 1<<18), 1<<22))
		o.Blocks = int(max((total+uint64(o.BlockSize)-1)/uint64(o.BlockSize), 4))
	}
	o.Timeout = time.Duration(of.Uint("block-timeout", 10)) * time.Millisecond
	o.Promisc = o.Promisc && !of.Bool("disable-promisc", false)
	return o, of.String("bpf-filter", "")
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
