package sip

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

func newParser(transport uint8) *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: transport}}).(*parser)
}

const (
	invite = "INVITE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nv: SIP/2.0/UDP b\r\nTo: <sip:b>\r\n ;tag=1\r\nl: 4\r\n\r\nbody"
	ok     = "SIP/2.0 200 OK\r\nFrom: <sip:a>\r\nContent-Length: 0\r\n\r\n"
	bare   = "SIP/2.0 180 \r\n\r\n"
)

// piece is what one side sends.
type piece struct {
	dir  field.Dir
	data string
}

// feed gives the pieces to a parser, cut in parts of n bytes, and returns records and
// events.
func feed(p *parser, n int, pieces ...piece) (out []string) {
	var rest [2][]byte
	stopped := false
	for _, x := range pieces {
		d := x.dir.Index()
		for b := []byte(x.data); len(b) > 0 && !stopped; {
			k := min(n, len(b))
			rest[d] = append(rest[d], b[:k]...)
			b = b[k:]
			r := p.Parse(&proto.Input{Dir: x.dir, Data: rest[d]})
			rest[d] = rest[d][r.Consumed:]
			stopped = r.Status == proto.Stop
		}
	}
	for _, tx := range p.Txs() {
		t := tx.(*Tx)
		b, _ := appendRecord(nil, t, nil, nil)
		text := string(b)
		for _, e := range t.Events {
			text += " !" + Protocol.Events[e].Name
		}
		out = append(out, text)
	}
	if stopped {
		out = append(out, "stop")
	}
	return out
}

const (
	inviteText = `{"method":"INVITE","uri":"sip:b@example.com","version":"SIP/2.0","request_line":"INVITE sip:b@example.com SIP/2.0"}`
	okText     = `{"version":"SIP/2.0","code":"200","reason":"OK","response_line":"SIP/2.0 200 OK"}`
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name      string
		transport uint8
		pieces    []piece
		want      []string
	}{
		{"stream", 6, []piece{{ts, invite + "\r\n\r\n" + invite}, {tc, ok + bare}}, []string{
			inviteText, inviteText, okText, `{"version":"SIP/2.0","code":"180","reason":"","response_line":"SIP/2.0 180 "}`,
		}},
		{"datagrams", 17, []piece{{ts, invite}, {ts, "\r\n\r\n"}, {tc, ok}}, []string{inviteText, okText}},
		{"no headers' end", 17, []piece{{ts, invite}, {ts, "INVITE a SIP/2.0\r\n"}}, []string{inviteText + " !incomplete_data"}},
		{"no message", 17, []piece{{ts, invite}, {ts, "hello\r\n\r\n"}}, []string{inviteText + " !invalid_data"}},
		{"no message in a stream", 6, []piece{{ts, invite + "hello\r\n\r\n"}}, []string{inviteText + " !invalid_data", "stop"}},
		{"code of letters", 17, []piece{{ts, invite}, {tc, "SIP/2.0 abc x\r\n\r\n"}}, []string{inviteText + " !invalid_data"}},
		{"the other way round", 17, []piece{{ts, invite}, {tc, invite}}, []string{inviteText + " !invalid_data"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{1, 7, 1 << 20} {
				if c.transport == 17 && n < 1<<20 {
					continue // datagrams are whole
				}
				if got := feed(newParser(c.transport), n, c.pieces...); !slices.Equal(got, c.want) {
					t.Errorf("cut at %d:\n%s\nwant\n%s", n, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
				}
			}
		})
	}
}

func TestFields(t *testing.T) {
	p := newParser(17)
	feed(p, 1<<20, piece{ts, invite}, piece{tc, ok})
	get := func(tx int, name string) (out []string) {
		d := &fields[slices.IndexFunc(fields, func(d field.Def) bool { return d.Name == name })]
		if d.Kind == field.KindBytes {
			if b := d.Bytes(p.Txs()[tx], ts); b != nil {
				return []string{string(b)}
			}
			return nil
		}
		for i := 0; ; i++ {
			b, ok := d.Multi(p.Txs()[tx], ts, i)
			if !ok {
				return out
			}
			out = append(out, string(b))
		}
	}
	for _, c := range []struct {
		tx   int
		name string
		want []string
	}{
		{0, "sip.method", []string{"INVITE"}}, {0, "sip.uri", []string{"sip:b@example.com"}}, {0, "sip.stat_code", nil}, {0, "sip.protocol", []string{"SIP/2.0"}},
		{0, "sip.via", []string{"SIP/2.0/UDP a", "SIP/2.0/UDP b"}}, {0, "sip.to", []string{"<sip:b>\r\n ;tag=1"}}, {0, "sip.content_length", []string{"4"}},
		{1, "sip.stat_code", []string{"200"}}, {1, "sip.stat_msg", []string{"OK"}}, {1, "sip.method", nil}, {1, "sip.from", []string{"<sip:a>"}}, {1, "sip.to", nil},
	} {
		if got := get(c.tx, c.name); !slices.Equal(got, c.want) {
			t.Errorf("transaction %d, %s: %q, want %q", c.tx, c.name, got, c.want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser(17)
	in := proto.Input{Dir: ts, Data: []byte(invite)}
	if n := testing.AllocsPerRun(200, func() {
		p.Parse(&in)
		p.Free(p.Txs()[0])
	}); n > 0 {
		t.Errorf("%v allocations a message, want 0", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{invite, "\r\n\r\n" + invite, "INVITE a SIP/2.0\r\n", "INVITE  SIP/2.0\r\n: \r\n\r\n"} {
		f.Add([]byte(s), []byte(ok+bare), 3)
	}
	f.Fuzz(func(t *testing.T, client, server []byte, n int) {
		if len(client)+len(server) > 1<<15 {
			t.Skip("too long")
		}
		n = max(n%1000, 1)
		whole := feed(newParser(6), 1<<20, piece{ts, string(client)}, piece{tc, string(server)})
		if cut := feed(newParser(6), n, piece{ts, string(client)}, piece{tc, string(server)}); !slices.Equal(whole, cut) {
			t.Errorf("cut at %d:\n%q\nwhole:\n%q", n, cut, whole)
		}
		feed(newParser(17), 1<<20, piece{ts, string(client)}, piece{tc, string(server)})
	})
}
