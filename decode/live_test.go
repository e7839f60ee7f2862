package decode

import (
	"encoding/binary"
	"io"
	"testing"

	"weir/decode/defrag"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/decode/stream"
)

// noLane takes events and forgets them.
type noLane struct{}

func (noLane) Publish(*event.Event) {}
func (noLane) Wants(string) bool    { return false }
func (noLane) At(uint64, uint64)    {}
func (noLane) Advance(uint64)       {}
func (noLane) Close()               {}

// touchy panics at a datagram to port 13.
type touchy struct{ seen map[uint16]int }

func (x *touchy) Inspect(in *Inspection) Verdict {
	x.seen[in.Packet.DstPort]++
	if in.Packet.DstPort == 13 {
		panic("port 13")
	}
	return 0
}
func (*touchy) EndTx(*proto.Tx)    {}
func (*touchy) EndFlow(*flow.Flow) {}

// given is a LiveSource of frames, a few at a time.
type given struct {
	frames []packet.Frame
	at     int
}

func (g *given) Next() ([]packet.Frame, error) {
	if g.at == len(g.frames) {
		return nil, io.EOF
	}
	n := min(3, len(g.frames)-g.at)
	g.at += n
	return g.frames[g.at-n : g.at], nil
}

// datagram returns a frame of IPv4 and UDP to a port.
func datagramTo(num uint64, port uint16) packet.Frame {
	b := make([]byte, 20+8+4)
	b[0], b[8], b[9] = 0x45, 64, packet.ProtoUDP
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	copy(b[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(b[20:], 4000)
	binary.BigEndian.PutUint16(b[22:], port)
	binary.BigEndian.PutUint16(b[24:], 12)
	return packet.Frame{Data: b, Time: int64(num) * 1e8, Num: num, Wire: uint32(len(b)), Link: packet.LinkRaw}
}

// TestPanic wants a panic to cost the flow at which it happens, and nothing else.
func TestPanic(t *testing.T) {
	const workers = 2
	var sources []LiveSource
	var all []*touchy
	for range workers {
		g := &given{}
		for i, port := range []uint16{80, 13, 80, 13, 13, 80, 53} {
			g.frames = append(g.frames, datagramTo(uint64(i+1), port))
		}
		sources, all = append(sources, g), append(all, &touchy{map[uint16]int{}})
	}
	set, err := proto.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	pl, err := New(&Options{
		Workers: workers, Live: true, Protocols: set, Enabled: func(*proto.Protocol) bool { return false },
		Defrag: defrag.DefaultOptions(), Flow: flow.DefaultOptions(), Stream: stream.DefaultOptions(),
		Lane:      func(int) Lane { return noLane{} },
		Inspector: func(i int, _ event.Publisher) Inspector { return all[i] },
	})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan uint64, 10)
	err = pl.RunLive(&Live{Sources: sources, Panicked: func(_ int, f *packet.Frame, cause any, stack []byte) {
		if cause != "port 13" || len(stack) == 0 {
			t.Errorf("told of %v with %d bytes of stack", cause, len(stack))
		}
		told <- f.Num
	}})
	if err != nil {
		t.Fatal(err)
	}
	if pl.AtRest(func() {}) {
		t.Error("the run goes on after its end")
	}
	for i, x := range all {
		if x.seen[80] != 3 || x.seen[53] != 1 || x.seen[13] != 1 || pl.Panics(i) != 1 {
			t.Errorf("worker %d: inspected by port %v, %d panics; want 80:3 53:1 13:1, and 1", i, x.seen, pl.Panics(i))
		}
	}
	if len(told) != workers || <-told != 2 || pl.Read.Packets != 7*workers {
		t.Errorf("told of %d panics, %d packets read", len(told), pl.Read.Packets)
	}
	pl.Finish(nil)
}
