package ntp

import (
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

func newParser() *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 17}}).(*parser)
}

// server is an answer of version 4 with stratum 1.
var server = "\x24\x01\x03\xe8" + strings.Repeat("\x00", 8) + "GPS\x00" + strings.Repeat("\x00", 32)

func TestRecord(t *testing.T) {
	for _, c := range []struct{ name, b, want string }{
		{"server", server, `{"version":4,"mode":4,"stratum":1,"reference_id":"47505300"}`},
		{"private", "\x17\x00\x03\x2a", `{"version":2,"mode":7}`},
		{"version 1", "\x0c" + server[1:], " malformed_data"},
		{"cut", server[:40], " malformed_data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser()
			p.Parse(&proto.Input{Dir: field.ToServer, Data: []byte(c.b)})
			tx := p.Txs()[0]
			b, _ := appendRecord(nil, tx, nil, nil)
			got := string(b)
			for _, e := range tx.Base().Events {
				got += " " + Protocol.Events[e].Name
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if v := probe([]byte(c.b), field.ToServer, nil); (v == proto.Yes) == strings.HasPrefix(c.want, " ") {
				t.Errorf("probe: got %d", v)
			}
		})
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p, in := newParser(), &proto.Input{Dir: field.ToServer, Data: []byte(server)}
	once := func() {
		p.Parse(in)
		p.Free(p.Txs()[0])
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(server))
	f.Fuzz(func(t *testing.T, b []byte) {
		probe(b, field.ToServer, nil)
		p := newParser()
		p.Parse(&proto.Input{Dir: field.ToServer, Data: b})
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
			fields[3].Bytes(tx, field.ToServer)
		}
	})
}
