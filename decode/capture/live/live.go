// Package live gives the frames of an interface to workers, by AF_PACKET: each has
// a ring of its own and reads it itself.
package live

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"weir/bpf/afpacket"
	"weir/decode/packet"
)

const (
	// batch bounds the frames of one call of Next: as many as a worker handles
	// before others, who count or change something, get their turn.
	batch = 64
	// idle is how long Next waits for frames: as often time-outs are looked at
	// where no traffic comes.
	idle = 100 * time.Millisecond
	// retry is how often an interface that is down or gone is looked for.
	retry = 500 * time.Millisecond
)

// Options of an interface.
type Options struct {
	Interface string
	Ring      afpacket.Options // of each worker; without Fanout
	Workers   int              // rings that share the interface
	// Attach, if not nil, puts a program in front of each ring, which is a packet
	// socket, once it lets frames in.
	Attach func(fd int) error
	// Log tells what happens to the interface.
	Log func(format string, args ...any)
}

// Source is one worker's share of an interface's traffic. It implements
// decode.LiveSource.
type Source struct {
	o      *Options
	fanout uint16
	first  bool // of the interface's: it tells what happens
	link   packet.LinkType
	frames [batch]packet.Frame
	num    uint64
	block  afpacket.Block // in work, if held
	held   bool
	down   bool
	stop   atomic.Bool

	mu     sync.Mutex // guards what follows: others count, and stop
	ring   *afpacket.Ring
	before afpacket.Stats // of the rings before
	downs  uint64
}

// groups numbers the fanout groups of the process.
var groups atomic.Uint32

// Open makes the rings of an interface. Nothing is captured before Start.
func Open(o Options) (_ []*Source, err error) {
	all := make([]*Source, 0, o.Workers)
	defer func() {
		if err != nil {
			for _, s := range all {
				s.Close()
			}
		}
	}()
	fanout := uint16(0)
	if o.Workers > 1 {
		fanout = uint16(os.Getpid()<<4) + uint16(groups.Add(1))
	}
	for i := range max(o.Workers, 1) {
		s := &Source{o: &o, fanout: fanout, first: i == 0}
		if err := s.open(); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (s *Source) open() error {
	ring := s.o.Ring
	ring.Fanout = s.fanout
	r, err := afpacket.Open(s.o.Interface, ring)
	if err != nil {
		return err
	}
	if s.link, err = linkType(r.Link()); err != nil {
		r.Close()
		return fmt.Errorf("interface %s: %w", s.o.Interface, err)
	}
	s.mu.Lock()
	s.ring = r
	s.mu.Unlock()
	return nil
}

// linkType translates a hardware type of linux/if_arp.h.
func linkType(hardware int) (packet.LinkType, error) {
	switch hardware {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return packet.LinkEthernet, nil
	case unix.ARPHRD_NONE, unix.ARPHRD_PPP, unix.ARPHRD_TUNNEL, unix.ARPHRD_TUNNEL6, unix.ARPHRD_SIT, unix.ARPHRD_IPGRE:
		return packet.LinkRaw, nil
	case unix.ARPHRD_IEEE80211_RADIOTAP:
		return packet.LinkRadiotap, nil
	}
	return 0, fmt.Errorf("hardware type %d: want Ethernet, loopback, radiotap or a tunnel of IP", hardware)
}

// Start lets frames in. All rings of an interface must be open.
func (s *Source) Start() error {
	if err := s.ring.Start(); err != nil || s.o.Attach == nil {
		return err
	}
	return s.o.Attach(s.ring.FD())
}

// Stop ends the capture: Next returns what is there, then io.EOF. It may be called
// from any goroutine.
func (s *Source) Stop() {
	s.stop.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring != nil {
		s.ring.Stop()
	}
}

// Next implements decode.LiveSource.
func (s *Source) Next() ([]packet.Frame, error) {
	if s.held && s.block.Len() == 0 {
		s.block.Release()
		s.held = false
	}
	if !s.held {
		if ok, err := s.take(); !ok || err != nil {
			return nil, err
		}
	}
	n := 0
	var f afpacket.Frame
	for n < batch && s.block.Next(&f) {
		s.num++
		flags := packet.FrameFlags(0)
		if f.Outgoing {
			flags |= packet.Outgoing
		}
		if f.Partial {
			flags |= packet.ChecksumPartial
		}
		if f.Valid {
			flags |= packet.ChecksumValid
		}
		s.frames[n] = packet.Frame{Data: f.Data, Time: f.Time, Num: s.num, Wire: f.Wire, Link: s.link, Flags: flags}
		n++
	}
	return s.frames[:n], nil
}

// take waits for the next block.
func (s *Source) take() (ok bool, err error) {
	if s.ring == nil {
		return false, s.reopen()
	}
	ok, err = s.ring.Next(&s.block, idle)
	switch {
	case err == nil:
		s.held = ok
		if ok && s.down {
			s.down = false
			s.log("interface %s is up again", s.o.Interface)
		}
		return ok, nil
	case errors.Is(err, afpacket.ErrClosed):
		return false, io.EOF
	case errors.Is(err, afpacket.ErrDown):
		s.wentDown(err)
		return false, nil
	}
	return false, err
}

// wentDown counts that the interface is down. The ring of one that is gone is
// given back.
func (s *Source) wentDown(err error) {
	if !s.down {
		s.down = true
		s.log("%v: waiting for it", err)
		s.mu.Lock()
		s.downs++
		s.mu.Unlock()
	}
	if !s.ring.Gone() {
		time.Sleep(idle)
		return
	}
	s.Close()
}

// reopen captures anew once the interface is there again under another number.
func (s *Source) reopen() error {
	time.Sleep(retry)
	if s.stop.Load() {
		return io.EOF
	}
	if _, err := net.InterfaceByName(s.o.Interface); err != nil {
		return nil //nolint:nilerr // it may come yet
	}
	if err := s.open(); err != nil {
		return nil //nolint:nilerr // it may be going
	}
	if err := s.Start(); err != nil {
		s.Close()
		return nil //nolint:nilerr // likewise
	}
	if s.stop.Load() {
		s.ring.Stop()
	}
	return nil
}

func (s *Source) log(format string, args ...any) {
	if s.first {
		s.o.Log(format, args...)
	}
}

// Counters are those of a source since its beginning.
type Counters struct {
	afpacket.Stats
	Downs uint64 // times that the interface was down or gone
}

// Counters reads them. It may be called from any goroutine.
func (s *Source) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Counters{s.before, s.downs}
	if s.ring != nil {
		if st, err := s.ring.Stats(); err == nil {
			c.add(st)
		}
	}
	return c
}

func (c *Counters) add(st afpacket.Stats) {
	c.Frames += st.Frames
	c.Drops += st.Drops
	c.Freezes += st.Freezes
}

// Close gives the ring back.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring == nil {
		return nil
	}
	if st, err := s.ring.Stats(); err == nil {
		c := Counters{Stats: s.before}
		c.add(st)
		s.before = c.Stats
	}
	err := s.ring.Close()
	s.ring = nil
	return err
}
