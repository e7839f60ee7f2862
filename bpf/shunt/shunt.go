// Package shunt stands in front of packet sockets (packet(7), SO_ATTACH_BPF): the
// packets of flows that need no more inspection are counted in the kernel and not
// copied. The host gets all packets as ever.
//
// Beginnings and ends of TCP connections (SYN, FIN, RST), fragments, and whatever is
// no plain TCP or UDP over IPv4 or IPv6 are always copied.
//
// The flows are those of the outermost IP header. A flow that is a tunnel must not be
// added, or what is inside is not seen either.
package shunt

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"weir/bpf"
)

//go:generate go tool bpf2go -target bpfel -type key -type flow -type total -cflags "-mcpu=v3 -Wall -Werror -I../include" program shunt.bpf.c

// Options of a Shunt.
type Options struct {
	Flows   uint32 // that can be shunted at once; 0: 65536
	Snaplen uint32 // bytes that are taken of other packets; 0: all
	// VLAN: tags tell flows apart, as in Key.VLAN.
	VLAN bool
}

const defaultFlows = 1 << 16

// wholePacket is more than the longest packet there is, bytes.
const wholePacket = 1 << 18

// Key names a flow. Sides are in order, so that both directions have the same key.
type Key struct {
	A, B         [16]byte // A <= B as bytes; IPv4 as ::ffff:a.b.c.d
	APort, BPort uint16   // where A and B are the same, APort <= BPort
	VLAN         [3]uint16
	Proto        uint8 // TCP or UDP
	Depth        uint8 // 0
}

// Counts are what was kept back of a flow.
type Counts struct {
	Packets, Bytes [2]uint64 // sent by A, by B; bytes on the wire
	Last           int64     // when the last packet came, ns since the Unix epoch; 0: none did
}

// ErrFull is what Add returns when there is no room.
var ErrFull = errors.New("no room for another flow")

// Shunt is loaded until it is closed; sockets that it is attached to keep it. Its
// methods may be called from any goroutine.
type Shunt struct {
	objs programObjects

	mu   sync.Mutex
	live uint32 // flows in the map
}

// Open loads the program.
func Open(o Options) (*Shunt, error) {
	spec, err := loadProgram()
	if err != nil {
		return nil, err
	}
	if o.Flows == 0 {
		o.Flows = defaultFlows
	}
	if o.Snaplen == 0 {
		o.Snaplen = wholePacket
	}
	spec.Maps["flows"].MaxEntries = o.Flows
	vlan := uint8(0)
	if o.VLAN {
		vlan = 1
	}
	if err := errors.Join(spec.Variables["snaplen"].Set(o.Snaplen), spec.Variables["use_vlan"].Set(vlan)); err != nil {
		return nil, err
	}
	s := new(Shunt)
	if err := bpf.Load("shunt", spec, &s.objs); err != nil {
		return nil, err
	}
	return s, nil
}

// AttachTo puts the shunt in front of a socket, in place of a filter that it has.
func (s *Shunt) AttachTo(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ATTACH_BPF, s.objs.Shunt.FD()); err != nil {
		return fmt.Errorf("attach the shunt: %w", err)
	}
	return nil
}

// Add keeps the packets of a flow back from now on. It counts from zero.
func (s *Shunt) Add(k *Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch err := s.objs.Flows.Update(k.kernel(), &programFlow{}, ebpf.UpdateNoExist); {
	case errors.Is(err, ebpf.ErrKeyExist):
		return nil
	case errors.Is(err, unix.E2BIG):
		return ErrFull
	case err != nil:
		return fmt.Errorf("shunt a flow: %w", err)
	}
	return s.count(1)
}

// Read returns what was kept back of a flow so far; false if it is not shunted.
func (s *Shunt) Read(k *Key) (Counts, bool) {
	var f programFlow
	if err := s.objs.Flows.Lookup(k.kernel(), &f); err != nil {
		return Counts{}, false
	}
	return f.counts(), true
}

// Remove lets the packets of a flow come again, and returns what was kept back.
func (s *Shunt) Remove(k *Key) (Counts, bool) {
	var f programFlow
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.objs.Flows.LookupAndDelete(k.kernel(), &f); err != nil {
		return Counts{}, false
	}
	_ = s.count(^uint32(0)) // the program then looks into a map that has nothing
	return f.counts(), true
}

// count adds to the number of flows, which the program reads: while there are none it
// looks at no packet.
func (s *Shunt) count(n uint32) error {
	s.live += n
	if err := s.objs.Live.Set(s.live); err != nil {
		return fmt.Errorf("shunt a flow: %w", err)
	}
	return nil
}

// Totals are of all flows since Open.
type Totals struct {
	Packets, Bytes uint64 // kept back
	Flows          uint32 // shunted now
}

// Totals reads them.
func (s *Shunt) Totals() (t Totals, err error) {
	var each []programTotal
	if err := s.objs.Totals.Lookup(uint32(0), &each); err != nil {
		return t, fmt.Errorf("totals of the shunt: %w", err)
	}
	for _, e := range each {
		t.Packets += e.Packets
		t.Bytes += e.Bytes
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Flows = s.live
	return t, nil
}

// Run takes a frame of Ethernet to the program as if it had come, and says whether it
// was kept back.
func (s *Shunt) Run(frame []byte) (kept bool, err error) {
	n, err := s.objs.Shunt.Run(&ebpf.RunOptions{Data: frame})
	return n == 0, err
}

// Close gives the program back. Sockets that it is attached to go on with it.
func (s *Shunt) Close() error { return s.objs.Close() }

// kernelKey is struct key of shunt.bpf.c.
type kernelKey struct {
	Key
	_ uint32
}

func (k *Key) kernel() *kernelKey { return &kernelKey{Key: *k} }

// counts translates what the map has of a flow.
func (f *programFlow) counts() Counts {
	c := Counts{Packets: f.Packets, Bytes: f.Bytes}
	if f.Last != 0 {
		var ts unix.Timespec
		if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) == nil {
			c.Last = time.Now().UnixNano() - (ts.Nano() - int64(f.Last))
		}
	}
	return c
}
