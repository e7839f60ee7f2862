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
)

//go:generate go tool bpf2go -target bpfel -cflags "-mcpu=v3 -Wall -Werror -I../include" program fanout.bpf.c

// Options of the program.
type Options struct {
	// UDP ports of tunnels; 0 is none.
	VXLANPort, GENEVEPort uint16
}

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
	if err := spec.Variables["vxlan_port"].Set(o.VXLANPort); err != nil {
		return nil, err
	}
	if err := spec.Variables["geneve_port"].Set(o.GENEVEPort); err != nil {
		return nil, err
	}
	p := new(Program)
	if err := spec.LoadAndAssign(&p.objs, nil); err != nil {
		return nil, fmt.Errorf("load the fanout program: %w", err)
	}
	return p, nil
}

// Join makes the packet socket fd a member of a group with this program. The
// sockets of a group must be bound to the same interface; the kernel numbers the
// members in the order in which they join.
func (p *Program) Join(fd int, group uint16) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, int(group)|unix.PACKET_FANOUT_EBPF<<16); err != nil {
		return fmt.Errorf("fanout group %d: %w", group, err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA, p.objs.Fanout.FD()); err != nil {
		return fmt.Errorf("program of fanout group %d: %w", group, err)
	}
	return nil
}

// Hash returns what the program makes of a frame of Ethernet.
func (p *Program) Hash(frame []byte) (uint32, error) {
	return p.objs.Fanout.Run(&ebpf.RunOptions{Data: frame})
}

// Close gives the program back.
func (p *Program) Close() error { return p.objs.Close() }
