package xdp

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// freshFor is for how long the host's addresses and routes are believed.
const freshFor = time.Second

// guard knows what must not be blocked.
type guard struct {
	never []netip.Prefix

	mu   sync.Mutex
	read time.Time
	own  []protected
}

// protected is an address that must not be blocked, and why.
type protected struct {
	addr netip.Addr
	what string
}

// Networks whose blocking would hurt this host alone.
var special = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("0.0.0.0/8"), "this network (RFC 791), the source of DHCP"},
	{netip.MustParsePrefix("::/128"), "no address (RFC 4291), the source of duplicate detection"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},
}

// check returns why a prefix must not be blocked.
func (g *guard) check(p netip.Prefix) error {
	for _, s := range special {
		if p.Overlaps(s.prefix) {
			return fmt.Errorf("%v is %s: %w", s.prefix, s.what, ErrProtected)
		}
	}
	for _, n := range g.never {
		if p.Overlaps(n) {
			return fmt.Errorf("%v is set as never to be blocked: %w", n, ErrProtected)
		}
	}
	own, err := g.addresses()
	if err != nil {
		return err
	}
	for _, o := range own {
		if p.Contains(o.addr) {
			return fmt.Errorf("%v is %s: %w", o.addr, o.what, ErrProtected)
		}
	}
	return nil
}

// addresses returns those of the host and of its gateways.
func (g *guard) addresses() ([]protected, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.read) < freshFor {
		return g.own, nil
	}
	own, err := hostAddresses()
	if err != nil {
		return nil, err
	}
	g.own, g.read = own, time.Now()
	return own, nil
}

func hostAddresses() (own []protected, err error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("addresses of this host: %w", err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				own = append(own, protected{ip.Unmap(), "an address of this host"})
			}
		}
	}
	for _, f := range [...]struct {
		name string
		read func(io.Reader) ([]protected, error)
	}{{"/proc/thread-self/net/route", gateways4}, {"/proc/thread-self/net/ipv6_route", gateways6}} {
		r, err := os.Open(f.name)
		if os.IsNotExist(err) {
			continue // a kernel without that IP version
		}
		if err != nil {
			return nil, fmt.Errorf("gateways: %w", err)
		}
		more, err := f.read(r)
		r.Close()
		if err != nil {
			return nil, fmt.Errorf("gateways: %w", err)
		}
		own = append(own, more...)
	}
	return own, nil
}

// gateways4 reads /proc/net/route: addresses are eight digits of the number as this
// machine has it in memory.
func gateways4(r io.Reader) (own []protected, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 3 {
			continue
		}
		b, err := hex.DecodeString(f[2])
		if err != nil || len(b) != 4 {
			continue // the heading
		}
		var a [4]byte
		binary.NativeEndian.PutUint32(a[:], binary.BigEndian.Uint32(b))
		if addr := netip.AddrFrom4(a); !addr.IsUnspecified() {
			own = append(own, protected{addr, "a gateway of " + f[0]})
		}
	}
	return own, lines.Err()
}

// gateways6 reads /proc/net/ipv6_route: the fifth field is the next hop.
func gateways6(r io.Reader) (own []protected, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 {
			continue
		}
		b, err := hex.DecodeString(f[4])
		if err != nil || len(b) != 16 {
			continue
		}
		if addr := netip.AddrFrom16([16]byte(b)); !addr.IsUnspecified() {
			own = append(own, protected{addr, "a gateway of " + f[9]})
		}
	}
	return own, lines.Err()
}
