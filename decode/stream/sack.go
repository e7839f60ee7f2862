package stream

import (
	"encoding/binary"

	"weir/decode/packet"
)

// sacks are the ranges that a receiver has acknowledged selectively (RFC 2018):
// by sequence number, sorted, apart from one another.
type sacks struct{ list []seqRange }

// seqRange goes from left to before right.
type seqRange struct{ left, right uint32 }

// maxSacks bounds the ranges remembered of one direction. A receiver tells at
// most four at once.
const maxSacks = 64

// noteSACK takes the selective acknowledgements of p. Those that are old, or of
// what was not sent, say nothing.
func (a *arrival) noteSACK() {
	t, to := &a.p.TCP, a.to
	if to.rare != nil {
		to.rare.sacked.trim(to.lastAck)
	}
	if t.NSACK == 0 {
		return
	}
	at := int(t.SACK)
	for range t.NSACK {
		if at+8 > len(a.p.Data) {
			return
		}
		r := seqRange{binary.BigEndian.Uint32(a.p.Data[at:]), binary.BigEndian.Uint32(a.p.Data[at+4:])}
		at += 8
		if before(r.left, to.lastAck) && upTo(r.right, to.lastAck) || !before(r.left, r.right) ||
			after(r.right, to.nextWin) || t.Opts&packet.OptSACK == 0 {
			continue
		}
		if before(r.left, to.lastAck) {
			r.left = to.lastAck
		}
		to.more().sacked.add(r)
	}
}

// add joins r with the ranges it meets.
func (s *sacks) add(r seqRange) {
	i := 0
	for i < len(s.list) && before(s.list[i].right, r.left) {
		i++
	}
	j := i
	for ; j < len(s.list) && upTo(s.list[j].left, r.right); j++ {
		if before(s.list[j].left, r.left) {
			r.left = s.list[j].left
		}
		if after(s.list[j].right, r.right) {
			r.right = s.list[j].right
		}
	}
	if i < j {
		s.list[i] = r
		s.list = append(s.list[:i+1], s.list[j:]...)
		return
	}
	if len(s.list) == maxSacks {
		return
	}
	s.list = append(s.list, seqRange{})
	copy(s.list[i+1:], s.list[i:])
	s.list[i] = r
}

// trim forgets what is acknowledged up to ack.
func (s *sacks) trim(ack uint32) {
	n := 0
	for n < len(s.list) && upTo(s.list[n].right, ack) {
		n++
	}
	s.list = s.list[:copy(s.list, s.list[n:])]
	if len(s.list) > 0 && before(s.list[0].left, ack) {
		s.list[0].left = ack
	}
}

// size is how many bytes behind ack are acknowledged selectively.
func (s *sacks) size(ack uint32) (n uint32) {
	for _, r := range s.list {
		if after(r.left, ack) {
			n += r.right - r.left
		} else if after(r.right, ack) {
			n += r.right - ack
		}
	}
	return n
}
