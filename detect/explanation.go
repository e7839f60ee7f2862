package detect

import "time"

// Match is where a part of the rule stands in its buffer, bytes.
type Match struct {
	Gate   int    `json:"gate"` // index of it
	Buffer string `json:"buffer"`
	Start  int    `json:"start"` // -1 if only the end is known
	End    int    `json:"end"`
}

// Place says which packet it is about.
type Place struct {
	Packet  uint64    `json:"pcap_cnt"`
	Time    time.Time `json:"timestamp"`
	Src     string    `json:"src"` // address, with the port where there is one
	Dst     string    `json:"dest"`
	Dir     string    `json:"direction,omitempty"`
	Flow    int64     `json:"flow_id,omitempty"`
	Tx      *uint64   `json:"tx_id,omitempty"`
	Frame   bool      `json:"frame,omitempty"`
	Matches []Match   `json:"matches,omitempty"`
}

// Firing is a packet on which all of the rule has fitted.
type Firing struct {
	Place
	Alert bool   `json:"alert"`            // an alert was raised
	Why   string `json:"reason,omitempty"` // that none was

	seen *seenTx // of the transaction; may be nil
}

// Near is the packet or transaction that came nearest.
type Near struct {
	Place
	// Misses are the gates that did not hold, the first one first; none: all held.
	Misses []Miss `json:"failed"`
}

// Miss is a gate that did not hold, and why.
type Miss struct {
	Gate  int      `json:"gate"` // index of it
	Why   string   `json:"reason,omitempty"`
	Hints []string `json:"hints,omitempty"`
}

// Explanation is why a rule fired or did not.
type Explanation struct {
	GID     uint32   `json:"gid"`
	SID     uint32   `json:"signature_id"`
	Rev     uint32   `json:"rev"`
	Msg     string   `json:"signature"`
	Gates   []Gate   `json:"gates"`
	Packets uint64   `json:"packets"`
	Flows   int      `json:"flows"`
	Txs     int      `json:"transactions"` // directions of transactions
	Passed  uint64   `json:"packets_not_inspected,omitempty"`
	Alerts  int      `json:"alerts"`
	Fitted  int      `json:"fitted"`            // packets and transactions, with or without an alert
	Fired   []Firing `json:"firings,omitempty"` // the first ones
	Nearest *Near    `json:"nearest,omitempty"` // if it has never fitted
}

// Result returns the explanation. The worker must be at rest.
func (x *Explainer) Result() *Explanation {
	x.endPacket()
	for _, d := range x.flows {
		for i := range d {
			x.gates[i].Flows++
		}
	}
	for _, s := range x.txs {
		for i := range s.depth {
			x.gates[i].Txs++
		}
	}
	s := x.s
	e := &Explanation{
		GID: s.gid, SID: s.sid, Rev: s.rev, Msg: s.msg, Gates: x.gates, Packets: x.packets, Flows: len(x.flows), Txs: len(x.txs),
		Passed: x.passed, Fitted: x.total, Fired: x.fired, Alerts: x.alerts,
	}
	if x.total == 0 {
		e.Nearest = x.best
	}
	return e
}
