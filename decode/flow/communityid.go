package flow

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"math/bits"

	"weir/decode/packet"
)

// AppendCommunityID appends the Community ID, version 1
// (https://github.com/corelight/community-id-spec). swapped orders the ports of
// a flow between one address and itself by their bytes swapped, as Suricata did
// before 7.0.12.
func (f *Flow) AppendCommunityID(b []byte, seed uint16, swapped bool) []byte {
	src, dst := &f.Addr[0], &f.Addr[1]
	sport, dport := f.communityPorts()
	c := compare(src, dst)
	if c == 0 {
		x, y := sport, dport
		if swapped {
			x, y = bits.ReverseBytes16(x), bits.ReverseBytes16(y)
		}
		c = int(x) - int(y)
	}
	if c > 0 {
		src, dst, sport, dport = dst, src, dport, sport
	}
	var buf [2 + 2*16 + 2 + 4]byte
	in := binary.BigEndian.AppendUint16(buf[:0], seed)
	for _, a := range [...]*[16]byte{src, dst} {
		if f.Version == 4 {
			in = append(in, a[12:]...)
		} else {
			in = append(in, a[:]...)
		}
	}
	in = append(in, f.Proto, 0)
	in = binary.BigEndian.AppendUint16(in, sport)
	in = binary.BigEndian.AppendUint16(in, dport)
	sum := sha1.Sum(in)
	return base64.StdEncoding.AppendEncode(append(b, "1:"...), sum[:])
}

// communityPorts returns what stands in the place of ports: of ICMP the types of
// question and answer, of ESP the lower half of the security parameter index.
func (f *Flow) communityPorts() (sport, dport uint16) {
	switch f.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		return f.Port[0], f.Port[1]
	case packet.ProtoICMP, packet.ProtoICMPv6:
		return uint16(f.ICMPType), uint16(counterpart(f.Proto, f.ICMPType))
	case packet.ProtoESP:
		return f.Key.APort, 0
	}
	return 0, 0
}
