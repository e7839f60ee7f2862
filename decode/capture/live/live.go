// Package live is a source of frames from network interfaces, by AF_PACKET.
package live

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"weir/bpf/afpacket"
	"weir/decode/packet"
)

// Options of a Source.
type Options struct {
	Interface string
	Ring      afpacket.Options
	Filter    []unix.SockFilter // nil takes every frame
	// Log tells what happens to the interface.
	Log func(format string, args ...any)
}

// idle is after how long without frames Next returns all the same, so that time
// goes on.
const idle = 100 * time.Millisecond

// settle is how long frames may take from the wire to the process: the clock of an
// idle source is that much behind.
const settle = 200 * int64(time.Millisecond)

// retry is how often an interface that is gone is looked for.
const retry = 500 * time.Millisecond

// Source reads frames of one interface. Next belongs to one goroutine; batches may
// be released by others.
type Source struct {
	opt  Options
	link packet.LinkType
	num  uint64
	pool sync.Pool
	stop atomic.Bool

	mu     sync.Mutex
	ring   *afpacket.Ring
	used   sync.WaitGroup // blocks of ring that are not released
	before afpacket.Stats // of the rings before
	downs  uint64
	down   bool
}

// Open begins to capture.
func Open(o Options) (*Source, error) {
	s := &Source{opt: o}
	s.pool.New = func() any { return &Batch{s: s} }
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Source) open() error {
	r, err := afpacket.Open(s.opt.Interface, s.opt.Ring)
	if err != nil {
		return err
	}
	if s.opt.Filter != nil {
		if err := r.Filter(s.opt.Filter); err != nil {
			r.Close()
			return err
		}
	}
	if s.link, err = linkType(r.Link()); err != nil {
		r.Close()
		return fmt.Errorf("interface %s: %w", s.opt.Interface, err)
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
	case unix.ARPHRD_NONE, unix.ARPHRD_PPP, unix.ARPHRD_TUNNEL, unix.ARPHRD_SIT, unix.ARPHRD_IPGRE:
		return packet.LinkRaw, nil
	}
	return 0, fmt.Errorf("hardware type %d: want Ethernet, loopback or a tunnel of IP", hardware)
}

// Batch is a block of the ring.
type Batch struct {
	s      *Source
	block  afpacket.Block
	held   bool // block is in use
	frames []packet.Frame
	now    int64
}

// Frames implements decode.Batch.
func (b *Batch) Frames() []packet.Frame { return b.frames }

// Keep leaves only these of the batch's frames.
func (b *Batch) Keep(frames []packet.Frame) { b.frames = frames }

// Now returns the time that has come where there are no frames, ns.
func (b *Batch) Now() int64 { return b.now }

// Release implements decode.Batch.
func (b *Batch) Release() {
	if b.held {
		b.block.Release()
		b.held = false
		b.s.used.Done()
	}
	b.frames = b.frames[:0]
	b.s.pool.Put(b)
}

// Stop ends the capture: Next returns what is there, then io.EOF. It may be called
// from any goroutine.
func (s *Source) Stop() {
	s.stop.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ring.Stop()
}

// fill takes the next block, or waits for one.
func (s *Source) fill(b *Batch) error {
	ok, err := s.ring.Next(&b.block, idle)
	if err != nil || !ok {
		return err
	}
	b.held = true
	s.used.Add(1)
	if s.down {
		s.down = false
		s.opt.Log("interface %s is up again", s.opt.Interface)
	}
	var f afpacket.Frame
	for b.block.Next(&f) {
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
		b.frames = append(b.frames, packet.Frame{Data: f.Data, Time: f.Time, Num: s.num, Wire: f.Wire, Link: s.link, Flags: flags})
	}
	return nil
}

// Next implements decode.Source. A batch without frames tells the time.
func (s *Source) Next() (*Batch, error) {
	b := s.pool.Get().(*Batch)
	err := s.fill(b)
	if len(b.frames) == 0 {
		b.now = time.Now().UnixNano() - settle
	}
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, afpacket.ErrClosed):
		return b, io.EOF
	case errors.Is(err, afpacket.ErrDown):
		if !s.down {
			s.down = true
			s.downs++
			s.opt.Log("%v: waiting for it", err)
		}
		return b, s.reopen()
	}
	return b, err
}

// reopen captures anew if the interface was taken away and is there again under
// another number.
func (s *Source) reopen() error {
	time.Sleep(retry)
	if _, err := net.InterfaceByName(s.opt.Interface); err != nil {
		return nil //nolint:nilerr // it may come yet
	}
	s.used.Wait()
	old := s.ring
	if st, err := old.Stats(); err == nil {
		s.before = s.sum(st)
	}
	if err := s.open(); err != nil {
		return nil //nolint:nilerr // it may be going
	}
	old.Close()
	if s.stop.Load() {
		s.ring.Stop()
	}
	return nil
}

func (s *Source) sum(st afpacket.Stats) afpacket.Stats {
	return afpacket.Stats{Frames: s.before.Frames + st.Frames, Drops: s.before.Drops + st.Drops, Freezes: s.before.Freezes + st.Freezes}
}

// Counters are those of a source since its beginning.
type Counters struct {
	afpacket.Stats
	Downs uint64 // times that the interface was down or gone
}

// Counters reads them. It belongs to the goroutine of Next, or to a time when that
// does not run.
func (s *Source) Counters() Counters {
	st, err := s.ring.Stats()
	if err != nil {
		st = afpacket.Stats{}
	}
	return Counters{s.sum(st), s.downs}
}

// Close gives the ring back. All batches must have been released.
func (s *Source) Close() error {
	s.used.Wait()
	return s.ring.Close()
}
