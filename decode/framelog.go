package decode

import (
	"weir/decode/flow"
	"weir/decode/packet"
)

// FrameLog hears what became of the packets of one worker and then gets the frame
// that brought them. No call is concurrent; nothing it gets is valid after it.
type FrameLog interface {
	// Packet is called when a packet has been inspected, and before the bytes of
	// its stream that nobody needs any more are forgotten. f may be nil.
	Packet(p *packet.Packet, f *flow.Flow, s Segments)
	// Frame is called behind the packets of a frame.
	Frame(fr *packet.Frame)
	// FlowEnded is called when a flow has been inspected for the last time.
	FlowEnded(f *flow.Flow)
}

// Segments says what is held of a TCP connection, by direction.
type Segments struct {
	From [2]uint32 // sequence number of the first byte held
	Full [2]bool   // the stream depth is reached
}

// tell hands a packet to the frame log, if there is one.
func (w *worker) tell(p *packet.Packet, f *flow.Flow) {
	if w.frameLog == nil {
		return
	}
	var s Segments
	if f != nil && p.Proto == packet.ProtoTCP {
		s.From, s.Full = w.streams.HeldFrom(f)
	}
	w.frameLog.Packet(p, f, s)
}
