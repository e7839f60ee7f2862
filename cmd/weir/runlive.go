package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"weir/cmd/weir/config"
	"weir/decode"
)

// drainFor is how long the end of a run waits for brokers to take what is left.
const drainFor = 10 * time.Second

// flushEvery is how often outputs are brought up to date.
const flushEvery = time.Second

// runLive is weir run.
func runLive(ctx context.Context, o *liveOptions, _, stderr io.Writer) (err error) {
	var mu sync.Mutex
	warn := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(stderr, "weir: "+format+"\n", args...)
	}
	say := warn
	if o.Quiet {
		say = func(string, ...any) {}
	}
	cfg, warnings, err := config.Load(o.Config)
	if err != nil {
		return err
	}
	said := openEngineLog(cfg, warn)
	defer func() { said.end(err) }()
	told := warn
	warn = func(format string, args ...any) {
		told(format, args...)
		said.warning(format, args...)
	}
	if !o.Quiet {
		say = func(format string, args ...any) {
			told(format, args...)
			said.notice(format, args...)
		}
	}
	for _, w := range warnings {
		warn("%v", w)
	}
	a, err := newAnalysis(cfg)
	if err != nil {
		return err
	}
	watched, err := taps(o, cfg, cmp.Or(o.Workers, runtime.GOMAXPROCS(0)))
	if err != nil {
		return err
	}
	var names []string // of each worker's interface
	for i := range watched {
		names = append(names, slices.Repeat([]string{watched[i].name}, watched[i].workers)...)
	}
	a.warn, a.workers = warn, len(names)
	if o.choosesHome() {
		a.home = ownNets(names)
		addHome(cfg, a.home)
	}
	// Rules that are loaded anew, and the collector, do not wait for the workers,
	// which may have as many processors as they are.
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), a.workers+1))
	inner, cancel := context.WithCancel(context.Background())
	defer cancel()
	boundHeap(inner, liveSlack)
	if a.owners = watchProcesses(cfg, warn); a.owners != nil {
		defer a.owners.watcher.Close()
		o.processes = a.owners.of
	}
	if a.rules, err = loadRules(&o.engineOptions, cfg, a.set); err != nil {
		return err
	}
	if a.rules != nil {
		a.rules.loadedAt = time.Now()
	}
	a.tellRules()
	line, err := startLiveDelivery(cfg, o, warn)
	if err != nil {
		return err
	}
	a.delivery = line.line
	defer func() { err = errors.Join(err, line.end(warn)) }()
	line.leaveOut(watched)
	unload, err := a.loadPrograms(cfg, o, watched, say)
	defer unload()
	if err != nil {
		return err
	}
	x, err := a.begin(cfg.DefaultLogDir, names)
	if err != nil {
		return err
	}
	if line.line != nil {
		x.counted = append(x.counted, newDeliveryStats(line.line, line.cons))
	}
	from, err := x.openFeeds(watched)
	if err != nil {
		return errors.Join(err, x.end())
	}
	x.counted = append(x.counted, from)
	if a.owners != nil {
		x.counted = append(x.counted, a.owners)
	}
	if a.shunts != nil {
		x.counted = append(x.counted, a.shunts)
	}
	if a.blocker != nil {
		x.counted = append(x.counted, a.blocker)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ctl := &control{x: x, stop: stop, reload: func() error { return x.reload(o, say) }}
	if err := ctl.start(o.Control, o.HTTP, warn); err != nil {
		return errors.Join(err, x.end(), from.close())
	}
	if err := from.start(); err != nil {
		ctl.close()
		return errors.Join(err, x.end(), from.close())
	}
	tellManager(managerReady)
	ring := &watched[0].ring
	say("ready: capturing on %s, %d workers, ring of %d MiB for each, %d rules", strings.Join(tapNames(watched), ", "), a.workers, ring.BlockSize*ring.Blocks>>20, a.loaded())
	say("%v", &line)
	var keep sync.WaitGroup
	keep.Go(func() { x.attend(ctx, inner, o, from, ctl, say) })
	kept := &panics{dir: cfg.DefaultLogDir, warn: warn}
	err = x.pl.RunLive(&decode.Live{Sources: from.sources(), Begin: newPinner(a.workers).begin, Panicked: kept.keep})
	cancel()
	keep.Wait()
	tellManager(managerStopping)
	ctl.close()
	err = errors.Join(err, x.end())
	c := from.account()
	say("ended: %d packets analysed, %d dropped by the kernel for want of room, %d passed over by the filter; %d alerts",
		x.pl.Read.Packets, c.Drops, c.passed, a.stats.Alerts)
	for _, l := range x.pl.Losses() {
		say("%d %s", l.Count, l.Reason)
	}
	return errors.Join(err, from.close())
}

// tellRules says what is odd about the rules that were loaded.
func (a *analysis) tellRules() {
	if a.rules == nil {
		return
	}
	for _, text := range a.rules.warnings {
		a.warn("%s", text)
	}
	for _, e := range a.rules.errs {
		a.warn("%v", e)
	}
}

func tapNames(all []tap) []string {
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].name
	}
	return names
}

func (a *analysis) loaded() int {
	if a.rules == nil {
		return 0
	}
	return a.rules.loaded
}

// attend publishes counters, brings outputs up to date and heeds signals, until the
// pipeline has ended.
func (x *session) attend(ctx, ended context.Context, o *liveOptions, from feeds, ctl *control, say func(string, ...any)) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGUSR2)
	defer signal.Stop(signals)
	flush := time.NewTicker(cmp.Or(o.flush, flushEvery))
	defer flush.Stop()
	count := time.NewTicker(time.Duration(x.a.cfg.Stats.Interval) * time.Second)
	defer count.Stop()
	home := time.NewTicker(homeNetEvery)
	defer home.Stop()
	var loading sync.WaitGroup
	defer loading.Wait()
	load := func() {
		loading.Wait() // one at a time
		loading.Go(func() {
			if err := x.reload(o, say); err != nil {
				x.a.warn("reload: %v; the rules before stay in force", err)
			}
		})
	}
	stop := ctx.Done()
	for {
		select {
		case <-ended.Done():
			return
		case <-stop:
			from.stop()
			stop = nil
		case <-flush.C:
			if x.pl.AtRest(x.sink.Flush) {
				ctl.beat.Store(time.Now().UnixNano())
				tellManager(managerAlive)
			}
		case <-count.C:
			if x.a.cfg.Stats.Enabled {
				x.pl.AtRest(x.count)
			}
		case s := <-signals:
			say("%v: loading rules", s)
			if s == syscall.SIGHUP {
				x.pl.AtRest(x.sink.Reopen)
			}
			load()
		case <-home.C:
			if !o.choosesHome() || x.rules == nil {
				continue
			}
			if nets := ownNets(x.live); !slices.Equal(nets, x.a.home) {
				say("addresses have changed, HOME_NET now has %v besides the private networks: loading rules", nets)
				x.loading.Lock()
				x.a.home = nets
				x.loading.Unlock()
				load()
			}
		}
	}
}

// count publishes the counters of a run that goes on. It runs between batches.
func (x *session) count() {
	x.publishStats(x.lanes[0])
	x.sink.Flush()
}

// reload loads the rules anew and puts them in force between two batches.
func (x *session) reload(o *liveOptions, say func(string, ...any)) error {
	if x.rules == nil {
		return errors.New("detection was off from the start")
	}
	x.loading.Lock()
	defer x.loading.Unlock()
	start := time.Now()
	cfg, _, err := config.Load(o.Config)
	if err != nil {
		return err
	}
	addHome(cfg, x.a.home)
	// The new rules begin with the data sets as the files hold them.
	x.pl.AtRest(func() {
		if err := x.rules.engine.StoreSets(); err != nil {
			x.a.warn("reload: %v", err)
		}
	})
	rs, err := loadRules(&o.engineOptions, cfg, x.a.set)
	switch {
	case err != nil:
		return err
	case rs == nil || rs.loaded == 0:
		return errors.New("there are no rules")
	}
	rs.loadedAt = time.Now()
	for _, e := range rs.errs {
		x.a.warn("%v", e)
	}
	over := rs.engine.TakeOver(x.rules.engine)
	if !x.pl.AtRest(func() {
		over.Shared(x.shared)
		x.pl.Replace(func(i int) decode.Inspector {
			w := rs.engine.NewWorker(x.lanes[i], x.shared)
			over.Worker(w, x.workers[i])
			x.workers[i] = w
			return w
		})
		x.rules = rs
	}) {
		return nil // the run has ended meanwhile
	}
	say("reload complete: %d rules, %d refused, in %.2f s", rs.loaded, len(rs.errs), time.Since(start).Seconds())
	return nil
}
