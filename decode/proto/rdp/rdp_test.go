package rdp

import (
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

const ts, tc = field.ToServer, field.ToClient

func newParser() *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}}).(*parser)
}

// pkt makes a packet.
func pkt(s string) string {
	n := tpktLen + len(s)
	return string([]byte{tpktVersion, 0, byte(n >> 8), byte(n)}) + s
}

// wide makes text of 16-bit characters that fills n bytes.
func wide(s string, n int) string {
	b := make([]byte, n)
	for i := range s {
		b[2*i] = s[i]
	}
	return string(b)
}

var (
	ask    = pkt("\x22\xe0\x00\x00\x00\x00\x00Cookie: mstshash=A70067\r\n\x01\x00\x08\x00\x03\x00\x00\x00")
	answer = pkt("\x0e\xd0\x00\x00\x12\x34\x00\x02\x1b\x08\x00\x08\x00\x00\x00")
	refuse = pkt("\x0e\xd0\x00\x00\x12\x34\x00\x03\x00\x08\x00\x05\x00\x00\x00")
	core   = "\x01\xc0\xd8\x00\x04\x00\x08\x00\x80\x04\x60\x03\x01\xca\x03\xaa\x09\x04\x00\x00\x28\x0a\x00\x00" + wide("HOST", 32) +
		"\x04\x00\x00\x00\x00\x00\x00\x00\x0c\x00\x00\x00" + strings.Repeat("\x00", 64) + "\x01\xca\x01\x00\x00\x00\x00\x00\x0f\x00\x07\x00\x01\x00" +
		wide("55274", 64) + strings.Repeat("\x00", 6)
	nets     = "\x03\xc0\x14\x00\x01\x00\x00\x00rdpdr\x00\x00\x00\x00\x00\x80\x80"
	begin    = pkt("\x02\xf0\x80\x7f\x65\x82\x01\x90\x00Duca\x80" + string([]byte{byte(len(core + nets))}) + core + nets)
	begun    = pkt("\x02\xf0\x80\x7f\x66\x10")
	settled  = `{"tx_id":3,"event_type":"connect_request","client":{"version":"v5","desktop_width":1152,"desktop_height":864,"color_depth":15,` + `"keyboard_layout":"en-US","build":"Windows XP","client_name":"HOST","keyboard_type":"enhanced","function_keys":12,"product_id":1,` + `"capabilities":["support_errinfo_pdf"],"id":"55274"},"channels":["rdpdr"]}`
	dialogue = []turn{{ts, ask}, {tc, answer}, {ts, begin + "\x16\x03"}, {tc, begun}, {ts, "anything"}}
	records  = []string{`{"tx_id":1,"event_type":"initial_request","cookie":"A70067"}`,
		`{"tx_id":2,"event_type":"initial_response","server_supports":["extended_client_data","dynvc_gfx","restricted_admin","redirected_authentication"],"protocol":"hybrid_ex"}`,
		settled, `{"tx_id":4,"event_type":"connect_response"}`}
)

type turn struct {
	dir field.Dir
	b   string
}

// run parses turns as they are or byte by byte.
func run(p *parser, turns []turn, bytewise bool) string {
	for _, x := range turns {
		from := 0
		for end := 1; end <= len(x.b); end++ {
			if !bytewise {
				end = len(x.b)
			}
			from += p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b[from:end])}).Consumed
		}
	}
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		out = append(out, string(b))
	}
	return strings.Join(out, "\n")
}

func TestRecords(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []turn
		want  string
	}{
		{"dialogue", dialogue, strings.Join(records, "\n")},
		{"refused", []turn{{tc, refuse}}, `{"tx_id":1,"event_type":"initial_response","error_code":5}`},
		{"no settings", []turn{{ts, pkt("\x02\xf0\x80\x7f\x65\x10")}}, `{"tx_id":1,"event_type":"connect_request"}`},
		{"too short a packet", []turn{{ts, "\x03\x00\x00\x04abc"}}, ""},
	} {
		for _, bytewise := range []bool{false, true} {
			if got := run(newParser(), c.turns, bytewise); got != c.want {
				t.Errorf("%s, bytewise %v: got\n%s\nwant\n%s", c.name, bytewise, got, c.want)
			}
		}
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name string
		b    string
		dir  field.Dir
		want proto.Verdict
	}{
		{"request", ask, ts, proto.Yes},
		{"answer", answer, tc, proto.Yes},
		{"request from the server", ask, tc, proto.Reversed},
		{"data", begin, ts, proto.No},
		{"text", "GET / HTTP/1.1", ts, proto.No},
	} {
		if got := probe([]byte(c.b), c.dir, nil); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p, b := newParser(), []byte(ask)
	var in proto.Input
	once := func() {
		in = proto.Input{Dir: ts, Data: b}
		p.Parse(&in)
		p.Free(p.Txs()[0])
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range dialogue {
		f.Add([]byte(x.b), x.dir == tc)
	}
	f.Fuzz(func(t *testing.T, b []byte, server bool) {
		dir := ts
		if server {
			dir = tc
		}
		if len(b) >= 7 {
			probe(b, dir, nil)
		}
		p := newParser()
		if r := p.Parse(&proto.Input{Dir: dir, Data: b}); r.Consumed > len(b) {
			t.Fatal("took more than there is")
		}
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
		}
	})
}
