package telnet

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/proto"
)

const ts, tc = field.ToServer, field.ToClient

// host notes the frames of commands and text.
type host struct {
	proto.Host
	base   int // of the bytes of the call in the stream
	frames []frame
}

type frame struct {
	dir       field.Dir
	kind      uint8
	from, end int // -1: open
}

func (h *host) Frame(dir field.Dir, kind uint8, off int, length int64, _ *proto.Tx) {
	if kind == framePDU {
		return
	}
	if length == proto.FrameEnd {
		for i := range h.frames {
			if f := &h.frames[i]; f.dir == dir && f.kind == kind && f.end < 0 {
				f.end = h.base + off
			}
		}
		return
	}
	f := frame{dir, kind, h.base + off, -1}
	if length >= 0 {
		f.end = f.from + int(length)
	}
	h.frames = append(h.frames, f)
}

// piece is what one side sends.
type piece struct {
	dir  field.Dir
	data string
}

// feed gives the pieces to a parser, cut in parts of n bytes, and returns the frames.
func feed(n int, pieces ...piece) (out []string) {
	h := &host{}
	p := Protocol.New(&proto.Env{Host: h, Frames: true}).(*parser)
	var sent, used [2]int
	var all [2]string
	for _, x := range pieces {
		d := x.dir.Index()
		all[d] += x.data
		for sent[d] < len(all[d]) {
			sent[d] = min(sent[d]+n, len(all[d]))
			h.base = used[d]
			used[d] += p.Parse(&proto.Input{Dir: x.dir, Data: []byte(all[d][used[d]:sent[d]])}).Consumed
		}
	}
	for _, f := range h.frames {
		d, end := f.dir.Index(), f.end
		if end < 0 {
			end = len(all[d])
		}
		out = append(out, fmt.Sprintf("%d %s %q %v", d, Protocol.Frames[f.kind], all[d][f.from:end], f.end >= 0))
	}
	return out
}

func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []piece
		want   []string
	}{
		{"commands", []piece{{ts, "\xff\xfd\x25\xff\xf1\xff\xfa\x18\x00a\xff\xffb\xff\xf0\xff\xff"}}, []string{
			`0 ctl "\xff\xfd%" true`, `0 ctl "\xff\xf1" true`, `0 ctl "\xff\xfa\x18\x00a\xff\xffb" true`, `0 ctl "\xff\xf0" true`, `0 ctl "\xff\xff" true`,
		}},
		{"lines", []piece{{ts, "a\r\nb\n\xff\xf1c\xff\xf1d\r\nhalf"}}, []string{
			`0 data "a\r\n" true`, `0 data "b\n" true`, `0 ctl "\xff\xf1" true`, `0 data "c\xff\xf1d\r\n" true`, `0 data "half" false`,
		}},
		{"session", []piece{
			{tc, "Hello\r\nLogin: "}, {tc, "x\r\n"}, {ts, "me\r\n"}, {tc, "a\r\nPassword: "}, {ts, "secret\r\n"}, {tc, "welcome\r\n$ "}, {ts, "ls\r\n"}, {tc, "a\r\n"},
		}, []string{
			`1 data "Hello\r\nLogin: " true`, `1 data "x\r\n" true`, `0 data "me\r\n" true`, `1 data "a\r\nPassword: " true`, `0 data "secret\r\n" true`,
			`1 data "welcome\r\n" true`, `1 data "$ a\r\n" true`, `0 data "ls\r\n" true`,
		}},
		{"last login", []piece{{tc, "login: "}, {ts, "me\r\n"}, {tc, "Password:\r\nLast login: x\r\n"}}, []string{
			`1 data "login: " true`, `0 data "me\r\n" true`, `1 data "Password:\r\nLast login: " true`, `1 data "x\r\n" true`,
		}},
		{"no prompt", []piece{{tc, "a\r\nb\r\n"}}, []string{`1 data "a\r\nb\r\n" false`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{1, 3, 1 << 10} {
				if got := feed(n, c.pieces...); !slices.Equal(got, c.want) {
					t.Errorf("cut at %d:\n%s\nwant\n%s", n, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
				}
			}
		})
	}
}

func TestGap(t *testing.T) {
	h := &host{}
	p := Protocol.New(&proto.Env{Host: h, Frames: true}).(*parser)
	p.Parse(&proto.Input{Dir: ts, Data: []byte("half")})
	p.Parse(&proto.Input{Dir: ts, Gap: 10, Left: []byte("half")})
	h.base = 10
	p.Parse(&proto.Input{Dir: ts, Data: []byte("\xff\xf1")})
	if want := []frame{{ts, frameData, 0, 4}, {ts, frameCommand, 10, 12}}; !slices.Equal(h.frames, want) {
		t.Errorf("got %v, want %v", h.frames, want)
	}
}

func TestNoAlloc(t *testing.T) {
	p := Protocol.New(&proto.Env{}).(*parser)
	in := &proto.Input{Dir: ts, Data: []byte("\xff\xfd\x25ls\r\n")}
	if n := testing.AllocsPerRun(100, func() { p.Parse(in) }); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkParse(b *testing.B) {
	p := Protocol.New(&proto.Env{}).(*parser)
	in := &proto.Input{Dir: ts, Data: []byte(strings.Repeat("\xff\xfd\x25a line of text\r\n", 50))}
	b.SetBytes(int64(len(in.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if r := p.Parse(in); r.Consumed != len(in.Data) {
			b.Fatal("not all is used")
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\xff\xfd\x25a\r\nlogin: x\r\n"), []byte("me\r\n\xff\xfa\x18\xff\xf0"), 3)
	f.Fuzz(func(t *testing.T, server, client []byte, n int) {
		pieces := []piece{{tc, string(server)}, {ts, string(client)}}
		whole := feed(1<<20, pieces...)
		if cut := feed(max(n%1000, 1), pieces...); !slices.Equal(cut, whole) {
			t.Errorf("cut at %d: %q, whole %q", n, cut, whole)
		}
	})
}
