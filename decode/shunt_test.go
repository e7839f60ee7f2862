package decode

import (
	"slices"
	"testing"

	"weir/decode/defrag"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/packet/packettest"
	"weir/decode/proto"
	"weir/decode/stream"
)

// bypasser bypasses every flow at its first packet.
type bypasser struct{}

func (bypasser) Inspect(*Inspection) Verdict { return VerdictBypass }
func (bypasser) EndTx(*proto.Tx)             {}
func (bypasser) EndFlow(*flow.Flow)          {}

// tally is a Shunt with room for flows; what it keeps back of each is set by the test.
type tally struct {
	room  int
	flows map[flow.Key]flow.Kept
	kept  flow.Kept
}

func (s *tally) Add(k *flow.Key) bool {
	if len(s.flows) == s.room {
		return false
	}
	s.flows[*k] = s.kept
	return true
}

func (s *tally) Read(k *flow.Key) (flow.Kept, bool) { f, ok := s.flows[*k]; return f, ok }

func (s *tally) Remove(k *flow.Key) (flow.Kept, bool) {
	f, ok := s.flows[*k]
	delete(s.flows, *k)
	return f, ok
}

// shuntRun takes frames, each at its second, through a pipeline that bypasses all
// flows, and returns them as they ended, and the counters.
func shuntRun(t *testing.T, s *tally, at map[int64][]byte) (ended []flow.Flow, c counters) {
	t.Helper()
	s.flows = map[flow.Key]flow.Kept{}
	set, err := proto.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	pl, err := New(&Options{
		Live: true, Protocols: set, Enabled: func(*proto.Protocol) bool { return false },
		Packet: packet.DefaultOptions(), Defrag: defrag.DefaultOptions(), Flow: flow.DefaultOptions(), Stream: stream.DefaultOptions(),
		Lane:      func(int) Lane { return noLane{} },
		Inspector: func(int, event.Publisher) Inspector { return bypasser{} },
		FlowEnded: func(int) func(*flow.Flow) { return func(f *flow.Flow) { ended = append(ended, *f) } },
		Shunt:     func(int) Shunt { return s },
	})
	if err != nil {
		t.Fatal(err)
	}
	g := &given{}
	var seconds []int64
	for sec := range at {
		seconds = append(seconds, sec)
	}
	slices.Sort(seconds)
	for i, sec := range seconds {
		b := at[sec]
		g.frames = append(g.frames, packet.Frame{Data: b, Time: sec * 1e9, Num: uint64(i + 1), Wire: uint32(len(b)), Link: packet.LinkEthernet})
	}
	if err := pl.RunLive(&Live{Sources: []LiveSource{g}}); err != nil {
		t.Fatal(err)
	}
	pl.Finish(nil)
	if len(s.flows) > 0 {
		t.Errorf("%d flows are shunted after the end", len(s.flows))
	}
	return ended, pl.workers[0].counters
}

// TestShunt wants a bypassed flow that goes on to be shunted, to live as long as
// packets are kept back, and to end with them counted by direction.
func TestShunt(t *testing.T) {
	to := packettest.IP{Src: "198.51.100.9", Dst: "192.0.2.1"} // the client has the greater address
	back := packettest.IP{Src: "192.0.2.1", Dst: "198.51.100.9"}
	other := packettest.EtherIP(packettest.IP{Src: "203.0.113.1", Dst: "203.0.113.2"}.UDP(1, 2, nil))
	one := packettest.EtherIP(to.UDP(4000, 53, []byte("question")))
	two := packettest.EtherIP(back.UDP(53, 4000, []byte("answer")))
	s := &tally{room: 10, kept: flow.Kept{Packets: [2]uint64{3, 7}, Bytes: [2]uint64{300, 700}, Last: 150e9}}
	ended, c := shuntRun(t, s, map[int64][]byte{10: one, 11: two, 12: one, 130: other, 240: other, 260: other})
	size := uint64(len(one))
	at := slices.IndexFunc(ended, func(f flow.Flow) bool { return f.Port[1] == 53 })
	if at < 0 {
		t.Fatalf("%d flows, none to port 53", len(ended))
	}
	f := &ended[at]
	// It came to its end 100 s after what was kept back last.
	if f.Last != 150e9 || !f.Has(flow.BypassCapture|flow.SeenTC|flow.TimedOut) || f.Has(flow.Shunted) {
		t.Errorf("flow ends with flags %b, last seen at %d s", f.Flags, f.Last/1e9)
	}
	if want := ([2]uint64{2 + 7, 1 + 3}); f.Pkts != want || f.Bytes != [2]uint64{2*size + 700, uint64(len(two)) + 300} {
		t.Errorf("packets %v of %v bytes, want %v", f.Pkts, f.Bytes, want)
	}
	if want := (shuntCounters{flows: 2, closed: 2, kept: [2]uint64{20, 2000}}); c.shunt != want {
		t.Errorf("counters %+v, want %+v", c.shunt, want)
	}
}

// TestShuntEnds wants the packets of a connection to come again once one side ends it.
func TestShuntEnds(t *testing.T) {
	conn := packettest.NewConn("192.0.2.1", 4000, "192.0.2.2", 80).Request("a", 0).Response("b", 0).Request("c", 0).Close()
	at := map[int64][]byte{}
	for i, f := range conn.Packets {
		at[int64(i+1)] = packettest.EtherIP(f)
	}
	s := &tally{room: 10, kept: flow.Kept{Packets: [2]uint64{1, 1}, Bytes: [2]uint64{60, 60}}}
	ended, c := shuntRun(t, s, at)
	if len(ended) != 1 || ended[0].Pkts[0]+ended[0].Pkts[1] != uint64(len(conn.Packets))+2 {
		t.Errorf("flows %+v, want one of %d packets", ended, len(conn.Packets)+2)
	}
	if want := (shuntCounters{flows: 1, closed: 1, kept: [2]uint64{2, 120}}); c.shunt != want {
		t.Errorf("counters %+v, want %+v", c.shunt, want)
	}
}

// TestShuntNot has flows that must not be shunted, and one for which there is no room.
func TestShuntNot(t *testing.T) {
	inner := packettest.EtherIP(packettest.IP{Src: "10.0.0.1", Dst: "10.0.0.2"}.UDP(1, 2, []byte("inside")))
	outer := packettest.IP{Src: "192.0.2.1", Dst: "192.0.2.2"}
	tunnel := packettest.EtherIP(outer.UDP(4000, 4789, packettest.VXLANHeader(7, inner)))
	for _, c := range []struct {
		name  string
		frame []byte
		room  int
		want  shuntCounters
	}{
		{"a tunnel and what is inside", tunnel, 10, shuntCounters{}},
		{"ICMP", packettest.EtherIP(outer.ICMP(8, 0, 1, nil)), 10, shuntCounters{}},
		{"no room", packettest.EtherIP(outer.UDP(1, 2, nil)), 0, shuntCounters{refused: 2}},
		{"a datagram", packettest.EtherIP(outer.UDP(1, 2, nil)), 1, shuntCounters{flows: 1, closed: 1}},
	} {
		_, got := shuntRun(t, &tally{room: c.room}, map[int64][]byte{1: c.frame, 2: c.frame, 3: c.frame})
		if got.shunt != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got.shunt, c.want)
		}
	}
}
