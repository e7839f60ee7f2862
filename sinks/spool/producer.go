package spool

import (
	"sync/atomic"

	"weir/decode/ring"
)

const (
	// handOver is how many bytes a producer collects before it passes them on.
	handOver = 64 << 10
	// buffers of a producer: what the writer may be behind by, 16 MB.
	buffers = 256
	// behind is from how many buffers on the writer is behind: then they are filled,
	// so that all of them together last.
	behind = 8
)

// batch is a run of records on its way to the writer.
type batch struct {
	recs []pending
	buf  []byte
}

type pending struct {
	class Class
	end   int // in batch.buf
}

// Producer puts records of one goroutine into the spool.
type Producer struct {
	s    *Spool
	full *ring.Ring[*batch]
	free *ring.Ring[*batch]
	cur  *batch
}

// Producer returns a new one. It must be closed before the spool is.
func (s *Spool) Producer() *Producer {
	p := &Producer{s: s, full: ring.New[*batch](buffers), free: ring.New[*batch](buffers)}
	for range buffers {
		p.free.TryPut(&batch{})
	}
	s.mu.Lock()
	s.producers = append(s.producers, p)
	s.mu.Unlock()
	return p
}

// Put adds a record and keeps a copy of body. It reports false if the record was
// dropped, which is counted.
func (p *Producer) Put(class Class, body []byte) bool {
	if p.cur == nil && !p.take() || len(body) > MaxBody/2 {
		p.s.counts[class].dropped.Add(1)
		return false
	}
	b := p.cur
	b.buf = append(b.buf, body...)
	b.recs = append(b.recs, pending{class, len(b.buf)})
	if len(b.buf) >= handOver {
		p.pass()
	}
	return true
}

// take gets an empty buffer.
func (p *Producer) take() (ok bool) {
	if p.s.o.Wait {
		p.cur, ok = p.free.Get()
	} else {
		p.cur, ok = p.free.TryGet()
	}
	return ok
}

// Flush hands over what has been collected, unless the writer has plenty to do: then
// one of the next calls does it. It is for the end of each batch of packets.
func (p *Producer) Flush() {
	if p.full.Len() < behind {
		p.pass()
	}
}

func (p *Producer) pass() {
	if p.cur == nil || len(p.cur.recs) == 0 {
		return
	}
	p.s.handed.Add(1)
	p.full.TryPut(p.cur) // there is a slot for each buffer
	p.cur = nil
	p.s.ring.wake()
}

// Close hands over the rest. The producer takes nothing after it.
func (p *Producer) Close() {
	p.pass()
	p.full.Close()
	p.s.ring.wake()
}

// wakeable is where the writer sleeps. It sets parked, looks once more, and
// waits; who puts looks at parked behind that. Either the look sees the value or
// the flag is seen.
type wakeable struct {
	parked atomic.Bool
	token  chan struct{}
}

func (w *wakeable) wake() {
	if w.parked.Load() && w.parked.CompareAndSwap(true, false) {
		select {
		case w.token <- struct{}{}:
		default:
		}
	}
}
