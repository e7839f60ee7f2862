package main

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"weir/cmd/weir/config"
	"weir/decode"
	"weir/decode/event"
	"weir/decode/packet"
	"weir/sinks/pcaplog"
)

// packetLog keeps the frames that are read, as the output pcap-log says. All
// methods of a nil one do nothing; workers may call them at the same time.
type packetLog struct {
	o *config.PacketLog

	mu                sync.Mutex
	writers           []*pcaplog.Writer // one, or one for each worker
	filters           []*frameFilter    // beside them; may be nil
	written, filtered uint64
}

// openPacketLog returns the log of the configuration; nil if it has none.
func openPacketLog(c *config.Config, dir string, workers int, warn func(format string, args ...any)) (*packetLog, error) {
	for i := range c.Outputs {
		o := c.Outputs[i].Packets
		if o == nil || !c.Outputs[i].Enabled {
			continue
		}
		l := &packetLog{o: o}
		path := o.Filename
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, o.Dir, path)
			if filepath.IsAbs(o.Dir) {
				path = filepath.Join(o.Dir, o.Filename)
			}
		}
		opt := pcaplog.Options{Path: path, Micros: o.TSFormat == "usec", Limit: uint64(o.Limit), MaxFiles: int(o.MaxFiles)}
		if o.Compression == "lz4" {
			opt.LZ4 = &pcaplog.LZ4{Level: int(o.LZ4Level), Checksum: o.LZ4Checksum}
		}
		n := 1
		if o.Mode == "multi" {
			n = workers
		}
		for i := range n {
			filter, err := newFrameFilter(o.Filter, warn)
			if err != nil {
				return nil, err
			}
			own := opt
			if o.Mode == "multi" {
				number := strconv.Itoa(i + 1)
				if !strings.Contains(path, "%n") && !strings.Contains(path, "%i") {
					own.Path += "." + number
				}
				own.Path = strings.NewReplacer("%n", number, "%i", number).Replace(own.Path)
			}
			l.filters = append(l.filters, filter)
			l.writers = append(l.writers, pcaplog.New(own))
		}
		return l, nil
	}
	return nil, nil
}

// late reports whether it is known only behind inspection, or by which worker,
// what is kept.
func (l *packetLog) late() bool {
	return l != nil && (l.o.Conditional != "all" || l.o.Mode == "multi" || l.o.StreamDepth || l.o.HonorPass)
}

// ordered reports whether packets have to be taken strictly in order, so that
// the log of a capture is the same whatever the number of workers.
func ordered(c *config.Config) bool {
	for i := range c.Outputs {
		if o := c.Outputs[i].Packets; o != nil && c.Outputs[i].Enabled && (&packetLog{o: o}).late() && o.Mode != "multi" {
			return true
		}
	}
	return false
}

// use makes the workers tell what to keep, where that is known late.
func (l *packetLog) use(o *decode.Options) {
	if l.late() {
		o.FrameLog = func(i int) decode.FrameLog { return &frameTap{l: l, file: min(i, len(l.writers)-1)} }
	}
}

// keep writes the frames that are to be kept, where reading them tells which.
func (l *packetLog) keep(frames []packet.Frame) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	late := l.late()
	for i := range frames {
		for _, w := range l.writers {
			w.Begin(frames[i].Time)
		}
		if !late {
			l.write(0, &frames[i])
		}
	}
}

// write keeps one frame in a file. The lock is held.
func (l *packetLog) write(file int, f *packet.Frame) {
	if filter := l.filters[file]; filter != nil && !filter.takes(f) {
		l.filtered++
		return
	}
	if l.writers[file].Write(f) {
		l.written++
	}
}

func (l *packetLog) close() error {
	if l == nil {
		return nil
	}
	var errs []error
	for _, w := range l.writers {
		errs = append(errs, w.Close())
	}
	return errors.Join(errs...)
}

// AppendEvent implements event.Appender: the object pcap_log of the statistics.
func (l *packetLog) AppendEvent(b []byte, _ *event.Output) []byte {
	b = event.Open(b, "pcap_log")
	b = event.Uint(b, "written", l.written)
	b = event.Uint(b, "filtered_bpf", l.filtered)
	return event.Close(b)
}
