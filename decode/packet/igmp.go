package packet

// IGMP message types (RFC 3376 section 4, RFC 3488 section 3.2).
const (
	igmpQuery    = 0x11
	igmpReport1  = 0x12
	igmpReport2  = 0x16
	igmpLeave    = 0x17
	igmpReport3  = 0x22
	rgmpFirst    = 0xfc
	igmpMin      = 8
	igmpQueryMin = 12 // of version 3
)

// igmp decodes the fixed part of RFC 3376 section 4; all of the message is its
// header.
func (d *Decoder) igmp(p *Packet, b []byte, off int) {
	if len(b) < igmpMin {
		p.invalid(EvIGMPPktTooSmall)
		return
	}
	p.L4, p.L4Len = uint16(off), uint16(len(b))
	p.Pay, p.PayLen = uint16(off+len(b)), 0
}

// IGMPType returns the message type of an IGMP packet.
func (p *Packet) IGMPType() (typ uint8, ok bool) {
	if p.Proto != ProtoIGMP || p.L4 == 0 {
		return 0, false
	}
	return p.Data[p.L4], true
}

// IGMPVersion returns the version of the protocol that a message belongs to, 0
// if it is not known. A query tells by its length and by whether it says how
// long to wait (RFC 3376 section 7.1).
func (p *Packet) IGMPVersion() int {
	b := p.Data[p.L4 : int(p.L4)+int(p.L4Len)]
	switch b[0] {
	case igmpQuery:
		switch {
		case len(b) >= igmpQueryMin:
			return 3
		case b[1] == 0:
			return 1
		}
		return 2
	case igmpReport1:
		return 1
	case igmpReport2, igmpLeave:
		return 2
	case igmpReport3:
		return 3
	}
	return 0
}

// IsRGMP reports whether an IGMP packet is one of the Router-port Group
// Management Protocol: sent to 224.0.0.25 with a type of its own (RFC 3488).
func (p *Packet) IsRGMP() bool {
	t, ok := p.IGMPType()
	return ok && t >= rgmpFirst && p.Version == 4 && [4]byte(p.Dst[12:]) == [4]byte{224, 0, 0, 25}
}
