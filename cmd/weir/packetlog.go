package main

import (
	"path/filepath"
	"sync"

	"weir/cmd/weir/config"
	"weir/decode/event"
	"weir/decode/packet"
	"weir/sinks/pcaplog"
)

// packetLog keeps the frames that are read, as the output pcap-log says. All
// methods of a nil one do nothing.
type packetLog struct {
	mu                sync.Mutex // of live traffic: each worker keeps its own
	w                 *pcaplog.Writer
	filter            *frameFilter // may be nil
	written, filtered uint64
}

// openPacketLog returns the log of the configuration; nil if it has none.
func openPacketLog(c *config.Config, dir string, warn func(format string, args ...any)) (*packetLog, error) {
	for i := range c.Outputs {
		o := c.Outputs[i].Packets
		if o == nil || !c.Outputs[i].Enabled {
			continue
		}
		if o.Conditional != "all" {
			warn("pcap-log: conditional %q is not supported: no packets are kept", o.Conditional)
			continue
		}
		for _, x := range []struct {
			is         bool
			key, value string
		}{
			{o.Mode != "normal", "mode", "normal"},
			{o.Compression != "none", "compression", "none"},
			{o.StreamDepth, "use-stream-depth", "no"},
			{o.HonorPass, "honor-pass-rules", "no"},
		} {
			if x.is {
				warn("pcap-log: %s: only %s is supported; it is taken as that", x.key, x.value)
			}
		}
		filter, err := newFrameFilter(o.Filter, warn)
		if err != nil {
			return nil, err
		}
		path := o.Filename
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, o.Dir, path)
			if filepath.IsAbs(o.Dir) {
				path = filepath.Join(o.Dir, o.Filename)
			}
		}
		return &packetLog{filter: filter, w: pcaplog.New(pcaplog.Options{
			Path: path, Micros: o.TSFormat == "usec", Limit: uint64(o.Limit), MaxFiles: int(o.MaxFiles),
		})}, nil
	}
	return nil, nil
}

// keep writes the frames that are to be kept.
func (l *packetLog) keep(frames []packet.Frame) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range frames {
		l.w.Begin(frames[i].Time)
		if l.filter != nil && !l.filter.takes(&frames[i]) {
			l.filtered++
			continue
		}
		if l.w.Write(&frames[i]) {
			l.written++
		}
	}
}

func (l *packetLog) close() error {
	if l == nil {
		return nil
	}
	return l.w.Close()
}

// AppendEvent implements event.Appender: the object pcap_log of the statistics.
func (l *packetLog) AppendEvent(b []byte, _ *event.Output) []byte {
	b = event.Open(b, "pcap_log")
	b = event.Uint(b, "written", l.written)
	b = event.Uint(b, "filtered_bpf", l.filtered)
	return event.Close(b)
}
