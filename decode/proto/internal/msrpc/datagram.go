package msrpc

import "weir/decode/cursor"

// DatagramHeaderLen is the length of the header of a datagram, bytes.
const DatagramHeaderLen = 80

// Flags of the header of a datagram (C706 section 12.5.2.5).
const (
	dgLast     = 0x02
	dgFragment = 0x04
)

// Datagram is a message without connection (C706 section 12.5.2).
type Datagram struct {
	Type           Type
	Little         bool
	Fragment, Last bool
	Interface      Interface // accepted by nature
	Activity       UUID
	Seq            uint32
	Opnum          uint16
	Body           []byte // aliases the datagram
}

// ParseDatagram reads one. ok is false if it cannot be one.
func ParseDatagram(b []byte) (h Datagram, ok bool) {
	c := cursor.New(b)
	version, kind, flags, flags2 := c.U8(), Type(c.U8()), c.U8(), c.U8()
	drep := c.Bytes(3)
	if c.Short() || version != 4 || kind > 10 || flags2&0xfc != 0 || drep[0]&0xee != 0 || drep[1] > 3 {
		return h, false
	}
	h.Type, h.Little = kind, drep[0]&0x10 != 0
	h.Fragment, h.Last = flags&dgFragment != 0, flags&dgLast != 0
	n := numbers{&c, h.Little}
	c.Skip(1 + 16) // serial number and object
	h.Interface.UUID = readUUID(n)
	h.Activity = readUUID(n)
	c.Skip(4) // when the server was started
	v := n.u32()
	h.Interface.Major, h.Interface.Minor, h.Interface.Acked = uint16(v), uint16(v>>16), true
	h.Seq = n.u32()
	h.Opnum = n.u16()
	c.Skip(4) // hints
	size := int(n.u16())
	c.Skip(4) // number of the fragment, authentication, serial number
	h.Body = c.Bytes(size)
	return h, !c.Short()
}
