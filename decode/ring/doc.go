// Package ring hands values from one goroutine to another: a bounded queue with
// one producer and one consumer, without a lock, which parks a side that has to
// wait instead of letting it spin. It carries batches: one value should be worth
// at least a microsecond of work.
//
// Put, TryPut and Close belong to the producer; Get, TryGet and Stop to the
// consumer. Values come out in the order in which they went in, each once.
//
// # Memory order
//
// tail counts the values put and is written by the producer alone; head counts
// those taken and is written by the consumer alone. Slot i of the buffer belongs
// to the consumer while head <= i < tail and to the producer otherwise (modulo the
// size). Atomic operations of Go are sequentially consistent, and a load that
// sees a store happens after it. Hence:
//
//   - The producer writes the slot, then stores tail. The consumer loads tail, then
//     reads the slot: it sees the value whole.
//   - The consumer reads and clears the slot, then stores head. The producer loads
//     head, then writes the slot: it never writes over a value that is being read.
//   - Each side keeps the last value it has seen of the other's counter. Counters
//     only grow, so an old one can only make the ring look fuller to the producer
//     and emptier to the consumer than it is; each loads anew before it waits.
//
// # Parking
//
// A consumer that finds the ring empty sets its parked flag, then looks at tail
// again, and only then waits for a token on its channel. A producer stores tail,
// then looks at the flag, and if that is set, clears it and sends a token. In the
// one order of all atomic operations, either the producer's store of tail comes
// before the consumer's second look, which then sees the value, or the setting of the
// flag comes before the producer's look, which then sends. A wake-up cannot be
// lost. A token that comes when nobody waits any more stays in the channel,
// which has room for one, and costs the next wait one extra turn. A producer
// that finds the ring full waits the same way for head.
//
// Close is a store of closed followed by a wake-up; the consumer looks at closed
// before it looks at tail, so that "closed and empty" means that nothing follows.
// Stop mirrors it.
package ring
