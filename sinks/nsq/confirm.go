package nsq

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"weir/sinks/spool"
)

// Confirm says whose word it takes for an event to leave the spool.
type Confirm string

// Whose word it takes.
const (
	ByBroker Confirm = "broker" // nsqd's, which a crash of nsqd can belie
	ByStore  Confirm = "store"  // that of weir consume store, once it has committed
)

// Confirmation is a message of the confirm topic: events that a store has kept.
type Confirmation struct {
	Sensor string                 `json:"sensor"`
	Boot   string                 `json:"boot"`
	Seqs   map[string][][2]uint64 `json:"seqs"` // by topic without prefix, first and last of each run
}

const (
	// maxUnconfirmed bounds the events that are published and not confirmed, so what
	// nsqd holds while no store runs; from there on they stay in the spool alone.
	maxUnconfirmed = 1 << 20

	defaultResend = 30 * time.Second
	// With nothing confirmed at all, events are sent again after resendIdle times
	// Options.Resend, and twice as long each time, at most resendMax.
	resendIdle = 4
	resendMax  = 30 * time.Minute
	// resendShipments bounds what is sent again in one round.
	resendShipments = 64
)

// confirming knows what the store has still to confirm.
type confirming struct {
	sensor string
	wanted [maxTopics]bool // topics that the store takes
	after  time.Duration

	resent atomic.Uint64

	mu        sync.Mutex
	lines     map[confirmKey][]*part // ascending
	count     int                    // events of all
	room      chan struct{}          // closed when count falls
	confirmed time.Time              // when the latest of what is confirmed was sent
}

type confirmKey struct {
	boot  string
	class spool.Class
}

// part is what a shipment has of one class.
type part struct {
	sh          *shipment
	first, last uint64
}

func newConfirming(sensor string, names []string, after time.Duration) (*confirming, error) {
	c := &confirming{sensor: sensor, after: after, lines: map[confirmKey][]*part{}, room: make(chan struct{})}
	if c.after <= 0 {
		c.after = defaultResend
	}
	for i := range topics {
		c.wanted[i] = len(names) == 0
	}
	for _, n := range names {
		class, ok := classNamed(n)
		if !ok {
			return nil, fmt.Errorf("nsq: confirmed topic %q: want alert, flow, app, file, anomaly, behavior or stats", n)
		}
		c.wanted[class] = true
	}
	return c, nil
}

// expect notes a shipment before it is published, and waits while too much is
// unconfirmed.
func (c *confirming) expect(ctx context.Context, sh *shipment) error {
	c.mu.Lock()
	for c.count > maxUnconfirmed {
		room := c.room
		c.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	for class := range topics {
		if seqs := sh.seqs[class]; len(seqs) > 0 {
			k := confirmKey{sh.boot, spool.Class(class)}
			c.lines[k] = append(c.lines[k], &part{sh, seqs[0], seqs[len(seqs)-1]})
			c.count += len(seqs)
		}
	}
	return nil
}

// published notes that brokers have taken a shipment, and reports whether it needs
// no confirmation any more.
func (c *confirming) published(sh *shipment, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	sh.sentAt = now
	return sh.left == 0
}

// take notes a confirmation and returns the shipments that are whole by it.
func (c *confirming) take(m *Confirmation) (whole []*shipment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.count
	for name, runs := range m.Seqs {
		class, ok := classNamed(name)
		if !ok {
			continue
		}
		k := confirmKey{m.Boot, class}
		for _, run := range runs {
			whole = c.takeRun(whole, k, run[0], run[1])
		}
		if len(c.lines[k]) == 0 {
			delete(c.lines, k)
		}
	}
	if c.count < before {
		close(c.room)
		c.room = make(chan struct{})
	}
	return whole
}

func (c *confirming) takeRun(whole []*shipment, k confirmKey, from, to uint64) []*shipment {
	line := c.lines[k]
	i, _ := slices.BinarySearchFunc(line, from, func(p *part, seq uint64) int {
		if p.last < seq {
			return -1
		}
		return 1
	})
	empty := false
	for ; i < len(line) && line[i].first <= to; i++ {
		sh := line[i].sh
		seqs := sh.seqs[k.class]
		a, _ := slices.BinarySearch(seqs, from)
		b, found := slices.BinarySearch(seqs, to)
		if found {
			b++
		}
		if a >= b {
			continue
		}
		sh.seqs[k.class] = slices.Delete(seqs, a, b)
		sh.left -= b - a
		c.count -= b - a
		empty = empty || len(sh.seqs[k.class]) == 0
		if sh.sentAt.After(c.confirmed) {
			c.confirmed = sh.sentAt
		}
		if sh.left == 0 && !sh.sentAt.IsZero() {
			whole = append(whole, sh)
		}
	}
	if empty {
		c.lines[k] = slices.DeleteFunc(line, func(p *part) bool { return len(p.sh.seqs[k.class]) == 0 })
	}
	return whole
}

// due reports whether a shipment counts as lost: what was sent well after it is
// confirmed, or nothing has been for long.
func (c *confirming) due(sh *shipment, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sh.sentAt.IsZero() || sh.left == 0 {
		return false
	}
	return c.confirmed.Sub(sh.sentAt) >= c.after || now.Sub(sh.sentAt) >= min(resendIdle*c.after<<min(sh.again, 10), resendMax)
}

// missing returns the numbers of a shipment that are not confirmed.
func (c *confirming) missing(sh *shipment) (seqs [maxTopics][]uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range sh.seqs {
		seqs[i] = slices.Clone(sh.seqs[i])
	}
	return seqs
}

func (c *confirming) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// resend reads what counts as lost from the spool and publishes it again.
func (s *shipper) resend(ctx context.Context, sp *spool.Spool) {
	c := s.confirm
	for tick := time.NewTicker(c.after / 4); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return
		}
		var lost []*shipment
		now := time.Now()
		s.mu.Lock()
		for _, sh := range s.queue {
			if !sh.done && c.due(sh, now) {
				if lost = append(lost, sh); len(lost) == resendShipments {
					break
				}
			}
		}
		s.mu.Unlock()
		for _, sh := range lost {
			if err := s.sendAgain(ctx, sp, sh); err != nil && s.log != nil {
				s.log("send again: %v", err)
			}
		}
	}
}

func (s *shipper) sendAgain(ctx context.Context, sp *spool.Spool, sh *shipment) error {
	c, n := s.confirm, 0
	missing := c.missing(sh)
	var bodies [maxTopics][][]byte
	err := sp.Range(sh.start, sh.end, func(rec spool.Record) {
		class, body := s.message(rec)
		if _, ok := slices.BinarySearch(missing[class], rec.Seq); ok && body != nil {
			bodies[class] = append(bodies[class], body)
			n++
		}
	})
	c.mu.Lock()
	whole := sh.left == 0
	c.mu.Unlock()
	if whole {
		return nil // confirmed meanwhile, so that its segment may be gone
	}
	if err != nil {
		return err
	}
	if !s.publish(ctx, &bodies) {
		return nil
	}
	c.resent.Add(uint64(n))
	c.mu.Lock()
	sh.sentAt = time.Now()
	sh.again++
	c.mu.Unlock()
	return nil
}

// heard takes a message of the confirm topic.
func (s *shipper) heard(body []byte) {
	var m Confirmation
	if json.Unmarshal(body, &m) != nil || m.Sensor != s.confirm.sensor {
		return
	}
	for _, sh := range s.confirm.take(&m) {
		s.arrived(sh)
	}
}
