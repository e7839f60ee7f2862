package dnp3

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

const ts, tc = field.ToServer, field.ToClient

// host takes what a parser asks for.
type host struct{ proto.Host }

func (host) TriggerRaw(field.Dir) {}

func newParser() *parser {
	opt := &settings{maxTx: 4, maxPoints: 100, maxObjects: 5}
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Host: host{}, Options: opt}).(*parser)
}

// sum appends the checksum of b.
func sum(b []byte) []byte {
	var c uint16
	for _, x := range b {
		c = crcTable[byte(c)^x] ^ c>>8
	}
	return binary.LittleEndian.AppendUint16(slices.Clip(b), ^c)
}

// frame makes a frame with a control byte; user data is hex, transport header first.
func frame(control byte, user string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(user, " ", ""))
	if err != nil {
		panic(err)
	}
	out := sum([]byte{5, 0x64, byte(minLength + len(b)), control, 4, 0, 3, 0})
	for block := range slices.Chunk(b, blockBytes) {
		out = append(out, sum(block)...)
	}
	return string(out)
}

// ask and answer make a fragment of one frame; the application header is in front.
func ask(app string) string    { return frame(0xc4, "c0"+app) }
func answer(app string) string { return frame(0x44, "c0"+app) }

// turn is what one side sends.
type turn struct {
	dir field.Dir
	b   string
}

func say(p *parser, turns ...turn) {
	for _, x := range turns {
		p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
	}
}

// records returns the records with their events, without what all have in common.
func records(p *parser) string {
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		s := string(b)
		if tx.Base().NoLog {
			s = "-"
		}
		for _, e := range tx.Base().Events {
			s += " " + Protocol.Events[e].Name
		}
		out = append(out, s)
	}
	r := strings.NewReplacer(`"control":{"dir":true,"pri":true,"fcb":false,"fcv":false,"function_code":4},"src":3,"dst":4,`, "", `"type":"request"`, `ask`,
		`"control":{"dir":false,"pri":true,"fcb":false,"fcv":false,"function_code":4},"src":3,"dst":4,`, "", `"type":"response"`, `answer`,
		`"application":{"control":{"fir":true,"fin":true,"con":false,"uns":false,"sequence":1},"function_code":`, "", `"objects":`, "",
		`"prefix_code"`, "pre", `"range_code"`, "range", `"group"`, "g", `"variation"`, "v", `"qualifier"`, "q", `"complete":true`, "ok",
		`"online":1,"restart":0,"comm_lost":0,"remote_forced":0,"local_forced":0`, "online")
	return r.Replace(strings.Join(out, "\n"))
}

func TestObjects(t *testing.T) {
	for _, c := range []struct{ name, app, want string }{
		{"none", "c181 8001", `{answer,129,ok},"iin":{"indicators":["device_restart","no_func_code_support"]}}`},
		{"start and stop", "c181 0000 1e02 01 0100 0200 01 feff 01 0600",
			`{answer,129,[{g:30,v:2,q:1,pre:0,range:1,"start":1,"stop":2,"count":2,"points":[` +
				`{"prefix":0,"index":1,online,"over_range":0,"reference_err":0,"reserved0":0,"value":-2},` +
				`{"prefix":0,"index":2,online,"over_range":0,"reference_err":0,"reserved0":0,"value":6}]}],ok},"iin":{}}`},
		{"count and index", "c181 0000 2803 28 0100 0700 01 0000003f",
			`{answer,129,[{g:40,v:3,q:40,pre:2,range:8,"start":0,"stop":0,"count":1,"points":[` +
				`{"prefix":7,"index":7,online,"over_range":0,"reference_err":0,"reserved0":0,"value":0.5}]}],ok},"iin":{}}`},
		{"packed bits", "c181 0000 0101 00 0008 0501",
			`{answer,129,[{g:1,v:1,q:0,pre:0,range:0,"start":0,"stop":8,"count":9,"points":[{"prefix":0,"index":0,"state":1},{"prefix":0,"index":1,"state":0},` +
				`{"prefix":0,"index":2,"state":1},{"prefix":0,"index":3,"state":0},{"prefix":0,"index":4,"state":0},{"prefix":0,"index":5,"state":0},` +
				`{"prefix":0,"index":6,"state":0},{"prefix":0,"index":7,"state":0},{"prefix":0,"index":8,"state":1}]}],ok},"iin":{}}`},
		{"packed pairs", "c181 0000 0301 00 0102 24",
			`{answer,129,[{g:3,v:1,q:0,pre:0,range:0,"start":1,"stop":2,"count":2,"points":[{"prefix":0,"index":1,"state":0},{"prefix":0,"index":2,"state":1}]}],ok},"iin":{}}`},
		{"size", "c181 0000 4605 5b 01 0a00 01000000 00000000 4142 7805 5b 01 1100 01000000 0200 03 04 05 0400 61626364 6566",
			`{answer,129,[{g:70,v:5,q:91,pre:5,range:11,"start":0,"stop":0,"count":1,"points":[{"prefix":10,"index":0,"size":10,"file_handle":1,"block_number":0,"file_data":"AB"}]},` +
				`{g:120,v:5,q:91,pre:5,range:11,"start":0,"stop":0,"count":1,"points":[{"prefix":17,"index":0,"size":17,"ksq":1,"user_number":2,"key_wrap_alg":3,"key_status":4,` +
				`"mal":5,"challenge_data_len":4,"data->challenge_data":"YWJjZA==","data->mac_value":"ZWY="}]}],ok},"iin":{}}`},
		{"not a number", "c181 0000 1e05 00 0000 01 0000c07f",
			`{answer,129,[{g:30,v:5,q:0,pre:0,range:0,"start":0,"stop":0,"count":1,"points":[{"prefix":0,"index":0,online,"over_range":0,"reference_err":0,"reserved0":0,"value":null}]}],ok},"iin":{}}`},
		{"cut", "c181 0000 3402 07 02 0500 06",
			`{answer,129,[{g:52,v:2,q:7,pre:0,range:7,"start":0,"stop":0,"count":2,"points":[{"prefix":0,"index":0,"delay_ms":5}]}],"complete":false},"iin":{}} unknown_object`},
		{"not known", "c181 0000 0909 07 01", `{answer,129,[{g:9,v:9,q:7,pre:0,range:7,"start":0,"stop":0,"count":1}],"complete":false},"iin":{}} unknown_object`},
		{"any variation", "c181 0000 0100 00 0003", `{answer,129,[{g:1,v:0,q:0,pre:0,range:0,"start":0,"stop":3,"count":4}],ok},"iin":{}}`},
		{"form not known", "c181 0000 3c04 ed", `{answer,129,[{g:60,v:4,q:237,pre:6,range:13,"start":0,"stop":0,"count":0}],"complete":false},"iin":{}}`},
		{"beyond its size", "c181 0000 4605 5b 01 3300 01000000", `{answer,129,[{g:70,v:5,q:91,pre:5,range:11,"start":0,"stop":0,"count":1}],"complete":false},"iin":{}} unknown_object`},
		{"too many points", "c181 0000 0101 01 0000 ff00", `{answer,129,[{g:1,v:1,q:1,pre:0,range:1,"start":0,"stop":255,"count":256}],"complete":false},"iin":{}} too_many_points max_points_per_object`},
		{"too many points in two", "c181 0000 5000 06 5001 00 003b 0000000000000000 5001 00 003b", `{answer,129,[{g:80,v:0,q:6,pre:0,range:6,"start":0,"stop":0,"count":0},` +
			`{g:80,v:1,q:0,pre:0,range:0,"start":0,"stop":59,"count":60,"points":[…]},{g:80,v:1,q:0,pre:0,range:0,"start":0,"stop":59,"count":60}],"complete":false},"iin":{}} too_many_points`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser()
			say(p, turn{tc, answer(c.app)})
			got := records(p)
			if head, tail, ok := strings.Cut(c.want, "…"); ok && strings.HasPrefix(got, head) && strings.HasSuffix(got, tail) {
				return
			}
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestFrames(t *testing.T) {
	const read = `{ask,1,[{g:60,v:2,q:6,pre:0,range:6,"start":0,"stop":0,"count":0}],ok}}`
	broken := func(s string, at int) string { b := []byte(s); b[at] ^= 0xff; return string(b) }
	good := ask("c101 3c0206")
	for _, c := range []struct {
		name  string
		turns []turn
		want  string
	}{
		{"one", []turn{{ts, good}}, read},
		{"two", []turn{{ts, good + good}}, read + "\n" + read},
		{"two segments", []turn{{ts, frame(0xc4, "40 c1 01") + frame(0xc4, "81 3c0206")}}, read},
		{"begun again", []turn{{ts, frame(0xc4, "40 c1 02") + good}}, read},
		{"end alone", []turn{{ts, frame(0xc4, "81 3c0206")}}, ""},
		{"confirmation", []turn{{ts, ask("c100")}}, ""},
		{"link function without data", []turn{{ts, frame(0xc9, "")}}, ""},
		{"header broken, then on", []turn{{ts, broken(good, 8) + good}}, "- bad_link_crc\n" + read},
		{"block broken, then on", []turn{{ts, broken(good, 12) + good}}, "- bad_transport_crc\n" + read},
		{"garbage, then on", []turn{{ts, "GARBAGE" + good}}, read},
		{"short frame", []turn{{ts, frame(0xc4, "c0c1")}}, "- len_too_small"},
		{"impossible length", []turn{{ts, "\x05\x64\x04\xc4\x04\x00\x03\x00\x00\x00" + good}}, "- len_too_small\n" + read},
		{"response without indications", []turn{{tc, answer("c181")}}, " len_too_small"},
		{"unsolicited", []turn{{tc, frame(0x44, "c0 c182 0000")}}, `{"type":"unsolicited_response",130,ok},"iin":{}}`},
		{"too many objects", []turn{{ts, ask("c101" + strings.Repeat("3c0206", 6))}},
			`{ask,1,[` + strings.TrimSuffix(strings.Repeat(`{g:60,v:2,q:6,pre:0,range:6,"start":0,"stop":0,"count":0},`, 5), ",") + `],"complete":false}} too_many_objects`},
		{"too many at once", []turn{{ts, strings.Repeat(good, 7)}}, strings.Repeat(read+"\n", 4) + read + " flooded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser()
			say(p, c.turns...)
			if got := records(p); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTooLong(t *testing.T) {
	p := newParser()
	say(p, turn{ts, frame(0xc4, "40"+strings.Repeat("00", 249))})
	for range 65 {
		say(p, turn{ts, frame(0xc4, "00"+strings.Repeat("00", 249))})
	}
	if got := records(p); got != " too_long_reassembly" || p.part[0] != nil {
		t.Errorf("got %q", got)
	}
}

func TestGap(t *testing.T) {
	p := newParser()
	say(p, turn{ts, frame(0xc4, "40 c1 02")})
	p.Parse(&proto.Input{Dir: ts, Gap: 10})
	say(p, turn{ts, "xx" + ask("c101")})
	if got := records(p); got != "\n{ask,1,ok}}" {
		t.Errorf("got %q", got)
	}
}

func TestAnyCut(t *testing.T) {
	b := []byte(frame(0xc4, "40 c1 02") + frame(0xc4, "81 5001 00 0707 00") + ask("c101 3c0206"))
	whole := newParser()
	say(whole, turn{ts, string(b)})
	for n := 1; n < 40; n++ {
		p := newParser()
		var held []byte
		for c := range slices.Chunk(b, n) {
			held = append(held, c...)
			r := p.Parse(&proto.Input{Dir: ts, Data: held})
			held = held[r.Consumed:]
		}
		if got, want := records(p), records(whole); got != want {
			t.Fatalf("cut to %d:\n%s\nwant\n%s", n, got, want)
		}
	}
}

func TestProbe(t *testing.T) {
	begun := &flow.Flow{}
	begun.Stream.Flags[0] = packet.SYN
	for _, c := range []struct {
		name string
		b    string
		dir  field.Dir
		f    *flow.Flow
		want proto.Verdict
	}{
		{"request", ask("c101"), ts, begun, proto.Yes},
		{"response", answer("c181 0000"), tc, begun, proto.Yes},
		{"response from the client", answer("c181 0000"), ts, begun, proto.Yes},
		{"response from the client, in the middle", answer("c181 0000"), ts, &flow.Flow{}, proto.Reversed},
		{"request, in the middle", ask("c101"), ts, &flow.Flow{}, proto.Yes},
		{"text", "HELO example", ts, begun, proto.No},
	} {
		if got := probe([]byte(c.b), c.dir, c.f); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestIndicators(t *testing.T) {
	for _, c := range []struct {
		arg  string
		v    uint16
		want bool
	}{
		{"device_restart", 0x8100, true},
		{"device_restart,need_time", 0x1000, true},
		{"*device_restart,need_time", 0x0100, false},
		{"+device_restart,need_time", 0x9100, true},
		{"+device_restart,need_time", 0x1000, false},
		{"=device_restart", 0x8100, false},
		{"-class_1_events", 0x8000, true},
		{"device_restart,!need_time", 0x8100, true},
		{"device_restart,!need_time", 0x9000, false},
		{"0x8000", 0x8000, true},
		{"!0", 0, false},
		{">1", 2, true},
		{"&0xff00=0x8000", 0x8001, true},
	} {
		fits, err := indicators(c.arg)
		if err != nil {
			t.Errorf("%s: %v", c.arg, err)
		} else if got := fits(c.v); got != c.want {
			t.Errorf("%s of %#x: got %v, want %v", c.arg, c.v, got, c.want)
		}
	}
	for _, arg := range []string{"", "trouble", "0x10000", "=device_restart,!need_time", "&0xff00", "?5"} {
		if _, err := indicators(arg); err == nil {
			t.Errorf("%q: no error", arg)
		}
	}
	if _, _, err := objectName("1"); err == nil {
		t.Error("object without variation: no error")
	}
}

func TestLayouts(t *testing.T) {
	for key, l := range layouts {
		if len(l.members) == 0 || len(l.members) > maxMembers {
			t.Errorf("%d,%d: %d members", key>>8, key&0xff, len(l.members))
		}
		bits := 0
		for _, m := range l.members {
			bits += m.bits
			if m.kind != 't' && m.kind != 'x' && m.bits == 0 && (m.bytes == 0 || bits%8 != 0) {
				t.Errorf("%d,%d: member %s begins within a byte or has no size", key>>8, key&0xff, m.name)
			}
		}
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser()
	request, response := []byte(ask("c101 3c0206")), []byte(answer("c181 0000 1e02 01 0100 0200 01 feff 01 0600"))
	var in proto.Input
	once := func() {
		in = proto.Input{Dir: ts, Data: request}
		p.Parse(&in)
		in = proto.Input{Dir: tc, Data: response}
		p.Parse(&in)
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkPoll(b *testing.B) {
	p := newParser()
	request, response := []byte(ask("c101 3c0206")), []byte(answer("c181 0000 1e02 01 0100 0200 01 feff 01 0600"))
	b.SetBytes(int64(len(request) + len(response)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(&proto.Input{Dir: ts, Data: request})
		p.Parse(&proto.Input{Dir: tc, Data: response})
		if len(p.Txs()) != 2 {
			b.Fatal("want two transactions")
		}
		p.Free(p.Txs()[0])
		p.Free(p.Txs()[0])
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(ask("c101 3c0206")), []byte("\xc1\x01\x3c\x02\x06"), false)
	f.Add([]byte(answer("c181 0000 4605 5b 01 0a00 01000000 00000000 4142")), []byte("\xc1\x81\x00\x00\x01\x01\x00\x00\x08\x05\x01"), true)
	f.Fuzz(func(t *testing.T, b, fragment []byte, server bool) {
		dir := ts
		if server {
			dir = tc
		}
		p := newParser()
		if r := p.Parse(&proto.Input{Dir: dir, Data: b}); r.Consumed > len(b) {
			t.Fatal("took more than there is")
		}
		// Checksums keep out most of what is tried: the fragment goes in by itself.
		if tx := p.open(dir); tx != nil && len(fragment) <= maxFragment {
			tx.data = append(tx.data, fragment...)
			p.fragment(tx)
		}
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
			appendAlert(nil, tx, nil, nil)
			tx.(*Tx).indicators()
		}
		probe(append(slices.Clone(b), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), dir, &flow.Flow{})
	})
}
