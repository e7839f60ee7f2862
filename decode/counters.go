package decode

import (
	"weir/decode/packet"
)

// counters are those of one worker that no other package keeps.
type counters struct {
	pseudo        uint64
	expectDropped uint64
	files         uint64
	panics        uint64 // frames given up, of live traffic
	verdicts      verdicts
	shunt         shuntCounters
	events        []uint64     // packets with each decoder or stream event
	app           []appCounter // by protocol ID
}

// appCounter counts what one protocol did; flows and transactions by transport.
type appCounter struct {
	flows, txs   [2]uint64
	errors, gaps uint64
}

// countEvents counts the events of a packet.
func (w *worker) countEvents(p *packet.Packet) {
	for _, e := range p.Events() {
		w.counters.events[e]++
	}
}
