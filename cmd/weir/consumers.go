package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"weir/cmd/weir/config"
	"weir/sinks/archive"
	"weir/sinks/consume"
	"weir/sinks/notify"
	"weir/sinks/notify/exec"
	"weir/sinks/nsq"
)

// Defaults of the store of a live run.
const (
	liveStoreDays = 30
	liveStoreSize = 10 << 30 // bytes
)

// liveRemember is how many ids a consumer in the process drops duplicates by: what it
// writes to knows them for longer.
const liveRemember = 20_000

// roles are the consumers that run in the sensor's process.
type roles struct{ store, notify, archive bool }

// rolesOf reads which consumers a live run has: with brokers in its process those
// that the configuration has something for, and a store; otherwise those that it
// enables.
func rolesOf(cfg *config.Config, mode nsq.Mode) roles {
	here := mode == nsq.Embedded
	archived := cfg.Root().Get("archive")
	return roles{
		store:   mode != nsq.Off && cfg.Store.Bool("enabled", here),
		notify:  mode != nsq.Off && cfg.Notify.Bool("enabled", here && len(items(cfg.Notify, "rules")) > 0),
		archive: mode != nsq.Off && archived.Bool("enabled", here && archived.Exists()),
	}
}

// channels are those of the roles.
func (r roles) channels() []string {
	all := []string{}
	for _, c := range []struct {
		name string
		on   bool
	}{{"store", r.store}, {"notify", r.notify}, {"archive", r.archive}} {
		if c.on {
			all = append(all, c.name)
		}
	}
	return all
}

// consumers are those of a live run.
type consumers struct {
	all   []*consume.Consumer
	names []string // of their channels
	stop  context.CancelFunc
	ended sync.WaitGroup
	close []func() error
	warn  func(string, ...any)
}

// startConsumers starts what a live run does with its own events, below dir.
func startConsumers(cfg *config.Config, r roles, so storeOptions, no *nsq.Options, d *nsq.Delivery, dir string, warn func(string, ...any)) (_ *consumers, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	cs := &consumers{stop: cancel, warn: warn}
	defer func() {
		if err != nil {
			err = errors.Join(err, cs.end())
		}
	}()
	of := func(channel string, topics ...string) consume.Options {
		o := consume.Options{Brokers: no.Brokers, Lookups: no.Lookups, Connection: no.Connection, Prefix: no.Prefix, Channel: channel, Topics: topics, Remember: liveRemember, Log: warn}
		if b := d.Broker(); b != nil {
			o.Brokers, o.Lookups, o.Connection = []string{b.TCP()}, nil, nsq.Connection{}
			o.Flush = 5 * time.Millisecond // ours allows it
		}
		return o
	}
	if r.store {
		h, err := so.open(ctx, warn)
		if err != nil {
			return cs, err
		}
		o := of("store", no.Confirmed...)
		o.Confirm = true
		so.suit(&o)
		if err := cs.add(ctx, o, h); err != nil {
			return cs, err
		}
	}
	if r.notify {
		if err := cs.addNotify(ctx, cfg, of("notify", "alert", "behavior"), filepath.Join(dir, "notify"), warn); err != nil {
			return cs, err
		}
	}
	if r.archive {
		ao := archive.Options{Dir: filepath.Join(dir, "archive"), Format: archive.JSON, Idle: archiveIdle, Log: warn}
		a, err := openArchive(cfg, ao, func(string) bool { return false }, warn)
		if err != nil {
			return cs, err
		}
		if err := cs.add(ctx, of("archive"), a); err != nil {
			return cs, err
		}
	}
	return cs, nil
}

func (cs *consumers) addNotify(ctx context.Context, cfg *config.Config, o consume.Options, dir string, warn func(string, ...any)) error {
	var helper *exec.Helper
	if usesPrograms(cfg.Notify) {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		if helper, err = exec.StartHelper(self, "notify-helper"); err != nil {
			return err
		}
		cs.close = append(cs.close, helper.Close)
	}
	no, err := notifyOptions(cfg, helper)
	if err != nil {
		return err
	}
	no.Dir, no.Log = dir, warn
	n, err := notify.Open(no)
	if err != nil {
		return err
	}
	return cs.add(ctx, o, n)
}

// closing is a handler that has to be closed.
type closing interface {
	consume.Handler
	Close() error
}

// add starts a consumer; a broker that is away is tried again.
func (cs *consumers) add(ctx context.Context, o consume.Options, h closing) error {
	cs.close = append(cs.close, h.Close)
	c, err := consume.New(o, h)
	if err != nil {
		return err
	}
	cs.all, cs.names = append(cs.all, c), append(cs.names, o.Channel)
	cs.ended.Go(func() {
		for {
			err := c.Run(ctx)
			if ctx.Err() != nil {
				return
			}
			cs.warn("%s: %v; trying again", o.Channel, err)
			select {
			case <-time.After(retryConsumer):
			case <-ctx.Done():
				return
			}
		}
	})
	return nil
}

// retryConsumer is how long a consumer that could not connect waits.
const retryConsumer = 5 * time.Second

// end stops them and closes what they write to. What is not handled comes with the
// next run.
func (cs *consumers) end() error {
	cs.stop()
	cs.ended.Wait()
	var errs []error
	for i := len(cs.close) - 1; i >= 0; i-- {
		errs = append(errs, cs.close[i]())
	}
	return errors.Join(errs...)
}

// liveDelivery is the line of a live run with the consumers in its process.
type liveDelivery struct {
	line *nsq.Delivery
	cons *consumers
}

// startLiveDelivery starts them; the line is nil if events go to no broker.
func startLiveDelivery(cfg *config.Config, o *liveOptions, warn func(string, ...any)) (l liveDelivery, err error) {
	no, err := deliveryOptions(cfg, &o.brokerOptions, liveMode(cfg, o.Config.File))
	if err != nil || no.Mode == nsq.Off {
		return l, err
	}
	r := rolesOf(cfg, no.Mode)
	so, err := storeSettings(cfg, storeOptions{dir: filepath.Join(cfg.DefaultLogDir, defaultStore), days: liveStoreDays, size: liveStoreSize})
	if err != nil {
		return l, err
	}
	if no.Confirm == "" && r.store {
		no.Confirm = nsq.ByStore
	}
	if no.Mode == nsq.Embedded {
		// A channel that nobody reads would grow for ever.
		no.Channels = append(r.channels(), cfg.NSQ.Strings("channels")...)
	}
	if l.line, err = openDelivery(no, cfg.DefaultLogDir, warn); err != nil {
		return l, fmt.Errorf("%w (nsq.mode: off does without)", err)
	}
	if l.cons, err = startConsumers(cfg, r, so, &no, l.line, cfg.DefaultLogDir, warn); err != nil {
		return liveDelivery{}, errors.Join(err, l.line.Close())
	}
	return l, nil
}

// String says where events go.
func (l *liveDelivery) String() string {
	if l.line == nil {
		return "events go to the outputs alone"
	}
	var all []string
	if b := l.line.Broker(); b != nil {
		all = append(all, "nsqd at "+b.TCP())
		if a := b.AdminHTTP(); a != "" {
			all = append(all, "nsqadmin at http://"+a)
		}
	}
	all = append(all, l.cons.names...)
	if len(all) == 0 {
		return "events go through the spool to brokers"
	}
	return "events go through the spool to brokers; in this process: " + strings.Join(all, ", ")
}

// end waits until what was recorded has arrived, as long as drainFor, and stops all.
func (l *liveDelivery) end(warn func(string, ...any)) error {
	if l.line == nil {
		return nil
	}
	rest, stop := context.WithTimeout(context.Background(), drainFor)
	defer stop()
	if err := l.line.Drain(rest); err != nil {
		warn("%v; they go with the next run", err)
	}
	return errors.Join(l.cons.end(), l.line.Close())
}

// leaveOut keeps a sensor that watches loopback from watching its own brokers, which
// would have something to say about each event that they are told of.
func (l *liveDelivery) leaveOut(watched []tap) {
	if l.line == nil || l.line.Broker() == nil {
		return
	}
	var own []string
	for _, addr := range l.line.Broker().Addrs() {
		_, port, _ := net.SplitHostPort(addr)
		own = append(own, "tcp port "+port)
	}
	for i := range watched {
		t := &watched[i]
		if ifc, err := net.InterfaceByName(t.name); err != nil || ifc.Flags&net.FlagLoopback == 0 {
			continue
		}
		filter := "not (" + strings.Join(own, " or ") + ")"
		if t.filter != "" {
			filter = "(" + t.filter + ") and " + filter
		}
		t.filter = filter
	}
}
