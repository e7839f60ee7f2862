package eve

import (
	"errors"
	"slices"

	"weir/decode/event"
)

// Sink is the set of outputs of one run.
type Sink struct {
	files    []*file
	formats  []Format
	routes   map[string][]route
	pcapFile string // of pcap_filename
	merger   *merger
}

// New opens the outputs and compiles their options.
func New(o *Options) (*Sink, error) {
	r, err := routes(o)
	if err != nil {
		return nil, err
	}
	s := &Sink{routes: r}
	for i := range o.Outputs {
		f, err := open(&o.Outputs[i], o.Dir)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.files = append(s.files, f)
		s.formats = append(s.formats, o.Outputs[i].Format)
	}
	return s, nil
}

// SetPcapFile names the capture that the next events come from. It must not be
// called while lanes publish.
func (s *Sink) SetPcapFile(name string) { s.pcapFile = name }

// Lanes returns n publishers, one for each worker. With more than one, events
// are merged in order; every lane must be closed.
func (s *Sink) Lanes(n int) []*Lane {
	lanes := make([]*Lane, n)
	if n > 1 {
		s.merger = newMerger(s, n)
	}
	for i := range lanes {
		lanes[i] = &Lane{sink: s, index: i}
	}
	return lanes
}

// Flush writes out what is buffered; for outputs that are read while they grow.
func (s *Sink) Flush() {
	for _, f := range s.files {
		f.flush()
	}
}

// Err returns the first error of the outputs so far, so that a long run can end early.
func (s *Sink) Err() error {
	for _, f := range s.files {
		if f.err != nil {
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
func (s *Sink) encode(b []byte, ev *event.Event, r *route) []byte {
	if s.formats[r.out] == Fast {
		if ev.Alert == nil {
			return nil
		}
		return appendFast(b, ev)
	}
	return appendEvent(b, ev, r, s.pcapFile)
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
