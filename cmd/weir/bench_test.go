package main

import (
	"io"
	"testing"

	"weir/decode"
	"weir/decode/event"
	"weir/decode/packet"
)

// again is a decode.Source that plays frames over and over, later each time, so
// that the flows of one turn have ended when the next begins.
type again struct {
	frames []packet.Frame // of one turn, in order of time
	turn   int64          // ns from one turn to the next
	left   int            // packets to deliver

	at  int
	num uint64
	// batches are filled in turn: the pipeline reads ahead.
	batches [16]playedBatch
	next    int
}

// playedBatch is a decode.Batch.
type playedBatch []packet.Frame

// Frames implements decode.Batch.
func (b *playedBatch) Frames() []packet.Frame { return *b }

// Release implements decode.Batch.
func (b *playedBatch) Release() {}

// Next implements decode.Source.
func (s *again) Next() (decode.Batch, error) {
	if s.left <= 0 {
		return nil, io.EOF
	}
	b := &s.batches[s.next%len(s.batches)]
	s.next++
	*b = (*b)[:0]
	for s.left > 0 && len(*b) < 256 {
		if s.at == len(s.frames) {
			s.at = 0
			for i := range s.frames {
				s.frames[i].Time += s.turn
			}
		}
		f := s.frames[s.at]
		s.num++
		f.Num = s.num
		*b = append(*b, f)
		s.at++
		s.left--
	}
	return b, nil
}

// BenchmarkWholePath is the time and the allocations of a packet from the frame
// to the written records, with the bundled rules, over the recorded captures of
// one protocol. New flows, transactions and records are part of it.
func BenchmarkWholePath(b *testing.B) {
	for _, name := range []string{"http", "dns", "tls", "scan"} {
		b.Run(name, func(b *testing.B) {
			p := newMutated(b)
			src := &again{turn: 4000e9}
			for _, frames := range loadFrames(b, "../../testdata/captures/"+name) {
				// Captures one after the other, a minute apart.
				shift := int64(0)
				if n := len(src.frames); n > 0 {
					shift = src.frames[n-1].Time + 60e9 - frames[0].Time
				}
				for _, f := range frames {
					f.Time += shift
					src.frames = append(src.frames, f)
				}
			}
			pl, sink := p.pipeline(1)
			play := func(n int) {
				src.left = n
				if err := pl.Run(b.Context(), src); err != nil {
					b.Fatal(err)
				}
			}
			play(3 * len(src.frames)) // to the steady state
			b.ReportAllocs()
			b.ResetTimer()
			play(b.N)
			b.StopTimer()
			pl.Finish(func(event.Publisher) {})
			if err := sink.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
