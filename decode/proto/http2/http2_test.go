package http2

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

// host takes what a parser asks of the pipeline.
type host struct{}

func (host) Upgrade(string, string)                        {}
func (host) Expect(proto.Expectation)                      {}
func (host) NoInspect(bool)                                {}
func (host) NoRawInspect(field.Dir)                        {}
func (host) TriggerRaw(field.Dir)                          {}
func (host) Frame(field.Dir, uint8, int, int64, *proto.Tx) {}

const ts, tc = field.ToServer, field.ToClient

func newParser() *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Host: host{}}).(*parser)
}

// frame makes a frame.
func frame(typ, flags byte, stream uint32, payload string) string {
	n := len(payload)
	return string([]byte{
		byte(n >> 16), byte(n >> 8), byte(n), typ, flags, byte(stream >> 24), byte(stream >> 16), byte(stream >> 8), byte(stream),
	}) + payload
}

// block makes a header block of names and values in turn.
func block(pairs ...string) string {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		e.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return b.String()
}

// part is bytes of one direction.
type part struct {
	dir field.Dir
	b   string
}

// feed gives parts to p as a stream does, the rest again with what follows.
func feed(p *parser, parts ...part) {
	var held [2][]byte
	var started [2]bool
	for _, x := range parts {
		d := x.dir.Index()
		held[d] = append(held[d], x.b...)
		r := p.Parse(&proto.Input{Dir: x.dir, Data: held[d], Start: !started[d]})
		started[d] = true
		held[d] = held[d][r.Consumed:]
	}
}

var (
	request  = block(":method", "GET", ":path", "/a?b=c", ":authority", "www.Example.com:8080", "user-agent", "test")
	response = block(":status", "200", "content-length", "5", "server", "s")
	headers  = frame(frameHeaders, flagEndHeaders|flagEndStream, 1, request)
)

func TestRecords(t *testing.T) {
	const requestJSON = `"request_headers":[{"name":":method","value":"GET"},{"name":":path","value":"/a?b=c"},` +
		`{"name":":authority","value":"www.Example.com:8080"},{"name":"user-agent","value":"test"}]`
	for _, c := range []struct {
		name   string
		parts  []part
		want   []string // records; "" where there is none
		events []string // of all transactions
	}{
		{"settings", []part{{ts, preface + frame(frameSettings, 0, 0, "\x00\x03\x00\x00\x00\x64\x00\x99\x00\x00\x00\x01")}},
			[]string{`{"version":"2","http2":{"stream_id":0,"request":{"settings":[{"settings_id":"SETTINGSMAXCONCURRENTSTREAMS","settings_value":100},` +
				`{"settings_id":"SETTINGSUNKNOWN","settings_value":1}]},"response":{}}}`}, nil},
		{"acknowledged settings", []part{{ts, preface + frame(frameSettings, flagAck, 0, "")}}, nil, nil},
		{"request and response", []part{{ts, preface + headers}, {tc, frame(frameHeaders, flagEndHeaders, 1, response) + frame(frameData, flagEndStream, 1, "hello")}},
			[]string{`{"version":"2",` + requestJSON + `,"response_headers":[{"name":":status","value":"200"},{"name":"content-length","value":"5"},` +
				`{"name":"server","value":"s"}],"http_method":"GET","url":"/a?b=c","http_user_agent":"test","status":200,"length":5,` +
				`"http2":{"stream_id":1,"request":{},"response":{}}}`}, nil},
		{"continuation", []part{{ts, preface + frame(frameHeaders, flagEndStream, 1, request[:9]) + frame(frameContinuation, flagEndHeaders, 1, request[9:])}},
			[]string{`{"version":"2",` + requestJSON + `,"http_method":"GET","url":"/a?b=c","http_user_agent":"test","http2":{"stream_id":1,"request":{},"response":{}}}`}, nil},
		{"padded, with priority", []part{{ts, preface + frame(frameHeaders, flagPadded|flagPriority|flagEndHeaders, 3, "\x02\x00\x00\x00\x00\x0f"+block(":method", "PUT")+"\x00\x00")}},
			[]string{`{"version":"2","request_headers":[{"name":":method","value":"PUT"}],"http_method":"PUT","http2":{"stream_id":3,"request":{"priority":15},"response":{}}}`}, nil},
		{"reset", []part{{ts, preface + frame(frameReset, 0, 5, "\x00\x00\x00\x08")}},
			[]string{`{"version":"2","http2":{"stream_id":5,"request":{"error_code":"CANCEL"},"response":{}}}`}, nil},
		{"no preface", []part{{ts, strings.Repeat("x", 24)}}, []string{"", ""}, []string{"invalid_client_magic", "long_frame_data"}},
		{"broken block", []part{{ts, preface + frame(frameHeaders, flagEndHeaders, 1, "\xff\x00")}}, []string{""}, []string{"invalid_header"}},
		{"large integer", []part{{ts, preface + frame(frameHeaders, flagEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff\x00")}}, []string{""}, []string{"header_integer_overflow"}},
		{"lengths", []part{{ts, preface + frame(framePriority, 0, 1, "x") + frame(frameReset, 0, 3, "") + frame(frameWindow, 0, 0, "x") + frame(frameGoAway, 0, 0, "x")}},
			[]string{"", "", "", ""}, []string{"invalid_frame_length", "invalid_frame_length", "invalid_frame_length", "invalid_frame_length"}},
		{"lone continuation", []part{{ts, preface + frame(frameContinuation, flagEndHeaders, 1, request)}}, []string{""}, []string{"invalid_frame_header"}},
		{"user in authority", []part{{ts, preface + frame(frameHeaders, flagEndHeaders, 1, block(":authority", "u@h", "host", "g"))}},
			[]string{`{"version":"2","request_headers":[{"name":":authority","value":"u@h"},{"name":"host","value":"g"}],"http2":{"stream_id":1,"request":{},"response":{}}}`},
			[]string{"userinfo_in_uri", "authority_host_mismatch"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser()
			feed(p, c.parts...)
			var events []string
			if len(p.Txs()) != len(c.want) {
				t.Fatalf("%d transactions, want %d", len(p.Txs()), len(c.want))
			}
			for i, tx := range p.Txs() {
				for _, e := range tx.Base().Events {
					events = append(events, Protocol.Events[e].Name)
				}
				got, ok := appendRecord(nil, tx, nil, nil)
				if ok != (c.want[i] != "") || ok && string(got) != c.want[i] {
					t.Errorf("record %d, %v: %s\nwant %s", i, ok, got, c.want[i])
				}
			}
			if !slices.Equal(events, c.events) {
				t.Errorf("events %q, want %q", events, c.events)
			}
		})
	}
}

// TestProgress checks when a direction is complete.
func TestProgress(t *testing.T) {
	p := newParser()
	feed(p, part{ts, preface + frame(frameHeaders, flagEndHeaders, 1, request)})
	tx := p.Txs()[0].(*Tx)
	for _, c := range []struct {
		name string
		part part
		want [2]uint8
	}{
		{"headers", part{ts, ""}, [2]uint8{progHeaders, progStarted}},
		{"data", part{ts, frame(frameData, 0, 1, "abc")}, [2]uint8{progData, progStarted}},
		{"response", part{tc, frame(frameHeaders, flagEndHeaders, 1, response)}, [2]uint8{progData, progHeaders}},
		{"end of the request", part{ts, frame(frameData, flagEndStream, 1, "")}, [2]uint8{progComplete, progHeaders}},
		{"trailers", part{tc, frame(frameHeaders, flagEndHeaders|flagEndStream, 1, block("x", "y"))}, [2]uint8{progComplete, progComplete}},
	} {
		p.Parse(&proto.Input{Dir: c.part.dir, Data: []byte(c.part.b)})
		if tx.Progress != c.want {
			t.Errorf("%s: progress %v, want %v", c.name, tx.Progress, c.want)
		}
	}
	if got := string(tx.host()); got != "www.example.com" {
		t.Errorf("host %q", got)
	}
}

// TestAnyCut wants the same records however the bytes are cut.
func TestAnyCut(t *testing.T) {
	talk := []part{
		{ts, preface + frame(frameSettings, 0, 0, "\x00\x01\x00\x00\x20\x00") + headers + frame(frameHeaders, flagEndHeaders, 3, request)},
		{tc, frame(frameHeaders, flagEndHeaders, 1, response) + frame(frameData, flagPadded|flagEndStream, 1, "\x03hello\x00\x00\x00")},
		{ts, frame(frameData, flagEndStream, 3, strings.Repeat("body", 100))},
	}
	records := func(p *parser) string {
		var b []byte
		for _, tx := range p.Txs() {
			b, _ = appendRecord(b, tx, nil, nil)
			b = append(b, byte('0'+tx.Base().Progress[0]), byte('0'+tx.Base().Progress[1]))
		}
		return string(b)
	}
	whole := newParser()
	feed(whole, talk...)
	want := records(whole)
	for n := 1; n < 200; n++ {
		var parts []part
		for _, x := range talk {
			for c := range slices.Chunk([]byte(x.b), n) {
				parts = append(parts, part{x.dir, string(c)})
			}
		}
		p := newParser()
		feed(p, parts...)
		if got := records(p); got != want {
			t.Fatalf("cut to %d:\n%s\nwant\n%s", n, got, want)
		}
	}
}

// TestHPACK decodes the requests of RFC 7541 appendix C.4 one after the other,
// which use the dynamic table and Huffman codes.
func TestHPACK(t *testing.T) {
	var tab table
	tab.reset()
	for _, c := range []struct{ hex, want string }{
		{"828684418cf1e3c2e5f23a6ba0ab90f4ff", ":method=GET :scheme=http :path=/ :authority=www.example.com"},
		{"828684be5886a8eb10649cbf", ":method=GET :scheme=http :path=/ :authority=www.example.com cache-control=no-cache"},
		{"828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
			":method=GET :scheme=https :path=/index.html :authority=www.example.com custom-key=custom-value"},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		var m message
		if err := tab.block(b, &m); err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range m.headers {
			got = append(got, string(m.name(i))+"="+string(m.value(i)))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s\nwant %s", s, c.want)
		}
	}
	if tab.size != 164 {
		t.Errorf("the table has %d bytes, want 164", tab.size)
	}
}

// TestTable checks eviction against the library's encoder, with a small table.
func TestTable(t *testing.T) {
	var tab table
	tab.reset()
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	e.SetMaxDynamicTableSize(200)
	for i := range 2000 {
		name, value := strings.Repeat("n", 1+i%7), strings.Repeat("v", i%50)
		e.WriteField(hpack.HeaderField{Name: name, Value: value})
		var m message
		if err := tab.block(b.Bytes(), &m); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		b.Reset()
		if len(m.headers) != 1 || string(m.name(0)) != name || string(m.value(0)) != value {
			t.Fatalf("%d: %q", i, m.text)
		}
		if tab.size > 200 || len(tab.text) > 64<<10 {
			t.Fatalf("%d: the table has %d bytes, %d held", i, tab.size, len(tab.text))
		}
	}
}

// TestNoAlloc wants a stream to allocate nothing once its memory is there.
func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser()
	env := p.env
	env.Options = &settings{maxStreams: 10, maxTable: 4096, maxBlock: 4096}
	in := [2][]byte{
		[]byte(preface + headers),
		[]byte(frame(frameHeaders, flagEndHeaders, 1, response) + frame(frameData, flagEndStream, 1, "hello")),
	}
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
		t.Errorf("%v allocations a stream, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(preface+headers), []byte(frame(frameHeaders, flagEndHeaders, 1, response)), uint8(9))
	f.Add([]byte(preface+frame(frameHeaders, 0, 1, "x")+frame(frameContinuation, flagEndHeaders, 1, request)), []byte(frame(frameSettings, 0, 0, "")), uint8(3))
	f.Fuzz(func(t *testing.T, a, b []byte, n uint8) {
		p := newParser()
		var parts []part
		for c := range slices.Chunk(a, int(n)+1) {
			parts = append(parts, part{ts, string(c)})
		}
		for c := range slices.Chunk(b, int(n)+1) {
			parts = append(parts, part{tc, string(c)})
		}
		feed(p, parts...)
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
			x := tx.(*Tx)
			for i := range x.sides {
				if len(x.sides[i].text) > maxText {
					t.Errorf("%d bytes of headers", len(x.sides[i].text))
				}
			}
			x.host()
			headerBlock(x, ts)
			pair(x, tc, 0)
		}
	})
}

func BenchmarkStream(b *testing.B) {
	p := newParser()
	env := p.env
	env.Options = &settings{maxStreams: 10, maxTable: 4096, maxBlock: 4096}
	in := [2][]byte{
		[]byte(preface + headers),
		[]byte(frame(frameHeaders, flagEndHeaders, 1, response) + frame(frameData, flagEndStream, 1, "hello")),
	}
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
