// Package consume takes events from NSQ and hands them to a Handler.
//
// Events come in batches. A message is finished only after the Handler has returned
// without an error, which means: after what it made of the events is durable. An
// error sends the whole batch back with a delay that grows with the attempts; there
// is no last attempt. What is no event goes to the dead topic after DeadAfter tries,
// with the reason. Duplicates are dropped by their id, and counted; numbers that
// do not come are reported.
package consume

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	gonsq "github.com/nsqio/go-nsq"

	"weir/sinks/identity"
	"weir/sinks/nsq"
)

// Event is one event as it came.
type Event struct {
	identity.Weir
	Topic string
	Body  []byte // one JSON object
}

// Handler does something with events. An error means that none of them counts as
// handled: all come again, maybe in other batches.
type Handler interface {
	Handle(ctx context.Context, batch []Event) error
}

// Options of a consumer.
type Options struct {
	Brokers    []string // nsqd, TCP
	Lookups    []string // nsqlookupd, HTTP; besides or instead of Brokers
	Connection nsq.Connection
	Prefix     string   // empty is nsq.DefaultPrefix
	Topics     []string // without prefix; none: all
	Channel    string
	Batch      int           // events handed over at once, at most; 0 is 500
	Linger     time.Duration // that the first of a batch waits for more; 0 is 20 ms
	Flush      time.Duration // that a broker may hold a message back for others; 0 is 25 ms, the least that nsqd allows by default
	Remember   int           // ids that duplicates are known by; 0 is 100,000
	Confirm    bool          // tell sensors what has been handled: for stores
	Log        nsq.LogFunc   // may be nil
}

// DeadAfter is how often a message that is no event is tried.
const DeadAfter = 3

// Bounds of the delay before what a Handler has refused comes again.
const (
	delayMin = 500 * time.Millisecond
	delayMax = time.Minute
)

// Consumer reads topics until it is told to stop.
type Consumer struct {
	o       Options
	conn    *gonsq.Config
	handler Handler
	in      chan arrival
	back    producers // to where messages came from
	track   *identity.Tracker

	Handled, Duplicates, Requeued, Dead atomic.Uint64
	Lag                                 Lag // of what was handled
}

// arrival is a message and where it came from.
type arrival struct {
	topic string
	m     *gonsq.Message
}

// New checks the options.
func New(o Options, h Handler) (*Consumer, error) {
	o.Prefix, o.Batch = cmp.Or(o.Prefix, nsq.DefaultPrefix), cmp.Or(o.Batch, 500)
	o.Linger, o.Remember = cmp.Or(o.Linger, 20*time.Millisecond), cmp.Or(o.Remember, 100_000)
	if err := nsq.CheckPrefix(o.Prefix); err != nil {
		return nil, err
	}
	if len(o.Brokers)+len(o.Lookups) == 0 {
		return nil, errors.New("consume: neither nsqd nor nsqlookupd is named")
	}
	if !gonsq.IsValidChannelName(o.Channel) {
		return nil, fmt.Errorf("consume: channel %q: want 1 to 64 letters, digits, '.', '_' and '-'", o.Channel)
	}
	all := nsq.TopicNames(o.Prefix)
	if len(o.Topics) > 0 {
		known := map[string]bool{}
		for _, t := range all {
			known[t] = true
		}
		all = nil
		for _, t := range o.Topics {
			if !known[o.Prefix+"."+t] {
				return nil, fmt.Errorf("consume: topic %q: want alert, flow, app, file, anomaly, behavior or stats", t)
			}
			all = append(all, o.Prefix+"."+t)
		}
	}
	o.Topics = all
	conn, err := o.Connection.Config("weir-" + o.Channel)
	if err != nil {
		return nil, err
	}
	conn.MaxAttempts = 0 // no message is given up for its number of attempts
	conn.MaxInFlight = 2 * o.Batch
	conn.MaxBackoffDuration = 0 // delays are ours
	conn.OutputBufferTimeout = cmp.Or(o.Flush, 25*time.Millisecond)
	if len(o.Lookups) == 0 {
		conn.LookupdPollInterval = time.Second // go-nsq's delay before it connects again
	}
	return &Consumer{o: o, conn: conn, handler: h, in: make(chan arrival, 2*o.Batch), track: identity.NewTracker(o.Remember),
		back: producers{conn: conn, all: map[string]*gonsq.Producer{}}}, nil
}

// Run reads and handles until ctx ends. What is not handled by then comes again.
func (c *Consumer) Run(ctx context.Context) error {
	var subs []*gonsq.Consumer
	defer func() {
		for _, s := range subs {
			s.Stop()
		}
		for _, s := range subs {
			<-s.StopChan
		}
		c.back.stop()
	}()
	for _, topic := range c.o.Topics {
		s, err := gonsq.NewConsumer(topic, c.o.Channel, c.conn)
		if err != nil {
			return fmt.Errorf("consume %s: %w", topic, err)
		}
		s.SetLogger(nsq.Logger(c.o.Log), gonsq.LogLevelError)
		s.AddHandler(gonsq.HandlerFunc(func(m *gonsq.Message) error {
			m.DisableAutoResponse()
			select {
			case c.in <- arrival{topic, m}:
			case <-ctx.Done():
				m.RequeueWithoutBackoff(0)
			}
			return nil
		}))
		subs = append(subs, s)
		if len(c.o.Brokers) > 0 {
			if err := s.ConnectToNSQDs(c.o.Brokers); err != nil {
				return fmt.Errorf("consume %s: %w", topic, err)
			}
		}
		if len(c.o.Lookups) > 0 {
			if err := s.ConnectToNSQLookupds(c.o.Lookups); err != nil {
				return fmt.Errorf("consume %s: %w", topic, err)
			}
		}
	}
	c.loop(ctx)
	return nil
}

// loop collects batches and hands them over.
func (c *Consumer) loop(ctx context.Context) {
	for {
		var batch []arrival
		select {
		case a := <-c.in:
			batch = append(batch, a)
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(c.o.Linger)
		for more := true; more && len(batch) < c.o.Batch; {
			select {
			case a := <-c.in:
				batch = append(batch, a)
			case <-timer.C:
				more = false
			}
		}
		timer.Stop()
		c.handle(ctx, batch)
	}
}

func (c *Consumer) handle(ctx context.Context, batch []arrival) {
	events, good := make([]Event, 0, len(batch)), make([]arrival, 0, len(batch))
	whose := make([]identity.Weir, 0, len(batch)) // of good
	ids := make(map[string]bool, len(batch))
	for _, a := range batch {
		w, err := identity.Of(a.m.Body)
		if err != nil {
			c.poison(a, err)
			continue
		}
		good, whose = append(good, a), append(whose, w)
		if c.track.Known(w) || ids[w.EID] {
			c.Duplicates.Add(1)
			continue
		}
		ids[w.EID] = true
		events = append(events, Event{w, a.topic, a.m.Body})
	}
	if len(events) > 0 {
		if err := c.handler.Handle(ctx, events); err != nil {
			if c.o.Log != nil && ctx.Err() == nil {
				c.o.Log("%d events come again: %v", len(events), err)
			}
			for _, a := range good {
				a.m.RequeueWithoutBackoff(delay(a.m.Attempts))
				c.Requeued.Add(1)
			}
			return
		}
	}
	now := time.Now()
	for _, e := range events {
		c.track.Seen(e.Topic, e.Weir)
		if t, ok := timeOf(e.Body); ok {
			c.Lag.add(now.Sub(t))
		}
	}
	if c.o.Confirm {
		c.confirm(good, whose)
	}
	for _, a := range good {
		a.m.Finish()
	}
	c.Handled.Add(uint64(len(events)))
}

// delay returns how long a message waits for its next attempt.
func delay(attempts uint16) time.Duration {
	d := delayMin << min(max(attempts, 1)-1, 10)
	return min(d, delayMax)/2 + rand.N(delayMin)
}

// Gaps returns which numbers have not come; call it when Run has returned.
func (c *Consumer) Gaps() []identity.Gap { return c.track.Gaps() }
