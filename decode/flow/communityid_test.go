package flow

import (
	"testing"

	"weir/decode/packet"
)

// TestCommunityID: the first rows are the examples of the specification.
func TestCommunityID(t *testing.T) {
	for _, r := range []struct {
		name    string
		first   *packet.Packet
		seed    uint16
		swapped bool
		want    string
	}{
		{"TCP", tcp(1, "128.232.110.120", "66.35.250.204", 34855, 80, 0), 0, false, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"TCP back", tcp(1, "66.35.250.204", "128.232.110.120", 80, 34855, 0), 0, false, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"UDP", pkt(1, packet.ProtoUDP, "192.168.1.52", "8.8.8.8", 54585, 53), 0, false, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{"echo", icmp("192.168.0.89", "192.168.0.1", 8, 0), 0, false, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"neighbour solicitation", icmp("fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0), 0, false, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{"one address", tcp(1, "192.168.0.254", "192.168.0.254", 56162, 3306, 0), 1, false, "1:IJQHtzXv/tXud3FtXIufkDsfEd4="},
		{"one address, swapped", tcp(1, "192.168.0.254", "192.168.0.254", 56162, 3306, 0), 1, true, "1:ywLin4Fwaq7bqlf6YRbgyWyGBLE="},
		{"echo to itself", icmp("10.0.1.1", "10.0.1.1", 8, 0), 0, false, "1:ynU2UC5bz8zPzmbYP9A+4xwfwQw="},
	} {
		t.Run(r.name, func(t *testing.T) {
			f, _ := newTable(t, nil).Get(r.first)
			if got := string(f.AppendCommunityID(nil, r.seed, r.swapped)); got != r.want {
				t.Errorf("got %s, want %s", got, r.want)
			}
		})
	}
}
