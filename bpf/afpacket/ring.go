package afpacket

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Options of a ring. Sizes are bytes.
type Options struct {
	BlockSize int           // a power of two, of pages; 0: 1 MiB
	Blocks    int           // 0: 32
	Timeout   time.Duration // after which a block is handed over, full or not; 0: 10 ms
	Snaplen   int           // bytes of a frame that are taken; 0: all
	Promisc   bool          // take frames for other hosts too
	// Fanout, if not 0, is the number of a group of rings that share the frames of
	// the interface by pair of addresses.
	Fanout uint16
	// Spread, if not nil, says who of the group gets a frame; else it goes by the
	// outermost addresses.
	Spread Spread
}

// Spread is the program of a fanout group of type PACKET_FANOUT_EBPF.
type Spread interface {
	// Attach gives it to the group that the packet socket fd has joined.
	Attach(fd int) error
}

// Bounds of Options.
const (
	minBlock    = 1 << 16 // more than the longest frame
	maxRing     = 4 << 30
	defaultRing = 32
)

// headroom is what the kernel leaves free before a frame, bytes: room for the VLAN
// tag that it has taken out.
const headroom = 4

// ErrClosed is what Next returns once the ring is closed.
var ErrClosed = errors.New("ring is closed")

// Ring is a capture on one interface, or a group's share of it. Next belongs to
// one goroutine.
type Ring struct {
	fd, wake int
	name     string
	index    int // of the interface
	mem      []byte
	size     int // of a block
	blocks   int
	next     int // block
	snaplen  int
	loop     bool // frames on their way out are seen again on their way in
	link     int  // ARPHRD_*
	closed   atomic.Bool
	end      atomic.Int64 // when Next waits no longer behind Stop, ns since the Unix epoch
	given    uint64       // frames of the blocks that Next has returned

	mu                     sync.Mutex // guards what follows
	frames, drops, freezes uint64     // so far
}

// Open makes a ring on an interface. Nothing is captured before Start, so that all
// of a group can join it first.
func Open(name string, o Options) (*Ring, error) {
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", name, errors.Unwrap(err))
	}
	if o.BlockSize == 0 {
		o.BlockSize = 1 << 20
	}
	if o.Blocks == 0 {
		o.Blocks = defaultRing
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Millisecond
	}
	page := os.Getpagesize()
	if o.BlockSize < minBlock || o.BlockSize&(o.BlockSize-1) != 0 || o.BlockSize%page != 0 || o.Blocks < 2 || o.BlockSize > maxRing/o.Blocks {
		return nil, fmt.Errorf("ring of %d blocks of %d bytes: want at least 2 of a power of two, %d at least, %d in all at most", o.Blocks, o.BlockSize, minBlock, maxRing)
	}
	// Without a protocol the socket takes nothing until it is bound: no frame of
	// another interface gets in.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("packet socket: %w (capturing needs CAP_NET_RAW)", err)
	}
	r := &Ring{fd: fd, wake: -1, name: name, index: ifc.Index, size: o.BlockSize, blocks: o.Blocks, snaplen: o.Snaplen, loop: ifc.Flags&net.FlagLoopback != 0}
	if err := r.setUp(ifc.Index, &o); err != nil {
		r.Close()
		return nil, fmt.Errorf("capture on %s: %w", name, err)
	}
	return r, nil
}

func (r *Ring) setUp(index int, o *Options) (err error) {
	if r.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	if err := r.filter(nothing); err != nil {
		return err
	}
	if r.loop && o.Fanout == 0 && unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1) == nil {
		r.loop = false // the kernel passes over them
	}
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("TPACKET_V3: %w", err)
	}
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_RESERVE, headroom); err != nil {
		return fmt.Errorf("headroom: %w", err)
	}
	req := unix.TpacketReq3{
		Block_size: uint32(o.BlockSize), Block_nr: uint32(o.Blocks), Frame_size: 2048, Frame_nr: uint32(o.BlockSize / 2048 * o.Blocks),
		Retire_blk_tov: uint32(max(o.Timeout.Milliseconds(), 1)),
	}
	if err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("ring of %d MiB: %w", o.BlockSize*o.Blocks>>20, err)
	}
	if r.mem, err = unix.Mmap(r.fd, 0, o.BlockSize*o.Blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fmt.Errorf("map the ring: %w", err)
	}
	all := uint16(unix.ETH_P_ALL)
	if err := unix.Bind(r.fd, &unix.SockaddrLinklayer{Protocol: all<<8 | all>>8, Ifindex: index}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	sa, err := unix.Getsockname(r.fd)
	if err != nil {
		return err
	}
	if ll, ok := sa.(*unix.SockaddrLinklayer); ok {
		r.link = int(ll.Hatype)
	}
	if o.Promisc {
		m := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(r.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
			return fmt.Errorf("promiscuous mode: %w", err)
		}
	}
	if o.Fanout != 0 {
		return r.join(o.Fanout, o.Spread)
	}
	return nil
}

// Start lets frames in.
func (r *Ring) Start() error {
	if r.snaplen > 0 {
		return r.filter(first(r.snaplen))
	}
	if err := unix.SetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0); err != nil {
		return fmt.Errorf("capture on %s: detach the filter: %w", r.name, err)
	}
	return nil
}

// Link returns the hardware type of the interface, ARPHRD_*.
func (r *Ring) Link() int { return r.link }

// FD returns the socket, for programs that are attached to it.
func (r *Ring) FD() int { return r.fd }

// Next waits for the next block, no longer than timeout; then b has no frames. The
// interface going down is no error: its frames come again when it is up.
func (r *Ring) Next(b *Block, timeout time.Duration) (ok bool, err error) {
	h := r.header(r.next)
	ready := func() bool { return atomic.LoadUint32(&h.Status)&unix.TP_STATUS_USER != 0 }
	if !ready() {
		closed := r.closed.Load()
		if closed && r.allGiven() {
			return false, ErrClosed
		}
		if closed {
			timeout = lastBlock
		}
		if err := r.wait(timeout, closed); err != nil {
			return false, err
		}
		switch {
		case ready():
		case closed && time.Now().UnixNano() > r.end.Load():
			return false, ErrClosed
		default:
			return false, nil
		}
	}
	*b = Block{r: r, h: h, mem: r.mem[r.next*r.size : (r.next+1)*r.size], left: h.Num, at: h.Off}
	r.next = (r.next + 1) % r.blocks
	r.given += uint64(h.Num)
	return true, nil
}

// After Stop: how often it is looked for the last block, which the kernel hands over
// when its time is over, and for how long at most.
const (
	lastBlock = 5 * time.Millisecond
	lastWait  = 2 * time.Second
)

// allGiven reports whether Next has returned every frame that the kernel has taken.
func (r *Ring) allGiven() bool {
	st, err := r.Stats()
	return err == nil && st.Frames-st.Drops <= r.given
}

// wait returns when a block may be there, or when the time is over.
func (r *Ring) wait(timeout time.Duration, closed bool) error {
	fds := [2]unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN | unix.POLLERR}, {Fd: int32(r.wake), Events: unix.POLLIN}}
	n := len(fds)
	if closed {
		n = 1
	}
	_, err := unix.Poll(fds[:n], int(timeout.Milliseconds()))
	switch {
	case err == unix.EINTR || err == nil && fds[0].Revents&unix.POLLERR == 0:
		return nil
	case err != nil:
		return fmt.Errorf("capture on %s: poll: %w", r.name, err)
	}
	// The error that the socket holds is that the interface is down or gone.
	code, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return fmt.Errorf("capture on %s: %w", r.name, err)
	case code == 0:
		return nil
	case unix.Errno(code) == unix.ENETDOWN:
		return fmt.Errorf("interface %s: %w", r.name, ErrDown)
	}
	return fmt.Errorf("interface %s: %w", r.name, unix.Errno(code))
}

// ErrDown says that the interface is down or gone. Next may be called again: the
// kernel binds the socket anew when the interface comes up.
var ErrDown = errors.New("it is down")

// Gone reports whether the interface does not exist any more. Another of its name
// takes another ring.
func (r *Ring) Gone() bool {
	ifc, err := net.InterfaceByName(r.name)
	return err != nil || ifc.Index != r.index
}

// Stats are what became of the frames at the socket, since it was opened.
type Stats struct {
	Frames  uint64 // that came, dropped ones too
	Drops   uint64 // for want of a free block
	Freezes uint64 // times that the ring was full
}

// Stats reads the counters.
func (r *Ring) Stats() (Stats, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	st, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return Stats{r.frames, r.drops, r.freezes}, fmt.Errorf("statistics of %s: %w", r.name, err)
	}
	// Reading them set them to zero.
	r.frames += uint64(st.Packets)
	r.drops += uint64(st.Drops)
	r.freezes += uint64(st.Freeze_q_cnt)
	return Stats{r.frames, r.drops, r.freezes}, nil
}

// Stop takes no more frames. Next returns the blocks that hold any yet, then
// ErrClosed. It may be called from any goroutine.
func (r *Ring) Stop() {
	if err := r.filter(nothing); err != nil {
		return // Close has come before
	}
	r.end.Store(time.Now().Add(lastWait).UnixNano())
	r.closed.Store(true)
	one := [8]byte{1}
	_, _ = unix.Write(r.wake, one[:])
}

// Close gives everything back. No block may be in use.
func (r *Ring) Close() error {
	if r.mem != nil {
		_ = unix.Munmap(r.mem)
		r.mem = nil
	}
	if r.wake >= 0 {
		unix.Close(r.wake)
	}
	return unix.Close(r.fd)
}

// header returns the head of a block: struct tpacket_block_desc with
// tpacket_hdr_v1.
func (r *Ring) header(i int) *blockHeader {
	return (*blockHeader)(unsafe.Pointer(&r.mem[i*r.size]))
}

// blockHeader is struct tpacket_block_desc of linux/if_packet.h.
type blockHeader struct {
	Version, Private uint32
	Status           uint32
	Num              uint32 // frames
	Off              uint32 // of the first
	Len              uint32
	Seq              uint64
	First, Last      [2]uint32 // times: s, ns
}
