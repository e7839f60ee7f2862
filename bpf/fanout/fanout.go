// Package fanout spreads the frames of an interface over the packet sockets of a
// fanout group (packet(7), PACKET_FANOUT_EBPF) by the pair of addresses, the same in
// both directions: of the innermost packet where it is in a tunnel of IP, GRE, VXLAN
// or GENEVE. So all flows of two hosts meet in one worker, with their fragments and
// the flows that they announce.
//
// Of a datagram in fragments only the first shows what is inside: those of a tunnel
// go by the outer addresses. What is not IP goes to the first member.
package fanout

import (
	"fmt"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"weir/bpf"
)

//go:generate go tool bpf2go -target bpfel -cflags "-mcpu=v3 -Wall -Werror -I../include" program fanout.bpf.c

// Options of the program.
type Options struct {
	// UDP ports of tunnels, maxPorts of each kind at most: those behind are left out,
	// so that such tunnels go by their outer addresses.
	VXLANPorts, GENEVEPorts []uint16
}

// maxPorts is PORTS of fanout.bpf.c.
const maxPorts = 4

// Program is loaded into the kernel until it is closed. Groups that it is attached
// to keep it.
type Program struct {
	objs programObjects
}

// Open loads the program.
func Open(o Options) (*Program, error) {
	spec, err := loadProgram()
	if err != nil {
		return nil, err
	}
	for name, ports := range map[string][]uint16{"vxlan_ports": o.VXLANPorts, "geneve_ports": o.GENEVEPorts} {
		var v [maxPorts]uint16
		copy(v[:], ports)
		if err := spec.Variables[name].Set(v); err != nil {
			return nil, err
		}
	}
	p := new(Program)
	if err := bpf.Load("fanout program", spec, &p.objs); err != nil {
		return nil, err
	}
	return p, nil
}

// Attach gives the program to the fanout group that the packet socket fd has joined,
// of type PACKET_FANOUT_EBPF.
func (p *Program) Attach(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA, p.objs.Fanout.FD()); err != nil {
		return fmt.Errorf("attach the fanout program: %w", err)
	}
	return nil
}

// Hash returns what the program makes of a frame of Ethernet.
func (p *Program) Hash(frame []byte) (uint32, error) {
	return p.objs.Fanout.Run(&ebpf.RunOptions{Data: frame})
}

// Close gives the program back.
func (p *Program) Close() error { return p.objs.Close() }
