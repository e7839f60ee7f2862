package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"weir/decode"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/detect"
	"weir/sinks/certstore"
	"weir/sinks/eve"
	"weir/sinks/filestore"
)

// session is one pipeline with its outputs, from its first frame to its last.
type session struct {
	a       *analysis
	live    []string // interface of each worker; nil: captures
	sink    *eve.Sink
	packets *packetLog       // nil: packets are not logged
	kept    *filestore.Store // nil: files are not kept
	certs   *certstore.Store // nil: certificates are not kept
	seen    []*alertedPackets
	pl      *decode.Pipeline
	lanes   []decode.Lane
	workers []*detect.Worker
	shared  *detect.Shared
	rules   *ruleSet // in force; nil: no detection
	counted []event.Appender
	loading sync.Mutex // rules are loaded anew

	start time.Time
	cpu   float64
}

// begin opens the outputs below dir and makes the pipeline. ifaces are those that
// the workers of a live one watch, or nil.
func (a *analysis) begin(dir string, ifaces []string) (*session, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make log folder: %w", err)
	}
	packets, err := openPacketLog(a.cfg, dir, a.workers, a.warn)
	if err != nil {
		return nil, err
	}
	types := eveTypes(a.set, eve.Type{Events: []string{"alert", "packet", "engine"}, Options: detect.AlertOptions})
	eo := eveOptions(a.cfg, types)
	eo.Dir = dir
	if a.owners != nil {
		eo.Owners = a.owners.append
	}
	if a.delivery != nil {
		eo.Outputs = append(eo.Outputs, deliveryOutput(a.cfg, a.delivery, types))
	}
	sink, err := eve.New(&eo)
	if err != nil {
		return nil, err
	}
	x := &session{
		a: a, live: ifaces, sink: sink, packets: packets, rules: a.rules,
		workers: make([]*detect.Worker, a.workers), shared: detect.NewShared(uint64(a.cfg.Detect.Thresholds.Memcap)),
	}
	var lanes []*eve.Lane
	if ifaces != nil {
		lanes = sink.LiveLanes(ifaces)
	} else {
		lanes = sink.Lanes(a.workers)
	}
	if err := x.make(lanes, dir); err != nil {
		for _, l := range lanes {
			l.Close() // the sink waits for them
		}
		return nil, errors.Join(err, sink.Close())
	}
	x.start, x.cpu = time.Now(), cpuTime()
	return x, nil
}

// make makes the pipeline.
func (x *session) make(lanes []*eve.Lane, dir string) (err error) {
	a := x.a
	o := pipelineOptions(a.cfg, a.set)
	o.Workers, o.Live = a.workers, x.live != nil
	if a.rules != nil && a.rules.engine.ChecksOverlaps() {
		o.Stream.CheckOverlap = true
	}
	if x.kept, err = a.files(&o, dir); err != nil {
		return err
	}
	if x.certs, err = openCertStore(a.cfg, dir); err != nil {
		return err
	}
	if x.certs != nil {
		o.Certs = x.certs
	}
	o.Lane = func(i int) decode.Lane { return lanes[i] }
	if a.summary != nil {
		tallies := make([]*tally, a.workers)
		for i := range tallies {
			tallies[i] = a.summary.worker()
		}
		o.Lane = func(i int) decode.Lane { return tapped{lanes[i], tallies[i]} }
		o.FlowEnded = func(i int) func(*flow.Flow) { return tallies[i].flow }
	}
	x.seen = watchAlerts(a.cfg, &o)
	x.packets.use(&o)
	a.shunts.use(&o, a.cfg)
	if b := a.blocker; b != nil && b.rules {
		o.Refused = func(int) func(*packet.Packet) { return b.refuse }
	}
	lane := o.Lane
	o.Lane = func(i int) decode.Lane {
		l := lane(i)
		x.lanes = append(x.lanes, l)
		return l
	}
	o.Ordered = a.rules != nil && (a.rules.engine.SharesState() || a.rules.engine.Quarantines())
	o.Inspector = func(i int, pub event.Publisher) decode.Inspector {
		if a.rules == nil {
			return silent{}
		}
		x.workers[i] = a.rules.engine.NewWorker(pub, x.shared)
		if a.costs != nil {
			x.workers[i].Profile()
		}
		if a.explain != nil {
			x.workers[i].Watch(a.explain)
		}
		return x.workers[i]
	}
	if x.pl, err = decode.New(&o); err != nil {
		return err
	}
	return a.settled()
}

// publishStats publishes the counters. The workers must be at rest.
func (x *session) publishStats(pub event.Publisher) {
	x.pl.PublishStats(pub, x.a.set, x.counters()...)
}

// appendStats appends the counters as the stats record has them. The workers must
// be at rest.
func (x *session) appendStats(b []byte) []byte {
	return x.pl.AppendStats(b, x.a.set, x.counters()...)
}

// counters are those that the pipeline does not keep itself.
func (x *session) counters() []event.Appender {
	more := slices.Clip(x.counted)
	if x.kept != nil {
		more = append(more, fileStats{x.kept})
	}
	if x.packets != nil {
		more = append(more, x.packets)
	}
	if x.rules != nil {
		more = append(more, detectStats{x.rules, x.workers, x.shared})
	}
	return more
}

// end ends all flows, closes the outputs and adds up the figures.
func (x *session) end() error {
	a := x.a
	x.pl.Finish(func(pub event.Publisher) {
		x.quarantined(pub)
		x.publishStats(pub)
	})
	err := errors.Join(x.sink.Close(), x.packets.close())
	if x.kept != nil {
		err = errors.Join(err, x.kept.Close())
	}
	if x.certs != nil {
		err = errors.Join(err, x.certs.Close())
	}
	if x.rules != nil {
		err = errors.Join(err, x.rules.engine.StoreSets())
	}
	if a.summary != nil {
		a.summary.ended(x.pl, a.set)
	}
	a.stats.ProcessS += time.Since(x.start).Seconds()
	a.stats.ProcessCPUS += cpuTime() - x.cpu
	a.stats.Packets += x.pl.Read.Packets
	a.stats.Bytes += x.pl.Read.Bytes
	a.stats.Backwards += x.pl.Read.Backwards
	a.stats.Jumps += x.pl.Read.Jumps
	for _, w := range x.workers {
		if w != nil {
			a.stats.Alerts += w.Alerts
			a.stats.GivenUp += w.GivenUp
			if a.costs != nil {
				a.costs.Add(w)
			}
		}
	}
	return err
}
