package ldap

import (
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

// host notes what a parser asks for.
type host struct {
	proto.Host
	upgrade string
}

func (h *host) Upgrade(_, expect string) { h.upgrade = expect }
func (h *host) TriggerRaw(field.Dir)     {}

func newParser(transport uint8) *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: transport}, Host: &host{}}).(*parser)
}

// el makes an element.
func el(tag byte, parts ...string) string {
	v := strings.Join(parts, "")
	if len(v) < 0x80 {
		return string([]byte{tag, byte(len(v))}) + v
	}
	return string([]byte{tag, 0x84, 0, 0, byte(len(v) >> 8), byte(len(v))}) + v
}

func num(v byte) string    { return el(2, string([]byte{v})) }
func enum(v byte) string   { return el(10, string([]byte{v})) }
func text(s string) string { return el(4, s) }

// msg makes a message.
func msg(id byte, op string) string { return el(0x30, num(id), op) }

// result makes a response of that tag.
func result(tag, code byte, more ...string) string {
	return el(tag, append([]string{enum(code), text("o=m"), text("why")}, more...)...)
}

const ts, tc = field.ToServer, field.ToClient

var (
	bind     = msg(1, el(0x60, num(3), text("cn=a"), el(0xa3, text("PLAIN"), text("\x01\x02"))))
	bindOK   = msg(1, result(0x61, 14, el(0x87, "\xff")))
	search   = msg(2, el(0x63, text("dc=x"), enum(2), enum(0), num(5), num(6), el(1, "\xff"), el(0x87, "cn"), el(0x30, text("cn"), text("sn"))))
	entry    = msg(2, el(0x64, text("cn=a,dc=x"), el(0x30, el(0x30, text("cn"), el(0x31, text("a"), text(strings.Repeat("b", 200)))))))
	finished = msg(2, result(0x65, 0))
	modify   = msg(3, el(0x66, text("cn=a"), el(0x30, el(0x30, enum(2), el(0x30, text("sn"), el(0x31, text("v")))))))
	modified = msg(3, result(0x67, 0))
	unbind   = msg(4, el(0x42))
	notice   = msg(0, result(0x78, 52, el(0x8a, "1.2")))
)

const (
	bindRecord = `{"request":{"message_id":1,"operation":"bind_request","bind_request":{"version":3,"name":"cn=a","sasl":{"mechanism":"PLAIN","credentials":"0102"}}},` +
		`"responses":[{"message_id":1,"operation":"bind_response","bind_response":{"result_code":"sasl_bind_in_progress","matched_dn":"o=m","message":"why","server_sasl_creds":"ff"}}]}`
	modifyRecord = `{"request":{"message_id":3,"operation":"modify_request","modify_request":{"object":"cn=a","changes":[{"operation":"replace",` +
		`"modification":{"attribute_type":"sn","attribute_values":["v"]}}]}},"responses":[{"message_id":3,"operation":"modify_response","modify_response":` +
		`{"result_code":"success","matched_dn":"o=m","message":"why"}}]}`
	unbindRecord = `{"request":{"message_id":4,"operation":"unbind_request"}}`
	noticeRecord = `{"responses":[{"message_id":0,"operation":"extended_response","extended_response":{"result_code":"unavailable","matched_dn":"o=m","message":"why","name":"1.2"}}]}`
)

var searchRecord = `{"request":{"message_id":2,"operation":"search_request","search_request":{"base_object":"dc=x","scope":2,"deref_alias":0,"size_limit":5,` +
	`"time_limit":6,"types_only":true,"filter":{"type":"present","value":"cn"},"attributes":["cn","sn"]}},"responses":[{"message_id":2,` +
	`"operation":"search_result_entry","search_result_entry":{"base_object":"cn=a,dc=x","attributes":[{"type":"cn","values":["a","` + strings.Repeat("b", 200) + `"]}]}},` +
	`{"message_id":2,"operation":"search_result_done","search_result_done":{"result_code":"success","matched_dn":"o=m","message":"why"}}]}`

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
	return strings.Join(out, "\n")
}

// turn is what one side sends.
type turn struct {
	dir field.Dir
	b   string
}

// conversation is one of all kinds.
var conversation = []turn{{ts, bind}, {tc, bindOK}, {ts, search + modify}, {tc, entry + modified}, {tc, finished}, {ts, unbind}, {tc, notice}}

var conversationRecords = strings.Join([]string{bindRecord, searchRecord, modifyRecord, unbindRecord, noticeRecord}, "\n")

func TestRecords(t *testing.T) {
	for _, c := range []struct {
		name      string
		transport uint8
		turns     []turn
		want      string
	}{
		{"conversation", 6, conversation, conversationRecords},
		{"datagram of two messages", 17, []turn{{ts, search}, {tc, entry + finished}}, searchRecord},
		{"datagram cut", 17, []turn{{ts, search[:20]}}, "- incomplete_data"},
		{"response to nothing", 6, []turn{{tc, modified}},
			`{"responses":[{"message_id":3,"operation":"modify_response","modify_response":{"result_code":"success","matched_dn":"o=m","message":"why"}}]} request_not_found`},
		{"response from the client", 6, []turn{{ts, bindOK}}, "- invalid_data"},
		{"no message", 6, []turn{{ts, "GET / HTTP/1.1"}}, "- invalid_data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser(c.transport)
			for _, x := range c.turns {
				p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
			}
			if got := records(p); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestAnyCut(t *testing.T) {
	for n := 1; n < 100; n++ {
		p := newParser(6)
		for _, x := range conversation {
			var held []byte
			for c := range slices.Chunk([]byte(x.b), n) {
				held = append(held, c...)
				r := p.Parse(&proto.Input{Dir: x.dir, Data: held})
				held = held[r.Consumed:]
			}
		}
		if got := records(p); got != conversationRecords {
			t.Fatalf("cut to %d:\n%s", n, got)
		}
	}
}

func TestGap(t *testing.T) {
	p := newParser(6)
	p.Parse(&proto.Input{Dir: ts, Data: []byte(bind)})
	p.Parse(&proto.Input{Dir: tc, Gap: 10})
	p.Parse(&proto.Input{Dir: tc, Data: []byte(bindOK[10:])})
	p.Parse(&proto.Input{Dir: tc, Data: []byte(bindOK)})
	if got := records(p); got != bindRecord {
		t.Errorf("got\n%s", got)
	}
}

func TestStartTLS(t *testing.T) {
	for _, c := range []struct {
		name string
		code byte
		want string
	}{{"granted", 0, "tls"}, {"refused", 2, ""}} {
		p := newParser(6)
		p.Parse(&proto.Input{Dir: ts, Data: []byte(msg(1, el(0x77, el(0x80, startTLS))))})
		p.Parse(&proto.Input{Dir: tc, Data: []byte(msg(1, result(0x78, c.code)))})
		if got := p.env.Host.(*host).upgrade; got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTooMany(t *testing.T) {
	p := newParser(6)
	for range defaultMaxTx + 1 {
		p.Parse(&proto.Input{Dir: ts, Data: []byte(search)})
	}
	if !p.txs.At(0).HasEvent(evTooMany) || p.txs.At(1).HasEvent(evTooMany) || p.open != defaultMaxTx {
		t.Errorf("%d open, events %v", p.open, p.txs.At(0).Events)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name string
		b    string
		dir  field.Dir
		want proto.Verdict
	}{
		{"request", bind, ts, proto.Yes},
		{"beginning of a request", bind[:4], ts, proto.More},
		{"request, its head only", search[:9], ts, proto.Yes},
		{"response from the client", bindOK, ts, proto.Reversed},
		{"response", bindOK, tc, proto.Yes},
		{"other sequence", "\x30\x05\x04\x03abc", ts, proto.No},
		{"text", "HELO example.com", ts, proto.No},
	} {
		if got := probe([]byte(c.b), c.dir, nil); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestMulti(t *testing.T) {
	p := newParser(6)
	for _, x := range conversation {
		p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
	}
	for _, c := range []struct {
		name string
		tx   int
		want string
	}{
		{"ldap.request.attribute_type", 1, "cn sn"},
		{"ldap.request.attributes", 2, "sn=v"},
		{"ldap.responses.dn", 1, "cn=a,dc=x o=m"},
		{"ldap.responses.message", 1, " why"},
		{"ldap.responses.attribute_type", 1, "cn"},
		{"ldap.responses.attributes", 1, "cn=a cn=" + strings.Repeat("b", 200)},
	} {
		i := slices.IndexFunc(fields, func(d field.Def) bool { return d.Name == c.name })
		var got []string
		for k := 0; ; k++ {
			b, ok := fields[i].Multi(p.Txs()[c.tx], fields[i].Dir, k)
			if !ok {
				break
			}
			got = append(got, string(b))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %q, want %q", c.name, s, c.want)
		}
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser(6)
	var in proto.Input
	var bytes [][]byte
	for _, x := range conversation {
		bytes = append(bytes, []byte(x.b))
	}
	once := func() {
		for i, x := range conversation {
			in = proto.Input{Dir: x.dir, Data: bytes[i]}
			p.Parse(&in)
		}
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkSearch(b *testing.B) {
	p := newParser(6)
	q, r := []byte(search), []byte(entry+finished)
	b.SetBytes(int64(len(q) + len(r)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(&proto.Input{Dir: ts, Data: q})
		p.Parse(&proto.Input{Dir: tc, Data: r})
		p.Free(p.Txs()[0])
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range conversation {
		f.Add([]byte(x.b), x.dir == tc, true)
	}
	f.Fuzz(func(t *testing.T, b []byte, server, udp bool) {
		p := newParser(6)
		if udp {
			p = newParser(17)
		}
		dir := ts
		if server {
			dir = tc
		}
		if r := p.Parse(&proto.Input{Dir: dir, Data: b}); r.Consumed > len(b) {
			t.Fatal("took more than there is")
		}
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
			for k := range lists {
				tx.(*Tx).value(k, 1)
			}
		}
		probe(append(b, 0), dir, nil)
	})
}
