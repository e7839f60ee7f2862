package bittorrent

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

const (
	id       = "2:id20:abcdefghijabcdefghij"
	idHex    = `"id":"6162636465666768696a6162636465666768696a"`
	announce = "d1:ad" + id + "12:implied_porti1e4:porti6881e5:token2:xye1:q13:announce_peer1:t2:aa1:v2:UT1:y1:qe"
	peers    = "d1:rd" + id + "5:nodes26:abcdefghijabcdefghij\x01\x02\x03\x04\x00\x50" + "5:token1:x6:valuesl6:\x05\x06\x07\x08\x01\x00ee1:t2:aa1:y1:re"
)

func TestRecord(t *testing.T) {
	for _, c := range []struct{ name, b, want string }{
		{"query", announce, `{"transaction_id":"6161","client_version":"5554","request_type":"announce_peer","request":{` + idHex +
			`,"token":"7879","implied_port":1,"port":6881}}`},
		{"response", peers, `{"transaction_id":"6161","response":{` + idHex + `,"nodes":[{` + idHex + `,"ip":"1.2.3.4","port":80}],` +
			`"values":[{"ip":"5.6.7.8","port":256}],"token":"78"}}`},
		{"error", "d1:eli201e3:whye1:t2:aa1:y1:ee", `{"transaction_id":"6161","error":{"num":201,"msg":"why"}}`},
		{"no transaction", "d1:ad" + id + "e1:q4:ping1:y1:qe", `{"transaction_id":"","request_type":"ping","request":{` + idHex + `}} malformed_packet`},
		{"cut", announce[:40], " malformed_packet"},
		{"deep", strings.Repeat("l", 100) + strings.Repeat("e", 100), " malformed_packet"},
		{"long length", "d99999999999999999999:", " malformed_packet"},
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
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p, in := newParser(), &proto.Input{Dir: field.ToServer, Data: []byte(peers)}
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
	f.Add([]byte(announce))
	f.Add([]byte(peers))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newParser()
		p.Parse(&proto.Input{Dir: field.ToServer, Data: b})
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
		}
	})
}
