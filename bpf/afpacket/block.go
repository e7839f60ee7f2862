package afpacket

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Block is a run of frames that the kernel has handed over.
type Block struct {
	r    *Ring
	h    *blockHeader
	mem  []byte
	left uint32
	at   uint32 // of the next frame
}

// Frame is one frame of a block; Data is valid until the block's Release.
type Frame struct {
	Data []byte // with the VLAN tag in its place
	Time int64  // ns since the Unix epoch
	Wire uint32 // length on the wire, bytes
	// Outgoing: the host sends it. Partial: its transport checksum is not filled
	// in yet. Valid: the transport checksum was found right.
	Outgoing, Partial, Valid bool
}

// frameHeader is struct tpacket3_hdr of linux/if_packet.h.
type frameHeader struct {
	Next         uint32
	Sec, Nsec    uint32
	Snaplen, Len uint32
	Status       uint32
	Mac, Net     uint16
	RxHash, TCI  uint32
	TPID         uint16
	_            uint16
	_            [8]byte
}

// Offsets behind a frame's header (TPACKET_ALIGN of it).
const (
	addrAt      = (unsafe.Sizeof(frameHeader{}) + 15) &^ 15 // struct sockaddr_ll
	addrPktType = 10
)

// Len returns how many frames are left.
func (b *Block) Len() int { return int(b.left) }

// Next fills f with the next frame; false at the end. Frames that loopback shows a
// second time, on their way out, are passed over.
func (b *Block) Next(f *Frame) bool {
	for b.left > 0 {
		p := b.mem[b.at:]
		h := (*frameHeader)(unsafe.Pointer(&p[0]))
		b.left--
		b.at += h.Next
		out := p[addrAt+addrPktType] == unix.PACKET_OUTGOING
		if out && b.r.loop {
			continue
		}
		mac, n := int(h.Mac), int(h.Snaplen)
		data := p[mac : mac+n : mac+n]
		wire := h.Len
		if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && n >= 12 {
			tpid := uint16(unix.ETH_P_8021Q)
			if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
				tpid = h.TPID
			}
			data = p[mac-headroom : mac+n : mac+n]
			copy(data, p[mac:mac+12])
			binary.BigEndian.PutUint16(data[12:], tpid)
			binary.BigEndian.PutUint16(data[14:], uint16(h.TCI))
			wire += headroom
		}
		*f = Frame{
			Data: data, Time: int64(h.Sec)*1e9 + int64(h.Nsec), Wire: wire, Outgoing: out,
			Partial: h.Status&unix.TP_STATUS_CSUMNOTREADY != 0, Valid: h.Status&unix.TP_STATUS_CSUM_VALID != 0,
		}
		return true
	}
	return false
}

// Release gives the block back to the kernel.
func (b *Block) Release() {
	atomic.StoreUint32(&b.h.Status, unix.TP_STATUS_KERNEL)
}
