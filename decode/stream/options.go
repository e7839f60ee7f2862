package stream

import (
	"net/netip"

	"weir/decode/flow"
)

// PolicyOf returns the policy for a host; see Options.
type PolicyOf func(netip.Addr) Policy

// Options set up an Engine. Names are those of the stream section.
type Options struct {
	MemCap            uint64 // bytes of all sessions of the worker
	ReassemblyMemCap  uint64 // bytes held of all directions
	Depth             uint32 // bytes of a direction; 0 is unlimited
	ChunkToServer     uint32 // bytes
	ChunkToClient     uint32
	Midstream         bool
	Async             bool // async-oneside
	Inline            bool // give bytes out before they are acknowledged
	IPS               bool // traffic can be stopped
	DropInvalid       bool
	Bypass            bool
	CheckOverlap      bool // check-overlap-different-data
	LiberalTimestamps bool
	StrictEcho        bool // no SYN-ACK may echo a time stamp that was not offered
	MaxSynAckQueued   uint8
	MaxSynQueued      uint8
	MaxRegions        uint8 // runs of a direction that wide holes keep apart; 0 is unlimited
	NoRaw             bool
	Show              uint32 // bytes of a direction that alerts show at most; 0 if they show none
	Urgent            Urgent
	UrgentLimit       Urgent   // when there were too many out of band
	Policy            PolicyOf // nil: PolicyBSD

	MidstreamPolicy        flow.Exception
	MemCapPolicy           flow.Exception
	ReassemblyMemCapPolicy flow.Exception
}

// DefaultOptions are those of an empty configuration.
func DefaultOptions() Options {
	return Options{
		MemCap: 64 << 20, ReassemblyMemCap: 256 << 20, Depth: 1 << 20,
		ChunkToServer: 2560, ChunkToClient: 2560,
		MaxSynAckQueued: 5, MaxSynQueued: 10, MaxRegions: 8,
	}
}

// Counters are those of one engine, named as the stats record names them.
type Counters struct {
	Sessions, Active, SSNMemCapDrop, Pseudo, InvalidChecksum uint64
	Syn, SynAck, Rst, Urg, Midstream, AckUnseen, SegmentDrop uint64
	DepthReached, Gap, Overlap, OverlapDiff                  uint64
	InsertFail, InsertOverlapFail, UrgentOOB                 uint64
	Exceptions                                               flow.ExceptionCounters
}
