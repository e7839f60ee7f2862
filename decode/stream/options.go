package stream

import "net/netip"

// Policy says which copy of a byte the receiver keeps when segments overlap.
type Policy uint8

// Policies, by the system of the receiver.
const (
	PolicyBSD Policy = iota
	PolicyOldLinux
	PolicyLinux
	PolicySolaris
	PolicyHPUX10
	PolicyHPUX11
	PolicyIRIX
	PolicyMacOS
	PolicyWindows
	PolicyVista
	PolicyWindows2K3
	PolicyFirst
	PolicyLast
)

// PolicyOf returns the policy for a host; see Options.
type PolicyOf func(netip.Addr) Policy

// Options set up an Engine. Names are those of the stream section.
type Options struct {
	MemCap           uint64 // bytes of all sessions of the worker
	ReassemblyMemCap uint64 // bytes held of all directions
	Depth            uint32 // bytes of a direction; 0 is unlimited
	ChunkToServer    uint32 // bytes
	ChunkToClient    uint32
	Midstream        bool
	Async            bool // async-oneside
	Inline           bool
	DropInvalid      bool
	Bypass           bool
	CheckOverlap     bool // check-overlap-different-data
	MaxSynAckQueued  uint8
	MaxSynQueued     uint8
	NoRaw            bool
	Policy           PolicyOf // nil: PolicyBSD
}

// DefaultOptions are those of an empty configuration.
func DefaultOptions() Options {
	return Options{
		MemCap: 64 << 20, ReassemblyMemCap: 256 << 20, Depth: 1 << 20,
		ChunkToServer: 2560, ChunkToClient: 2560, CheckOverlap: true,
		MaxSynAckQueued: 5, MaxSynQueued: 10,
	}
}

// Counters are those of one engine, named as the stats record names them.
type Counters struct {
	Sessions, Active, SSNMemCapDrop, Pseudo, InvalidChecksum uint64
	Syn, SynAck, Rst, Midstream, AckUnseen, SegmentDrop      uint64
	DepthReached, Gap, Overlap, OverlapDiff                  uint64
	InsertFail, InsertOverlapFail, UrgentOOB                 uint64
	Reused                                                   uint64
	MemUse, ReassemblyMemUse                                 uint64
}
