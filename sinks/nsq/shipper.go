package nsq

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"weir/sinks/identity"
	"weir/sinks/spool"
)

// Bounds of a batch and of the batches under way.
const (
	batchMessages = 100
	batchBytes    = 512 << 10
	inFlight      = 16
	linger        = 5 * time.Millisecond // that a batch may wait for more
)

// maxBody bounds a message; what is larger is truncated. nsqd closes the
// connection of who sends more than MaxMessage.
const maxBody = MaxMessage - 4<<10

// shipper takes records from the spool to the pool.
type shipper struct {
	pool   *pool
	reader *spool.Reader
	prefix string
	log    LogFunc

	slots   chan struct{}
	sending sync.WaitGroup

	confirm *confirming // nil: what a broker has acknowledged has arrived

	shipped, single, truncated, unsendable, retries, failures atomic.Uint64

	mu     sync.Mutex
	queue  []*shipment // in the order of the spool
	notify chan struct{}
}

// shipment is a batch of each topic out of one segment of the spool, and the places
// before and behind it.
type shipment struct {
	bodies     [maxTopics][][]byte // until it is published
	seqs       [maxTopics][]uint64 // of those that the store has to confirm
	n          int
	bytes      int
	start, end spool.Position
	boot       string
	done       bool // guarded by shipper.mu

	left   int       // seqs that are not confirmed; guarded by confirming.mu, like what follows
	sentAt time.Time // zero until it is published
	again  int       // times it was sent again
}

const maxTopics = 8

// run ships until ctx ends. Batches under way are waited for.
func (s *shipper) run(ctx context.Context) error {
	defer s.sending.Wait()
	var rec spool.Record
	for carried := false; ; {
		sh := &shipment{}
		var err error
		if !carried {
			if rec, err = s.reader.Next(ctx); err != nil {
				return err
			}
		}
		carried = false
		sh.start = rec.Start()
		if s.confirm != nil {
			sh.boot = identity.Boot(rec.Body)
		}
		deadline := time.Now().Add(linger)
		for {
			s.add(sh, rec)
			if sh.n >= batchMessages || sh.bytes >= batchBytes || time.Now().After(deadline) {
				break
			}
			var ok bool
			if rec, ok, err = s.reader.TryNext(); err != nil {
				return err
			}
			if !ok {
				break
			}
			if carried = rec.End.Segment != sh.end.Segment; carried {
				break // maybe of another start of the sensor
			}
		}
		if s.confirm != nil {
			if err := s.confirm.expect(ctx, sh); err != nil {
				return err
			}
		}
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		s.mu.Lock()
		s.queue = append(s.queue, sh)
		s.mu.Unlock()
		s.sending.Go(func() {
			s.ship(ctx, sh)
			<-s.slots
		})
	}
}

func (s *shipper) add(sh *shipment, rec spool.Record) {
	sh.end = rec.End
	c, body := s.message(rec)
	if body == nil {
		s.unsendable.Add(1)
		return
	}
	if len(body) < len(rec.Body) {
		s.truncated.Add(1)
	}
	sh.bodies[c] = append(sh.bodies[c], body)
	if s.confirm != nil && s.confirm.wanted[c] {
		sh.seqs[c] = append(sh.seqs[c], rec.Seq)
		sh.left++
	}
	sh.n++
	sh.bytes += len(body)
}

// message makes a record a message of its topic; nil if it cannot be made small
// enough.
func (s *shipper) message(rec spool.Record) (spool.Class, []byte) {
	c := rec.Class
	if int(c) >= len(topics) {
		c = appClass // of a newer version
	}
	if len(rec.Body) > maxBody {
		return c, truncate(rec.Body, maxBody)
	}
	return c, bytes.Clone(rec.Body)
}

// ship publishes until the batch has arrived, or ctx ends.
func (s *shipper) ship(ctx context.Context, sh *shipment) {
	if !s.publish(ctx, &sh.bodies) {
		return
	}
	sh.bodies = [maxTopics][][]byte{}
	if s.confirm == nil || s.confirm.published(sh, time.Now()) {
		s.arrived(sh)
	}
}

// publish takes messages to their topics and reports whether all have arrived; if
// not, ctx has ended.
func (s *shipper) publish(ctx context.Context, all *[maxTopics][][]byte) bool {
	for c := range topics {
		bodies := all[c]
		if len(bodies) == 0 {
			continue
		}
		copies := 1
		if c == alertClass {
			copies = 2
		}
		for {
			done, err := s.pool.publish(s.prefix+"."+topics[c].name, bodies, copies)
			if err == nil {
				if done < copies {
					s.single.Add(uint64(len(bodies)))
				}
				s.shipped.Add(uint64(len(bodies)))
				s.failures.Store(0)
				break
			}
			if s.retries.Add(1); s.failures.Add(1) == 1 && s.log != nil {
				s.log("events wait in the spool: %v", err)
			}
			select {
			case <-time.After(s.pool.rest(breakMin / 4)):
			case <-ctx.Done():
				return false
			}
		}
	}
	return true
}

// arrived moves the cursor behind the batches before which none is missing.
func (s *shipper) arrived(sh *shipment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh.done = true
	n := 0
	var end spool.Position
	for n < len(s.queue) && s.queue[n].done {
		end = s.queue[n].end
		s.queue[n] = nil
		n++
	}
	if n == 0 {
		return
	}
	s.queue = s.queue[n:]
	if err := s.reader.Commit(end); err != nil && s.log != nil {
		s.log("%v", err)
	}
	select {
	case s.notify <- struct{}{}:
	default:
	}
}
