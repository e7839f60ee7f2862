package stream

import (
	"strconv"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
)

// wire is a connection of tests: segments are written as
//
//	side flags seq ack [name=value ...] [! event ...]
//
// where side is c or s, the flags are letters (FSRPAU), numbers count from the
// sender's and the receiver's first sequence number, and data=TEXT is the
// payload. Behind the exclamation mark stand the events that the segment is to
// raise.
type wire struct {
	t    *testing.T
	e    *Engine
	f    *flow.Flow
	isn  [2]uint32
	now  int64
	last *packet.Packet

	got    [2]strings.Builder // delivered; a gap is written as <n>
	ended  [2]bool
	refuse int // bytes that the parser leaves
}

func newWire(t *testing.T, opt Options) *wire {
	w := &wire{t: t, e: NewEngine(opt), f: &flow.Flow{Proto: packet.ProtoTCP}, isn: [2]uint32{1000, 5000}, now: 1e18}
	w.e.Reverse = func(f *flow.Flow) { w.e.Swap(f) }
	return w
}

// Data implements Sink.
func (w *wire) Data(_ *flow.Flow, dir field.Dir, b []byte, _ uint64, end bool) int {
	i := dir.Index()
	w.ended[i] = w.ended[i] || end
	if !end && len(b) <= w.refuse {
		return 0
	}
	w.got[i].Write(b)
	return len(b)
}

// Gap implements Sink.
func (w *wire) Gap(_ *flow.Flow, dir field.Dir, n int, _ uint64, _ []byte) {
	w.got[dir.Index()].WriteString("<" + strconv.Itoa(n) + ">")
}

// parse makes the packet of one line and returns the events it is to raise.
func (w *wire) parse(line string) (p *packet.Packet, want string) {
	line, want, _ = strings.Cut(line, "!")
	fields := strings.Fields(line)
	num := func(s string) uint32 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			w.t.Fatalf("%q: %v", line, err)
		}
		return uint32(n)
	}
	side := strings.Index("cs", fields[0])
	p = &packet.Packet{Proto: packet.ProtoTCP, L4: 1, Dir: dirOf(side), Time: w.now, Version: 4}
	t := &p.TCP
	t.Window = 8192
	for _, c := range fields[1] {
		t.Flags |= 1 << strings.IndexRune("FSRPAU", c)
	}
	t.Seq = w.isn[side] + num(fields[2])
	if t.Flags&packet.ACK != 0 {
		t.Ack = w.isn[1-side] + num(fields[3])
	}
	for _, opt := range fields[4:] {
		name, val, _ := strings.Cut(opt, "=")
		a, b, _ := strings.Cut(val, ",")
		switch name {
		case "data":
			p.Data, p.PayLen = []byte(val), uint16(len(val))
		case "win":
			t.Window = uint16(num(val))
		case "ws":
			t.Opts, t.WScale = t.Opts|packet.OptWScale, uint8(num(val))
		case "ts":
			t.Opts, t.TSVal, t.TSEcr = t.Opts|packet.OptTimestamp, num(a), num(b)
		case "tfo":
			t.Opts |= packet.OptTFO
		case "urg":
			t.Urgent = uint16(num(val))
		case "sack":
			left, right := w.isn[1-side]+num(a), w.isn[1-side]+num(b)
			t.Opts, t.NSACK, t.SACK = t.Opts|packet.OptSACK, 1, uint16(len(p.Data))
			for _, v := range []uint32{left, right} {
				p.Data = append(p.Data, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
			}
		case "time":
			w.now += int64(num(val)) * 1e9
			p.Time = w.now
		default:
			w.t.Fatalf("%q: option %q", line, opt)
		}
	}
	return p, strings.Join(strings.Fields(want), " ")
}

// send sends the segments and compares the events they raise.
func (w *wire) send(lines ...string) {
	w.t.Helper()
	for _, line := range lines {
		p, want := w.parse(line)
		w.e.Segment(p, w.f, w)
		var got []string
		for _, e := range p.Events() {
			got = append(got, e.RuleName())
		}
		if g := strings.Join(got, " "); g != want {
			w.t.Errorf("%s: events %q, want %q", line, g, want)
		}
		w.e.Prune(w.f)
		w.last = p
		w.now += 1e6
	}
}

// open is a handshake.
func (w *wire) open() {
	w.t.Helper()
	w.send("c S 0 0", "s SA 0 1", "c A 1 1")
}

// finish ends the flow as the pipeline does.
func (w *wire) finish() {
	for i := range w.got {
		if w.e.Pending(w.f, dirOf(i)) {
			p := &packet.Packet{Dir: dirOf(i), Flags: packet.Pseudo | packet.StreamEOF}
			w.e.Flush(w.f, p, w)
		}
	}
	w.e.Release(w.f)
}

// state compares the state of the connection.
func (w *wire) state(want flow.TCPState) {
	w.t.Helper()
	if got := w.f.Stream.State; got != want {
		w.t.Errorf("state %v, want %v", got, want)
	}
}

// delivered compares what the parser got of a direction.
func (w *wire) delivered(dir field.Dir, want string) {
	w.t.Helper()
	if got := w.got[dir.Index()].String(); got != want {
		w.t.Errorf("direction %v: delivered %q, want %q", dir, got, want)
	}
}

// drained reports bytes that nobody gave back.
func (w *wire) drained() {
	w.t.Helper()
	if n := w.e.pieces.InUse; n != 0 {
		w.t.Errorf("%d bytes are held after the end", n)
	}
}
