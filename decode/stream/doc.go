// Package stream tracks TCP connections and turns segments into in-order bytes.
//
// An Engine serves one worker. A session belongs to a flow (Flow.TCP); it
// follows the state of RFC 9293 as an observer sees it, and holds the bytes of
// both directions until nobody needs them.
//
// # State
//
// Each state has a file or a method of its own: handshake.go until the
// connection is open (SYN, SYN-ACK and ACK that were lost, repeated, forged or
// crossed; fast open), midstream.go for connections whose start was not seen,
// established.go for data, closing.go from the first FIN on. Before them,
// classify.go sorts out what changes nothing: keep-alive and zero window
// probes, overtaken acknowledgements, bytes sent again for no reason.
// validate.go and timestamp.go check acknowledgements, RST and time stamps as
// the receiver would, sack.go follows selective acknowledgements. What does not
// fit is noted as an event of the packet and goes no further; inline it may be
// dropped.
//
// # Order
//
// In IDS order (Options.Inline false) bytes go to the application layer when the
// receiver has acknowledged them: only then has the receiver surely seen them,
// and only then is an overlap decided. In inline order they go at once, and the
// first copy of a byte is the one that counts.
//
// # Data
//
// Each direction is a sequence of offsets from the first byte after the SYN,
// without urgent bytes that are out of band. Of it a contiguous run is held in
// one buffer, which grows at its edge; blocks beyond a hole wait in a list,
// sorted, apart from one another. A second list remembers the borders of the
// segments, by which a Policy decides overlaps. Three marks move along the
// sequence: what the application layer has consumed, what raw stream rules
// have inspected, and what was acknowledged. Segments before all of them are
// forgotten; where overlaps are compared, one window later.
//
// Bytes that were acknowledged and never seen, with others behind them, are a
// gap: the application layer is told its length, and what follows goes on. It
// covers bytes that the parser had left because it waited for more.
//
// # Raw inspection
//
// Raw returns the acknowledged bytes not yet inspected, once they are a chunk
// (Options.ChunkToServer, ChunkToClient), or the direction has ended, or the
// application layer asked for it (TriggerRaw): a request or response was whole.
// Inline it returns those of the packet with what stands before them. At the
// end of a flow MoreRaw goes on behind holes.
//
// # Limits
//
// Options.Depth bounds what is looked at of each direction, MemCap the memory of
// sessions, ReassemblyMemCap the bytes held and the lists about them, maxBlocks
// the holes of a direction. What is shed is counted, noted as an event, and
// treated as the exception policies say.
package stream
