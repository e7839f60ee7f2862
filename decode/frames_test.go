package decode

import (
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/decode/stream"
)

// takeAll is a sink that is done with all bytes at once.
type takeAll struct{}

func (takeAll) Data(_ *flow.Flow, _ field.Dir, b []byte, _ uint64, _ bool) int { return len(b) }
func (takeAll) Gap(*flow.Flow, field.Dir, int, uint64, []byte)                 {}

// TestFrames opens a frame whose end is not known, and follows it over two
// segments: the rules see it from its start each time it has grown.
func TestFrames(t *testing.T) {
	w := &worker{streams: stream.NewEngine(stream.DefaultOptions()), wantsFrames: true}
	f := &flow.Flow{Proto: packet.ProtoTCP}
	a := &app{w: w, flow: f, proto: &proto.Protocol{Done: [2]uint8{2, 2}}}
	tx := &proto.Tx{}
	send := func(dir field.Dir, flags uint8, seq, ack uint32, data string) {
		w.streams.Segment(&packet.Packet{
			Proto: packet.ProtoTCP, L4: 1, Dir: dir, Data: []byte(data), PayLen: uint16(len(data)),
			TCP: packet.TCP{Flags: flags, Seq: seq, Ack: ack, Window: 8192},
		}, f, takeAll{})
	}
	look := func(want string, end bool) {
		t.Helper()
		frames := w.openFrames(f, a, field.ToServer)
		w.streams.RawDone(f, field.ToServer, 1<<20)
		switch {
		case want == "" && len(frames) > 0:
			t.Errorf("%d frames, want none", len(frames))
		case want != "" && len(frames) != 1:
			t.Errorf("%d frames, want %q", len(frames), want)
		case want != "" && (string(frames[0].Data) != want || frames[0].Base != 0 || frames[0].End != end):
			t.Errorf("frame %q at %d, end %v, want %q, end %v", frames[0].Data, frames[0].Base, frames[0].End, want, end)
		}
		a.closeFrames(field.ToServer)
		w.streams.Prune(f)
	}
	send(field.ToServer, packet.SYN, 0, 0, "")
	send(field.ToClient, packet.SYN|packet.ACK, 0, 1, "")
	send(field.ToServer, packet.ACK, 1, 1, "")
	send(field.ToServer, packet.ACK, 1, 1, "hello ")
	send(field.ToClient, packet.ACK, 1, 7, "")
	a.Frame(field.ToServer, 0, 0, -1, tx)
	look("hello ", false)
	look("", false) // nothing new
	send(field.ToServer, packet.ACK, 7, 1, "world, again")
	send(field.ToClient, packet.ACK, 1, 19, "")
	tx.Progress[0], a.parsed[0] = 2, 11
	look("hello world", true)
	if n := len(a.rare.frames[0]); n != 0 {
		t.Errorf("%d frames are open, want none", n)
	}
	if b, _ := w.streams.Held(f, field.ToServer, 0, 0); b != nil {
		t.Errorf("the stream still holds %q", b)
	}
}

// TestFrameLimit opens more frames than are followed.
func TestFrameLimit(t *testing.T) {
	w := &worker{streams: stream.NewEngine(stream.DefaultOptions()), wantsFrames: true}
	a := &app{w: w, flow: &flow.Flow{Proto: packet.ProtoTCP}, proto: &proto.Protocol{}}
	for i := range 2 * maxFrames {
		a.Frame(field.ToClient, 0, i, 1, &proto.Tx{})
	}
	if n := len(a.rare.frames[1]); n != maxFrames {
		t.Errorf("%d frames, want %d", n, maxFrames)
	}
	if got := a.rare.frames[1][0].start; got != maxFrames {
		t.Errorf("the oldest begins at %d, want %d", got, maxFrames)
	}
}
