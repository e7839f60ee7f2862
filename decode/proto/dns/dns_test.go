package dns

import (
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

// query asks for the A record of example.com.
const query = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + // header: RD, one question
	"\x07example\x03com\x00\x00\x01\x00\x01"

// answer has a CNAME and an A record, the name by pointer.
const answer = "\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00" +
	"\x07example\x03com\x00\x00\x01\x00\x01" +
	"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x06\x03www\xc0\x0c" +
	"\xc0\x29\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"

func newUDP() *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 17}}).(*parser)
}

func TestRecords(t *testing.T) {
	long := "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + strings.Repeat("\x3f"+strings.Repeat("a", 63), 20) + "\x00\x00\x01\x00\x01"
	loop := "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01"
	for _, c := range []struct {
		name    string
		dir     field.Dir
		msg     string
		version uint64
		want    string
		events  string
	}{
		{"query, v3", field.ToServer, query, 3,
			`{"version":3,"type":"request","tx_id":0,"id":4660,"flags":"100","rd":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"example.com","rrtype":"A"}]}`, ""},
		{"query, v2", field.ToServer, query, 2,
			`{"version":2,"type":"query","id":4660,"rrname":"example.com","rrtype":"A","tx_id":0,"opcode":0}`, ""},
		{"answer, v2", field.ToClient, answer, 2,
			`{"version":2,"type":"answer","id":4660,"flags":"8180","qr":true,"rd":true,"ra":true,"opcode":0,"rrname":"example.com","rrtype":"A","rcode":"NOERROR",` +
				`"answers":[{"rrname":"example.com","rrtype":"CNAME","ttl":60,"rdata":"www.example.com"},{"rrname":"www.example.com","rrtype":"A","ttl":60,"rdata":"192.0.2.1"}],` +
				`"grouped":{"A":["192.0.2.1"],"CNAME":["www.example.com"]}}`, ""},
		{"response from the client", field.ToServer, answer, 3, "", "not_request"},
		{"request from the server", field.ToClient, query, 3, "", "not_response"},
		{"z flag", field.ToServer, query[:3] + "\x40" + query[4:], 2,
			`{"version":2,"type":"query","id":4660,"rrname":"example.com","rrtype":"A","tx_id":0,"z":true,"opcode":0}`, "z_flag_set"},
		{"name too long", field.ToServer, long, 2,
			`{"version":2,"type":"query","id":4660,"rrname":"` + strings.Repeat(strings.Repeat("a", 63)+".", 17)[:1025] + `","rrtype":"A","tx_id":0,"opcode":0}`, "name_too_long"},
		{"pointer to itself", field.ToServer, loop, 2,
			`{"version":2,"type":"query","id":4660,"rrname":"","rrtype":"A","tx_id":0,"opcode":0}`, "infinite_loop"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newUDP()
			p.Parse(&proto.Input{Dir: c.dir, Data: []byte(c.msg)})
			tx := p.Txs()[0]
			got, ok := appendRecord(nil, tx, nil, (*options)(nil).all(c.version))
			if string(got) != c.want || ok != (c.want != "") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			var names []string
			for _, e := range tx.Base().Events {
				names = append(names, events[e].Name)
			}
			if got := strings.Join(names, " "); got != c.events {
				t.Errorf("events %q, want %q", got, c.events)
			}
		})
	}
}

func TestStreamInPieces(t *testing.T) {
	framed := "\x00\x1d" + query + "\x00\x1d" + query
	for cut := 1; cut < len(framed); cut++ {
		p := Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}}).(*parser)
		b := []byte(framed)
		at := p.Parse(&proto.Input{Dir: field.ToServer, Data: b[:cut]}).Consumed
		p.Parse(&proto.Input{Dir: field.ToServer, Data: b[at:]})
		if n := p.txs.Len(); n != 2 {
			t.Errorf("cut at %d: %d transactions, want 2", cut, n)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector empties pools")
	}
	p := newUDP()
	in := &proto.Input{Dir: field.ToClient, Data: []byte(answer)}
	run := func() {
		p.Parse(in)
		p.Free(p.Txs()[0])
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("Parse allocates %v times a message, want 0", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(query), true)
	f.Add([]byte(answer), false)
	f.Fuzz(func(t *testing.T, b []byte, toServer bool) {
		dir := field.ToClient
		if toServer {
			dir = field.ToServer
		}
		p := newUDP()
		if r := p.Parse(&proto.Input{Dir: dir, Data: b}); r.Consumed > len(b) {
			t.Fatalf("consumed %d of %d", r.Consumed, len(b))
		}
		probeUDP(b, dir, nil)
		probeTCP(b, dir, nil)
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
			appendAlert(nil, tx, nil, nil)
			for i := range fields {
				for j := 0; j < 10000; j++ {
					if d := &fields[i]; d.Multi != nil {
						if _, ok := d.Multi(tx, dir, j); !ok {
							break
						}
					} else if _, ok := d.Uint(tx, dir, j); !ok || d.Kind == field.KindUint {
						break
					}
				}
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	p := newUDP()
	in := &proto.Input{Dir: field.ToClient, Data: []byte(answer)}
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(in)
		p.Free(p.Txs()[0])
	}
}

// A message that cannot be read is none, and tells on the one before it.
func TestBrokenMessage(t *testing.T) {
	p := newUDP()
	cut := &proto.Input{Dir: field.ToServer, Data: []byte(query[:20])}
	p.Parse(cut)
	if n := p.txs.Len(); n != 0 {
		t.Fatalf("%d transactions, want none", n)
	}
	p.Parse(&proto.Input{Dir: field.ToServer, Data: []byte(query)})
	p.Parse(cut)
	tx := p.txs.Last()
	if p.txs.Len() != 1 || tx.ID != 4660 || tx.Base().ID != 0 || !tx.HasEvent(evMalformedData) {
		t.Errorf("%d transactions, id %d, number %d, events %v", p.txs.Len(), tx.ID, tx.Base().ID, tx.Base().Events)
	}
}

// An alert on a message that says it is no query shows no dns object, not an
// empty one.
func TestAlertOnWrongDirection(t *testing.T) {
	for _, version := range []uint64{recordV2, recordV3} {
		p := newUDP()
		p.Parse(&proto.Input{Dir: field.ToServer, Data: []byte(answer)})
		if got := appendAlert([]byte("{"), p.Txs()[0], nil, &options{version: version}); string(got) != "{" {
			t.Errorf("version %d: %s, want nothing", version, got)
		}
	}
}

// TestQuiet keeps the answer of a query out of the records that a rule has kept
// out, whether the query is still there or not, and the next answer in.
func TestQuiet(t *testing.T) {
	for _, freed := range []bool{false, true} {
		p := newUDP()
		p.Parse(&proto.Input{Dir: field.ToServer, Data: []byte(query)})
		q := p.Txs()[0]
		q.Base().NoLog = true
		if freed {
			p.Free(q)
		}
		for i, want := range []bool{true, !freed} {
			p.Parse(&proto.Input{Dir: field.ToClient, Data: []byte(answer)})
			all := p.Txs()
			if got := all[len(all)-1].Base().NoLog; got != want {
				t.Errorf("query freed %v, answer %d: kept out %v, want %v", freed, i, got, want)
			}
		}
	}
}

func TestQuietIsBounded(t *testing.T) {
	var q quiet
	for id := range uint16(maxQuiet + 2) {
		q.note(&Tx{Tx: proto.Tx{NoLog: true}, ID: id})
	}
	if q.n != maxQuiet || q.answered(1) || !q.answered(2) || q.answered(2) {
		t.Errorf("%d IDs are kept: want the latest %d, each for one answer", q.n, maxQuiet)
	}
}
