package krb5

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

func newParser(transport uint8) *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: transport}}).(*parser)
}

// el makes an element of DER.
func el(tag byte, parts ...string) string {
	v := strings.Join(parts, "")
	if len(v) < 0x80 {
		return string([]byte{tag, byte(len(v))}) + v
	}
	return string([]byte{tag, 0x82, byte(len(v) >> 8), byte(len(v))}) + v
}

func num(v byte) string { return el(2, string([]byte{v})) }

func name(parts ...string) string {
	var s string
	for _, p := range parts {
		s += el(0x1b, p)
	}
	return el(0x30, el(0xa0, num(1)), el(0xa1, el(0x30, s)))
}

func encrypted(etype byte) string { return el(0x30, el(0xa0, num(etype)), el(0xa2, el(4, "secret"))) }

const ts, tc = field.ToServer, field.ToClient

var (
	request = el(0x6a, el(0x30, el(0xa1, num(5)), el(0xa2, num(asReq)), el(0xa4, el(0x30, el(0xa0, el(3, "\x00\x01")), el(0xa1, name("u")),
		el(0xa2, el(0x1b, "R")), el(0xa3, name("krbtgt", "R"))))))
	reply = el(0x6b, el(0x30, el(0xa0, num(5)), el(0xa1, num(asRep)), el(0xa3, el(0x1b, "R")), el(0xa4, name("u")),
		el(0xa5, el(0x61, el(0x30, el(0xa0, num(5)), el(0xa1, el(0x1b, "R")), el(0xa2, name("krbtgt", "R")), el(0xa3, encrypted(18))))),
		el(0xa6, encrypted(23))))
	refusal = el(0x7e, el(0x30, el(0xa0, num(5)), el(0xa1, num(krbError)), el(0xa6, num(25)), el(0xa9, el(0x1b, "R")), el(0xaa, name("krbtgt", "R"))))
)

const (
	requestRecord = `{"msg_type":"KRB_AS_REQ","cname":"u","realm":"R","sname":"krbtgt/R","encryption":"<none>","weak_encryption":false}`
	replyRecord   = `{"msg_type":"KRB_AS_REP","cname":"u","realm":"R","sname":"krbtgt/R","encryption":"rc4-hmac","weak_encryption":true,` +
		`"ticket_encryption":"aes256-cts-hmac-sha1-96","ticket_weak_encryption":false} weak_encryption`
	refusalRecord = `{"msg_type":"KRB_ERROR","failed_request":"KRB_AS_REQ","error_code":"KDC_ERR_PREAUTH_REQUIRED","cname":"<empty>","realm":"<empty>",` +
		`"sname":"krbtgt/R","encryption":"<none>","weak_encryption":false}`
)

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

func TestRecords(t *testing.T) {
	for _, c := range []struct {
		name string
		dir  field.Dir
		b    []string
		want string
	}{
		{"request", ts, []string{request}, requestRecord},
		{"reply with a weak cipher", tc, []string{reply}, replyRecord},
		{"error", tc, []string{refusal}, strings.Replace(refusalRecord, "KRB_AS_REQ", "UNKNOWN", 1)},
		{"cut", ts, []string{request[:len(request)-1]}, "- malformed_data"},
		{"not Kerberos", ts, []string{"GET / HTTP/1.0"}, "- malformed_data"},
		{"request without its body", ts, []string{el(0x6a, el(0x30, el(0xa1, num(5))))},
			`{"msg_type":"KRB_AS_REQ","cname":"<empty>","realm":"<empty>","sname":"<empty>","encryption":"<none>","weak_encryption":false} malformed_data`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser(17)
			for _, b := range c.b {
				p.Parse(&proto.Input{Dir: c.dir, Data: []byte(b)})
			}
			if got := records(p); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// framed puts the length in front.
func framed(b string) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }

func TestAnyCut(t *testing.T) {
	all := append(framed(request), framed(request)...)
	for n := 1; n < len(all); n++ {
		p := newParser(6)
		var held []byte
		for c := range slices.Chunk(all, n) {
			held = append(held, c...)
			r := p.Parse(&proto.Input{Dir: ts, Data: held})
			held = held[r.Consumed:]
		}
		p.Parse(&proto.Input{Dir: tc, Data: framed(refusal)})
		if got, want := records(p), requestRecord+"\n"+requestRecord+"\n"+refusalRecord; got != want {
			t.Fatalf("cut to %d:\n%s", n, got)
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
		{"request", request, ts, proto.Yes},
		{"reply from the client", reply, ts, proto.Reversed},
		{"error", refusal, tc, proto.Yes},
		{"no message", "\x60\x20\x30\x1e\xa0\x03\x02\x01\x05\xa1", ts, proto.No},
		{"text", "HELO example.com", ts, proto.No},
	} {
		if got := probeUDP([]byte(c.b), c.dir, nil); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestKeywords(t *testing.T) {
	p := newParser(17)
	for _, b := range []string{reply, refusal} {
		p.Parse(&proto.Input{Dir: tc, Data: []byte(b)})
	}
	for _, c := range []struct {
		name, arg string
		want      [2]bool
	}{
		{"krb5_err_code", "25", [2]bool{false, true}},
		{"krb5_err_code", "!0", [2]bool{false, true}},
		{"krb5_err_code", "> 30", [2]bool{false, false}},
		{"krb5.ticket_encryption", "weak", [2]bool{false, false}},
		{"krb5.ticket_encryption", "17, 18", [2]bool{true, false}},
		{"krb5.ticket_encryption", "!23", [2]bool{true, false}},
	} {
		i := slices.IndexFunc(fields, func(d field.Def) bool { return d.Name == c.name })
		fits, err := fields[i].Compile(c.arg)
		if err != nil {
			t.Fatal(err)
		}
		for k, tx := range p.Txs() {
			if got := fits(tx, tc); got != c.want[k] {
				t.Errorf("%s:%s: got %v", c.name, c.arg, got)
			}
		}
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser(17)
	b := [][]byte{[]byte(request), []byte(reply), []byte(refusal)}
	var in proto.Input
	once := func() {
		for i, x := range b {
			in = proto.Input{Dir: field.Dir(1 + min(i, 1)), Data: x}
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

func BenchmarkReply(b *testing.B) {
	p := newParser(17)
	in := proto.Input{Dir: tc, Data: []byte(reply)}
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(&in)
		p.Free(p.Txs()[0])
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{request, reply, refusal} {
		f.Add([]byte(s), true)
		f.Add(framed(s), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, udp bool) {
		p := newParser(6)
		if udp {
			p = newParser(17)
		}
		if r := p.Parse(&proto.Input{Dir: ts, Data: b}); r.Consumed > len(b) {
			t.Fatal("took more than there is")
		}
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
		}
		if len(b) >= 14 {
			probeTCP(b, ts, nil)
		}
	})
}
