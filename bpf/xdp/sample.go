package xdp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf/ringbuf"
)

// Sample gives one of every so many packets to a Sampler, chosen at random; 0 is
// none, as at first.
func (p *Program) Sample(every uint32) error {
	below := uint64(0)
	if every > 0 {
		below = 1 << 32 / uint64(every)
	}
	if err := p.objs.SampleBelow.Set(below); err != nil {
		return fmt.Errorf("sample every %d: %w", every, err)
	}
	return nil
}

// Sample is the beginning of a packet.
type Sample struct {
	Age     time.Duration // since it came
	Len     int           // of the packet, bytes
	Data    []byte        // at most 128 of them; valid until the next Read
	Index   int           // of the interface
	Queue   int
	Blocked bool
}

// Sampler reads samples. It belongs to one goroutine, but for Close.
type Sampler struct {
	r   *ringbuf.Reader
	rec ringbuf.Record
	raw programSample
}

// Sampler makes one. A program has one at a time.
func (p *Program) Sampler() (*Sampler, error) {
	r, err := ringbuf.NewReader(p.objs.Samples)
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	return &Sampler{r: r}, nil
}

// ErrNone is what Read returns when the time is over.
var ErrNone = errors.New("no sample")

// Read waits for a sample, at most for timeout.
func (s *Sampler) Read(to *Sample, timeout time.Duration) error {
	s.r.SetDeadline(time.Now().Add(timeout))
	if err := s.r.ReadInto(&s.rec); err != nil {
		if errors.Is(err, ringbuf.ErrClosed) {
			return err
		}
		return ErrNone
	}
	if err := binary.Read(bytes.NewReader(s.rec.RawSample), binary.NativeEndian, &s.raw); err != nil {
		return fmt.Errorf("sample of %d bytes: %w", len(s.rec.RawSample), err)
	}
	*to = Sample{
		Age: time.Duration(monotonic() - int64(s.raw.Time)), Len: int(s.raw.Len), Index: int(s.raw.Ifindex), Queue: int(s.raw.Queue),
		Data: s.raw.Data[:min(int(s.raw.Cap), len(s.raw.Data))], Blocked: s.raw.Action == xdpDrop,
	}
	return nil
}

// Close ends a Read that waits.
func (s *Sampler) Close() error { return s.r.Close() }
