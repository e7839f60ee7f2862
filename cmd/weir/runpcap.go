package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"weir/cmd/weir/config"
	"weir/decode/capture/pcapfile"
)

// runPcap is weir pcap.
func runPcap(ctx context.Context, o *pcapOptions, stdout, stderr io.Writer) (err error) {
	profiled, err := profileCPU(o.CPUProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, profiled()) }()
	cfg, warnings, err := config.Load(o.Config)
	if err != nil {
		return err
	}
	warn := func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) }
	said := openEngineLog(cfg, warn)
	defer func() { said.end(err) }()
	told := warn
	warn = func(format string, args ...any) {
		told(format, args...)
		said.warning(format, args...)
	}
	for _, w := range warnings {
		warn("%v", w)
	}
	files, notes, err := pcapfile.List(o.Captures)
	if err != nil {
		return err
	}
	for _, n := range notes {
		warn("passed over: %v", n)
	}
	a, err := newAnalysis(cfg)
	if err != nil {
		return err
	}
	a.warn, a.workers, a.filter = warn, workerCount(o, cfg), o.BPF
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	boundHeap(ctx, heapSlack)
	if a.rules, err = loadRules(&o.engineOptions, cfg, a.set); err != nil {
		return err
	}
	if rs := a.rules; rs != nil {
		a.stats.RulesLoaded, a.stats.RulesFailed, a.stats.RulesLoadS = rs.loaded, len(rs.errs), rs.took.Seconds()
		for _, text := range rs.warnings {
			warn("%s", text)
		}
		for _, e := range rs.errs {
			told("%v", e)
		}
		said.ruleErrors(rs.errs)
	}
	if o.Profile && a.rules != nil {
		a.costs = a.rules.engine.NewCosts()
	}
	if a.delivery, err = startDelivery(cfg, &o.brokerOptions, cfg.DefaultLogDir, warn); err != nil {
		return err
	}
	stop := func() {}
	if f, ok := stderr.(*os.File); ok && !o.Quiet && terminal(f) {
		p := newProgress(f, files)
		a.progress = p.set
		stop = p.stop
	}
	show := false
	if f, ok := stdout.(*os.File); ok && !o.Quiet && !o.JSON && terminal(f) {
		show, a.summary = true, newSummary()
	}
	if o.Separate {
		err = a.separate(ctx, files, cfg.DefaultLogDir)
	} else {
		err = a.run(ctx, files, cfg.DefaultLogDir)
	}
	if a.delivery != nil {
		err = errors.Join(err, a.delivery.Drain(ctx), a.delivery.Close())
	}
	stop()
	a.stats.PeakRSSBytes = peakRSS()
	if o.StatsJSON != "" {
		err = errors.Join(err, writeJSON(o.StatsJSON, &a.stats))
	}
	if a.costs != nil {
		table := stdout
		if o.JSON || o.Quiet {
			table = io.Discard
		}
		err = errors.Join(err, a.writeCosts(table))
	}
	if err == nil && a.stats.FilesBroken > 0 {
		err = fmt.Errorf("%d of %d captures could not be read to their end", a.stats.FilesBroken, len(files))
	}
	switch {
	case o.JSON:
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		err = errors.Join(err, enc.Encode(&a.stats))
	case show:
		a.stats.print(stdout)
		a.summary.print(stdout)
	}
	return err
}

// workerCount is how many workers a run has: what was asked for, one where
// packets are to be taken strictly in order, else one for each processor.
func workerCount(o *pcapOptions, cfg *config.Config) int {
	switch {
	case o.Workers > 0:
		return o.Workers
	case o.RunMode == "single" || o.RunMode == "" && cfg.RunMode == "single", ordered(cfg):
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

func writeJSON(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}

// print writes the figures for a person.
func (s *runStats) print(w io.Writer) {
	rate := float64(s.Packets) / max(s.ProcessS, 1e-9)
	fmt.Fprintf(w, "%d captures, %d packets, %.1f MB in %.2f s (%.0f packets/s)\n",
		s.Files, s.Packets, float64(s.Bytes)/1e6, s.ProcessS, rate)
	fmt.Fprintf(w, "%d rules loaded, %d refused; %d alerts\n", s.RulesLoaded, s.RulesFailed, s.Alerts)
	if s.FilesBroken+int(s.Backwards)+int(s.Jumps) > 0 {
		fmt.Fprintf(w, "%d captures broken; time stamps: %d went backwards, %d jumped ahead by more than a day\n",
			s.FilesBroken, s.Backwards, s.Jumps)
	}
}

// terminal reports whether f is one.
func terminal(f *os.File) bool {
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// progress shows how far reading is, on one line that is written over.
type progress struct {
	w     io.Writer
	total int64
	done  atomic.Int64
	start time.Time
	quit  chan struct{}
	ended chan struct{}
}

func newProgress(w io.Writer, files []string) *progress {
	p := &progress{w: w, start: time.Now(), quit: make(chan struct{}), ended: make(chan struct{})}
	for _, f := range files {
		if st, err := os.Stat(f); err == nil && st.Mode().IsRegular() {
			p.total += st.Size()
		}
	}
	go p.run()
	return p
}

func (p *progress) set(done int64) { p.done.Store(done) }

// stop ends the display and wipes its line.
func (p *progress) stop() {
	close(p.quit)
	<-p.ended
}

func (p *progress) run() {
	defer close(p.ended)
	t := time.NewTicker(250 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-p.quit:
			fmt.Fprint(p.w, "\r\x1b[K")
			return
		case <-t.C:
			p.show()
		}
	}
}

func (p *progress) show() {
	done, spent := p.done.Load(), time.Since(p.start)
	rate := float64(done) / spent.Seconds()
	if p.total == 0 || done > p.total {
		fmt.Fprintf(p.w, "\r\x1b[K%.1f MB read, %.1f MB/s", float64(done)/1e6, rate/1e6)
		return
	}
	left := time.Duration(float64(p.total-done) / max(rate, 1) * float64(time.Second)).Round(time.Second)
	const width = 30
	n := int(done * width / max(p.total, 1))
	bar := make([]byte, width)
	for i := range bar {
		bar[i] = ' '
		if i < n {
			bar[i] = '='
		}
	}
	fmt.Fprintf(p.w, "\r\x1b[K[%s] %3d %% %.1f MB/s, %v left", bar, done*100/max(p.total, 1), rate/1e6, left)
}
