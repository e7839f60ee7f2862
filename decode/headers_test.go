package decode

import (
	"testing"

	"weir/decode/event"
	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// innermost decodes a frame to its innermost packet.
func innermost(b []byte) *packet.Packet {
	d := packet.NewDecoder(packet.DefaultOptions())
	return d.Decode(&packet.Frame{Data: b, Wire: uint32(len(b)), Num: 3, Time: packettest.Start, Link: packet.LinkEthernet})[0]
}

func TestAppendHeaders(t *testing.T) {
	ip := packettest.IP{Src: "10.0.0.1", Dst: "10.0.0.2"}
	with := func(proto uint8, dst string, payload ...byte) []byte {
		h := ip
		h.Proto, h.Dst = proto, dst
		return packettest.EtherIP(h.Wrap(payload))
	}
	udp := packettest.IP{Src: "192.168.0.1", Dst: "192.168.0.2"}.UDP(1024, 9, nil)
	for _, c := range []struct {
		name  string
		frame []byte
		want  string
	}{
		{"nothing to say", packettest.EtherIP(udp), ""},
		{"in gre", with(packet.ProtoGRE, "10.0.0.2", packettest.GRE(packettest.IPv4, udp)...),
			`"tunnel":{"src_ip":"10.0.0.1","src_port":0,"dest_ip":"10.0.0.2","dest_port":0,"proto":"GRE","depth":1,"pcap_cnt":3,"pkt_src":"wire/pcap"}`},
		{"in vxlan in vxlan", packettest.EtherIP(ip.UDP(5, 4789, packettest.VXLANHeader(1, packettest.EtherIP(ip.UDP(6, 4789, packettest.VXLANHeader(2, packettest.EtherIP(udp))))))),
			`"tunnel":{"src_ip":"10.0.0.1","src_port":5,"dest_ip":"10.0.0.2","dest_port":4789,"proto":"UDP","depth":2,"pcap_cnt":3,"pkt_src":"wire/pcap"}`},
		{"sctp init", with(packet.ProtoSCTP, "10.0.0.2", 4, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 4),
			`"sctp":{"vtag":0,"chunk_cnt":1,"chunk_types":["init"],"has_init":true,"has_init_ack":false,"has_data":false,"has_abort":false}`},
		{"sctp unknown and abort", with(packet.ProtoSCTP, "10.0.0.2", 4, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0, 0, 99, 0, 0, 6, 1, 2, 0, 0, 6, 0, 0, 4),
			`"sctp":{"vtag":7,"chunk_cnt":2,"chunk_types":["unknown","abort"],"has_init":false,"has_init_ack":false,"has_data":false,"has_abort":true}`},
		{"igmp query of version 1", with(packet.ProtoIGMP, "224.0.0.1", 0x11, 0, 0, 0, 0, 0, 0, 0), `"igmp":{"type":17,"version":1}`},
		{"igmp query of version 2", with(packet.ProtoIGMP, "224.0.0.1", 0x11, 100, 0, 0, 0, 0, 0, 0), `"igmp":{"type":17,"version":2}`},
		{"igmp query of version 3", with(packet.ProtoIGMP, "224.0.0.1", 0x11, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), `"igmp":{"type":17,"version":3}`},
		{"igmp of unknown type", with(packet.ProtoIGMP, "224.0.0.1", 0x99, 0, 0, 0, 0, 0, 0, 0), `"igmp":{"type":153}`},
		{"rgmp hello", with(packet.ProtoIGMP, "224.0.0.25", 0xff, 0, 0, 0, 0, 0, 0, 0), `"rgmp":{"type":255}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if want != "" {
				want = "," + want
			}
			if got := string(AppendHeaders([]byte("{}"), innermost(c.frame))); got != "{}"+want {
				t.Errorf("got %s, want {}%s", got, want)
			}
		})
	}
}

func TestARPRecord(t *testing.T) {
	r := arpRecord{innermost(packettest.Ether(packettest.ARP, packettest.ARPRequest()))}
	const want = `{},"arp":{"hw_type":"ethernet","proto_type":"ipv4","opcode":"request","src_mac":"02:00:00:00:00:01",` +
		`"src_ip":"10.0.0.1","dest_mac":"00:00:00:00:00:00","dest_ip":"10.0.0.2"}`
	if got := string(r.AppendEvent([]byte("{}"), &event.Output{})); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
