// Package event is the record that leaves the engine: what all sinks take and
// all producers make.
package event

import (
	"net/netip"
)

// Options is a section of the configuration as a component reads it. A wrong
// value is reported by the section itself, with its position; the getter then
// returns the default.
type Options interface {
	Has(key string) bool
	Bool(key string, def bool) bool
	Uint(key string, def uint64) uint64
	Size(key string, def uint64) uint64 // "100kb" in bytes
	String(key, def string) string
	Strings(key string) []string // a list, or one comma-separated value
	Sub(key string) Options      // never nil; empty if there is none
	Items() []Options            // of a list
	Keys() []string              // of a map, in order
	// Reject reports a wrong value of key: want says what is allowed.
	Reject(key, want string)
}

// Appender writes JSON: for a whole event everything between the common head
// and the closing brace, beginning with a comma. It returns nil if the output,
// by its options, does not take the event.
type Appender interface {
	AppendEvent(b []byte, out *Output) []byte
}

// Output is what an appender may know of the output it writes for.
type Output struct {
	Index int // distinguishes sets of output options
	Opts  any // compiled options of this event type for this output
}

// Community makes the Community ID of a flow. swapped asks for the order of ports
// that Suricata had before 7.0.12.
type Community interface {
	AppendCommunityID(b []byte, seed uint16, swapped bool) []byte
}

// Event is one record. Publish encodes it before it returns, so that it may
// hold views of packets and transactions.
type Event struct {
	Type               string // what outputs list, and event_type unless Shown is set
	Shown              string
	Time               int64  // ns since the Unix epoch
	Num                uint64 // pcap_cnt; 0 is left out
	FlowID             int64  // 0 is left out
	ParentID           int64
	VLAN               []uint16
	Src, Dst           netip.Addr // invalid is left out
	SrcPort            uint16
	DstPort            uint16
	HasPorts           bool
	Proto              uint8 // IP protocol number
	IPVer              uint8 // ip_v; 0 is left out
	HasICMP            bool
	ICMPType, ICMPCode uint8
	TxID               uint64
	HasTx              bool
	TxGuessed          bool
	PktSrc             string    // pkt_src; empty is left out
	Dir                string    // direction; empty is left out
	AppProto           string    // app_proto of the head; empty is left out
	Community          Community // of the flow; nil without one
	Ether              []byte    // Ethernet header, 14 bytes: destination, source, type; nil is left out
	SrcMACs, DstMACs   []byte    // of a flow: all hardware addresses of each side, 6 bytes each; nil is left out
	Meta               Appender  // what stands under metadata; may be nil
	Body               Appender
	Swap               Swapper   // may be nil
	Addrs              Addresser // may be nil

	// Alert is set for alerts: what line formats (fast.log) show.
	Alert *Alert
}

// Swapper reports whether an output with these options shows source and
// destination of the event exchanged.
type Swapper interface{ Swapped(opt any) bool }

// Addresser says which source and destination an output with these options shows
// instead of the event's.
type Addresser interface {
	Addresses(opt any, src, dst netip.Addr) (netip.Addr, netip.Addr)
}

// Alert is the short form of an alert.
type Alert struct {
	GID, SID, Rev uint32
	Msg, Class    string // Class is the description; empty without one
	Priority      uint32
	Dropped       bool
}

// Publisher takes finished events. Publish does not keep ev.
type Publisher interface {
	// At says where the events to come stand in the order of all workers'
	// events: at packet num of the capture, and there by sub (flows that time
	// out at that packet have the number of their first packet, what the packet
	// itself yields comes last: InPacket). It never goes back.
	At(num, sub uint64)
	Publish(ev *Event)
	// Wants reports whether any output takes events of that type, so that
	// nobody builds what nobody reads.
	Wants(typ string) bool
}

// Places within the order of events.
const (
	InPacket     = ^uint64(0) // sub: what a packet itself yields
	EndOfCapture = ^uint64(0) // num: flows still open at the end, statistics
)
