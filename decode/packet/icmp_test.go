package packet_test

import (
	"testing"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// TestICMPHeader looks how far the header of a message goes: some carry more
// than eight bytes.
func TestICMPHeader(t *testing.T) {
	h := packettest.IP{Src: "10.0.0.1", Dst: "10.0.0.2"}
	for _, tt := range []struct {
		name    string
		typ     uint8
		rest    uint32
		data    int // bytes behind the first eight
		header  int
		payload int
	}{
		{"echo", 8, 1, 12, 8, 12},
		{"time stamp", 13, 1, 12, 20, 0},
		{"time stamp reply with more", 14, 1, 16, 20, 4},
		{"time stamp cut short", 13, 1, 8, 8, 8},
		{"router", 9, 0x01020000, 12, 16, 4},
		{"two routers", 9, 0x02020000, 16, 24, 0},
		{"routers missing", 9, 0xff020000, 16, 8, 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := packet.NewDecoder(packet.DefaultOptions())
			b := packettest.EtherIP(h.ICMP(tt.typ, 0, tt.rest, make([]byte, tt.data)))
			ps := d.Decode(&packet.Frame{Data: b, Wire: uint32(len(b)), Link: packet.LinkEthernet})
			if len(ps) != 1 || ps[0].NEvents != 0 {
				t.Fatalf("%d packets, %d events", len(ps), ps[0].NEvents)
			}
			if got := ps[0].Header(packet.ProtoICMP); len(got) != tt.header {
				t.Errorf("header of %d bytes, want %d", len(got), tt.header)
			}
			if got := ps[0].Payload(); len(got) != tt.payload {
				t.Errorf("payload of %d bytes, want %d", len(got), tt.payload)
			}
		})
	}
}
