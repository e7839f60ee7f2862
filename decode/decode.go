package decode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"weir/decode/defrag"
	"weir/decode/event"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/decode/stream"
)

// Source delivers the frames of a capture in order.
type Source interface {
	// Next returns the next batch, which is the caller's until its Release. At
	// the end it returns io.EOF. Frames and an error may come together.
	Next() (Batch, error)
}

// Batch is a run of frames in memory that somebody else owns.
type Batch interface {
	Frames() []packet.Frame
	Release()
}

// Lane is the event output of one worker.
type Lane interface {
	event.Publisher
	// Advance promises that nothing before packet num follows.
	Advance(num uint64)
	Close()
}

// Options set up a Pipeline.
type Options struct {
	Workers int
	// Live: RunLive is to be called, not Run.
	Live    bool
	Version uint8 // suricata-version: 7, 8 or 9
	// ChecksumAuto: verify no checksums where they are wrong in many of the first
	// packets.
	ChecksumAuto bool
	// StreamEvents: the stats record counts each stream event.
	StreamEvents bool
	Protocols    *proto.Set
	// Enabled says whether a protocol is recognised; Settings are its section of the
	// configuration.
	Enabled func(*proto.Protocol) bool
	// Parsed, if not nil, says whether a protocol that is recognised is parsed, too.
	Parsed   func(*proto.Protocol) bool
	Settings func(*proto.Protocol) event.Options
	// Ports are the configured detection-ports of a protocol; may be nil.
	Ports func(*proto.Protocol, proto.Transport) (server, client string)

	Packet packet.Options
	Defrag defrag.Options
	Flow   flow.Options
	Stream stream.Options
	Files  file.Store
	// FileDepth is the stream depth of a flow with a stored file, bytes, if it is
	// more than what holds else; 0 is unlimited, nil leaves it.
	FileDepth *uint32
	// FileSink makes that of worker i; nil: no files are stored.
	FileSink func(i int) file.Sink

	// Lane and Inspector make those of worker i.
	Lane      func(i int) Lane
	Inspector func(i int, pub event.Publisher) Inspector
	// FrameLog, if not nil, makes that of worker i.
	FrameLog func(i int) FrameLog
	// Certs keeps certificates that rules ask for; nil: none are kept.
	Certs CertSink
	// FlowEnded, if not nil, makes what worker i tells of each flow at its end.
	FlowEnded func(i int) func(f *flow.Flow)
	// Refused, if not nil, makes what worker i tells of packets that a rule would have
	// dropped, where the traffic is not inline. It must not wait.
	Refused func(i int) func(p *packet.Packet)
	// Shunt, if not nil, returns what keeps packets of worker i's bypassed flows back.
	// ShuntAfter, if not 0, is after how many bytes a flow is bypassed whose payload
	// nobody looks at.
	Shunt      func(i int) Shunt
	ShuntAfter uint64
	// Ordered: inspectors share state that they touch in turn. Then Inspector
	// must return a Sequenced.
	Ordered bool
}

// Pipeline takes captures to events: a reader, a dispatcher, and workers.
type Pipeline struct {
	workers []*worker
	lanes   []Lane
	turns   *turns // nil where nobody waits for a turn
	clock   clock

	started time.Time // of a live run

	dispatch *dispatcher
	// checksums is nil where it is settled whether they are verified.
	checksums *checksums
	Read      ReadCounters

	// For the stats record.
	version      uint8
	streamEvents bool
	stream       stream.Options
	flowMemCap   uint64
	pressureMax  uint64 // percent
}

// ReadCounters are those of the reader.
type ReadCounters struct {
	Packets, Bytes uint64
	// Backwards counts time stamps before that of the frame before, Jumps those
	// more than a day ahead of it.
	Backwards, Jumps uint64
	First, Last      int64 // earliest and latest time stamp, ns
}

// New makes a pipeline.
func New(o *Options) (*Pipeline, error) {
	rec, err := newRecogniser(o)
	if err != nil {
		return nil, err
	}
	n := len(o.Protocols.All()) + 2
	settings, parsed, depths := make([]any, n), make([]bool, n), make([]*uint32, n)
	for _, p := range o.Protocols.All() {
		parsed[p.ID] = p.New != nil && p.Since <= o.Version && o.Enabled(p) && (o.Parsed == nil || o.Parsed(p))
		if depths[p.ID] = p.StreamDepth; p.StreamDepth != nil && o.Enabled(p) {
			if s := o.Settings(p); s.Has("stream-depth") {
				depth := uint32(min(s.Size("stream-depth", 0), math.MaxUint32))
				depths[p.ID] = &depth
			}
		}
		if p.Setup == nil || !o.Enabled(p) {
			continue
		}
		if settings[p.ID], err = p.Setup(o.Settings(p)); err != nil {
			return nil, fmt.Errorf("app-layer.protocols.%s: %w", p.Section(), err)
		}
	}
	pl := &Pipeline{version: o.Version, streamEvents: o.StreamEvents, stream: o.Stream, flowMemCap: o.Flow.MemCap, dispatch: newDispatcher(o, max(o.Workers, 1))}
	if o.Live {
		pl.started = time.Now()
	}
	pl.checksums = newChecksums(o)
	if o.Ordered && o.Workers > 1 && !o.Live {
		pl.turns = newTurns(o.Workers)
	}
	flows := o.Flow
	flows.Budget = flow.NewBudget(flows.MemCap)
	for i := range max(o.Workers, 1) {
		lane := o.Lane(i)
		files := o.Files
		if o.FileSink != nil {
			files.Sink = o.FileSink(i)
		}
		w := &worker{
			dec: packet.NewDecoder(o.Packet), frags: defrag.NewTable(o.Defrag), flows: flow.NewTable(flows),
			streams: stream.NewEngine(o.Stream), inspector: o.Inspector(i, lane), pub: lane, files: &files,
			rec: rec, options: settings, parsed: parsed, depths: depths, certs: o.Certs, idle: make([][]proto.Parser, n),
			wantsAnomaly: lane.Wants("anomaly"), wantsARP: lane.Wants("arp"),
			wantsDrop: lane.Wants("drop"), ips: o.Stream.IPS, bypassAtDepth: o.Stream.Bypass,
		}
		files.Buffers, w.fileDepth = &w.buffers, o.FileDepth
		w.describer, _ = files.Sink.(describer)
		w.counters.events = make([]uint64, packet.NumEvents)
		w.counters.app = make([]appCounter, n)
		w.index, w.turns, w.checksums = i, pl.turns, pl.checksums
		if o.Live {
			w.checksums = newChecksums(o) // each looks at its own first packets
		}
		if o.FrameLog != nil {
			w.frameLog = o.FrameLog(i)
		}
		if o.FlowEnded != nil {
			w.flowEnded = o.FlowEnded(i)
		}
		if o.Refused != nil && !o.Stream.IPS {
			w.refused = o.Refused(i)
		}
		if o.Shunt != nil {
			w.shunt = o.Shunt(i)
			w.shuntAfter, w.flows.Seen = cmp.Or(o.ShuntAfter, math.MaxUint64/elephant), w.seen
		}
		pl.instruct(w)
		if w.logsFrames = lane.Wants("frame"); w.logsFrames {
			w.wantsFrames, w.streamFrames = true, true
		}
		w.flows.Reuse, w.streams.Reverse = w.streams.Reusable, w.reverse
		pl.workers, pl.lanes = append(pl.workers, w), append(pl.lanes, lane)
	}
	return pl, nil
}

// instruct tells a worker what its inspector wants and offers.
func (pl *Pipeline) instruct(w *worker) {
	if pl.turns != nil {
		w.inspector.(Sequenced).SetTurn(func() { pl.turns.wait(w.index) })
	}
	w.annotator, _ = w.inspector.(Annotator)
	if x, ok := w.inspector.(FrameInspector); ok {
		w.wantsFrames, w.streamFrames = x.WantsFrames()
	}
}

// Replace gives each worker another inspector. No worker may be at work: see
// AtRest.
func (pl *Pipeline) Replace(inspector func(i int) Inspector) {
	for i, w := range pl.workers {
		w.inspector = inspector(i)
		pl.instruct(w)
		if w.logsFrames {
			w.wantsFrames, w.streamFrames = true, true
		}
	}
}

// Run takes all frames of src through the pipeline. Its error is that of the
// source; what came before it has been handled. Finish must follow the last Run.
func (pl *Pipeline) Run(ctx context.Context, src Source) error {
	if len(pl.workers) == 1 {
		return pl.runSingle(ctx, src)
	}
	return pl.runMany(ctx, src)
}

// clock is the packet clock: the latest time stamp seen. Time-outs are looked at
// when its second changes.
type clock struct {
	now  int64
	tick int64 // second of the last tick
}

// day is the largest step ahead that the packet clock follows at once.
const day = 24 * 3600 * int64(1e9)

// stamp moves the clock on by a frame and reports whether a second has begun.
func (pl *Pipeline) stamp(f *packet.Frame) (tick bool) {
	r, c := &pl.Read, &pl.clock
	r.Packets++
	r.Bytes += uint64(len(f.Data))
	if pl.checksums != nil {
		pl.checksums.look(f, r.Packets)
	}
	if r.Packets == 1 {
		r.First, r.Last = f.Time, f.Time
		c.now, c.tick = f.Time, f.Time/1e9
		return false
	}
	r.First, r.Last = min(r.First, f.Time), max(r.Last, f.Time)
	switch {
	case f.Time < c.now:
		r.Backwards++
		return false
	case f.Time-c.now > day:
		r.Jumps++
	}
	c.now = f.Time
	if s := c.now / 1e9; s != c.tick {
		c.tick = s
		return true
	}
	return false
}

// runSingle is Run with one worker, on the caller's goroutine; another reads
// ahead.
func (pl *Pipeline) runSingle(ctx context.Context, src Source) error {
	w := pl.workers[0]
	ahead := make(chan read, readAhead)
	go readBatches(ctx, src, ahead)
	for {
		r, ok := <-ahead
		if !ok {
			return ctx.Err()
		}
		if r.batch != nil {
			frames := r.batch.Frames()
			for i := range frames {
				if pl.stamp(&frames[i]) {
					w.tick(frames[i].Num, pl.clock.now)
				}
				w.frame(&frames[i])
			}
			r.batch.Release()
		}
		if r.err != nil {
			return ended(r.err)
		}
	}
}

// read is what one call of a source gave.
type read struct {
	batch Batch
	err   error
}

// readAhead bounds the batches that are read before they are handled.
const readAhead = 4

// readBatches passes on what src gives, up to its first error or the end of ctx,
// and closes the channel. It is the only user of src meanwhile.
func readBatches(ctx context.Context, src Source, to chan<- read) {
	defer close(to)
	for ctx.Err() == nil {
		b, err := src.Next()
		to <- read{b, err}
		if err != nil {
			return
		}
	}
}

// ended turns the end of a source into success.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// task is what a worker gets of one batch: its frames by index, and the ticks
// that fall between them.
type task struct {
	batch  *shared
	frames []uint32
	ticks  []tick
	last   uint64 // number of the batch's last frame
}

// tick is a change of second of the packet clock at frame num.
type tick struct {
	before int // index in frames before which it falls
	num    uint64
	now    int64
}

// shared is a batch that several workers use.
type shared struct {
	Batch
	mu   sync.Mutex
	refs int
}

// done gives one worker's share back.
func (s *shared) done() {
	s.mu.Lock()
	s.refs--
	last := s.refs == 0
	s.mu.Unlock()
	if last {
		s.Release()
	}
}

// queueLength bounds the batches between reader and worker; a full queue makes
// the reader wait.
const queueLength = 32

// runMany is Run with a goroutine for each worker. The caller's reads and
// dispatches.
func (pl *Pipeline) runMany(ctx context.Context, src Source) error {
	n := len(pl.workers)
	queues := make([]chan *task, n)
	var wg sync.WaitGroup
	free := sync.Pool{New: func() any { return &task{} }}
	for i := range queues {
		queues[i] = make(chan *task, queueLength)
		wg.Go(func() {
			w, lane := pl.workers[i], pl.lanes[i]
			for t := range queues[i] {
				w.task(t)
				lane.Advance(t.last + 1)
				w.turns.move(i, t.last+1, 0)
				t.batch.done()
				free.Put(t)
			}
		})
	}
	defer func() {
		for _, q := range queues {
			close(q)
		}
		wg.Wait()
	}()
	tasks := make([]*task, n)
	for {
		b, err := src.Next()
		switch {
		case b == nil:
		case len(b.Frames()) == 0:
			b.Release()
		default:
			frames := b.Frames()
			sh := &shared{Batch: b, refs: n}
			for i := range tasks {
				t := free.Get().(*task)
				*t = task{batch: sh, frames: t.frames[:0], ticks: t.ticks[:0], last: frames[len(frames)-1].Num}
				tasks[i] = t
			}
			for i := range frames {
				f := &frames[i]
				if pl.stamp(f) {
					for _, t := range tasks {
						t.ticks = append(t.ticks, tick{len(t.frames), f.Num, pl.clock.now})
					}
				}
				t := tasks[pl.dispatch.worker(f)]
				t.frames = append(t.frames, uint32(i))
			}
			for i, t := range tasks {
				queues[i] <- t
			}
		}
		if err != nil {
			return ended(err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// task handles a worker's share of a batch.
func (w *worker) task(t *task) {
	frames := t.batch.Frames()
	ticks := t.ticks
	for i, at := range t.frames {
		for len(ticks) > 0 && ticks[0].before <= i {
			w.tick(ticks[0].num, ticks[0].now)
			ticks = ticks[1:]
		}
		w.frame(&frames[at])
	}
	for _, k := range ticks {
		w.tick(k.num, k.now)
	}
}

// Finish ends all flows. stats, if not nil, is called when all workers are done
// and before their lanes are closed.
func (pl *Pipeline) Finish(stats func(pub event.Publisher)) {
	var wg sync.WaitGroup
	for _, w := range pl.workers {
		wg.Go(func() { w.finish(pl.clock.now) })
	}
	wg.Wait()
	if stats != nil {
		pl.lanes[0].At(event.EndOfCapture, event.InPacket)
		stats(pl.lanes[0])
	}
	for _, l := range pl.lanes {
		l.Close()
	}
	for _, w := range pl.workers {
		w.flows.Close()
	}
}
