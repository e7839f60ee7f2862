package decode

import (
	"encoding/binary"
	"net/netip"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/packet"
)

// AppendHeaders appends what an alert says of the headers of p: the tunnel that
// brought it, and those of protocols that have no records of their own.
func AppendHeaders(b []byte, p *packet.Packet) []byte {
	if p.Root != nil {
		b = appendTunnel(b, p)
	}
	if p.L4 == 0 {
		return b
	}
	switch p.Proto {
	case packet.ProtoSCTP:
		b = appendSCTP(b, p)
	case packet.ProtoIGMP:
		b = appendIGMP(b, p)
	}
	return b
}

// appendTunnel appends the outermost packet around p.
func appendTunnel(b []byte, p *packet.Packet) []byte {
	r := p.Root
	b = event.Open(b, "tunnel")
	if r.Version != 0 {
		b = event.Addr(b, "src_ip", r.SrcAddr())
		b = event.Uint(b, "src_port", uint64(r.SrcPort))
		b = event.Addr(b, "dest_ip", r.DstAddr())
		b = event.Uint(b, "dest_port", uint64(r.DstPort))
		b = event.Str(b, "proto", event.ProtoName(r.Proto))
	}
	b = event.Uint(b, "depth", uint64(p.Depth))
	b = event.Uint(b, "pcap_cnt", r.Num)
	b = event.Str(b, "pkt_src", r.Source())
	return event.Close(b)
}

// SCTPChunkTypes are the names of chunk types (RFC 9260 section 3.2, RFC 4895,
// RFC 5061, RFC 3758, RFC 6525, RFC 4820, RFC 8260).
var SCTPChunkTypes = []field.EnumName{
	{Name: "data", Value: 0}, {Name: "init", Value: 1}, {Name: "init_ack", Value: 2},
	{Name: "sack", Value: 3}, {Name: "heartbeat", Value: 4}, {Name: "heartbeat_ack", Value: 5},
	{Name: "abort", Value: 6}, {Name: "shutdown", Value: 7}, {Name: "shutdown_ack", Value: 8},
	{Name: "error", Value: 9}, {Name: "cookie_echo", Value: 10}, {Name: "cookie_ack", Value: 11},
	{Name: "ecne", Value: 12}, {Name: "cwr", Value: 13}, {Name: "shutdown_complete", Value: 14},
	{Name: "auth", Value: 15}, {Name: "i_data", Value: 64}, {Name: "asconf_ack", Value: 128},
	{Name: "re_config", Value: 130}, {Name: "pad", Value: 132}, {Name: "forward_tsn", Value: 192},
	{Name: "asconf", Value: 193}, {Name: "i_forward_tsn", Value: 194},
}

// sctpChunkType returns the name of a type of chunk.
func sctpChunkType(t uint8) string {
	for _, n := range SCTPChunkTypes {
		if n.Value == uint64(t) {
			return n.Name
		}
	}
	return "unknown"
}

// appendSCTP appends the chunks of an SCTP packet.
func appendSCTP(b []byte, p *packet.Packet) []byte {
	s := &p.SCTP
	if *s == (packet.SCTP{}) {
		return b
	}
	b = event.Open(b, "sctp")
	b = event.Uint(b, "vtag", uint64(s.VTag))
	b = event.Uint(b, "chunk_cnt", uint64(s.Chunks))
	b = event.OpenArray(b, "chunk_types")
	for t := range p.SCTPChunks() {
		b = event.ElemStr(b, sctpChunkType(t))
	}
	b = event.CloseArray(b)
	b = event.Bool(b, "has_init", s.Kinds&packet.SCTPInit != 0)
	b = event.Bool(b, "has_init_ack", s.Kinds&packet.SCTPInitAck != 0)
	b = event.Bool(b, "has_data", s.Kinds&packet.SCTPData != 0)
	b = event.Bool(b, "has_abort", s.Kinds&packet.SCTPAbort != 0)
	return event.Close(b)
}

// appendIGMP appends the fixed part of an IGMP or RGMP message.
func appendIGMP(b []byte, p *packet.Packet) []byte {
	h := p.Header(packet.ProtoIGMP)
	if p.IsRGMP() {
		return event.Close(event.Uint(event.Open(b, "rgmp"), "type", uint64(h[0])))
	}
	b = event.Open(b, "igmp")
	b = event.Uint(b, "type", uint64(h[0]))
	if v := p.IGMPVersion(); v != 0 {
		b = event.Uint(b, "version", uint64(v))
	}
	return event.Close(b)
}

// arpRecord is the body of an arp event.
type arpRecord struct{ p *packet.Packet }

// arpOpcodes are operations (IANA "ARP Parameters").
var arpOpcodes = map[uint16]string{
	1: "request", 2: "reply", 3: "request_reverse", 4: "reply_reverse", 8: "inverse_request", 9: "inverse_reply", 10: "nak",
}

// AppendEvent implements event.Appender.
func (r *arpRecord) AppendEvent(b []byte, _ *event.Output) []byte {
	a := r.p.Data[r.p.ARP : r.p.ARP+28]
	b = event.Open(b, "arp")
	b = event.Str(b, "hw_type", "ethernet")
	b = event.Str(b, "proto_type", "ipv4")
	b = event.Str(b, "opcode", arpOpcodes[binary.BigEndian.Uint16(a[6:])])
	b = event.Hex(b, "src_mac", a[8:14], ":")
	b = event.Addr(b, "src_ip", netip.AddrFrom4([4]byte(a[14:18])))
	b = event.Hex(b, "dest_mac", a[18:24], ":")
	b = event.Addr(b, "dest_ip", netip.AddrFrom4([4]byte(a[24:28])))
	return event.Close(b)
}

// logARP writes the record of an ARP packet.
func (w *worker) logARP(p *packet.Packet) {
	w.arp = arpRecord{p}
	PacketHead(&w.ev, "arp", p, nil)
	w.ev.Body = &w.arp
	w.pub.Publish(&w.ev)
}
