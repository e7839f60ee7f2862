package decode

import (
	"testing"

	"weir/decode/flow"
	"weir/decode/packet"
)

// frame joins bytes written as parts.
func frame(link packet.LinkType, parts ...string) *packet.Frame {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return &packet.Frame{Data: b, Wire: uint32(len(b)), Link: link}
}

// TestDispatch: frames of a row belong to one flow, or may, and so to one
// worker, whatever stands before the addresses.
func TestDispatch(t *testing.T) {
	const (
		macs = "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01"
		a, b = "\x0a\x00\x00\x01", "\x0a\x00\x00\x02"
		r    = "\xc0\x00\x02\x01" // a router
		c, d = "\xfc\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", "\xfc\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
		v4   = "\x08\x00"
		v6   = "\x86\xdd"
		udp  = "\x00\x01\x00\x02\x00\x0c\x00\x00data"
	)
	ip4 := func(proto, src, dst, payload string) string {
		return "\x45\x00\x00\x20\x00\x01\x00\x00\x40" + proto + "\x00\x00" + src + dst + payload
	}
	ip6 := func(next, src, dst, payload string) string {
		return "\x60\x00\x00\x00\x00\x0c" + next + "\x40" + src + dst + payload
	}
	plain, back := ip4("\x11", a, b, udp), ip4("\x11", b, a, udp)
	for _, row := range []struct {
		name   string
		frames []*packet.Frame
	}{
		{"tags before IPv4", []*packet.Frame{
			frame(packet.LinkEthernet, macs, v4, plain),
			frame(packet.LinkEthernet, macs, v4, back),
			frame(packet.LinkRaw, plain),
			frame(packet.LinkNull, "\x02\x00\x00\x00", back),
			frame(packet.LinkSLL, "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00", v4, plain),
			frame(packet.LinkEthernet, macs, "\x81\x00\x00\x07", v4, plain),
			frame(packet.LinkEthernet, macs, "\x88\xa8\x00\x07\x81\x00\x00\x08", v4, back),
			frame(packet.LinkEthernet, macs, "\x89\x26\x00\x00\x00\x00", v4, plain),
			frame(packet.LinkEthernet, macs, "\x89\x3f\x00\x00\x00\x00\x00\x00", v4, plain),
			frame(packet.LinkEthernet, macs, "\x88\xe7\x00\x00\x00\x01", macs, v4, plain),
			frame(packet.LinkEthernet, macs, "\x89\x03\x00\x00", macs, v4, plain),
			frame(packet.LinkEthernet, macs, "\x88\x64\x11\x00\x00\x01\x00\x22\x00\x21", plain),
			frame(packet.LinkEthernet, macs, "\x88\x64\x11\x00\x00\x01\x00\x21\x21", plain),
			frame(packet.LinkEthernet, macs, "\x88\x47\x00\x01\x00\x40\x00\x02\x01\x40", plain),
			frame(packet.LinkEthernet, macs, "\x88\x47\x00\x01\x01\x40\x00\x00\x00\x00", macs, v4, plain),
			frame(packet.LinkEthernet, macs, "\x88\x47\x00\x01\x01\x40", "\x22"+macs[1:], v4, plain),
		}},
		{"errors, AH and fragments of IPv4", []*packet.Frame{
			frame(packet.LinkRaw, plain),
			frame(packet.LinkRaw, ip4("\x01", r, a, "\x03\x01\x00\x00\x00\x00\x00\x00"+plain)),
			frame(packet.LinkRaw, ip4("\x33", a, b, "\x11\x04\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"+udp)),
			frame(packet.LinkRaw, "\x45\x00\x00\x20\x00\x01\x20\x00\x40\x11\x00\x00", a, b, "\x12\xb5\x12\xb5\x00\x0c\x00\x00"),
			frame(packet.LinkRaw, "\x45\x00\x00\x20\x00\x01\x00\x01\x40\x11\x00\x00", a, b, "data"),
		}},
		{"extension headers of IPv6", []*packet.Frame{
			frame(packet.LinkEthernet, macs, v6, ip6("\x11", c, d, udp)),
			frame(packet.LinkEthernet, macs, v6, ip6("\x11", d, c, udp)),
			frame(packet.LinkRaw, ip6("\x00", c, d, "\x11\x00\x01\x04\x00\x00\x00\x00"+udp)),
			frame(packet.LinkRaw, ip6("\x3c", d, c, "\x2c\x00\x01\x04\x00\x00\x00\x00\x11\x00\x00\x00\x00\x00\x00\x01"+udp)),
			frame(packet.LinkRaw, ip6("\x2c", d, c, "\x3c\x00\x00\x01\x00\x00\x00\x01"+udp)),
		}},
		{"tunnels", []*packet.Frame{
			frame(packet.LinkRaw, ip4("\x04", a, b, plain)),
			frame(packet.LinkRaw, ip4("\x29", r, b, ip6("\x11", c, d, udp))),
			frame(packet.LinkRaw, ip4("\x2f", r, a, "\x00\x00\x08\x00"+plain)),
			frame(packet.LinkRaw, ip4("\x11", r, a, "\x00\x01\x12\xb5\x00\x0c\x00\x00data")),
			frame(packet.LinkRaw, ip6("\x00", c, d, "\x2f\x00\x01\x04\x00\x00\x00\x00\x00\x00\x08\x00"+plain)),
			frame(packet.LinkEthernet, macs, "\x08\x06\x00\x01"),
			frame(packet.LinkEthernet, macs),
			frame(packet.LinkPPP, "\xff\x03\x00\x21", plain),
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := Options{Flow: flow.DefaultOptions()}
			o.Packet.VXLANPorts = []uint16{4789}
			disp := newDispatcher(&o, 1<<16-15) // so many that no two meet by chance
			want := disp.worker(row.frames[0])
			if (want == 0) != (row.name == "tunnels") {
				t.Errorf("the first frame goes to worker %d", want)
			}
			for i, f := range row.frames {
				if got := disp.worker(f); got != want {
					t.Errorf("frame %d: worker %d, want %d", i, got, want)
				}
				for n := range f.Data { // cut anywhere
					cut := *f
					cut.Data = f.Data[:n]
					disp.worker(&cut)
				}
			}
		})
	}
}

// TestDispatchOne: where flows may cross the border of tunnels one worker gets
// everything.
func TestDispatchOne(t *testing.T) {
	o := Options{Flow: flow.DefaultOptions()}
	o.Flow.UseDepth = false
	f := frame(packet.LinkRaw, "\x45\x00\x00\x14\x00\x01\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02")
	if got := newDispatcher(&o, 64).worker(f); got != 0 {
		t.Errorf("worker %d, want 0", got)
	}
}

func BenchmarkDispatch(b *testing.B) {
	o := Options{Flow: flow.DefaultOptions()}
	d := newDispatcher(&o, 4)
	f := frame(packet.LinkEthernet, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00",
		"\x45\x00\x00\x28\x00\x01\x00\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02", "\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x50\x10\x00\x00\x00\x00\x00\x00")
	b.ReportAllocs()
	for b.Loop() {
		d.worker(f)
	}
}
