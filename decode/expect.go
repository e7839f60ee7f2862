package decode

import (
	"weir/decode/flow"
	"weir/decode/proto"
)

// maxExpected bounds the announced flows that have not come, for each worker.
const maxExpected = 4096

// expectTimeout is how long an announced flow is waited for, ns.
const expectTimeout = 30e9

// expectKey finds an announced flow: the addresses and the server's port.
type expectKey struct {
	client, server [16]byte
	port           uint16
}

// expectation is one announced flow.
type expectation struct {
	proto.Expectation
	parent int64 // flow_id of the flow that announced it
	until  int64 // packet clock, ns
}

// expectations are those of one worker. Control and data flow have the same
// pair of addresses and so the same worker.
type expectations map[expectKey]expectation

// expect notes a flow that f's parser announced.
func (w *worker) expect(e proto.Expectation, f *flow.Flow) {
	if w.expected == nil {
		w.expected = expectations{}
	}
	if len(w.expected) >= maxExpected {
		for k, x := range w.expected {
			if x.until < w.now {
				delete(w.expected, k)
			}
		}
		if len(w.expected) >= maxExpected {
			w.counters.expectDropped++
			return
		}
	}
	w.expected[expectKey{e.Client, e.Server, e.Port}] = expectation{e, f.ID, w.now + expectTimeout}
}

// announced takes the expectation that f fulfils.
func (w *worker) announced(f *flow.Flow) (expectation, bool) {
	if len(w.expected) == 0 {
		return expectation{}, false
	}
	for _, k := range [...]expectKey{
		{f.Addr[0], f.Addr[1], f.Port[1]},
		{f.Addr[1], f.Addr[0], f.Port[0]},
	} {
		if e, ok := w.expected[k]; ok && e.until >= w.now {
			delete(w.expected, k)
			return e, true
		}
	}
	return expectation{}, false
}
