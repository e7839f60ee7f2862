package flow

import (
	"net/netip"

	"weir/decode/field"
	"weir/decode/packet"
)

// State is the life of a flow as records and the flow keyword know it.
type State uint8

// States.
const (
	StateNew State = iota
	StateEstablished
	StateClosed
	StateBypassed

	numStates = 4
)

// String returns the name that flow records use.
func (s State) String() string {
	return [numStates]string{"new", "established", "closed", "bypassed"}[s&(numStates-1)]
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
	// SeenTS and SeenTC: a packet was seen in that direction.
	SeenTS
	SeenTC
	// Reused: a new connection took over the tuple.
	Reused
	// BypassLocal and BypassCapture: shed by the worker, or by the source too.
	// Shunted: the source keeps its packets back.
	BypassLocal
	BypassCapture
	// BypassNext: to be shed once the next packet has been handled.
	BypassNext
	// DropLoggedTS and DropLoggedTC: a dropped packet was reported.
	DropLoggedTS
	DropLoggedTC
	Shunted
)

// Flow is one conversation. Pointers to it stay valid until the table releases
// it; Gen tells a record from its reuse. What each packet touches stands first,
// in few cache lines.
type Flow struct {
	Key Key

	// Port and Addr as the first packet (or a swap) made them: index 0 is the
	// client, 1 the server.
	Port [2]uint16
	Addr [2][16]byte

	Last        int64     // ns since the Unix epoch, packet clock
	Pkts, Bytes [2]uint64 // by direction; bytes on the wire
	Flags       Flags
	Proto       uint8
	Version     uint8 // 4 or 6
	State       State
	placed      State       // state by which it was put into the wheel
	group       uint8       // of time-outs
	depth       uint8       // tunnel depth of the first packet
	TTL         [2][2]uint8 // by direction: minimum and maximum seen

	// Indices into slices of the worker, plus one; 0 is none.
	TCP    uint32 // stream session
	Parser uint32 // application layer
	Detect uint32 // detection state: flowbits, variables

	// Application protocol numbers; package decode/proto assigns them.
	App, AppTS, AppTC, AppOrig, AppExpected uint16
	DetectTries                             uint8

	Exceptions Exceptions // made for it

	// What records show of a TCP session, kept by package stream.
	Stream TCPInfo

	ID                 int64  // flow_id of events: positive, 53 bits, from content
	Start              int64  // ns since the Unix epoch, packet clock
	FirstNum           uint64 // pcap_cnt of the first packet
	ParentID           int64  // flow whose parser expected this one, or 0
	Gen                uint32 // counts the uses of the record
	ICMPType, ICMPCode uint8  // of the first packet
	NVLAN              uint8
	VLAN               [3]uint16 // identifiers of the first packet, outermost first; NVLAN of them

	// Of the table.
	hash                 uint32 // of Key
	self                 uint32 // place in the slab
	next                 uint32 // list of free records, place plus one
	wheelNext, wheelPrev uint32 // list of the slot, place plus one
	slot                 uint16
}

// TCPInfo is what flow records show of a TCP session.
type TCPInfo struct {
	Flags      [2]uint8 // TCP flags seen, by direction; of accepted packets
	State      TCPState
	MaxRegions [2]uint8 // pieces of the stream held at once, at most
	Gap        [2]bool
	Overlap    [2]bool // data was sent twice, and differed
	HasSession bool
}

// TCPState is the state of a TCP connection (RFC 9293 section 3.3.2) as its
// observer sees it. The order matters: later states are nearer to the end.
type TCPState uint8

// TCP states.
const (
	TCPNone TCPState = iota
	TCPSynSent
	TCPSynRecv
	TCPEstablished
	TCPFinWait1
	TCPFinWait2
	TCPTimeWait
	TCPLastAck
	TCPCloseWait
	TCPClosing
	TCPClosed
)

var tcpStateNames = [...]string{
	"none", "syn_sent", "syn_recv", "established", "fin_wait1", "fin_wait2",
	"time_wait", "last_ack", "close_wait", "closing", "closed",
}

// String returns the name that flow records use.
func (s TCPState) String() string { return tcpStateNames[s] }

// Tuple returns source and destination for an event of direction d.
func (f *Flow) Tuple(d field.Dir) (src, dst netip.Addr, sport, dport uint16) {
	i := d.Index()
	return netip.AddrFrom16(f.Addr[i]).Unmap(), netip.AddrFrom16(f.Addr[1-i]).Unmap(), f.Port[i], f.Port[1-i]
}

// VLANIDs returns the VLAN identifiers of the first packet, outermost first. It
// is a slice of the flow's own memory.
func (f *Flow) VLANIDs() []uint16 { return f.VLAN[:f.NVLAN] }

// Seen reports whether packets of both directions were seen.
func (f *Flow) Seen() bool { return f.Has(SeenTS | SeenTC) }

// InMiddle reports whether no side's SYN was seen: the connection was picked up in
// its middle, and either side may be the server.
func (f *Flow) InMiddle() bool { return (f.Stream.Flags[0]|f.Stream.Flags[1])&packet.SYN == 0 }

// Has reports whether all flags of g are set.
func (f *Flow) Has(g Flags) bool { return f.Flags&g == g }
