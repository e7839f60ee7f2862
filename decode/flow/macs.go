package flow

import (
	"bytes"

	"weir/decode/packet"
)

// maxMACs is how many hardware addresses of each side records show.
const maxMACs = 10

// macSet is the hardware addresses that one side was seen with, in order of
// their first packets.
type macSet struct {
	addrs [maxMACs * 6]byte
	n     uint8
}

// macs are those of client and server.
type macs [2]macSet

// add adds one address.
func (s *macSet) add(a []byte) {
	at := int(s.n) * 6
	for i := 0; i < at; i += 6 {
		if bytes.Equal(s.addrs[i:i+6], a) {
			return
		}
	}
	if s.n < maxMACs {
		copy(s.addrs[at:], a)
		s.n++
	}
}

// macsOf returns the addresses of f, nil if they are not kept.
func (t *Table) macsOf(f *Flow) *macs {
	if t.macs == nil {
		return nil
	}
	return &t.macs[f.self>>chunkBits][f.self&(chunkFlows-1)]
}

// clearMACs makes room for the addresses of a new flow.
func (t *Table) clearMACs(f *Flow) {
	if !t.opt.KeepMACs {
		return
	}
	for len(t.macs) <= int(f.self>>chunkBits) {
		t.macs = append(t.macs, make([]macs, chunkFlows))
	}
	*t.macsOf(f) = macs{}
}

// addMACs notes the hardware addresses of p.
func (t *Table) addMACs(f *Flow, p *packet.Packet) {
	if p.MACs < 0 {
		return
	}
	m, i := t.macsOf(f), p.Dir.Index()
	b := p.Data[p.MACs : p.MACs+12]
	m[i].add(b[6:])
	m[1-i].add(b[:6])
}

// MACs returns the hardware addresses that client and server of f were seen
// with, six bytes each; nil if they are not kept. They are valid until f is
// released.
func (t *Table) MACs(f *Flow) (client, server []byte) {
	m := t.macsOf(f)
	if m == nil {
		return nil, nil
	}
	return m[0].addrs[:m[0].n*6], m[1].addrs[:m[1].n*6]
}
