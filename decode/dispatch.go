package decode

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"weir/decode/packet"
)

// dispatcher divides frames among workers. Frames of one pair of addresses go to
// one worker in both directions, fragments, expected flows and ICMP errors with
// them. The addresses are those of the outermost IP header; frames that may carry
// a tunnel all go to worker 0, so that inner flows, whichever way they come, meet
// as well. What has no IP header goes there too.
type dispatcher struct {
	n       int
	tunnels []uint16 // UDP ports of VXLAN (RFC 7348), GENEVE (RFC 8926) and Teredo (RFC 4380)
	anyPort bool     // Teredo uses any port
}

// newDispatcher makes the dispatcher of n workers.
func newDispatcher(o *Options, n int) *dispatcher {
	if !o.Flow.UseDepth {
		n = 1 // packets inside and outside of tunnels may be of one flow
	}
	d := &dispatcher{n: n, anyPort: o.Packet.TeredoAnyPort}
	for _, ports := range [...][]uint16{o.Packet.VXLANPorts, o.Packet.GENEVEPorts, o.Packet.TeredoPorts} {
		d.tunnels = append(d.tunnels, ports...)
	}
	return d
}

// worker returns the worker of a frame.
func (d *dispatcher) worker(f *packet.Frame) int {
	if d.n <= 1 {
		return 0
	}
	off, ok := ipOffset(f)
	if !ok {
		return 0
	}
	ip, ok := readIP(f.Data[off:])
	if !ok || d.tunnel(&ip) {
		return 0
	}
	return int(ip.pair % uint64(d.n))
}

// firstUnprivileged is the first port that programs of users get. Clients, relays
// and servers of Teredo use no lower ones; what does is not worth one worker for
// all of it.
const firstUnprivileged = 1024

// tunnel reports whether a packet may carry another one: a tunnel protocol, or
// UDP from or to a port that tunnels use. Of fragments the ports are not known.
func (d *dispatcher) tunnel(ip *ipHead) bool {
	switch ip.proto {
	case packet.ProtoIPIP, packet.ProtoIPv6, packet.ProtoGRE:
		return true
	case packet.ProtoUDP:
		if ip.fragment || len(ip.payload) < 4 {
			return false
		}
		b := ip.payload
		src, dst := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		if d.anyPort && min(src, dst) >= firstUnprivileged {
			return true
		}
		return slices.Contains(d.tunnels, src) || slices.Contains(d.tunnels, dst)
	}
	return false
}

// ipHead is what an IP header says to the dispatcher.
type ipHead struct {
	pair     uint64 // hash of both addresses
	proto    uint8  // transport, behind extension headers
	fragment bool
	payload  []byte // from the transport header on
}

// readIP reads the IP header at the start of b.
func readIP(b []byte) (ip ipHead, ok bool) {
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		ip.pair = pair4(b)
		ip.fragment = binary.BigEndian.Uint16(b[6:])&0x3fff != 0
		ip.proto, ip.payload = b[9], b[min(int(b[0]&15)*4, len(b)):]
	case len(b) >= 40 && b[0]>>4 == 6:
		s := binary.BigEndian.Uint64(b[8:]) ^ bits.RotateLeft64(binary.BigEndian.Uint64(b[16:]), 17)
		d := binary.BigEndian.Uint64(b[24:]) ^ bits.RotateLeft64(binary.BigEndian.Uint64(b[32:]), 17)
		ip.pair = mix(s, d)
		ip.proto, ip.payload = b[6], b[40:]
	default:
		return ip, false
	}
	ip.skip()
	if ip.proto == packet.ProtoICMP && !ip.fragment {
		// "Unreachable" belongs to the flow that it quotes.
		if b := ip.payload; len(b) >= 8+20 && b[0] == 3 && b[8]>>4 == 4 {
			ip.pair = pair4(b[8:])
		}
	}
	return ip, true
}

// skip passes over extension headers (RFC 8200 section 4) and AH.
func (ip *ipHead) skip() {
	const hopByHop, routing, fragment, destination = 0, 43, 44, 60
	for range 16 {
		b := ip.payload
		n := 0
		switch {
		case len(b) < 8:
			return
		case ip.proto == hopByHop || ip.proto == routing || ip.proto == destination:
			n = (int(b[1]) + 1) * 8
		case ip.proto == packet.ProtoAH:
			n = (int(b[1]) + 2) * 4
		case ip.proto == fragment:
			n = 8
			ip.fragment = binary.BigEndian.Uint16(b[2:])&0xfff9 != 0
		default:
			return
		}
		ip.proto, ip.payload = b[0], b[min(n, len(b)):]
		if ip.fragment {
			return
		}
	}
}

// pair4 hashes the addresses of an IPv4 header.
func pair4(b []byte) uint64 {
	return mix(uint64(binary.BigEndian.Uint32(b[12:])), uint64(binary.BigEndian.Uint32(b[16:])))
}

// mix is symmetric in its arguments.
func mix(a, b uint64) uint64 {
	h := (a ^ b) * 0x9e3779b97f4a7c15
	h ^= (a + b) * 0xc2b2ae3d27d4eb4f
	return h ^ h>>29
}
