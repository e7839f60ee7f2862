package packet

import (
	"encoding/binary"
	"iter"
)

// SCTP holds what the chunks of an SCTP packet are.
type SCTP struct {
	VTag   uint32 // verification tag
	Chunks uint16
	Kinds  SCTPKinds
}

// SCTPKinds is the set of chunk types seen that matter.
type SCTPKinds uint8

// Kinds of chunks.
const (
	SCTPData SCTPKinds = 1 << iota
	SCTPInit
	SCTPInitAck
	SCTPAbort
)

// Chunk types (RFC 9260 section 3.2).
const (
	sctpData    = 0
	sctpInit    = 1
	sctpInitAck = 2
	sctpAbort   = 6
)

const (
	sctpHeader     = 12 // common header, bytes
	sctpDataHeader = 16 // chunk header, TSN, stream, sequence number, payload protocol

	// SCTPTracked is how many chunks are told apart; of those behind them only
	// the number is known. So many DATA chunks are inspected, too.
	SCTPTracked = 16
)

// sctp decodes RFC 9260 section 3. The payload is the user data of the first
// DATA chunk.
func (d *Decoder) sctp(p *Packet, b []byte, off int) {
	if len(b) < sctpHeader {
		p.invalid(EvSCTPPktTooSmall)
		return
	}
	p.ports(b, off, sctpHeader)
	if d.opt.Version7 {
		return
	}
	s := &p.SCTP
	s.VTag = binary.BigEndian.Uint32(b[4:])
	p.Pay, p.PayLen = uint16(off+len(b)), 0
	data, inits := 0, 0
	for at := sctpHeader; at < len(b); {
		n := sctpChunk(b[at:])
		if n < 4 {
			p.sctpBroken(len(b) - at)
			break
		}
		s.Chunks++
		switch b[at] {
		case sctpData:
			s.Kinds |= SCTPData
			if data++; data == 1 && n >= sctpDataHeader {
				p.Pay, p.PayLen = uint16(off+at+sctpDataHeader), uint16(n-sctpDataHeader)
			}
		case sctpInit:
			s.Kinds |= SCTPInit
			inits++
		case sctpInitAck:
			s.Kinds |= SCTPInitAck
			inits++
		case sctpAbort:
			s.Kinds |= SCTPAbort
		}
		at += (n + 3) &^ 3
	}
	p.sctpEvents(data, inits)
}

// sctpBroken notes why a chunk, with rest bytes from its start on, cannot be
// read.
func (p *Packet) sctpBroken(rest int) {
	if rest < 4 {
		p.malformed(EvSCTPChunkTooSmall)
	} else {
		p.malformed(EvSCTPChunkLenInvalid)
	}
}

// sctpEvents notes what RFC 9260 sections 3.3.2 and 8.5.1 forbid.
func (p *Packet) sctpEvents(data, inits int) {
	s := &p.SCTP
	if inits > 0 && s.Chunks > 1 {
		p.AddEvent(EvSCTPInitChunkBundled)
	}
	if s.Kinds&SCTPInit != 0 && s.VTag != 0 {
		p.AddEvent(EvSCTPInitWithNonZeroVTag)
	}
	if data > 0 && s.VTag == 0 {
		p.AddEvent(EvSCTPDataWithZeroVTag)
	}
	if s.Chunks > SCTPTracked {
		p.AddEvent(EvSCTPTooManyChunks)
	}
	if data > SCTPTracked {
		p.AddEvent(EvSCTPTooManyDataChunks)
	}
}

// sctpChunk returns the length of the chunk at the start of b, without padding;
// 0 if that cannot be.
func sctpChunk(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < 4 || n > len(b) {
		return 0
	}
	return n
}

// SCTPChunks yields the type of each tracked chunk and, of a DATA chunk, its
// user data.
func (p *Packet) SCTPChunks() iter.Seq2[uint8, []byte] {
	return func(yield func(uint8, []byte) bool) {
		if p.Proto != ProtoSCTP || p.L4 == 0 {
			return
		}
		end := int(p.L3) + int(p.IPLen)
		b := p.Data[min(int(p.L4)+sctpHeader, end):end]
		for range SCTPTracked {
			n := sctpChunk(b)
			if n == 0 {
				return
			}
			var data []byte
			if b[0] == sctpData && n >= sctpDataHeader {
				data = b[sctpDataHeader:n]
			}
			if !yield(b[0], data) {
				return
			}
			b = b[min((n+3)&^3, len(b)):]
		}
	}
}
