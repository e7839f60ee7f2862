package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"weir/cmd/weir/config"
	"weir/decode"
	"weir/decode/capture/pcapfile"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/decode/proto/all"
	"weir/detect"
	"weir/sinks/eve"
	"weir/sinks/filestore"
	"weir/sinks/nsq"
)

// analysis is one run over captures, with what it found.
type analysis struct {
	cfg      *config.Config
	set      *proto.Set
	rules    *ruleSet // nil: no detection
	workers  int
	filter   string           // takes only the packets that fit; empty takes all
	progress func(done int64) // bytes of captures read so far; may be nil
	warn     func(format string, args ...any)
	delivery *nsq.Delivery     // nil: events go to no broker
	shunts   kernelShunts      // nil: no packets are kept back
	blocker  *blocker          // nil: nobody is blocked
	home     []netip.Prefix    // added to HOME_NET, of a live run
	owners   *owners           // nil: nobody knows the processes
	costs    *detect.Costs     // of the rules; nil: nobody asks
	explain  *detect.Explainer // of one rule; nil: nobody asks
	told     bool              // what the configuration has besides

	summary *summary // nil: nobody reads one
	stats   runStats
}

// runStats is what --stats-json writes.
type runStats struct {
	RulesLoadS   float64 `json:"rules_load_s"`
	ProcessS     float64 `json:"process_s"`
	ProcessCPUS  float64 `json:"process_cpu_s"`
	Packets      uint64  `json:"packets"`
	Bytes        uint64  `json:"bytes"`
	PeakRSSBytes int64   `json:"peak_rss_bytes"`
	RulesLoaded  int     `json:"rules_loaded"`
	RulesFailed  int     `json:"rules_failed"`
	Alerts       uint64  `json:"alerts"`
	Files        int     `json:"files"`
	FilesBroken  int     `json:"files_broken"`
	FilesCut     int     `json:"files_cut"`
	Backwards    uint64  `json:"time_backwards"`
	Jumps        uint64  `json:"time_jumps"`
	GivenUp      uint64  `json:"checks_given_up"`
	Quarantined  int     `json:"rules_quarantined"`
}

// silent is the Inspector of a run without rules: nothing waits for inspection.
type silent struct{}

// Inspect implements decode.Inspector.
func (silent) Inspect(in *decode.Inspection) decode.Verdict {
	for _, tx := range in.Txs {
		tx.Base().Inspected = [2]bool{true, true}
	}
	if in.Stream != nil && in.Flow != nil {
		if b, off, ok := in.Stream.Raw(in.Flow, in.Packet.Dir, in.Packet); ok {
			in.Stream.RawDone(in.Flow, in.Packet.Dir, off+uint64(len(b)))
		}
	}
	return 0
}

// EndTx implements decode.Inspector.
func (silent) EndTx(*proto.Tx) {}

// EndFlow implements decode.Inspector.
func (silent) EndFlow(*flow.Flow) {}

func newAnalysis(cfg *config.Config) (*analysis, error) {
	set, err := all.Set()
	if err != nil {
		return nil, err
	}
	return &analysis{cfg: cfg, set: set, workers: 1}, nil
}

// run analyses captures as one stream of packets, with outputs below dir.
func (a *analysis) run(ctx context.Context, files []string, dir string) error {
	filter, err := newFrameFilter(a.filter, a.warn)
	if err != nil {
		return err
	}
	x, err := a.begin(dir, nil)
	if err != nil {
		return err
	}
	src := &captures{files: files, sink: x.sink, filter: filter, packets: x.packets, failed: func(err error) {
		a.stats.FilesBroken++
		a.warn("%v", err)
	}, cut: func(err error) {
		a.stats.FilesCut++
		a.warn("%v", err)
	}, progress: a.progress}
	err = x.pl.Run(ctx, src)
	src.close()
	err = errors.Join(err, x.end())
	if err == nil && ctx.Err() == nil {
		err = deleteDone(a.cfg, src.whole, x.seen)
	}
	a.stats.Files += len(files)
	return err
}

// files sets up how files are followed, and where they are kept; the store is
// nil if they are not.
func (a *analysis) files(o *decode.Options, dir string) (*filestore.Store, error) {
	fs, err := fileOutput(a.cfg)
	if err != nil {
		return nil, err
	}
	var needs detect.FileNeeds
	if a.rules != nil {
		needs = a.rules.engine.FileNeeds()
	}
	if o.Files, err = fileTracking(a.cfg, fs, needs); err != nil {
		return nil, err
	}
	o.FileDepth = fileDepth(a.cfg)
	kept, err := openFileStore(fs, dir)
	if kept != nil {
		o.FileSink = func(i int) file.Sink { return kept.Worker(i) }
	}
	return kept, err
}

// separate analyses each capture with fresh state, in a folder of its name.
func (a *analysis) separate(ctx context.Context, files []string, dir string) error {
	names := map[string]int{}
	var errs []error
	for i, f := range files {
		if i > 0 && a.rules != nil {
			if err := a.rules.engine.ResetSets(); err != nil {
				return errors.Join(append(errs, err)...)
			}
		}
		name := filepath.Base(f)
		if names[name]++; names[name] > 1 {
			name = fmt.Sprintf("%s.%d", name, names[name])
		}
		if err := a.run(ctx, []string{f}, filepath.Join(dir, name)); err != nil {
			errs = append(errs, err)
			if ctx.Err() != nil {
				break
			}
		}
	}
	return errors.Join(errs...)
}

// cpuTime returns the user and system time of the process, s.
func cpuTime() float64 {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano()).Seconds()
}

// peakRSS returns the largest resident size of the process so far, bytes.
func peakRSS() int64 {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return ru.Maxrss << 10
}

// captures is a decode.Source over several files. What is wrong with one is
// reported, and the next goes on.
type captures struct {
	files    []string
	sink     *eve.Sink
	filter   *frameFilter // may be nil
	packets  *packetLog   // may be nil
	failed   func(error)
	cut      func(error)      // the capture ends in the middle of a record
	progress func(done int64) // bytes of captures read so far; may be nil

	cur   *pcapfile.File
	name  string // of cur
	num   uint64
	first uint64 // number of the current file's first packet
	read  int64  // of the files before
	whole []readCapture
}

// frames is a batch of a file.
type frames struct {
	pcapfile.Batch
}

var batches = sync.Pool{New: func() any { return &frames{} }}

// Release implements decode.Batch; b may be filled anew after it.
func (b *frames) Release() {
	b.Batch.Release()
	batches.Put(b)
}

// Frames implements decode.Batch.
func (b *frames) Frames() []packet.Frame { return b.Batch.Frames }

// Next implements decode.Source.
func (c *captures) Next() (decode.Batch, error) {
	if err := c.sink.Err(); err != nil {
		return nil, err
	}
	for {
		if c.cur == nil {
			if err := c.open(); err != nil {
				return nil, err
			}
		}
		b := batches.Get().(*frames)
		err := c.cur.Next(&b.Batch)
		c.num = c.cur.Num
		if c.progress != nil {
			c.progress(c.read + c.cur.BytesRead())
		}
		if err != nil {
			c.end(err)
		}
		if c.filter != nil {
			b.Batch.Frames = c.filter.take(b.Batch.Frames)
		}
		c.packets.keep(b.Batch.Frames)
		if len(b.Batch.Frames) > 0 {
			return b, nil
		}
		b.Release()
	}
}

// open opens the next file; io.EOF if there is none.
func (c *captures) open() error {
	for len(c.files) > 0 {
		name := c.files[0]
		c.files = c.files[1:]
		f, err := pcapfile.Open(name)
		if err != nil {
			c.failed(err)
			continue
		}
		f.Num = c.num
		c.cur, c.name, c.first = f, name, c.num+1
		c.sink.StartCapture(c.num+1, name)
		return nil
	}
	return io.EOF
}

// end closes the current file, whose reading ended with err.
func (c *captures) end(err error) {
	switch {
	case errors.Is(err, pcapfile.ErrTruncated), errors.Is(err, pcapfile.ErrDamaged):
		c.cut(err)
	case !errors.Is(err, io.EOF):
		c.failed(err)
	default:
		c.whole = append(c.whole, readCapture{c.name, c.first, c.num})
	}
	c.read += c.cur.BytesRead()
	c.cur.Close()
	c.cur = nil
}

func (c *captures) close() {
	if c.cur != nil {
		c.cur.Close()
		c.cur = nil
	}
}
