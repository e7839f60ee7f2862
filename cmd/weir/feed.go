package main

import (
	"errors"
	"sync/atomic"

	"weir/decode"
	"weir/decode/capture/live"
	"weir/decode/event"
	"weir/decode/packet"
	"weir/sinks/eve"
)

// feed is what one worker of a live run reads: its share of an interface, without
// what a filter passes over.
type feed struct {
	*live.Source
	sink    *eve.Sink
	filter  *frameFilter  // may be nil
	packets *packetLog    // may be nil
	passed  atomic.Uint64 // frames that the filter did not take
}

// Next implements decode.LiveSource.
func (f *feed) Next() ([]packet.Frame, error) {
	frames, err := f.Source.Next()
	if f.filter != nil {
		n := len(frames)
		frames = f.filter.take(frames)
		f.passed.Add(uint64(n - len(frames)))
	}
	f.packets.keep(frames)
	if werr := f.sink.Err(); werr != nil && err == nil {
		err = werr
	}
	return frames, err
}

// feeds are those of all workers.
type feeds []*feed

// openFeeds opens the interfaces. Nothing is captured before start.
func (x *session) openFeeds(all []tap) (fs feeds, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, fs.close())
		}
	}()
	for i := range all {
		t := &all[i]
		sources, err := live.Open(live.Options{Interface: t.name, Ring: t.ring, Workers: t.workers, Attach: t.shunt.attach, Log: x.a.warn})
		if err != nil {
			return fs, err
		}
		for _, s := range sources {
			filter, err := newFrameFilter(t.filter, x.a.warn)
			fs = append(fs, &feed{Source: s, sink: x.sink, filter: filter, packets: x.packets})
			if err != nil {
				return fs, err
			}
		}
	}
	return fs, nil
}

// sources returns them as the pipeline takes them.
func (fs feeds) sources() []decode.LiveSource {
	all := make([]decode.LiveSource, len(fs))
	for i, f := range fs {
		all[i] = f
	}
	return all
}

func (fs feeds) start() error {
	for _, f := range fs {
		if err := f.Start(); err != nil {
			return err
		}
	}
	return nil
}

// stop ends the capture: what is in the rings is analysed yet.
func (fs feeds) stop() {
	for _, f := range fs {
		f.Stop()
	}
}

func (fs feeds) close() error {
	var errs []error
	for _, f := range fs {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// account is what became of the frames at the sockets.
type account struct {
	live.Counters
	passed uint64 // by the filter
}

func (fs feeds) account() (a account) {
	for _, f := range fs {
		c := f.Counters()
		a.Frames += c.Frames
		a.Drops += c.Drops
		a.Freezes += c.Freezes
		a.Downs += c.Downs
		a.passed += f.passed.Load()
	}
	return a
}

// AppendEvent implements event.Appender: the counters of the capture.
func (fs feeds) AppendEvent(b []byte, _ *event.Output) []byte {
	a := fs.account()
	b = event.Open(b, "capture")
	b = event.Uint(b, "kernel_packets", a.Frames)
	b = event.Uint(b, "kernel_drops", a.Drops)
	b = event.Uint(b, "ring_full", a.Freezes)
	b = event.Uint(b, "interface_down", a.Downs)
	b = event.Uint(b, "filtered", a.passed)
	return event.Close(b)
}
