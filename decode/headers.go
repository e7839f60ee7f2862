package decode

import (
	"encoding/binary"
	"net/netip"

	"weir/decode/event"
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

// sctpChunks are the names of chunk types (RFC 9260 section 3.2, RFC 4895, RFC
// 5061, RFC 3758, RFC 6525, RFC 4820, RFC 8260).
var sctpChunks = map[uint8]string{
	0: "data", 1: "init", 2: "init_ack", 3: "sack", 4: "heartbeat", 5: "heartbeat_ack", 6: "abort", 7: "shutdown",
	8: "shutdown_ack", 9: "error", 10: "cookie_echo", 11: "cookie_ack", 12: "ecne", 13: "cwr", 14: "shutdown_complete",
	15: "auth", 64: "i_data", 128: "asconf_ack", 130: "re_config", 132: "pad", 192: "forward_tsn", 193: "asconf",
	194: "i_forward_tsn",
}

// SCTPChunkType returns the type of chunk that name stands for.
func SCTPChunkType(name string) (uint8, bool) {
	for t, n := range sctpChunks {
		if n == name {
			return t, true
		}
	}
	return 0, false
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
		name := sctpChunks[t]
		if name == "" {
			name = "unknown"
		}
		b = event.ElemStr(b, name)
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
