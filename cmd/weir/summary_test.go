package main

import (
	"net/netip"
	"strings"
	"testing"

	"weir/decode/event"
	"weir/decode/flow"
)

// discard is a lane that forgets.
type discard struct{}

func (discard) At(uint64, uint64)    {}
func (discard) Publish(*event.Event) {}
func (discard) Wants(string) bool    { return true }
func (discard) Advance(uint64)       {}
func (discard) Close()               {}

func TestSummary(t *testing.T) {
	s := newSummary()
	s.name = func(app uint16) string { return map[uint16]string{1: "http", 2: "dns"}[app] }
	for worker := range 2 {
		w := s.worker()
		for i := range 6 {
			f := &flow.Flow{App: uint16(1 + i%2), Bytes: [2]uint64{1000, uint64(i) * 10_000}, Version: 4}
			f.Addr[0] = netip.AddrFrom4([4]byte{10, 0, byte(worker), byte(i)}).As16()
			f.Addr[1] = netip.MustParseAddr("192.0.2.1").As16()
			w.flow(f)
		}
		lane := tapped{discard{}, w}
		lane.Publish(&event.Event{Type: "alert", Alert: &event.Alert{SID: 7, Priority: 2, Msg: "seven"}})
		lane.Publish(&event.Event{Type: "alert", Alert: &event.Alert{SID: 5, Priority: 1, Msg: "five"}})
		lane.Publish(&event.Event{Type: "flow"})
	}
	s.files, s.losses["gaps"] = 3, 12
	var b strings.Builder
	s.print(&b)
	const want = `
13 hosts, the first 10:
  192.0.2.1                                      12 flows     312.0 kB
  10.0.0.5                                        1 flows      51.0 kB
  10.0.1.5                                        1 flows      51.0 kB
  10.0.0.4                                        1 flows      41.0 kB
  10.0.1.4                                        1 flows      41.0 kB
  10.0.0.3                                        1 flows      31.0 kB
  10.0.1.3                                        1 flows      31.0 kB
  10.0.0.2                                        1 flows      21.0 kB
  10.0.1.2                                        1 flows      21.0 kB
  10.0.0.1                                        1 flows      11.0 kB

2 protocols:
  http                                            6 flows     126.0 kB
  dns                                             6 flows     186.0 kB

2 rules:
         2 alerts  priority 1  5 five
         2 alerts  priority 2  7 seven

3 files passed by

lost or looked at in part:
        12 gaps
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
