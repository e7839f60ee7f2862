// Package stream tracks TCP connections and turns segments into in-order bytes.
//
// An Engine serves one worker. A session belongs to a flow (Flow.TCP); it
// follows the state of RFC 9293 as an observer sees it, and holds the bytes of
// both directions until nobody needs them.
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
// Each direction is a sequence of offsets from the first byte after the SYN. Of
// it a contiguous part is held in one buffer, which grows at its edge; segments
// beyond a hole wait in a list, sorted, without overlaps. Three marks move along
// the sequence: what the application layer has consumed, what raw stream rules
// have inspected, and what was acknowledged. Bytes before the first two are
// forgotten.
//
// Bytes that were acknowledged and never seen are a gap: the application layer
// is told its length, and what follows goes on.
//
// # Raw inspection
//
// Raw returns the acknowledged bytes not yet inspected, once they are a chunk
// (Options.ChunkToServer, ChunkToClient), or the direction has ended, or the
// application layer asked for it (TriggerRaw): a request or response was whole.
//
// # Limits
//
// Options.Depth bounds what is looked at of each direction, MemCap the memory of
// sessions, ReassemblyMemCap the bytes held. What is shed is counted.
package stream
