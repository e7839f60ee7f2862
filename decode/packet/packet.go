package packet

import (
	"net/netip"

	"weir/decode/field"
)

// IP protocol numbers that the pipeline treats by name (IANA "Protocol Numbers").
const (
	ProtoICMP   = 1
	ProtoIGMP   = 2
	ProtoIPIP   = 4
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoIPv6   = 41
	ProtoGRE    = 47
	ProtoESP    = 50
	ProtoAH     = 51
	ProtoICMPv6 = 58
	ProtoSCTP   = 132
)

// TCP flags as they stand in byte 13 of the header (RFC 9293 section 3.1).
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Flags are facts about a packet that are no header fields.
type Flags uint32

// Packet flags.
const (
	// Pseudo: made by the engine (flow time-out, tunnel, end of capture), not captured.
	Pseudo Flags = 1 << iota
	// Inner: carried in a tunnel; Outer: carries one.
	Inner
	Outer
	// Rebuilt: made of fragments by package defrag.
	Rebuilt
	// Fragment: an IP fragment; it has no transport header of its own.
	Fragment
	// BadChecksum: a checksum was verified and is wrong.
	BadChecksum
	// Established: the flow has seen both directions (TCP: the handshake was over
	// before this packet, or is with the data that it brings).
	Established
	// NoPayloadInspect and NoPacketInspect are set by stream and flow state.
	NoPayloadInspect
	NoPacketInspect
	// StreamAdded: the payload went into reassembly.
	StreamAdded
	// StreamEOF: last (pseudo) packet of the flow; what is held is to be inspected now.
	StreamEOF
	// Dropped, Passed and Bypassed are verdicts.
	Dropped
	Passed
	Bypassed
	// NoLog: do not log for this packet (config keyword, pass rule).
	NoLog
	// Invalid: broken beyond use; it belongs to no flow. If Version is not 0,
	// there is an IP header, which rules can match.
	Invalid
	// Malformed: a header is broken in a way that lets the rest be read; the
	// packet is counted as invalid and handled as any other.
	Malformed
	// FlowPkt: the packet belongs to a flow.
	FlowPkt
	// Rewritten: the payload was replaced by that of the stream.
	Rewritten
	// Alerted: a rule has fired on it; Tagged: a tag is in force or has begun.
	Alerted
	Tagged
)

// MaxEvents bounds the decode and stream events kept of one packet.
const MaxEvents = 15

// Packet holds the decoded headers of one packet as offsets into Data. The
// decoder reuses it: nothing of it is valid after the worker's next frame.
// Offsets are from the start of Data; 0 as an offset of a header above the
// link layer means that it is not there.
type Packet struct {
	Data []byte // the frame; for Inner from the inner header on; for Rebuilt the datagram
	Time int64  // ns since the Unix epoch; the packet clock
	Num  uint64 // pcap_cnt of the frame that brought (or completed) it
	Size uint32 // bytes that flows count: as captured, of Rebuilt as if in one frame

	Flags Flags
	Dir   field.Dir // direction within the flow; set by the flow table
	Link  LinkType
	Depth uint8   // tunnel depth; 0 is the outermost packet
	Root  *Packet // outermost packet around an Inner one; nil without
	src   Source

	// Verdict.
	DropReason DropReason
	Reject     Reject

	// Link layer.
	EtherType uint16    // of the innermost header; valid if there is one
	MACs      int32     // offset of destination and source address, 12 bytes; -1 without
	VLANs     uint8     // number of tags
	VLAN      [3]uint16 // tag control information, outermost first
	ids       [3]uint16 // of VLANIDs

	HasARP bool   // there is an ARP packet for Ethernet and IPv4
	ARP    uint16 // its offset

	// Network layer. Addresses are 16 bytes, IPv4 as ::ffff:a.b.c.d.
	Src, Dst [16]byte
	Version  uint8 // 4, 6, or 0 without IP
	Proto    uint8 // transport protocol, after IPv6 extension headers; IPv6 fragment header of a fragment
	TTL      uint8 // or hop limit
	TOS      uint8 // or traffic class
	L3       uint16
	L3Len    uint16 // header length, IPv4 options and IPv6 extension headers included
	IPLen    uint32 // total length as the header says (IPv6: 40 + payload length)
	IPID     uint32 // IPv4 identification, or that of the IPv6 fragment header
	FragOff  uint16 // fragment offset, bytes
	FragBits uint8  // 1 more fragments, 2 don't fragment, 4 reserved
	IPOpts   IPOpts // IPv4 options seen

	// Transport layer. Ports are valid if Proto is TCP, UDP or SCTP and L4 is not 0.
	SrcPort, DstPort uint16
	L4               uint16
	L4Len            uint16 // header length
	Pay              uint16 // offset of the payload; of a fragment, that of its part of the datagram
	PayLen           uint16
	TCP              TCP  // valid if Proto is TCP and L4 is not 0
	ICMP             ICMP // valid if Proto is ICMP or ICMPv6 and L4 is not 0
	SCTP             SCTP // valid if Proto is SCTP and L4 is not 0

	// Events of decoding and of stream tracking, in order of their detection.
	NEvents uint8
	events  [MaxEvents]Event
}

// TCP holds the fields of a TCP header and of its options.
type TCP struct {
	Seq, Ack     uint32
	Window       uint16
	Urgent       uint16
	Flags        uint8
	Opts         TCPOpts // which of the following were there, and well-formed
	WScale       uint8
	NSACK        uint8 // selective acknowledgement blocks
	MSS          uint16
	TSVal, TSEcr uint32
	SACK         uint16 // offset of the first block, 8 bytes each; valid if NSACK > 0
	TFOLen       uint8  // length of the fast open cookie
}

// TCPOpts is the set of TCP options seen in a header.
type TCPOpts uint8

// TCP options (RFC 9293, 7323, 2018, 7413).
const (
	OptMSS TCPOpts = 1 << iota
	OptWScale
	OptSACKOK
	OptSACK
	OptTimestamp
	OptTFO
)

// IPOpts is the set of IPv4 options seen in a header (RFC 791, 1108, 2113, 6398).
type IPOpts uint16

// IPv4 options, with the names of the ipopts keyword.
const (
	IPOptEOL    IPOpts = 1 << iota // eol
	IPOptNOP                       // nop
	IPOptRR                        // rr
	IPOptTS                        // ts
	IPOptSec                       // sec
	IPOptLSRR                      // lsrr
	IPOptESec                      // esec
	IPOptSatID                     // satid
	IPOptSSRR                      // ssrr
	IPOptCIPSO                     // cipso
	IPOptRTRALT                    // rtralt
	IPOptQS
)

// ICMP holds the fields of an ICMP or ICMPv6 header.
type ICMP struct {
	Type, Code uint8
	ID, Seq    uint16 // echo and its kin
	MTU        uint32 // packet too big, fragmentation needed
	HasID      bool
	// Quoted packet of an error message; valid if Quoted.
	Quoted                   bool
	QuotedProto              uint8
	QuotedSrc, QuotedDst     [16]byte
	QuotedSPort, QuotedDPort uint16
	QuotedWhole              bool // with its whole transport header, TCP without options
}

// Payload returns the transport payload; nil without a transport header.
func (p *Packet) Payload() []byte {
	if p.L4 == 0 {
		return nil
	}
	return p.Data[p.Pay : int(p.Pay)+int(p.PayLen) : int(p.Pay)+int(p.PayLen)]
}

// AddEvent notes e. Beyond MaxEvents it is dropped.
func (p *Packet) AddEvent(e Event) {
	if p.NEvents < MaxEvents {
		p.events[p.NEvents] = e
		p.NEvents++
	}
}

// Events returns the events noted so far; valid until the next AddEvent.
func (p *Packet) Events() []Event { return p.events[:p.NEvents] }

// HasEvent reports whether e was noted.
func (p *Packet) HasEvent(e Event) bool {
	for _, x := range p.events[:p.NEvents] {
		if x == e {
			return true
		}
	}
	return false
}

// Has reports whether all flags of f are set.
func (p *Packet) Has(f Flags) bool { return p.Flags&f == f }

// VLANIDs returns the VLAN identifiers of the tags, outermost first. It is a
// slice of the packet's own memory.
func (p *Packet) VLANIDs() []uint16 {
	for i := range p.VLANs {
		p.ids[i] = p.VLAN[i] & 0xfff
	}
	return p.ids[:p.VLANs]
}

// SrcAddr returns the source address, unmapped.
func (p *Packet) SrcAddr() netip.Addr { return netip.AddrFrom16(p.Src).Unmap() }

// DstAddr returns the destination address, unmapped.
func (p *Packet) DstAddr() netip.Addr { return netip.AddrFrom16(p.Dst).Unmap() }
