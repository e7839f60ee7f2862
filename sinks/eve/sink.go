package eve

import (
	"errors"
	"slices"
	"sort"
	"sync/atomic"

	"weir/decode/event"
)

// Sink is the set of outputs of one run.
type Sink struct {
	files    []*file
	records  []func(lane int) Recorder // by output; nil: it is a file
	formats  []Format
	routes   map[string][]route
	captures atomic.Pointer[[]capture]
	merger   *merger
	live     []*Lane    // of live traffic
	redact   *redaction // nil: nothing
	owners   func(b []byte, ev *event.Event) []byte
}

// New opens the outputs and compiles their options.
func New(o *Options) (*Sink, error) {
	r, err := routes(o)
	if err != nil {
		return nil, err
	}
	s := &Sink{routes: r, owners: o.Owners}
	if s.redact, err = o.Redact.compile(); err != nil {
		return nil, err
	}
	for i := range o.Outputs {
		f, err := open(&o.Outputs[i], o.Dir)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.files = append(s.files, f)
		s.formats = append(s.formats, o.Outputs[i].Format)
		s.records = append(s.records, o.Outputs[i].Record)
	}
	return s, nil
}

// capture is a file that packets come from.
type capture struct {
	from uint64 // number of its first packet
	name string
}

// StartCapture names the capture file that packets from number num on come
// from. Lanes may publish meanwhile, about packets before num.
func (s *Sink) StartCapture(num uint64, name string) {
	var cs []capture
	if p := s.captures.Load(); p != nil {
		cs = *p
	}
	cs = append(slices.Clip(cs), capture{num, name})
	s.captures.Store(&cs)
}

// captureOf returns the name of the capture file that packet num came from; the
// last one for what comes after all packets.
func (s *Sink) captureOf(num uint64) string {
	p := s.captures.Load()
	if p == nil {
		return ""
	}
	i := sort.Search(len(*p), func(i int) bool { return (*p)[i].from > num })
	return (*p)[max(i-1, 0)].name
}

// Lanes returns n publishers, one for each worker. With more than one, events
// are merged in order; every lane must be closed.
func (s *Sink) Lanes(n int) []*Lane { return s.lanes(n, true) }

// LiveLanes is Lanes for live traffic: one for each worker, by the interface that
// its packets come from. What comes first is written first.
func (s *Sink) LiveLanes(ifaces []string) []*Lane {
	lanes := s.lanes(len(ifaces), false)
	for i, l := range lanes {
		l.iface = ifaces[i]
	}
	s.live = lanes
	return lanes
}

func (s *Sink) lanes(n int, ordered bool) []*Lane {
	lanes := make([]*Lane, n)
	if n > 1 {
		s.merger = newMerger(s, n, ordered)
	}
	for i := range lanes {
		lanes[i] = newLane(s, i)
	}
	return lanes
}

// Flush writes out what is buffered; for outputs that are read while they grow. No
// lane may be in use.
func (s *Sink) Flush() {
	if s.merger != nil {
		s.handOver(&s.merger.due)
		return
	}
	s.flush()
}

// handOver passes on what the lanes of live traffic hold, and has the merger heed
// what is asked of it behind that.
func (s *Sink) handOver(asked *atomic.Bool) {
	for _, l := range s.live {
		if l.cur != nil {
			l.pass(l.at, false)
		}
	}
	asked.Store(true)
	if len(s.live) > 0 {
		s.live[0].pass(s.live[0].at, false)
	}
}

// Reopen goes on in new files of the same names, for logrotate(8) and its like. It
// belongs to who may call Flush.
func (s *Sink) Reopen() {
	if s.merger != nil {
		s.handOver(&s.merger.moved)
		return
	}
	s.reopen()
}

func (s *Sink) reopen() {
	for _, f := range s.files {
		f.reopen()
	}
}

func (s *Sink) flush() {
	for _, f := range s.files {
		f.flush()
	}
}

// Err returns the first error of the outputs so far, so that a long run can end early.
func (s *Sink) Err() error {
	for _, f := range s.files {
		if f.bad.Load() {
			return f.err
		}
	}
	return nil
}

// Close ends the merger, if there is one, and all outputs. Its error tells
// which outputs are incomplete.
func (s *Sink) Close() error {
	if s.merger != nil {
		s.merger.wait()
	}
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.close())
	}
	s.files = nil
	return errors.Join(errs...)
}

// wants reports whether an output takes the event type.
func (s *Sink) wants(typ string) bool { return len(s.routes[typ]) > 0 }

// encode appends ev in the form of route r; nil if the output does not take it.
func (s *Sink) encode(b []byte, ev *event.Event, r *route, l *Lane) []byte {
	switch s.formats[r.out] {
	case Fast:
		if ev.Alert == nil {
			return nil
		}
		return appendFast(b, ev)
	case Stats:
		return appendStats(b, ev, &r.opts)
	}
	from := origin{iface: l.iface, owners: s.owners}
	if r.head.pcapFile {
		from.file = s.captureOf(l.at.num)
	}
	return appendEvent(b, ev, r, from)
}

// sameEncoding reports whether two routes of one event type give the same line.
func (s *Sink) sameEncoding(a, b *route) bool {
	return s.formats[a.out] == s.formats[b.out] && a.head == b.head && a.opts.Opts == nil && b.opts.Opts == nil
}

// Types returns the event types that any output takes, sorted.
func (s *Sink) Types() []string {
	t := make([]string, 0, len(s.routes))
	for k := range s.routes {
		t = append(t, k)
	}
	slices.Sort(t)
	return t
}
