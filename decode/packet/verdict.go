package packet

// DropReason is why a packet was dropped.
type DropReason uint8

// Reasons of drops; NotDropped where there is none.
const (
	NotDropped DropReason = iota
	DropDecodeError
	DropDefragError
	DropDefragMemcap
	DropFlowMemcap
	DropFlow // its flow was dropped before
	DropAppError
	DropAppMemcap
	DropRules
	DropDetectionFilter
	DropStreamError
	DropStreamMemcap
	DropMidstream
	DropReassembly
	DropUrgent
	DropNFQError
	DropTunnel

	NumDropReasons
)

var dropReasons = [NumDropReasons]struct{ name, counter string }{
	DropDecodeError:     {"decode error", "decode_error"},
	DropDefragError:     {"defrag error", "defrag_error"},
	DropDefragMemcap:    {"defrag memcap", "defrag_memcap"},
	DropFlowMemcap:      {"flow memcap", "flow_memcap"},
	DropFlow:            {"flow drop", "flow_drop"},
	DropAppError:        {"applayer error", "applayer_error"},
	DropAppMemcap:       {"applayer memcap", "applayer_memcap"},
	DropRules:           {"rules", "rules"},
	DropDetectionFilter: {"threshold detection_filter", "threshold_detection_filter"},
	DropStreamError:     {"stream error", "stream_error"},
	DropStreamMemcap:    {"stream memcap", "stream_memcap"},
	DropMidstream:       {"stream midstream", "stream_midstream"},
	DropReassembly:      {"stream reassembly", "stream_reassembly"},
	DropUrgent:          {"stream urgent", "stream_urgent"},
	DropNFQError:        {"nfq error", "nfq_error"},
	DropTunnel:          {"tunnel packet drop", "tunnel_packet_drop"},
}

// String returns the name that drop records use.
func (r DropReason) String() string { return dropReasons[r].name }

// Counter returns the name in the statistics.
func (r DropReason) Counter() string { return dropReasons[r].counter }

// Reject says who is told that a packet was refused.
type Reject uint8

// Receivers of a refusal: the source of the packet, its destination.
const (
	RejectSrc Reject = 1 << iota
	RejectDst
)

// Target returns the name of the receivers that verdicts use.
func (r Reject) Target() string {
	return [...]string{"", "to_client", "to_server", "both"}[r&(RejectSrc|RejectDst)]
}

// Drop marks the packet as dropped; the first reason counts.
func (p *Packet) Drop(r DropReason) {
	p.Flags |= Dropped
	if p.DropReason == NotDropped {
		p.DropReason = r
	}
}
