package decode

import (
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// Inspector is what the detection engine is to the pipeline. Each worker has
// one of its own; no call is concurrent.
type Inspector interface {
	// Inspect runs every rule that the packet, and what it brought, can fire,
	// and publishes the alerts. It is called once for each packet, after its
	// payload has gone through reassembly and parsing, and before transactions
	// are logged.
	Inspect(in *Inspection) Verdict
	// EndTx releases what the engine remembers of a transaction.
	EndTx(tx *proto.Tx)
	// EndFlow releases what it remembers of a flow.
	EndFlow(f *flow.Flow)
}

// Annotator is an Inspector that remembers variables.
type Annotator interface {
	// Variables returns what an event about flow f as seen at packet p shows of
	// them, nil for nothing. Both f and p may be nil. What it returns is valid
	// until the next call.
	Variables(f *flow.Flow, p *packet.Packet) event.Appender
}

// FrameInspector is an Inspector with rules on frames, which are kept on demand
// only.
type FrameInspector interface {
	// WantsFrames reports whether there are such rules, and whether any is on
	// whole streams.
	WantsFrames() (any, stream bool)
}

// Sequenced is an Inspector that shares state with those of other workers. It
// calls turn before it reads or changes that state: turn returns when everything
// that comes earlier in the capture has been inspected.
type Sequenced interface {
	SetTurn(turn func())
}

// Inspection is what one packet brings. It is valid for the call only.
type Inspection struct {
	Packet *packet.Packet
	Flow   *flow.Flow // nil if the packet belongs to none

	// Application layer of the flow; Proto is nil while it is unknown.
	Proto *proto.Protocol
	Txs   []proto.Transaction // open ones, oldest first
	// AppEvents are protocol detection events of this packet.
	AppEvents []proto.AppEvent
	// Frames of the packet's direction that have grown.
	Frames []Frame
	// Stream gives the raw reassembled bytes; nil unless TCP.
	Stream Stream
	// Opening is true for the first packet of the flow in its direction: IP-only
	// and protocol-only rules run then.
	Opening bool
	// Last is true at the end of the flow: what waited for more is inspected now.
	Last bool
	// DropRule is set by the inspector where a rule has dropped the packet: it
	// appends the rule as alerts show it.
	DropRule event.Appender
	// Further is true where the packet comes again with bytes of the stream that
	// stand behind a hole: only rules on the stream run.
	Further bool
}

// Stream is the view that the engine has of reassembly.
type Stream interface {
	// Raw returns the contiguous bytes of direction dir that raw stream rules
	// may see now, of which the first stand at offset. ok is false if there is
	// nothing new to inspect yet.
	Raw(f *flow.Flow, dir field.Dir, p *packet.Packet) (data []byte, offset uint64, ok bool)
	// RawDone says that everything before offset upto has been inspected.
	RawDone(f *flow.Flow, dir field.Dir, upto uint64)
	// AppendHeld appends what is held of a direction, for people to see.
	AppendHeld(dst []byte, f *flow.Flow, dir field.Dir) []byte
}

// DefaultShown is how many bytes of a stream alerts show.
const DefaultShown = 4 << 10

// Verdict is what the engine decided about a packet, its flow and its files.
type Verdict uint16

// Verdicts.
const (
	VerdictDropFlow Verdict = 1 << iota // all packets to come; the inspector has marked this one
	VerdictReject
	VerdictPassFlow // no more packet inspection
	VerdictBypass   // shed the flow
	VerdictNoLogTx  // no transaction records for this packet's transactions
	VerdictNoLogFlow
	VerdictAlerted
)
