package dcerpc

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/msrpc"
	"weir/decode/proto/internal/race"
)

// host takes what a parser asks of the pipeline.
type host struct{ frames int }

func (h *host) Upgrade(string, string)                        {}
func (h *host) Expect(proto.Expectation)                      {}
func (h *host) NoInspect(bool)                                {}
func (h *host) NoRawInspect(field.Dir)                        {}
func (h *host) TriggerRaw(field.Dir)                          {}
func (h *host) Frame(field.Dir, uint8, int, int64, *proto.Tx) { h.frames++ }

func newParser(transport uint8) *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: transport}, Host: &host{}}).(*parser)
}

// pdu makes a message of a connection, little endian.
func pdu(kind msrpc.Type, flags uint8, call uint32, body string) string {
	b := []byte{5, 0, byte(kind), flags, 0x10, 0, 0, 0}
	b = binary.LittleEndian.AppendUint16(b, uint16(msrpc.HeaderLen+len(body)))
	b = append(b, 0, 0)
	return string(binary.LittleEndian.AppendUint32(b, call)) + body
}

const (
	svcctl = "\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03"
	ndr    = "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\x00\x00\x00"
	// bindBody: sizes of fragments, group, one context 7 for version 2.0.
	bindBody = "\xd0\x16\xd0\x16\x00\x00\x00\x00\x01\x00\x00\x00\x07\x00\x01\x00" + svcctl + "\x02\x00\x00\x00" + ndr
	ackBody  = "\xd0\x16\xd0\x16\x01\x00\x00\x00\x04\x00135\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" + ndr
	callBody = "\x04\x00\x00\x00\x07\x00\x0f\x00" // hint, context 7, operation 15
)

// part is bytes of one direction.
type part struct {
	dir field.Dir
	b   string
}

const ts, tc = field.ToServer, field.ToClient

// feed gives parts to p as a stream does, the rest again with what follows.
func feed(p *parser, parts []part) proto.Status {
	var held [2][]byte
	for _, x := range parts {
		d := x.dir.Index()
		held[d] = append(held[d], x.b...)
		r := p.Parse(&proto.Input{Dir: x.dir, Data: held[d]})
		if r.Status == proto.Stop {
			return r.Status
		}
		held[d] = held[d][r.Consumed:]
	}
	return proto.OK
}

func records(p *parser) string {
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		out = append(out, string(b))
	}
	return strings.Join(out, "\n")
}

// talk is a bind and a call of two fragments.
var talk = []part{
	{ts, pdu(msrpc.Bind, 3, 1, bindBody)},
	{tc, pdu(msrpc.BindAck, 3, 1, ackBody)},
	{ts, pdu(msrpc.Request, 1, 2, callBody+"abcd") + pdu(msrpc.Request, 2, 2, callBody+"efgh")},
	{tc, pdu(msrpc.Response, 3, 2, "\x04\x00\x00\x00\x07\x00\x00\x00wxyz")},
}

func TestRecords(t *testing.T) {
	bound := `{"request":"BIND","interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003","version":"2.0","service":"svcctl","ack_result":0}],"response":"BINDACK","call_id":1,"rpc_version":"5.0"}`
	for _, c := range []struct {
		name   string
		parts  []part
		status proto.Status
		want   string
	}{
		{"bind and call", talk, proto.OK, bound + "\n" +
			`{"request":"REQUEST","interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003","version":"2.0","service":"svcctl","procedure":"OpenSCManagerW"}],` +
			`"req":{"opnum":15,"frag_cnt":2,"stub_data_size":8},"response":"RESPONSE","res":{"frag_cnt":1,"stub_data_size":12},"call_id":2,"rpc_version":"5.0"}`},
		{"no answer", talk[2:3], proto.OK,
			`{"request":"REQUEST","req":{"opnum":15,"frag_cnt":2,"stub_data_size":8},"response":"UNREPLIED","call_id":2,"rpc_version":"5.0"}`},
		{"no request", []part{{tc, pdu(msrpc.Fault, 3, 9, "")}}, proto.OK,
			`{"request":"REQUEST_LOST","response":"FAULT","call_id":9,"rpc_version":"5.0"}`},
		{"another version", []part{{ts, "\x04" + pdu(msrpc.Request, 3, 1, callBody)[1:]}}, proto.Stop, ""},
		{"length below the header's", []part{{ts, "\x05\x00\x00\x03\x10\x00\x00\x00\x0f\x00\x00\x00\x01\x00\x00\x00"}}, proto.Stop, ""},
		{"bind that ends early", []part{{ts, pdu(msrpc.Bind, 3, 1, bindBody[:30])}}, proto.OK,
			`{"request":"BIND","interfaces":[],"response":"UNREPLIED","call_id":1,"rpc_version":"5.0"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser(6)
			if st := feed(p, c.parts); st != c.status {
				t.Errorf("status %d, want %d", st, c.status)
			}
			if got := records(p); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDatagram(t *testing.T) {
	b := "\x04\x00\x08\x00\x10\x00\x00\x00" + strings.Repeat("\x00", 16) + svcctl + svcctl + // header, object, interface, activity
		"\x00\x00\x00\x00\x02\x00\x00\x00\x05\x00\x00\x00\x0f\x00\xff\xff\xff\xff\x04\x00\x00\x00\x00\x00abcd"
	p := newParser(17)
	p.Parse(&proto.Input{Dir: ts, Data: []byte(b)})
	p.Parse(&proto.Input{Dir: tc, Data: []byte(b[:1] + "\x02" + b[2:])})
	p.Parse(&proto.Input{Dir: ts, Data: []byte(b[:83])}) // shorter than it says
	want := `{"request":"REQUEST","req":{"opnum":15,"frag_cnt":1,"stub_data_size":4},"response":"RESPONSE","res":{"frag_cnt":1,"stub_data_size":4},` +
		`"activityuuid":"367abb81-9844-35f1-ad32-98f038001003","seqnum":5,"rpc_version":"4.0"}`
	if got := records(p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestGap(t *testing.T) {
	p := newParser(6)
	feed(p, talk[:3])
	p.Parse(&proto.Input{Dir: tc, Gap: 100})
	feed(p, []part{{tc, "rest of a message"}, {ts, pdu(msrpc.Request, 3, 3, callBody)}, {tc, pdu(msrpc.Response, 3, 3, "")}})
	txs := p.Txs()
	if n := len(txs); n != 3 || txs[1].Base().Progress != [2]uint8{1, 1} || txs[2].Base().Progress != [2]uint8{1, 1} {
		t.Errorf("%d transactions: %s", n, records(p))
	}
}

func TestKeywords(t *testing.T) {
	p := newParser(6)
	feed(p, talk)
	for _, c := range []struct {
		name, arg string
		want      bool
	}{
		{"dcerpc.iface", "367abb81-9844-35f1-ad32-98f038001003", true},
		{"dcerpc.iface", "367ABB81-9844-35f1-ad32-98f038001003, >1, any_frag", true},
		{"dcerpc.iface", "367abb81-9844-35f1-ad32-98f038001003,!2", false},
		{"dcerpc.iface", "367abb81-9844-35f1-ad32-98f038001004", false},
		{"dcerpc.opnum", "1, 12-15", true},
		{"dcerpc.opnum", "16-20", false},
		{"dcerpc.opnum", ">14", true},
	} {
		i := slices.IndexFunc(Protocol.Fields, func(d field.Def) bool { return d.Name == c.name })
		fits, err := Protocol.Fields[i].Compile(c.arg)
		if err != nil {
			t.Fatalf("%s:%s: %v", c.name, c.arg, err)
		}
		if got := fits(p.Txs()[1], ts); got != c.want {
			t.Errorf("%s:%s: got %v", c.name, c.arg, got)
		}
	}
	for _, arg := range []string{"", "367abb81", "367abb81-9844-35f1-ad32-98f038001003,", "367abb81-9844-35f1-ad32-98f038001003,~1"} {
		if _, err := Protocol.Fields[0].Compile(arg); err == nil {
			t.Errorf("dcerpc.iface:%s: no error", arg)
		}
	}
	for _, arg := range []string{"", "x", "5-3", "70000", "<0"} {
		if _, err := Protocol.Fields[1].Compile(arg); err == nil {
			t.Errorf("dcerpc.opnum:%s: no error", arg)
		}
	}
}

// TestAnyCut wants the same transactions however the bytes are cut.
func TestAnyCut(t *testing.T) {
	whole := newParser(6)
	feed(whole, talk)
	for n := 1; n < 100; n++ {
		var parts []part
		for _, x := range talk {
			for c := range slices.Chunk([]byte(x.b), n) {
				parts = append(parts, part{x.dir, string(c)})
			}
		}
		p := newParser(6)
		feed(p, parts)
		if got, want := records(p), records(whole); got != want {
			t.Fatalf("cut to %d: %s\nwant %s", n, got, want)
		}
	}
}

// once takes a parser through talk and gives its transactions back.
func once(p *parser, in *proto.Input, b [][]byte) {
	p.Reset(p.env)
	for i, x := range b {
		*in = proto.Input{Dir: talk[i].dir, Data: x}
		p.Parse(in)
	}
	for len(p.Txs()) > 0 {
		p.Free(p.Txs()[0])
	}
}

func bytesOf(parts []part) (b [][]byte, n int64) {
	for _, x := range parts {
		b = append(b, []byte(x.b))
		n += int64(len(x.b))
	}
	return b, n
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser(6)
	var in proto.Input
	b, _ := bytesOf(talk)
	once(p, &in, b)
	if n := testing.AllocsPerRun(100, func() { once(p, &in, b) }); n > 0 {
		t.Errorf("%v allocations a connection, want none", n)
	}
}

func BenchmarkConnection(b *testing.B) {
	p := newParser(6)
	var in proto.Input
	data, n := bytesOf(talk)
	b.SetBytes(n)
	b.ReportAllocs()
	for b.Loop() {
		once(p, &in, data)
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range talk {
		f.Add([]byte(x.b), uint8(7), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint8, udp bool) {
		p := newParser(6)
		if udp {
			p = newParser(17)
		}
		var parts []part
		for c := range slices.Chunk(b, int(n)+1) {
			parts = append(parts, part{field.Dir(1 + len(parts)&1), string(c)})
		}
		feed(p, parts)
		for _, tx := range p.Txs() {
			if b, ok := appendRecord(nil, tx, nil, nil); !ok || len(b) == 0 {
				t.Error("no record")
			}
		}
	})
}
