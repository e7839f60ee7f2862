package flow

import (
	"sync/atomic"

	"weir/decode/packet"
)

// Timeouts are those of one protocol, seconds after the last packet.
type Timeouts struct {
	New, Established, Closed, Bypassed                                     uint32
	EmergencyNew, EmergencyEstablished, EmergencyClosed, EmergencyBypassed uint32
}

// byState returns the time-outs in order of the states, normal or emergency.
func (o *Timeouts) byState(emergency bool) [numStates]int64 {
	if emergency {
		return [numStates]int64{
			int64(o.EmergencyNew), int64(o.EmergencyEstablished), int64(o.EmergencyClosed), int64(o.EmergencyBypassed),
		}
	}
	return [numStates]int64{int64(o.New), int64(o.Established), int64(o.Closed), int64(o.Bypassed)}
}

// Options set up a Table.
type Options struct {
	MemCap uint64 // bytes of flow records; 0 is unlimited
	// Budget, if not nil, stands for MemCap: tables that have it in common
	// stay below one cap together.
	Budget   *Budget
	UseVLAN  bool // VLAN identifiers are part of the key
	UseDepth bool // the tunnel depth is part of the key
	// ReuseTimesOut: a flow whose tuple is used again is said to have timed out,
	// as Suricata 7 said, and not to have been reused.
	ReuseTimesOut bool
	// WholeSeconds: a packet finds its flow timed out when the second of the
	// time-out is over, as with Suricata 7, and not at the time-out itself.
	WholeSeconds bool
	// Tunnels of IP in IP that have a flow; IPv6 in IPv4 has one always.
	IPv4InIPv4, IPv4InIPv6, IPv6InIPv6 bool

	KeepMACs bool // remember hardware addresses, for records that show them
	// Midstream: TCP sessions may be picked up without their SYN. In emergency
	// mode such packets start no flow all the same.
	Midstream bool
	// Recovery is the share of flow records, percent, that must be free for
	// emergency mode to end.
	Recovery uint32

	Default, TCP, UDP, ICMP Timeouts
}

// DefaultOptions are those of an empty configuration.
func DefaultOptions() Options {
	return Options{
		MemCap: 32 << 20, UseVLAN: true, UseDepth: true, IPv4InIPv4: true, IPv4InIPv6: true, IPv6InIPv6: true, Recovery: 30,
		Default: Timeouts{30, 300, 0, 100, 10, 100, 0, 50},
		TCP:     Timeouts{30, 300, 10, 100, 10, 100, 0, 50},
		UDP:     Timeouts{30, 300, 0, 100, 10, 100, 0, 50},
		ICMP:    Timeouts{30, 300, 0, 100, 10, 100, 0, 50},
	}
}

// Groups of protocols that have time-outs of their own.
const (
	groupDefault = iota
	groupTCP
	groupUDP
	groupICMP
	numGroups
)

// group returns the time-out group of an IP protocol.
func group(proto uint8) int {
	switch proto {
	case packet.ProtoTCP:
		return groupTCP
	case packet.ProtoUDP:
		return groupUDP
	case packet.ProtoICMP, packet.ProtoICMPv6:
		return groupICMP
	}
	return groupDefault
}

// timeouts are seconds by emergency mode, group and state.
type timeouts [2][numGroups][numStates]int64

func (o *Options) timeouts() (t timeouts) {
	for g, s := range [numGroups]*Timeouts{&o.Default, &o.TCP, &o.UDP, &o.ICMP} {
		t[0][g], t[1][g] = s.byState(false), s.byState(true)
	}
	return t
}

// Budget bounds the memory of several tables. A table asks it for memory a
// chunk at a time, so that the atomic is no cost of a packet.
type Budget struct {
	left      atomic.Int64
	unlimited bool
}

// NewBudget returns a budget of n bytes; 0 is unlimited.
func NewBudget(n uint64) *Budget {
	b := &Budget{unlimited: n == 0}
	b.left.Store(int64(min(n, 1<<62)))
	return b
}

// take takes up to want units of size bytes each and returns how many it got.
func (b *Budget) take(want, size int64) int64 {
	if b.unlimited {
		return want
	}
	for {
		left := b.left.Load()
		n := min(want, left/size)
		if n <= 0 {
			return 0
		}
		if b.left.CompareAndSwap(left, left-n*size) {
			return n
		}
	}
}

// give returns n bytes.
func (b *Budget) give(n int64) { b.left.Add(n) }
