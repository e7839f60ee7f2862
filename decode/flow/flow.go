// Package flow keeps both directions of a conversation: who talks to whom, since
// when, how much, in which state, and what it will be logged with.
//
// Records live in slabs without Go pointers, so that a million idle flows cost
// the garbage collector nothing; what needs pointers (parsers, reassembly,
// detection state) lives in slices of the worker and is named by index.
package flow

import (
	"net/netip"

	"weir/decode/field"
)

// Key names a flow. The addresses are ordered so that both directions have the
// same key.
type Key struct {
	A, B         [16]byte // A <= B as bytes; IPv4 as ::ffff:a.b.c.d
	APort, BPort uint16   // ports, or ICMP type and code
	VLAN         [3]uint16
	Proto        uint8
	Depth        uint8 // tunnel depth: inner and outer flows stay apart
}

// State is the life of a flow as records and the flow keyword know it.
type State uint8

// States.
const (
	StateNew State = iota
	StateEstablished
	StateClosed
	StateBypassed
)

// String returns the name that flow records use.
func (s State) String() string {
	return [...]string{"new", "established", "closed", "bypassed"}[s&3]
}

// Flags are facts about a flow.
type Flags uint64

// Flow flags. Those in pairs end in TS (to server) and TC (to client).
const (
	// Alerted: at least one alert was raised on it.
	Alerted Flags = 1 << iota
	// NoPayloadInspect and NoPacketInspect: pass rules, encryption, bypass.
	NoPayloadInspect
	NoPacketInspect
	// Dropped, Rejected, Passed: the verdict for all packets still to come.
	Dropped
	Rejected
	Passed
	// Reversed: the direction was found wrong and swapped after the first packet.
	Reversed
	// Expected: an application protocol announced it (FTP data).
	Expected
	// ChangeProto: STARTTLS, CONNECT and the like are being negotiated.
	ChangeProto
	// ProtoDoneTS/TC: detection of the application protocol has ended there.
	ProtoDoneTS
	ProtoDoneTC
	// AppGone: the parser gave up or the protocol is unknown; nothing more is parsed.
	AppGone
	// Emergency: made or ended while the table was in emergency mode.
	Emergency
	// TimedOut, Forced, Shutdown: why it ended (flow.reason).
	TimedOut
	Forced
	Shutdown
	// ICMPSeen: an ICMP error about this flow was seen.
	ICMPSeen
	// DetectDoneTS/TC: IP-only and protocol-only rules have run.
	DetectDoneTS
	DetectDoneTC
	// LoggedTLS and the like are kept by the parsers, not here.
	Elephant
	ElephantTS
	ElephantTC
	// NoLog: config keyword or rule asked for silence.
	NoLog
)

// Flow is one conversation. Pointers to it stay valid until the table releases
// it; Gen tells a record from its reuse.
type Flow struct {
	Key Key
	ID  int64 // flow_id of events: positive, 53 bits, from content

	// Addr and Port as the first packet (or a swap) made them: index 0 is the
	// client, 1 the server.
	Addr [2][16]byte
	Port [2]uint16

	Start, Last int64 // ns since the Unix epoch, packet clock
	LastDir     [2]int64
	Pkts, Bytes [2]uint64 // by direction; bytes on the wire
	FirstNum    uint64    // pcap_cnt of the first packet
	ParentID    int64     // flow whose parser expected this one, or 0
	ThreadID    uint32

	Flags              Flags
	Proto              uint8
	Version            uint8 // 4 or 6
	State              State
	NVLAN              uint8
	TTL                [2][2]uint8 // by direction: minimum and maximum seen
	ICMPType, ICMPCode uint8       // of the first packet
	RespType, RespCode uint8       // of the first packet back
	MACs               [2][6]byte  // of the first packet: client, server
	Iface              uint16

	// Application protocol numbers; package decode/proto assigns them.
	App, AppTS, AppTC, AppOrig, AppExpected uint16
	DetectTries                             uint8

	// Indices into slices of the worker, plus one; 0 is none.
	TCP    uint32 // stream session
	Parser uint32 // application layer
	Detect uint32 // detection state: flowbits, variables
	next   uint32 // hash chain
	wheelN uint32 // timing wheel
	wheelP uint32
	self   uint32
	Gen    uint32
	expire int64
}

// Tuple returns source and destination for an event of direction d.
func (f *Flow) Tuple(d field.Dir) (src, dst netip.Addr, sport, dport uint16) {
	i := d.Index()
	return netip.AddrFrom16(f.Addr[i]).Unmap(), netip.AddrFrom16(f.Addr[1-i]).Unmap(), f.Port[i], f.Port[1-i]
}

// Has reports whether all flags of g are set.
func (f *Flow) Has(g Flags) bool { return f.Flags&g == g }
