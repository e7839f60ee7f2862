package nsq

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"weir/decode/event"
	"weir/sinks/identity"
	"weir/sinks/spool"
)

// Mode says where brokers are.
type Mode string

// Modes.
const (
	Embedded Mode = "embedded" // in this process
	External Mode = "external" // at Options.Brokers
	Lookup   Mode = "lookup"   // where the nsqlookupd at Options.Lookups say
	Off      Mode = "off"      // events stay in the spool
)

// Options of a Delivery.
type Options struct {
	Mode       Mode
	StateDir   string        // spool and queues are below it
	Brokers    []string      // External: nsqd, TCP
	Lookups    []string      // Lookup: nsqlookupd, HTTP
	Connection Connection    // to brokers that are not embedded
	Broker     BrokerOptions // Embedded: Dir, Prefix, Channels and Log come from here
	Prefix     string        // of topics; empty is DefaultPrefix
	Channels   []string      // nil is StandingChannels
	Sensor     string        // empty is the host's name
	Confirm    Confirm       // empty is ByBroker
	// Confirmed are the topics, without prefix, that the store takes; nil is all. The
	// others leave the spool when a broker has acknowledged them.
	Confirmed []string
	// Resend is how long after an event what was sent later must have been confirmed
	// for it to count as lost; 0 is 30 s.
	Resend time.Duration
	Quota  int64 // of the spool, bytes; 0 is its default
	Wait   bool  // captures from files: wait for room instead of dropping
	Log    LogFunc
}

// Delivery is the line from workers to brokers.
type Delivery struct {
	o      Options
	boot   string
	broker *Broker // nil unless embedded
	spool  *spool.Spool
	pool   *pool
	ship   *shipper
	end    context.CancelFunc
	ended  sync.WaitGroup
}

// Start opens the spool and starts shipping.
func Start(o Options) (_ *Delivery, err error) {
	o.Prefix = cmp.Or(o.Prefix, DefaultPrefix)
	if err := CheckPrefix(o.Prefix); err != nil {
		return nil, err
	}
	if o.Channels == nil {
		o.Channels = StandingChannels
	}
	if o.Sensor == "" {
		o.Sensor, _ = os.Hostname()
	}
	d := &Delivery{o: o, boot: rand.Text()[:16], end: func() {}}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	if d.spool, err = spool.Open(spool.Options{
		Dir: filepath.Join(o.StateDir, "spool"), Classes: classes(), Quota: o.Quota, Wait: o.Wait, Seal: identity.Seal, Boot: d.boot,
	}); err != nil {
		return nil, err
	}
	reader, err := d.spool.Reader("nsq")
	if err != nil || o.Mode == Off {
		return d, err
	}
	addrs := o.Brokers
	switch o.Mode {
	case Embedded:
		o.Broker.Dir = filepath.Join(o.StateDir, "nsqd")
		o.Broker.Prefix, o.Broker.Channels, o.Broker.Log = o.Prefix, o.Channels, o.Log
		if d.broker, err = StartBroker(o.Broker); err != nil {
			return nil, err
		}
		addrs, o.Connection, o.Channels = []string{d.broker.TCP()}, Connection{}, nil
	case External:
		if len(addrs) == 0 {
			return nil, errors.New("nsq: mode external: no broker is named")
		}
	case Lookup:
		if len(o.Lookups) == 0 {
			return nil, errors.New("nsq: mode lookup: no nsqlookupd is named")
		}
	default:
		return nil, fmt.Errorf("nsq: mode %q: want embedded, external, lookup or off", o.Mode)
	}
	conn, err := o.Connection.Config("weir")
	if err != nil {
		return nil, err
	}
	d.pool = &pool{conn: conn, log: o.Log, channels: o.Channels, prefix: o.Prefix}
	if err = d.pool.set(addrs); err != nil {
		return nil, err
	}
	d.ship = &shipper{
		pool: d.pool, reader: reader, prefix: o.Prefix, log: o.Log,
		slots: make(chan struct{}, inFlight), notify: make(chan struct{}, 1),
	}
	switch o.Confirm {
	case "", ByBroker:
	case ByStore:
		if d.ship.confirm, err = newConfirming(o.Sensor, o.Confirmed, o.Resend); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("nsq: confirm %q: want store or broker", o.Confirm)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.end = cancel
	d.ended.Go(func() {
		defer reader.Close()
		err := d.ship.run(ctx)
		if !errors.Is(err, context.Canceled) && !errors.Is(err, fs.ErrClosed) && o.Log != nil {
			o.Log("shipping ended: %v", err)
		}
	})
	if o.Mode == Lookup {
		d.ended.Go(func() { d.lookUp(ctx) })
	}
	if d.ship.confirm != nil {
		d.ended.Go(func() { d.ship.hear(ctx) })
		d.ended.Go(func() { d.ship.resend(ctx, d.spool) })
	}
	return d, nil
}

// lookUp keeps the pool to what nsqlookupd say.
func (d *Delivery) lookUp(ctx context.Context) {
	for {
		var all []string
		for _, l := range d.o.Lookups {
			a, err := lookup(ctx, l)
			if err != nil && d.o.Log != nil && ctx.Err() == nil {
				d.o.Log("%v", err)
			}
			all = append(all, a...)
		}
		slices.Sort(all)
		if all = slices.Compact(all); len(all) > 0 {
			if err := d.pool.set(all); err != nil && d.o.Log != nil {
				d.o.Log("%v", err)
			}
		}
		select {
		case <-time.After(10 * time.Second):
		case <-ctx.Done():
			return
		}
	}
}

// Broker returns the embedded broker; nil without one.
func (d *Delivery) Broker() *Broker { return d.broker }

// Recorder puts the events of one worker into the spool.
type Recorder struct {
	p    *spool.Producer
	make *identity.Maker
	buf  []byte
}

// Recorder returns that of one more worker. It must be closed before the
// Delivery is.
func (d *Delivery) Recorder() *Recorder {
	return &Recorder{p: d.spool.Producer(), make: identity.NewMaker(d.o.Sensor, d.boot)}
}

// Record takes an encoded event.
func (r *Recorder) Record(ev *event.Event, line []byte) {
	class, ok := classOf[ev.Type]
	if !ok {
		class = appClass
	}
	r.buf = r.make.Append(r.buf[:0], ev, line)
	r.p.Put(class, r.buf)
}

// Flush hands over what has been collected.
func (r *Recorder) Flush() { r.p.Flush() }

// Close hands over the rest.
func (r *Recorder) Close() { r.p.Close() }

// Stats are the counters of the line.
type Stats struct {
	Spool      spool.Stats `json:"spool"`
	Lag        int64       `json:"lag_bytes"`  // in the spool, not yet acknowledged
	Shipped    uint64      `json:"shipped"`    // messages
	Single     uint64      `json:"single"`     // alerts that one broker alone has taken
	Truncated  uint64      `json:"truncated"`  // too large for nsqd
	Unsendable uint64      `json:"unsendable"` // not to be made small enough: lost
	Retries    uint64      `json:"retries"`
	Waiting    int         `json:"unconfirmed"` // published, and not yet confirmed by the store
	Resent     uint64      `json:"resent"`      // messages sent again for want of that
}

// Stats returns the counters so far.
func (d *Delivery) Stats() Stats {
	st := Stats{Spool: d.spool.Stats()}
	if s := d.ship; s != nil {
		st.Lag, st.Shipped, st.Single = s.reader.Lag(), s.shipped.Load(), s.single.Load()
		st.Truncated, st.Unsendable, st.Retries = s.truncated.Load(), s.unsendable.Load(), s.retries.Load()
		if s.confirm != nil {
			st.Waiting, st.Resent = s.confirm.waiting(), s.confirm.resent.Load()
		}
	}
	return st
}

// Sync waits until what recorders have flushed so far is written to the spool, or
// shed.
func (d *Delivery) Sync() { d.spool.Sync() }

// Drain waits until all that recorders have handed over has arrived; they must
// have been closed.
func (d *Delivery) Drain(ctx context.Context) error {
	if d.ship == nil {
		return nil
	}
	d.spool.Sync()
	for d.ship.reader.Lag() > 0 {
		select {
		case <-d.ship.notify:
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d bytes of events stay in the spool: %w", d.ship.reader.Lag(), ctx.Err())
		}
	}
	return nil
}

// Close ends shipping. What has not arrived stays in the spool for the next start.
func (d *Delivery) Close() error {
	d.end()
	d.ended.Wait()
	if d.pool != nil {
		d.pool.close()
	}
	var err error
	if d.spool != nil {
		err = d.spool.Close()
	}
	if d.broker != nil {
		d.broker.Close()
	}
	return err
}
