package main

import (
	"sync/atomic"
	"time"

	"weir/decode/event"
	"weir/sinks/nsq"
)

// deliveryStats are the counters of the way from the spool to the consumers.
type deliveryStats struct {
	line *nsq.Delivery
	cons *consumers
	last atomic.Pointer[drainMark]
}

// drainMark is where the rate is counted from.
type drainMark struct {
	at      time.Time
	shipped uint64
	rate    uint64 // messages/s up to here
}

// rateOver is the time that a rate is taken over, at least.
const rateOver = time.Second

func newDeliveryStats(line *nsq.Delivery, cons *consumers) *deliveryStats {
	s := &deliveryStats{line: line, cons: cons}
	s.last.Store(&drainMark{at: time.Now()})
	return s
}

// rate returns how many messages a second brokers have taken lately.
func (s *deliveryStats) rate(shipped uint64) uint64 {
	now, last := time.Now(), s.last.Load()
	d := now.Sub(last.at)
	if d < rateOver {
		return last.rate
	}
	m := &drainMark{now, shipped, uint64(float64(shipped-last.shipped) / d.Seconds())}
	s.last.CompareAndSwap(last, m)
	return m.rate
}

// AppendEvent implements event.Appender.
func (s *deliveryStats) AppendEvent(b []byte, _ *event.Output) []byte {
	st := s.line.Stats()
	b = event.Open(b, "delivery")
	b = event.Open(b, "spool")
	b = event.Uint(b, "bytes", uint64(st.Spool.Bytes))
	b = event.Uint(b, "quota", uint64(st.Spool.Quota))
	b = event.Uint(b, "segments", uint64(st.Spool.Segments))
	b = event.Uint(b, "syncs", st.Spool.Syncs)
	b = event.Uint(b, "failed_writes", st.Spool.Failed)
	b = event.Uint(b, "torn_bytes", uint64(st.Spool.Torn))
	for _, of := range []struct {
		name  string
		count func(i int) uint64
	}{
		{"written", func(i int) uint64 { return st.Spool.Classes[i].Written }},
		{"shed", func(i int) uint64 { return st.Spool.Classes[i].Shed }},
		{"dropped", func(i int) uint64 { return st.Spool.Classes[i].Dropped }},
	} {
		b = event.Open(b, of.name)
		for i := range st.Spool.Classes {
			b = event.Uint(b, st.Spool.Classes[i].Name, of.count(i))
		}
		b = event.Close(b)
	}
	b = event.Close(b)
	b = event.Uint(b, "lag_bytes", uint64(max(st.Lag, 0)))
	b = event.Uint(b, "drain_rate", s.rate(st.Shipped))
	b = event.Uint(b, "shipped", st.Shipped)
	b = event.Uint(b, "single_broker", st.Single)
	b = event.Uint(b, "truncated", st.Truncated)
	b = event.Uint(b, "unsendable", st.Unsendable)
	b = event.Uint(b, "retries", st.Retries)
	b = event.Uint(b, "unconfirmed", uint64(st.Waiting))
	b = event.Uint(b, "resent", st.Resent)
	for i, c := range s.cons.all {
		b = event.Open(b, s.cons.names[i])
		b = event.Uint(b, "handled", c.Handled.Load())
		b = event.Uint(b, "duplicates", c.Duplicates.Load())
		b = event.Uint(b, "requeued", c.Requeued.Load())
		b = event.Uint(b, "dead", c.Dead.Load())
		b = event.Uint(b, "lag_p50_ms", uint64(c.Lag.Quantile(0.5).Milliseconds()))
		b = event.Uint(b, "lag_p99_ms", uint64(c.Lag.Quantile(0.99).Milliseconds()))
		b = event.Close(b)
	}
	return event.Close(b)
}
