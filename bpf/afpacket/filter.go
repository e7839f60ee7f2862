package afpacket

import (
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// nothing lets no frame through.
var nothing = []bpf.Instruction{bpf.RetConstant{Val: 0}}

// first lets n bytes of every frame through.
func first(n int) []bpf.Instruction { return []bpf.Instruction{bpf.RetConstant{Val: uint32(n)}} }

// program translates instructions that are known to be right.
func program(ins []bpf.Instruction) (*unix.SockFprog, error) {
	raw, err := bpf.Assemble(ins)
	if err != nil {
		return nil, err
	}
	f := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		f[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return &unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}, nil
}

// filter attaches a program to the socket, in place of the one before.
func (r *Ring) filter(ins []bpf.Instruction) error {
	p, err := program(ins)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, p); err != nil {
		return fmt.Errorf("attach a filter: %w", err)
	}
	return nil
}

// join makes the socket a member of a fanout group, whose program says who of
// them gets a frame.
func (r *Ring) join(group uint16, spread Spread) error {
	how := int(group) | unix.PACKET_FANOUT_CBPF<<16
	if spread != nil {
		how = int(group) | unix.PACKET_FANOUT_EBPF<<16
	}
	var err error = unix.ENOTSUP
	if r.loop {
		// What a member ignores does not count for the group.
		err = unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, how|unix.PACKET_FANOUT_FLAG_IGNORE_OUTGOING<<16)
		r.loop = err != nil
	}
	if err != nil {
		err = unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, how)
	}
	if err != nil {
		return fmt.Errorf("fanout group %d: %w", group, err)
	}
	if spread != nil {
		return spread.Attach(r.fd)
	}
	p, err := program(byAddresses)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptSockFprog(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA, p); err != nil {
		return fmt.Errorf("program of fanout group %d: %w", group, err)
	}
	return nil
}

// network is the offset from which loads count from the network header
// (SKF_NET_OFF of linux/filter.h), whatever stands before it.
const network = 0xfff00000

// byAddresses returns a number made of both IP addresses that is the same in
// both directions, and 0 for what is not IP; the kernel takes the remainder by
// the members of the group. It spreads by the outermost addresses: what comes in
// one tunnel stays together.
var byAddresses = func() []bpf.Instruction {
	load := func(off uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: network + off, Size: 4} }
	ins := []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtProto},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.ETH_P_IP, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.ETH_P_IPV6, SkipTrue: 6},
		bpf.RetConstant{Val: 0},
		load(12), bpf.TAX{}, load(16), bpf.ALUOpX{Op: bpf.ALUOpXor},
	}
	v6 := []bpf.Instruction{load(8)}
	for off := uint32(12); off < 40; off += 4 {
		v6 = append(v6, bpf.TAX{}, load(off), bpf.ALUOpX{Op: bpf.ALUOpXor})
	}
	ins = append(ins, bpf.Jump{Skip: uint32(len(v6))})
	ins = append(ins, v6...)
	// Neighbours differ in their last bits: bring all of them to bear.
	return append(ins,
		bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 0x9e3779b1},
		bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 16},
		bpf.RetA{})
}()
