package ssh

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

// host notes what a parser asks of the pipeline.
type host struct {
	noInspect, bypass bool
	frames            int
}

func (h *host) Upgrade(string, string)                        {}
func (h *host) Expect(proto.Expectation)                      {}
func (h *host) NoInspect(bypass bool)                         { h.noInspect, h.bypass = true, bypass }
func (h *host) NoRawInspect(field.Dir)                        {}
func (h *host) TriggerRaw(field.Dir)                          {}
func (h *host) Frame(field.Dir, uint8, int, int64, *proto.Tx) { h.frames++ }

func newParser(h *host, opt *settings) *parser {
	env := &proto.Env{Flow: &flow.Flow{Proto: 6}, Host: h}
	if opt != nil {
		env.Options = opt
	}
	return Protocol.New(env).(*parser)
}

// record makes a record with that message and payload.
func record(msg byte, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(2+len(payload)))
	return append(append(b, 0, msg), payload...)
}

// kexInit makes a key exchange message with these lists, each the name of its
// place.
func kexInit() []byte {
	b := make([]byte, 16)
	for _, l := range []string{"kex", "key", "encC", "encS", "macC", "macS", "compC", "compS", "", ""} {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(l))), l...)
	}
	return record(msgKexInit, append(b, 0, 0, 0, 0, 0))
}

func newKeys() []byte { return record(msgNewKeys, []byte{0, 0, 0, 0}) }

// part is bytes of one direction; gap counts missing ones before them.
type part struct {
	dir field.Dir
	b   string
	gap int
}

// feed gives parts to p as a stream does, the rest again with what follows.
func feed(p *parser, parts []part) proto.Status {
	var held [2][]byte
	var started [2]bool
	for _, x := range parts {
		d := x.dir.Index()
		if x.gap > 0 {
			if r := p.Parse(&proto.Input{Dir: x.dir, Gap: x.gap}); r.Status == proto.Stop {
				return r.Status
			}
		}
		held[d] = append(held[d], x.b...)
		r := p.Parse(&proto.Input{Dir: x.dir, Data: held[d], Start: !started[d]})
		started[d] = true
		if r.Status == proto.Stop {
			return r.Status
		}
		held[d] = held[d][r.Consumed:]
	}
	return proto.OK
}

const ts, tc = field.ToServer, field.ToClient

func TestRecords(t *testing.T) {
	kex, keys := string(kexInit()), string(newKeys())
	for _, c := range []struct {
		name   string
		opt    settings
		parts  []part
		status proto.Status
		prog   [2]uint8
		due    bool
		events []string
		want   string
	}{
		{"both banners", settings{hassh: off}, []part{{ts, "SSH-2.0-PuTTY_1 a comment\r\n", 0}, {tc, "SSH-1.99-OpenSSH_9\n", 0}},
			proto.OK, [2]uint8{2, 2}, true, nil,
			`{"client":{"proto_version":"2.0","software_version":"PuTTY_1"},"server":{"proto_version":"1.99","software_version":"OpenSSH_9"}}`},
		{"one side", settings{}, []part{{tc, "SSH-2.0-x\r\n", 0}}, proto.OK, [2]uint8{0, 2}, true, nil,
			`{"server":{"proto_version":"2.0","software_version":"x"}}`},
		{"fingerprints wait for the keys", settings{hassh: on}, []part{{ts, "SSH-2.0-a\r\n" + kex, 0}, {tc, "SSH-2.0-b\r\n" + kex, 0}, {ts, keys, 0}},
			proto.OK, [2]uint8{3, 2}, false, nil, ""},
		{"no banner", settings{}, []part{{ts, "GET / HTTP/1.0\r\n", 0}}, proto.Stop, [2]uint8{}, true, []string{"invalid_banner"}, ""},
		{"banner without software", settings{}, []part{{ts, "SSH-2.0\r\n", 0}}, proto.Stop, [2]uint8{}, true, []string{"invalid_banner"}, ""},
		{"long banner", settings{}, []part{{ts, "SSH-2.0-" + strings.Repeat("x", 300), 0}, {ts, "yy\r\n", 0}}, proto.OK, [2]uint8{2, 0}, true, []string{"long_banner"}, ""},
		{"record too short", settings{}, []part{{ts, "SSH-2.0-a\r\n\x00\x00\x00\x01\x00\x14", 0}}, proto.Stop, [2]uint8{2, 0}, true, []string{"invalid_record"}, ""},
		{"long key exchange", settings{}, []part{{ts, "SSH-2.0-a\r\n\x00\x10\x00\x00\x00\x14", 0}}, proto.OK, [2]uint8{2, 0}, true, []string{"long_kex_record"}, ""},
		{"gap within a record", settings{}, []part{{ts, "SSH-2.0-a\r\n\x00\x00\x01\x00\x00\x1e", 0}, {ts, "", 200}, {ts, strings.Repeat("z", 54), 0}, {ts, keys, 0}},
			proto.OK, [2]uint8{3, 0}, true, nil, ""},
		{"gap behind a record", settings{}, []part{{ts, "SSH-2.0-a\r\n", 0}, {ts, "", 1}}, proto.Stop, [2]uint8{2, 0}, true, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser(&host{}, &c.opt)
			if st := feed(p, c.parts); st != c.status {
				t.Errorf("status %d, want %d", st, c.status)
			}
			tx := p.Txs()[0].(*Tx)
			if tx.Progress != c.prog || due(tx) != c.due {
				t.Errorf("progress %v, due %v; want %v, %v", tx.Progress, due(tx), c.prog, c.due)
			}
			var events []string
			for _, e := range tx.Events {
				events = append(events, Protocol.Events[e].Name)
			}
			if !slices.Equal(events, c.events) {
				t.Errorf("events %q, want %q", events, c.events)
			}
			if got, _ := appendRecord(nil, tx, nil, nil); c.want != "" && string(got) != c.want {
				t.Errorf("record %s\nwant   %s", got, c.want)
			}
		})
	}
}

// TestFingerprints checks what the fingerprints are made of, and that the
// connection is not inspected behind the keys.
func TestFingerprints(t *testing.T) {
	for _, c := range []struct {
		name              string
		encrypt           encryption
		noInspect, bypass bool
	}{{"track", encryptTrack, true, false}, {"bypass", encryptBypass, true, true}, {"full", encryptFull, false, false}} {
		h := &host{}
		p := newParser(h, &settings{hassh: on, encrypt: c.encrypt})
		kex, keys := string(kexInit()), string(newKeys())
		feed(p, []part{{ts, "SSH-2.0-a\r\n" + kex + keys, 0}, {tc, "SSH-2.0-b\r\n" + kex, 0}, {tc, keys + "encrypted", 0}, {ts, "more of it", 0}})
		tx := p.Txs()[0].(*Tx)
		if got := string(tx.sides[0].hassh) + " " + string(tx.sides[1].hassh); got != "kex;encC;macC;compC kex;encS;macS;compS" {
			t.Errorf("%s: made of %s", c.name, got)
		}
		if got := string(tx.sides[0].hash) + " " + string(tx.sides[1].hash); got != "29f86a5923697c9f4a714d8304d570b2 4e42478de5e06564539db82e09fbd405" {
			t.Errorf("%s: hashes %s", c.name, got)
		}
		if h.noInspect != c.noInspect || h.bypass != c.bypass || !due(tx) {
			t.Errorf("%s: no inspection %v, bypass %v, due %v", c.name, h.noInspect, h.bypass, due(tx))
		}
		if h.frames != 4*3 {
			t.Errorf("%s: %d frames, want 12", c.name, h.frames)
		}
	}
}

// talk is a connection up to its keys.
func talk() []part {
	kex, keys := string(kexInit()), string(newKeys())
	return []part{{ts, "SSH-2.0-OpenSSH_9.2\r\n" + kex + keys, 0}, {tc, "SSH-2.0-OpenSSH_9.9 Debian\r\n" + kex + keys, 0}}
}

// TestAnyCut wants the same transaction however the bytes are cut.
func TestAnyCut(t *testing.T) {
	whole := newParser(&host{}, &settings{hassh: on})
	feed(whole, talk())
	want, _ := appendRecord(nil, whole.Txs()[0], nil, nil)
	for n := 1; n < 120; n++ {
		var parts []part
		for _, x := range talk() {
			for c := range slices.Chunk([]byte(x.b), n) {
				parts = append(parts, part{x.dir, string(c), 0})
			}
		}
		p := newParser(&host{}, &settings{hassh: on})
		feed(p, parts)
		tx := p.Txs()[0].(*Tx)
		if got, _ := appendRecord(nil, tx, nil, nil); string(got) != string(want) || tx.Progress != [2]uint8{3, 3} {
			t.Fatalf("cut to %d: %s, progress %v\nwant %s", n, got, tx.Progress, want)
		}
	}
}

// TestNoAlloc wants a connection to allocate nothing once its memory is there.
func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser(&host{}, &settings{})
	env := p.env
	parts := talk()
	in := [2][]byte{[]byte(parts[0].b), []byte(parts[1].b)}
	var input proto.Input
	once := func() {
		p.Reset(env)
		for i, b := range in {
			input = proto.Input{Dir: field.Dir(1 << i), Data: b, Start: true}
			p.Parse(&input)
		}
		p.Free(p.Txs()[0])
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations a connection, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range talk() {
		f.Add([]byte(x.b), uint8(7))
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		p := newParser(&host{}, &settings{hassh: on})
		var parts []part
		for c := range slices.Chunk(b, int(n)+1) {
			parts = append(parts, part{field.Dir(1 + len(parts)%2), string(c), 0})
		}
		feed(p, parts)
		for _, tx := range p.Txs() {
			if _, ok := appendRecord(nil, tx, nil, nil); ok && len(tx.(*Tx).sides[0].hassh) > maxKex {
				t.Errorf("a fingerprint of %d bytes", len(tx.(*Tx).sides[0].hassh))
			}
		}
	})
}

func BenchmarkConnection(b *testing.B) {
	p := newParser(&host{}, &settings{})
	env := p.env
	parts := talk()
	in := [2][]byte{[]byte(parts[0].b), []byte(parts[1].b)}
	b.SetBytes(int64(len(in[0]) + len(in[1])))
	b.ReportAllocs()
	var input proto.Input
	for b.Loop() {
		p.Reset(env)
		for i, x := range in {
			input = proto.Input{Dir: field.Dir(1 << i), Data: x, Start: true}
			p.Parse(&input)
		}
		p.Free(p.Txs()[0])
	}
}
