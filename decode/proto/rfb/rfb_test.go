package rfb

import (
	"slices"
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

// piece is what one side sends.
type piece struct {
	dir  field.Dir
	data string
}

// feed gives the pieces to a parser, cut in parts of n bytes, and returns the record
// with its events.
func feed(p *parser, n int, pieces ...piece) string {
	var rest [2][]byte
	for _, x := range pieces {
		d := x.dir.Index()
		for b := []byte(x.data); len(b) > 0; {
			k := min(n, len(b))
			rest[d] = append(rest[d], b[:k]...)
			b = b[k:]
			r := p.Parse(&proto.Input{Dir: x.dir, Data: rest[d]})
			rest[d] = rest[d][r.Consumed:]
		}
	}
	if len(p.Txs()) == 0 {
		return ""
	}
	t := p.Txs()[0].(*Tx)
	b, _ := appendRecord(nil, t, nil, nil)
	text := string(b)
	for _, e := range t.Events {
		text += " !" + Protocol.Events[e].Name
	}
	return text
}

const (
	init0  = "\x03\x20\x02\x58" + "\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\x00\x00\x00" + "\x00\x00\x00\x04desk"
	screen = `"framebuffer":{"width":800,"height":600,"name":"desk","pixel_format":{"bits_per_pixel":32,"depth":24,"big_endian":false,"true_color":true,` +
		`"red_max":255,"green_max":255,"blue_max":255,"red_shift":16,"green_shift":8,"blue_shift":0}}`
	zeros = "00000000000000000000000000000000"
)

var nonce = strings.Repeat("\x00", 16)

func versions(minor string) string {
	return `"client_protocol_version":{"major":"003","minor":"` + minor + `"},"server_protocol_version":{"major":"003","minor":"` + minor + `"},`
}

func TestParse(t *testing.T) {
	v3, v7, v8 := "RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n"
	for _, c := range []struct {
		name   string
		pieces []piece
		want   string
	}{
		{"3.8, password", []piece{{tc, v8}, {ts, v8}, {tc, "\x02\x01\x02"}, {ts, "\x02"}, {tc, nonce}, {ts, nonce}, {tc, "\x00\x00\x00\x00"}, {ts, "\x01"}, {tc, init0}, {ts, "more"}},
			`{` + versions("008") + `"authentication":{"security_type":2,"vnc":{"challenge":"` + zeros + `","response":"` + zeros + `"},"security_result":"OK"},"screen_shared":true,` + screen + `}`},
		{"3.7, none", []piece{{tc, v7}, {ts, v7}, {tc, "\x01\x01"}, {ts, "\x01"}, {ts, "\x00"}, {tc, init0}},
			`{` + versions("007") + `"authentication":{"security_type":1},"screen_shared":false,` + screen + `}`},
		{"3.8, none", []piece{{tc, v8}, {ts, v8}, {tc, "\x01\x01"}, {ts, "\x01"}, {tc, "\x00\x00\x00\x00"}, {ts, "\x00"}, {tc, init0}},
			`{` + versions("008") + `"authentication":{"security_type":1,"security_result":"OK"},"screen_shared":false,` + screen + `}`},
		{"3.3, wrong password", []piece{{tc, v3}, {ts, v3}, {tc, "\x00\x00\x00\x02"}, {tc, nonce}, {ts, nonce}, {tc, "\x00\x00\x00\x01"}},
			`{` + versions("003") + `"authentication":{"security_type":2,"vnc":{"challenge":"` + zeros + `","response":"` + zeros + `"},"security_result":"FAIL"}}`},
		{"3.8, refused with a reason", []piece{{tc, v8}, {ts, v8}, {tc, "\x00\x00\x00\x00\x04busy"}},
			`{` + versions("008") + `"authentication":{},"server_security_failure_reason":"busy"}`},
		{"other security", []piece{{tc, v8}, {ts, v8}, {tc, "\x01\x1e"}, {ts, "\x1e"}, {ts, "\x01"}},
			`{` + versions("008") + `"authentication":{"security_type":30}} !unimplemented_security_type`},
		{"no such result", []piece{{tc, v8}, {ts, v8}, {tc, "\x01\x01"}, {ts, "\x01"}, {tc, "\x00\x00\x00\x07"}},
			`{` + versions("008") + `"authentication":{"security_type":1,"security_result":"UNKNOWN"}} !unknown_security_result`},
		{"no version", []piece{{tc, "RFB 003x003\n"}}, `{"authentication":{}} !malformed_message`},
		{"name without end", []piece{{tc, v7}, {ts, v7}, {tc, "\x01\x01"}, {ts, "\x01\x00"}, {tc, init0[:20] + "\xff\xff\xff\xff"}},
			`{` + versions("007") + `"authentication":{"security_type":1},"screen_shared":false} !malformed_message`},
		{"client first", []piece{{ts, v8}}, `{"authentication":{}} !confused_state`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{1, 7, 1 << 20} {
				if got := feed(newParser(), n, c.pieces...); got != c.want {
					t.Errorf("cut at %d:\n%s\nwant\n%s", n, got, c.want)
				}
			}
		})
	}
}

func TestFields(t *testing.T) {
	p := newParser()
	feed(p, 1<<20, piece{tc, "RFB 003.008\n"}, piece{ts, "RFB 003.008\n"}, piece{tc, "\x01\x01"}, piece{ts, "\x01"}, piece{tc, "\x00\x00\x00\x00"}, piece{ts, "\x00"}, piece{tc, init0})
	tx := p.Txs()[0]
	def := func(name string) *field.Def {
		return &fields[slices.IndexFunc(fields, func(d field.Def) bool { return d.Name == name })]
	}
	if b := def("rfb.name").Bytes(tx, tc); string(b) != "desk" {
		t.Errorf("rfb.name %q, want desk", b)
	}
	if v, ok := def("rfb.secresult").Uint(tx, tc, 0); !ok || v != resultOK {
		t.Errorf("rfb.secresult %d, %v, want 0", v, ok)
	}
	if v, ok := def("rfb.sectype").Uint(tx, ts, 0); !ok || v != securityNone {
		t.Errorf("rfb.sectype %d, %v, want 1", v, ok)
	}
}

func TestNoAllocation(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	env := &proto.Env{Flow: &flow.Flow{Proto: 6}}
	p := Protocol.New(env).(*parser)
	server, client, late := []byte("RFB 003.003\n"), []byte("RFB 003.003\n"), []byte("\x00\x00\x00\x01")
	shared, screen := []byte{1}, []byte(init0)
	if n := testing.AllocsPerRun(200, func() {
		p.Parse(&proto.Input{Dir: tc, Data: server})
		p.Parse(&proto.Input{Dir: ts, Data: client})
		p.Parse(&proto.Input{Dir: tc, Data: late})
		p.Parse(&proto.Input{Dir: ts, Data: shared})
		p.Parse(&proto.Input{Dir: tc, Data: screen})
		p.Free(p.Txs()[0])
		p.step = serverVersion
	}); n > 0 {
		t.Errorf("%v allocations a session, want 0", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("RFB 003.008\n\x02\x01\x02"+nonce+"\x00\x00\x00\x00"+init0), []byte("RFB 003.008\n\x02"+nonce+"\x01"), 3)
	f.Add([]byte("RFB 003.003\n\x00\x00\x00\x01"+init0), []byte("RFB 003.003\n\x01"), 1)
	f.Fuzz(func(t *testing.T, server, client []byte, n int) {
		n = max(n%1000, 1)
		// Each side says what the other waits for: first one, then the other.
		whole := feed(newParser(), 1<<20, piece{tc, string(server)}, piece{ts, string(client)})
		if cut := feed(newParser(), n, piece{tc, string(server)}, piece{ts, string(client)}); cut != whole {
			t.Errorf("cut at %d:\n%q\nwhole:\n%q", n, cut, whole)
		}
	})
}
