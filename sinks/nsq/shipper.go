package nsq

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"time"

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

	shipped, single, truncated, unsendable, retries, failures atomic.Uint64

	mu     sync.Mutex
	queue  []*shipment // in the order of the spool
	notify chan struct{}
}

// shipment is a batch of each topic, and the place behind it in the spool.
type shipment struct {
	bodies [maxTopics][][]byte
	n      int
	bytes  int
	end    spool.Position
	done   bool
}

const maxTopics = 8

// run ships until ctx ends. Batches under way are waited for.
func (s *shipper) run(ctx context.Context) error {
	defer s.sending.Wait()
	for {
		sh := &shipment{}
		rec, err := s.reader.Next(ctx)
		if err != nil {
			return err
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
	body := bytes.Clone(rec.Body)
	if len(body) > maxBody {
		if body = truncate(body, maxBody); body == nil {
			s.unsendable.Add(1)
			return
		}
		s.truncated.Add(1)
	}
	c := rec.Class
	if int(c) >= len(topics) {
		c = appClass // of a newer version
	}
	sh.bodies[c] = append(sh.bodies[c], body)
	sh.n++
	sh.bytes += len(body)
}

// ship publishes until the batch has arrived, or ctx ends.
func (s *shipper) ship(ctx context.Context, sh *shipment) {
	for c := range topics {
		bodies := sh.bodies[c]
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
			case <-time.After(breakMin / 4):
			case <-ctx.Done():
				return
			}
		}
	}
	s.arrived(sh)
}

// arrived moves the cursor behind the batches before which none is missing.
func (s *shipper) arrived(sh *shipment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh.done = true
	n := 0
	for n < len(s.queue) && s.queue[n].done {
		n++
	}
	if n == 0 {
		return
	}
	end := s.queue[n-1].end
	s.queue = append(s.queue[:0:0], s.queue[n:]...)
	if err := s.reader.Commit(end); err != nil && s.log != nil {
		s.log("%v", err)
	}
	select {
	case s.notify <- struct{}{}:
	default:
	}
}
