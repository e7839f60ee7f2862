package websocket

import (
	"bytes"
	"compress/flate"
	"fmt"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

const ts, tc = field.ToServer, field.ToClient

// host takes what a parser asks for.
type host struct{ proto.Host }

func (host) TriggerRaw(field.Dir) {}

func (host) Frame(field.Dir, uint8, int, int64, *proto.Tx) {}

// wire is a frame without a mask; first holds flags and opcode.
func wire(first byte, payload string) string {
	switch n := len(payload); {
	case n < 126:
		return string([]byte{first, byte(n)}) + payload
	case n < 1<<16:
		return string([]byte{first, 126, byte(n >> 8), byte(n)}) + payload
	default:
		return string([]byte{first, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + payload
	}
}

// masked is a frame of a client.
func masked(first byte, payload string) string {
	b := []byte(payload)
	unmask(b, 0x01020304)
	w := []byte(wire(first, string(b)))
	w[1] |= 0x80
	head := len(w) - len(b)
	return string(w[:head]) + "\x01\x02\x03\x04" + string(w[head:])
}

// deflated is messages as permessage-deflate sends them, with one window for all.
func deflated(messages ...string) (out []string) {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	for _, m := range messages {
		b.Reset()
		_, _ = w.Write([]byte(m))
		_ = w.Flush()
		out = append(out, strings.TrimSuffix(b.String(), "\x00\x00\xff\xff"))
	}
	return out
}

func newParser(most int) *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Options: &settings{maxPayload: most}, Host: host{}, Frames: true}).(*parser)
}

// feed gives b to a parser in pieces of n bytes and returns what became of it.
func feed(p *parser, n int, b string) (out []string) {
	var rest []byte
	for len(b) > 0 {
		k := min(n, len(b))
		rest = append(rest, b[:k]...)
		b = b[k:]
		r := p.Parse(&proto.Input{Dir: ts, Data: rest})
		rest = rest[r.Consumed:]
		for len(p.Txs()) > 0 {
			t := p.Txs()[0].(*Tx)
			text := fmt.Sprintf("%x:%x %s", t.flags, t.opcode, t.payload)
			for _, e := range t.Events {
				text += " !" + Protocol.Events[e].Name
			}
			out = append(out, text)
			p.Free(t)
		}
	}
	return out
}

func TestParse(t *testing.T) {
	packed := deflated("the same text", "the same text again", strings.Repeat("x", 100))
	long := strings.Repeat("0123456789abcdef", 1<<12+1)
	for _, c := range []struct {
		name string
		most int
		b    string
		want []string
	}{
		{"text", 1 << 16, wire(0x81, "hello"), []string{"80:1 hello"}},
		{"mask", 1 << 16, masked(0x82, "hello, world") + masked(0x89, ""), []string{"80:2 hello, world", "80:9 "}},
		{"length of two bytes", 1 << 16, wire(0x81, long[:200]), []string{"80:1 " + long[:200]}},
		{"length of eight bytes", 1 << 20, wire(0x81, long), []string{"80:1 " + long}},
		{"fragments with a ping between", 1 << 16, masked(0x01, "hel") + masked(0x89, "p") + masked(0x00, "lo, ") + masked(0x80, "world"),
			[]string{"0:1 hel", "80:9 p", "0:0 lo, ", "80:0 hello, world"}},
		{"end of a message alone", 1 << 16, wire(0x80, "end") + wire(0x81, "x"), []string{"80:0 end", "80:1 x"}},
		{"payload too long", 4, wire(0x81, "hello, world") + wire(0x81, "x"), []string{"80:1 hell !skip_end_of_payload", "80:1 x"}},
		{"message too long", 4, wire(0x01, "hel") + wire(0x00, "lo") + wire(0x80, "!") + wire(0x81, "x"),
			[]string{"0:1 hel", "0:0 lo !reassembly_limit_reached", "80:0 hell !reassembly_limit_reached", "80:1 x"}},
		{"compressed", 1 << 16, wire(0xc1, packed[0]) + masked(0xc1, packed[1]), []string{"c0:1 the same text", "c0:1 the same text again"}},
		{"compressed in fragments", 1 << 16, wire(0x41, packed[0][:4]) + wire(0x80, packed[0][4:]), []string{"40:1 " + packed[0][:4], "80:0 the same text"}},
		{"compressed and long", 20, wire(0xc1, packed[0]) + wire(0xc1, packed[1]) + wire(0xc1, packed[2]),
			[]string{"c0:1 the same text", "c0:1 the same text again", "c0:1 " + strings.Repeat("x", 20)}},
		{"said to be compressed", 1 << 16, wire(0xc1, "\xff\xff") + wire(0xc1, packed[0]), []string{"c0:1 \xff\xff", "c0:1 the same text"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{1, 7, 1 << 20} {
				if len(c.b) > 1<<12 && n < 1<<12 {
					n <<= 9
				}
				if got := feed(newParser(c.most), n, c.b); !slices.Equal(got, c.want) {
					t.Errorf("cut at %d: %.300q, want %.300q", n, got, c.want)
				}
			}
		})
	}
}

func TestGap(t *testing.T) {
	p := newParser(4)
	in := &proto.Input{Dir: ts, Data: []byte(wire(0x81, "hello, world"))[:8]}
	if r := p.Parse(in); r.Status != proto.OK || r.Consumed != 8 {
		t.Fatalf("got %+v", r)
	}
	if r := p.Parse(&proto.Input{Dir: ts, Gap: 6}); r.Status != proto.OK {
		t.Errorf("gap within what is passed over: got %+v", r)
	}
	if got := feed(p, 10, wire(0x81, "x")); len(got) != 2 || got[1] != "80:1 x" {
		t.Errorf("behind the gap: %q", got)
	}
	if r := p.Parse(&proto.Input{Dir: ts, Gap: 1}); r.Status != proto.Stop {
		t.Errorf("gap between frames: got %+v", r)
	}
}

func TestRecord(t *testing.T) {
	p := newParser(100)
	p.Parse(&proto.Input{Dir: ts, Data: []byte(masked(0x81, "hi\x00") + wire(0x0b, ""))})
	for i, want := range []string{
		`{"fin":true,"mask":16909060,"opcode":"text","payload_printable":"hi.","payload_base64":"aGkA"}`,
		`{"fin":false,"opcode":"unknown-11","payload_printable":"","payload_base64":""}`,
	} {
		if got, _ := appendRecord(nil, p.Txs()[i], nil, &logging{true, true}); string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := appendAlert(nil, p.Txs()[0], nil, nil); string(got) != `,"websocket":{"fin":true,"mask":16909060,"opcode":"text"}` && string(got) != `"websocket":{"fin":true,"mask":16909060,"opcode":"text"}` {
		t.Errorf("got %s", got)
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser(defaultMax)
	packed := deflated("the same text")[0]
	in := &proto.Input{Dir: ts, Data: []byte(masked(0x81, "hello, world") + wire(0x01, "a") + wire(0x80, "b") + wire(0xc1, packed))}
	b := make([]byte, 0, 1<<10)
	once := func() {
		p.Parse(in)
		for len(p.Txs()) > 0 {
			tx := p.Txs()[0]
			appendRecord(b, tx, nil, nil)
			p.Free(tx)
		}
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkParse(b *testing.B) {
	p := newParser(defaultMax)
	in := &proto.Input{Dir: ts, Data: []byte(masked(0x81, strings.Repeat("0123456789abcdef", 64)))}
	b.SetBytes(int64(len(in.Data)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(in)
		tx := p.Txs()[0]
		if len(tx.(*Tx).payload) != 1024 {
			b.Fatal("payload is not whole")
		}
		p.Free(tx)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{masked(0x81, "hi") + wire(0x01, "a") + wire(0x80, "b"), wire(0xc1, deflated("text")[0]), wire(0x81, strings.Repeat("x", 200))} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if len(b) > 1<<11 {
			t.Skip("too long")
		}
		whole := feed(newParser(100), 1<<20, string(b))
		if cut := feed(newParser(100), max(n%1000, 1), string(b)); !slices.Equal(cut, whole) {
			t.Errorf("cut at %d: %q, whole %q", n, cut, whole)
		}
	})
}
