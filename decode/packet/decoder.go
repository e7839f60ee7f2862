package packet

import (
	"encoding/binary"
)

// DefaultMaxLayers bounds how many headers deep a frame is followed.
const DefaultMaxLayers = 16

// Options set up a Decoder. The zero value decodes no tunnel that needs a port.
type Options struct {
	MaxLayers  int      // headers followed in a frame; 0 is DefaultMaxLayers
	VXLANPorts []uint16 // UDP ports of VXLAN; none turns it off
	// VXLANReserved takes VXLAN headers whose last, reserved, byte is not zero.
	VXLANReserved bool
	GENEVEPorts   []uint16
	TeredoPorts   []uint16
	// TeredoAnyPort looks for Teredo on every UDP port.
	TeredoAnyPort bool
	// Checksums verifies IPv4 and transport checksums: a packet with a wrong
	// one gets BadChecksum.
	Checksums bool
	// Version7 leaves out what came with 8.0: ARP, IGMP and 802.1BR, IPv4 and
	// authentication headers within IPv4, events of unknown ethertypes.
	Version7 bool
}

// DefaultOptions are those of an empty configuration.
func DefaultOptions() Options {
	return Options{
		VXLANPorts: []uint16{4789}, GENEVEPorts: []uint16{6081}, TeredoPorts: []uint16{3544},
	}
}

// Decoder turns frames into packets. It belongs to one worker; the packets it
// returns are its own and valid until the next call.
type Decoder struct {
	Counters Counters

	opt    Options
	layers int       // headers left to follow in the frame at hand
	pool   []*Packet // all packets ever made
	used   int       // of pool, for the frame at hand
	out    []*Packet
	frame  *Frame
	depth  uint8
}

// NewDecoder returns a decoder.
func NewDecoder(opt Options) *Decoder {
	if opt.MaxLayers <= 0 {
		opt.MaxLayers = DefaultMaxLayers
	}
	return &Decoder{opt: opt}
}

// IgnoreChecksums ends the verification of checksums.
func (d *Decoder) IgnoreChecksums() { d.opt.Checksums = false }

// Decode decodes a frame. The result is never empty and in the order in which
// the packets are to be handled: what a tunnel carries comes before what
// carries it, the frame's own packet last.
func (d *Decoder) Decode(f *Frame) []*Packet {
	d.used, d.out, d.frame = 0, d.out[:0], f
	d.layers, d.depth = d.opt.MaxLayers, 0
	p := d.packet(f.Data)
	d.Counters.frame(f)
	if f.Flags&VLANMeta != 0 {
		p.VLAN[0], p.VLANs = f.VLAN, 1
	}
	d.link(p, f.Link)
	d.done(p)
	return d.out
}

// Rebuilt decodes the datagram b that defragmentation made, of which p was the
// last fragment to come. b must stay valid as long as the packets are used.
// The packets of the last Decode stay valid. Its headers count with those of
// the frame.
func (d *Decoder) Rebuilt(p *Packet, b []byte) []*Packet {
	from := len(d.out)
	d.depth = p.Depth
	q := d.packet(b)
	q.Flags = Rebuilt
	q.VLAN, q.VLANs, q.Depth, q.src, q.Link, q.Root = p.VLAN, p.VLANs, p.Depth, SourceDefrag, LinkRaw, p.Root
	q.Size = uint32(p.L3) + uint32(len(b)) // as if it had come in one frame
	if p.Version == 6 {
		d.ipv6(q, 0)
	} else {
		d.ipv4(q, 0)
	}
	d.done(q)
	return d.out[from:]
}

// packet takes a packet from the pool and empties it.
func (d *Decoder) packet(b []byte) *Packet {
	if d.used == len(d.pool) {
		d.pool = append(d.pool, new(Packet))
	}
	p := d.pool[d.used]
	d.used++
	*p = Packet{Data: b, Time: d.frame.Time, Num: d.frame.Num, Size: uint32(len(b)), Link: d.frame.Link, MACs: -1, Depth: d.depth}
	return p
}

// done counts a packet and puts it behind those it carried.
func (d *Decoder) done(p *Packet) {
	if p.Flags&(Invalid|Malformed) != 0 && p.Depth == 0 && p.Flags&Rebuilt == 0 {
		d.Counters.Invalid++
	}
	d.CountEvents(p, 0)
	d.out = append(d.out, p)
}

// CountEvents counts the events of p from the one at index from on: those that
// came after p was decoded.
func (d *Decoder) CountEvents(p *Packet, from uint8) {
	for _, e := range p.events[from:p.NEvents] {
		d.Counters.Events[e]++
	}
}

// layer uses up one layer; it reports false, with an event, when there are too
// many.
func (d *Decoder) layer(p *Packet) bool {
	if d.layers == 0 {
		p.invalid(EvTooManyLayers)
		return false
	}
	d.layers--
	return true
}

// malformed notes an event of a packet that is still of use.
func (p *Packet) malformed(e Event) {
	p.AddEvent(e)
	p.Flags |= Malformed
}

// invalid notes an event that makes the packet useless.
func (p *Packet) invalid(e Event) {
	p.AddEvent(e)
	p.Flags |= Invalid
}

// tunnel decodes what p carries from offset off on as a packet of its own.
// how gives the first header. What turns out to be no packet, as far as IP, is
// forgotten: p was no tunnel then.
func (d *Decoder) tunnel(p *Packet, off int, src Source, how func(q *Packet, off int)) {
	if d.layers == 0 {
		p.invalid(EvTooManyLayers)
		return
	}
	mark := len(d.out)
	d.depth++
	q := d.packet(p.Data[off:])
	q.Flags, q.src, q.Link = Inner, src, LinkRaw
	if q.Root = p.Root; q.Root == nil {
		q.Root = p
	}
	q.VLAN, q.VLANs = p.VLAN, p.VLANs
	how(q, 0)
	d.depth--
	if q.Flags&Invalid != 0 && (q.Version == 0 || src == SourceTeredo) {
		d.out = d.out[:mark]
		return
	}
	p.Flags |= Outer
	d.done(q)
}

// link decodes the link header.
func (d *Decoder) link(p *Packet, lt LinkType) {
	b := p.Data
	c := &d.Counters
	switch lt {
	case LinkEthernet:
		d.ethernet(p, 0)
	case LinkRaw, LinkRaw12, LinkRaw14, LinkIPv4, LinkIPv6:
		c.Raw++
		d.raw(p, 0)
	case LinkNull, LinkLoop:
		c.Null++
		d.null(p)
	case LinkSLL:
		c.SLL++
		if len(b) < 16 {
			p.invalid(EvSLLPktTooSmall)
			return
		}
		d.ethertype(p, 16, binary.BigEndian.Uint16(b[14:]))
	case LinkSLL2:
		c.SLL2++
		if len(b) < 20 {
			p.invalid(EvSLL2PktTooSmall)
			return
		}
		d.ethertype(p, 20, binary.BigEndian.Uint16(b))
	case LinkPPP, LinkPPPSerial:
		d.ppp(p, 0)
	case LinkCHDLC:
		c.CHDLC++
		if len(b) < 4 {
			p.invalid(EvCHDLCPktTooSmall)
			return
		}
		d.ethertype(p, 4, binary.BigEndian.Uint16(b[2:]))
	case LinkWifi:
		d.wifi(p, 0)
	case LinkRadiotap:
		if len(b) < 4 {
			p.Flags |= Invalid
			return
		}
		d.wifi(p, int(binary.LittleEndian.Uint16(b[2:])))
	case LinkNFLOG:
		d.nflog(p)
	default:
		p.Flags |= Invalid
	}
}

// ethernet decodes an Ethernet II header (IEEE 802.3 clause 3).
func (d *Decoder) ethernet(p *Packet, off int) {
	b := p.Data
	if !d.layer(p) {
		return
	}
	d.Counters.Ethernet++
	if len(b) < off+14 {
		p.invalid(EvEthernetPktTooSmall)
		return
	}
	if p.MACs < 0 {
		p.MACs = int32(off)
	}
	d.ethertype(p, off+14, binary.BigEndian.Uint16(b[off+12:]))
}

// raw decodes IP without a link header.
func (d *Decoder) raw(p *Packet, off int) {
	if len(p.Data) <= off {
		p.invalid(EvIPRawInvalidIPVersion)
		return
	}
	switch p.Data[off] >> 4 {
	case 4:
		d.ipv4(p, off)
	case 6:
		d.ipv6(p, off)
	default:
		p.AddEvent(EvIPRawInvalidIPVersion)
	}
}

// null decodes the loopback header of BSD: an address family in the byte order
// of the host, or of the network.
func (d *Decoder) null(p *Packet) {
	if len(p.Data) < 4 {
		p.invalid(EvNullPktTooSmall)
		return
	}
	family := binary.LittleEndian.Uint32(p.Data)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(p.Data)
	}
	switch family {
	case 2:
		d.ipv4(p, 4)
	case 10, 24, 28, 30:
		d.ipv6(p, 4)
	default:
		p.AddEvent(EvNullUnsupportedType)
	}
}

// Ethertypes (IEEE 802 numbers).
const (
	etIPv4     = 0x0800
	etARP      = 0x0806
	etBridge   = 0x6558
	etVLAN     = 0x8100
	etIPv6     = 0x86dd
	etPPP      = 0x880b
	etMPLS     = 0x8847
	etMPLSm    = 0x8848
	etPPPoED   = 0x8863
	etPPPoES   = 0x8864
	etQinQ     = 0x88a8
	etERSPAN   = 0x88be
	etPBB      = 0x88e7
	etDCE      = 0x8903
	etVNTag    = 0x8926
	etETag     = 0x893f
	etNSH      = 0x894f
	etQinQ9100 = 0x9100
	etFRARP    = 0x0808
)

// ethertype decodes what stands at off, of the type et.
func (d *Decoder) ethertype(p *Packet, off int, et uint16) {
	p.EtherType = et
	c := &d.Counters
	switch et {
	case etIPv4:
		d.ipv4(p, off)
	case etIPv6:
		d.ipv6(p, off)
	case etVLAN, etQinQ, etQinQ9100:
		d.vlan(p, off)
	case etARP:
		c.ARP++
		if !d.opt.Version7 {
			d.arp(p, off)
		}
	case etPPPoES:
		d.pppoeSession(p, off)
	case etPPPoED:
		d.pppoeDiscovery(p, off)
	case etMPLS, etMPLSm:
		d.mpls(p, off)
	case etPBB:
		d.pbb(p, off)
	case etDCE:
		if len(p.Data) < off+2 {
			p.invalid(EvDCEPktTooSmall)
		} else if d.layer(p) {
			d.ethernet(p, off+2)
		}
	case etVNTag:
		d.vntag(p, off)
	case etETag:
		if d.opt.Version7 {
			c.UnknownEthertype++
		} else {
			d.etag(p, off)
		}
	case etNSH:
		d.nsh(p, off)
	case etPPP:
		d.ppp(p, off)
	default:
		c.UnknownEthertype++
		if !d.opt.Version7 {
			p.AddEvent(EvEthernetUnknownEthertype)
		}
	}
}
