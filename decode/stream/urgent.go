package stream

import (
	"slices"

	"weir/decode/packet"
)

// Urgent says what is done with urgent data.
type Urgent uint8

// Policies for urgent data. The byte they are about is the last one that the
// urgent pointer covers: hosts read the pointer as that behind it (RFC 6093
// section 3.1).
const (
	UrgentInline Urgent = iota // it is part of the stream (RFC 6093 section 3)
	UrgentDrop                 // the packet is dropped
	UrgentOOB                  // it is out of band: the stream closes up behind it
	UrgentGap                  // it is missing
)

// maxUrgent bounds the out-of-band bytes of one direction, of which the places
// are remembered.
const maxUrgent = 256

// urgentBytes are the bytes of a direction that are not part of its stream.
type urgentBytes struct {
	seqs []uint32 // their sequence numbers, in order
	gap  bool     // they leave a hole
}

// before counts the out-of-band bytes before seq.
func (u *urgentBytes) before(seq uint32) (n uint32) {
	if u.gap {
		return 0
	}
	for _, s := range u.seqs {
		if before(s, seq) {
			n++
		}
	}
	return n
}

// urgentPointer takes the urgent pointer of p. It reports whether the payload
// may be inserted.
func (a *arrival) urgentPointer() bool {
	t := &a.p.TCP
	if !a.has(packet.URG) || t.Urgent == 0 {
		return true
	}
	u := &a.from.more().urgent
	policy := a.opt.Urgent
	if policy == UrgentOOB && len(u.seqs) >= maxUrgent {
		a.p.AddEvent(packet.EvStreamReassemblyUrgentOOBLimitReached)
		policy = a.opt.UrgentLimit
	}
	seq := t.Seq + uint32(t.Urgent) - 1
	switch policy {
	case UrgentDrop:
		a.p.Flags |= packet.NoPayloadInspect
		a.p.Drop(packet.DropUrgent)
		return false
	case UrgentOOB, UrgentGap:
		i, known := slices.BinarySearchFunc(u.seqs, seq, func(x, y uint32) int { return int(int32(x - y)) })
		switch {
		case known, len(u.seqs) >= maxUrgent:
		case a.from.offset(seq) < int64(a.from.edge()):
			// It was sent as part of the stream before.
		default:
			u.seqs, u.gap = slices.Insert(u.seqs, i, seq), policy == UrgentGap
		}
	}
	return true
}

// urgentIn returns the index of the first out-of-band byte from seq on.
func (u *urgentBytes) urgentIn(seq uint32) int {
	for i, s := range u.seqs {
		if notBefore(s, seq) {
			return i
		}
	}
	return len(u.seqs)
}

// insertAround inserts the payload of p without the bytes out of band.
func (a *arrival) insertAround() (full bool) {
	u := &a.from.rare.urgent
	seq, b := a.p.TCP.Seq, a.p.Payload()
	for i := u.urgentIn(seq); i < len(u.seqs) && before(u.seqs[i], a.end); i++ {
		n := u.seqs[i] - seq
		if n > 0 && a.insert(seq, b[:n]) {
			full = true
		}
		a.Counters.UrgentOOB++
		seq, b = u.seqs[i]+1, b[n+1:]
	}
	if len(b) > 0 && a.insert(seq, b) {
		full = true
	}
	return full
}
