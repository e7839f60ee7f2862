package packet

import "encoding/binary"

// IPHeader returns the bytes of the IP header, IPv4 options and IPv6 extension
// headers included; nil if the packet is of another version.
func (p *Packet) IPHeader(version uint8) []byte {
	if p.Version != version {
		return nil
	}
	return p.Data[p.L3 : int(p.L3)+int(p.L3Len)]
}

// Header returns the bytes of the transport header; nil if the packet is of
// another protocol. Those of ICMPv6 and SCTP go to the end of the packet.
func (p *Packet) Header(proto uint8) []byte {
	if p.Proto != proto || p.L4 == 0 {
		return nil
	}
	end := int(p.L4) + int(p.L4Len)
	if proto == ProtoICMPv6 || proto == ProtoSCTP {
		end = int(p.L3) + int(p.IPLen)
	}
	return p.Data[p.L4:min(end, len(p.Data))]
}

// IPv4ChecksumOK reports whether the checksum of the IPv4 header is right.
func (p *Packet) IPv4ChecksumOK() bool {
	return p.Version == 4 && sum(p.IPHeader(4), 0) == 0xffff
}

// ChecksumOK reports whether the checksum of the transport header is right; a
// UDP one of zero, which stands for none, is.
func (p *Packet) ChecksumOK() bool {
	if p.L4 == 0 {
		return false
	}
	b := p.Data[p.L4 : int(p.Pay)+int(p.PayLen)]
	switch p.Proto {
	case ProtoICMP, ProtoIGMP:
		return sum(b, 0) == 0xffff
	case ProtoUDP:
		if p.Version == 4 && b[6]|b[7] == 0 {
			return true
		}
	}
	return p.transportSum(b) == 0xffff
}

// SetTCPChecksum writes the checksum that fits the segment as it is now.
func (p *Packet) SetTCPChecksum() {
	b := p.Data[p.L4 : int(p.Pay)+int(p.PayLen)]
	if len(b) < 18 {
		return // no header to write to
	}
	b[16], b[17] = 0, 0
	binary.BigEndian.PutUint16(b[16:], ^uint16(p.transportSum(b)))
}
