package enip

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

const ts, tc = field.ToServer, field.ToClient

// host takes what a parser asks for.
type host struct{ proto.Host }

func (host) TriggerRaw(field.Dir) {}

func newParser(transport uint8, v7 bool) *parser {
	opt := &settings{maxTx: 4, v7: v7}
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: transport}, Host: host{}, Options: opt}).(*parser)
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// msg makes a message; data is hex.
func msg(command uint16, status uint32, data string) string {
	body := unhex(data)
	b := binary.LittleEndian.AppendUint16(nil, command)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(body)))
	b = binary.LittleEndian.AppendUint32(b, 7)
	b = binary.LittleEndian.AppendUint32(b, status)
	b = append(b, "context."...)
	return string(append(append(b, 0, 0, 0, 0), body...))
}

// rr makes a message with a CIP message that is not connected, which is hex.
func rr(cip string) string {
	n := len(unhex(cip))
	return msg(sendRRData, 0, "00000000 0a00 0200 0000 0000 b200"+hex.EncodeToString([]byte{byte(n), byte(n >> 8)})+cip)
}

const (
	session  = "0100 0000"
	device   = "0100 0c00 2a00 0100" + "00000000000000000000000000000000" + "0100 0e00 3600 140b 6000 78563412 08 313735362d4c3631 03"
	services = "0100 0001 1400 0100 2001 436f6d6d756e69636174696f6e730000"
	single   = "0e 03 20f6 2401 3006"
)

// turn is what one side sends.
type turn struct {
	dir field.Dir
	b   string
}

func say(p *parser, turns ...turn) {
	for _, x := range turns {
		p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
	}
}

func records(p *parser) string {
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		s := strings.ReplaceAll(string(b), `"status":"success",`, "")
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

// conversation is one of all kinds.
var conversation = []turn{
	{ts, msg(registerSession, 0, session)}, {tc, msg(registerSession, 0, session)},
	{ts, msg(listIdentity, 0, "") + msg(listServices, 0, "")}, {tc, msg(listServices, 0, services) + msg(listIdentity, 0, device)},
	{ts, rr(single)}, {tc, rr("8e 00 00 00 0102")},
	{ts, msg(unregisterSession, 0, "")},
}

const conversationRecords = `{"request":{"command":"register_session","register_session":{"protocol_version":1,"options":0}},` +
	`"response":{"command":"register_session","register_session":{"protocol_version":1,"options":0}}}
{"request":{"command":"list_identity","status":"success"},"response":{"command":"list_identity","identity":{"protocol_version":1,"revision":"20.11",` +
	`"vendor_id":1,"device_type":14,"product_code":54,"status":96,"serial":305419896,"product_name":"1756-L61","state":3}}}
{"request":{"command":"list_services","status":"success"},"response":{"command":"list_services",` +
	`"list_services":{"protocol_version":1,"capabilities":288,"service_name":"Communications"}}}
{"request":{"command":"send_rr_data","cip":{"service":"get_attr_single","path":[{"segment_type":"class","value":246},{"segment_type":"instance","value":1},` +
	`{"segment_type":"attribute","value":6}],"class_name":"Ethernet Link"}},"response":{"command":"send_rr_data","cip":{"service":"get_attr_single","status":"success"}}}
{"request":{"command":"unregister_session","status":"success"}}`

func TestRecords(t *testing.T) {
	for _, c := range []struct {
		name      string
		transport uint8
		turns     []turn
		want      string
	}{
		{"conversation", 6, conversation, conversationRecords},
		{"datagrams", 17, []turn{{ts, msg(listServices, 0, "")}, {tc, msg(listServices, 0, services)}}, strings.Split(conversationRecords, "\n")[2]},
		{"refused", 6, []turn{{ts, msg(registerSession, 0, "0200 0000")}, {tc, msg(registerSession, 0x69, session)}},
			`{"request":{"command":"register_session","register_session":{"protocol_version":2,"options":0}},` +
				`"response":{"command":"register_session","status":"unsupported_prot_rev","register_session":{"protocol_version":1,"options":0}}}`},
		{"several services", 6, []turn{{ts, rr("0a 02 2002 2401 0200 0600 0e00" + single + "4c 03 206b 2500 0100")},
			{tc, rr("8a 00 1e 00 0200 0600 0a00 8e000000 cc000801 0402")}},
			`{"request":{"command":"send_rr_data","cip":{"service":"multiple_service","path":[{"segment_type":"class","value":2},{"segment_type":"instance","value":1}],` +
				`"class_name":"Message Router","multiple":[{"service":"get_attr_single","path":[{"segment_type":"class","value":246},{"segment_type":"instance","value":1},` +
				`{"segment_type":"attribute","value":6}],"class_name":"Ethernet Link"},{"service":"read_tag","path":[{"segment_type":"class","value":107},` +
				`{"segment_type":"instance","value":1}]}]}},"response":{"command":"send_rr_data","cip":{"service":"multiple_service","status":"embedded_service_error",` +
				`"multiple":[{"service":"get_attr_single","status":"success"},{"service":"read_tag","status":"service_not_supported","status_extended":{"code":516}}]}}}`},
		{"unconnected send", 6, []turn{{ts, rr("52 02 2006 2401 0a0e 0800" + single + "0100 0100")}},
			`{"request":{"command":"send_rr_data","cip":{"service":"unconnected_send","path":[{"segment_type":"class","value":6},{"segment_type":"instance","value":1}],` +
				`"class_name":"Connection Manager","multiple":[{"service":"get_attr_single","path":[{"segment_type":"class","value":246},` +
				`{"segment_type":"instance","value":1},{"segment_type":"attribute","value":6}],"class_name":"Ethernet Link"}]}}}`},
		{"connected", 6, []turn{{ts, msg(sendUnitData, 0, "00000000 0000 0200 a100 0400 34120000 b100 0800 0500 7f 02 206b 2401")}},
			`{"request":{"command":"send_unit_data","cip":{"service":"127","path":[{"segment_type":"class","value":107},{"segment_type":"instance","value":1}]}}}`},
		{"response alone", 6, []turn{{tc, msg(listServices, 0, services)}},
			`{"response":{"command":"list_services","list_services":{"protocol_version":1,"capabilities":288,"service_name":"Communications"}}}`},
		{"command not known, then on", 6, []turn{{ts, msg(0x99, 0, "01") + msg(nop, 0, "")}}, "- invalid_pdu\n" + `{"request":{"command":"nop","status":"success"}}`},
		{"cut", 6, []turn{{ts, msg(sendRRData, 0, "00")}}, `{"request":{"command":"send_rr_data","status":"success"}} invalid_pdu`},
		{"datagram cut", 17, []turn{{ts, msg(registerSession, 0, session)[:26]}}, "- invalid_pdu"},
		{"too many", 6, slices.Repeat([]turn{{ts, msg(listIdentity, 0, "")}}, 5),
			`{"request":{"command":"list_identity","status":"success"}} too_many_transactions` + strings.Repeat("\n"+`{"request":{"command":"list_identity","status":"success"}}`, 4)},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser(c.transport, false)
			say(p, c.turns...)
			if got := records(p); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestVersion7(t *testing.T) {
	p := newParser(6, true)
	say(p, conversation[:2]...)
	if got := records(p); got != "\n" || p.open != 0 || p.txs.At(1).Dirs != tc {
		t.Errorf("records %q, %d open", got, p.open)
	}
}

func TestAnyCut(t *testing.T) {
	for n := 1; n < 80; n++ {
		p := newParser(6, false)
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
	p := newParser(6, false)
	p.Parse(&proto.Input{Dir: ts, Gap: 10})
	say(p, turn{ts, "rest of a message that nobody has seen"}, turn{ts, msg(nop, 0, "")})
	if got := records(p); got != `{"request":{"command":"nop","status":"success"}}` {
		t.Errorf("got\n%s", got)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name string
		b    string
		dir  field.Dir
		want proto.Verdict
	}{
		{"request", msg(registerSession, 0, session), ts, proto.Yes},
		{"response", msg(registerSession, 1, ""), tc, proto.Yes},
		{"request with a status", msg(registerSession, 1, ""), ts, proto.No},
		{"text", "GET / HTTP/1.1\r\nHost: example", ts, proto.No},
	} {
		if got := probe([]byte(c.b), c.dir, nil); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestFields(t *testing.T) {
	p := newParser(6, false)
	say(p, conversation...)
	say(p, turn{ts, rr("03 02 2001 2401 0200 0100 0700")}, turn{tc, rr("83 00 0a 01 0500")})
	for _, c := range []struct {
		name string
		tx   int
		dir  field.Dir
		want []uint64
	}{
		{"enip_command", 0, ts, []uint64{registerSession}},
		{"enip.protocol_version", 0, ts, []uint64{1}},
		{"enip.protocol_version", 3, ts, nil},
		{"enip.serial", 1, tc, []uint64{0x12345678}},
		{"enip.revision", 1, tc, []uint64{0x0b14}},
		{"enip.capabilities", 2, tc, []uint64{288}},
		{"enip.cip_class", 3, ts, []uint64{0xf6}},
		{"enip.cip_attribute", 5, ts, []uint64{1, 7}},
		{"enip.cip_status", 5, tc, []uint64{10}},
		{"enip.cip_extendedstatus", 5, tc, []uint64{5}},
		{"enip.status", 4, tc, nil},
	} {
		i := slices.IndexFunc(fields, func(d field.Def) bool { return d.Name == c.name })
		var got []uint64
		for k := 0; ; k++ {
			v, ok := fields[i].Uint(p.Txs()[c.tx], c.dir, k)
			if !ok || fields[i].Kind == field.KindUint && k > 0 {
				break
			}
			got = append(got, v)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		arg  string
		want bool
	}{{"14", true}, {"14,246", true}, {"14,246,6", true}, {"14,246,7", false}, {"14,245", false}, {"3", false}} {
		match, err := compileService(c.arg)
		if err != nil {
			t.Errorf("%s: %v", c.arg, err)
		} else if got := match(p.txs.At(3), ts); got != c.want {
			t.Errorf("cip_service:%s: got %v, want %v", c.arg, got, c.want)
		}
	}
	for _, arg := range []string{"", "256", "1,2,3,4", "get"} {
		if _, err := compileService(arg); err == nil {
			t.Errorf("cip_service:%s: no error", arg)
		}
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser(6, false)
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
	for range 20 { // until each transaction of the pool has its memory
		once()
	}
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkService(b *testing.B) {
	p := newParser(6, false)
	q, r := []byte(rr(single)), []byte(rr("8e 00 00 00 0102"))
	b.SetBytes(int64(len(q) + len(r)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(&proto.Input{Dir: ts, Data: q})
		p.Parse(&proto.Input{Dir: tc, Data: r})
		if len(p.Txs()) != 1 {
			b.Fatal("want one transaction")
		}
		p.Free(p.Txs()[0])
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range conversation {
		f.Add([]byte(x.b), x.dir == tc, true)
	}
	f.Add([]byte(rr("0a 02 2002 2401 0200 0600 0e00"+single+"4c 03 206b 2500 0100")), false, false)
	f.Fuzz(func(t *testing.T, b []byte, server, udp bool) {
		p := newParser(6, false)
		if udp {
			p = newParser(17, false)
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
			for i := range fields {
				d := &fields[i]
				switch d.Kind {
				case field.KindUint, field.KindMultiUint:
					d.Uint(tx, dir, 1)
				case field.KindBytes:
					d.Bytes(tx, dir)
				}
			}
		}
	})
}
