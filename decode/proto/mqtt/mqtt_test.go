package mqtt

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

func newParser(opt *settings) *parser {
	env := &proto.Env{Flow: &flow.Flow{Proto: 6}}
	if opt != nil {
		env.Options = opt
	}
	return Protocol.New(env).(*parser)
}

// str makes a string with its length before it.
func str(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

// msg makes a message.
func msg(first byte, parts ...string) string {
	body := strings.Join(parts, "")
	head := []byte{first}
	for n := len(body); ; n >>= 7 {
		if n < 128 {
			return string(append(head, byte(n))) + body
		}
		head = append(head, byte(n&127|128))
	}
}

var (
	hello4   = msg(0x10, str("MQTT"), "\x04\xc6\x00\x3c", str("me"), str("t"), str("gone"), str("user"), str("pw"))
	hello5   = msg(0x10, str("MQTT"), "\x05\x02\x00\x3c", "\x03\x21\x00\x14", str("me"))
	ok4      = msg(0x20, "\x00\x00")
	ok5      = msg(0x20, "\x01\x00\x00")
	say0     = msg(0x31, str("a/b"), "hello")
	say1     = msg(0x3a, str("a/b"), "\x00\x07", "hello")
	ack1     = msg(0x40, "\x00\x07")
	say2     = msg(0x34, str("x"), "\x00\x08")
	rec2     = msg(0x50, "\x00\x08")
	rel2     = msg(0x62, "\x00\x08")
	comp2    = msg(0x70, "\x00\x08")
	want     = msg(0x82, "\x00\x01", str("t1"), "\x01", str("t2"), "\x00")
	granted  = msg(0x90, "\x00\x01", "\x01\x80")
	unwant   = msg(0xa2, "\x00\x02", str("t1"))
	unwanted = msg(0xb0, "\x00\x02")
	ping     = msg(0xc0)
	bye5     = msg(0xe0, "\x8e\x00")
)

// piece is what one side sends.
type piece struct {
	dir  field.Dir
	data string
}

// feed gives the pieces to a parser, cut in parts of n bytes, and returns the
// records and events of all transactions.
func feed(p *parser, n int, pieces ...piece) (out []string) {
	var rest [2][]byte
	for _, x := range pieces {
		d := x.dir.Index()
		for b := []byte(x.data); len(b) > 0; {
			k := min(n, len(b))
			rest[d] = append(rest[d], b[:k]...)
			b = b[k:]
			r := p.Parse(&proto.Input{Dir: x.dir, Data: rest[d]})
			rest[d] = rest[d][r.Consumed:]
			if r.Status == proto.Stop {
				return append(records(p), "stop")
			}
		}
	}
	return records(p)
}

func records(p *parser) (out []string) {
	for _, tx := range p.Txs() {
		t := tx.(*Tx)
		text := ""
		if !t.NoLog {
			b, _ := appendRecord(nil, t, nil, nil)
			text = string(b)
		}
		if !t.complete {
			text += " open"
		}
		for _, e := range t.Events {
			text += " !" + events[e].Name
		}
		out = append(out, text)
	}
	return out
}

func TestParse(t *testing.T) {
	const head = `"qos":0,"retain":false,"dup":false`
	hello := []piece{{ts, hello4}, {tc, ok4}}
	helloText := `{"connect":{` + head + `,"protocol_string":"MQTT","protocol_version":4,"flags":{"username":true,"password":true,"will_retain":false,"will":true,"clean_session":true},` +
		`"client_id":"me","username":"user","password":"pw","will":{"topic":"t","message":"gone"}},"connack":{` + head + `,"session_present":false,"return_code":0}}`
	for _, c := range []struct {
		name   string
		opt    *settings
		pieces []piece
		want   []string
	}{
		{"connect", nil, hello, []string{helloText}},
		{"connect 5", nil, []piece{{ts, hello5}, {tc, ok5}, {ts, bye5}}, []string{
			`{"connect":{` + head + `,"protocol_string":"MQTT","protocol_version":5,"flags":{"username":false,"password":false,"will_retain":false,"will":false,"clean_session":true},` +
				`"client_id":"me","properties":{"receive_maximum":20}},"connack":{` + head + `,"session_present":true,"return_code":0}}`,
			`{"disconnect":{` + head + `,"reason_code":142}}`,
		}},
		{"publish", nil, append(slices.Clip(hello), piece{ts, say0}, piece{ts, say1}, piece{tc, ack1}), []string{
			helloText, `{"publish":{"qos":0,"retain":true,"dup":false,"topic":"a/b","message":"hello"}}`,
			`{"publish":{"qos":1,"retain":false,"dup":true,"topic":"a/b","message_id":7,"message":"hello"},"puback":{` + head + `,"message_id":7}}`,
		}},
		{"exactly once", nil, append(slices.Clip(hello), piece{ts, say2}, piece{tc, rec2}, piece{ts, rel2}, piece{tc, comp2}), []string{
			helloText, `{"publish":{"qos":2,"retain":false,"dup":false,"topic":"x","message_id":8,"message":""},"pubrec":{` + head + `,"message_id":8},` +
				`"pubrel":{"qos":1,"retain":false,"dup":false,"message_id":8},"pubcomp":{` + head + `,"message_id":8}}`,
		}},
		{"subscribe", nil, append(slices.Clip(hello), piece{ts, want}, piece{tc, granted}, piece{ts, unwant}, piece{tc, unwanted}), []string{
			helloText, `{"subscribe":{"qos":1,"retain":false,"dup":false,"message_id":1,"topics":[{"topic":"t1","qos":1},{"topic":"t2","qos":0}]},` +
				`"suback":{` + head + `,"message_id":1,"qos_granted":[1,128]}}`,
			`{"unsubscribe":{"qos":1,"retain":false,"dup":false,"message_id":2,"topics":["t1"]},"unsuback":{` + head + `,"message_id":2}}`,
		}},
		{"no session", nil, []piece{{tc, ok4[:0]}, {ts, ping}, {tc, granted}, {tc, unwanted}, {tc, ack1}}, []string{
			`{"pingreq":{` + head + `}} !unintroduced_message`,
			`{"suback":{` + head + `,"message_id":1,"qos_granted":[1,128]}} !missing_subscribe !unintroduced_message`,
			`{"unsuback":{` + head + `,"message_id":2}} !missing_unsubscribe !unintroduced_message`,
			`{"puback":{` + head + `,"message_id":7}} !missing_publish !unintroduced_message`,
		}},
		{"no connect", nil, []piece{{tc, ok4}}, []string{`{"connack":{` + head + `,"session_present":false,"return_code":0}} !missing_connect`}},
		{"type 0", nil, []piece{{ts, "\x00\x00"}}, []string{`{"unassigned":{` + head + `}} !unassigned_msg_type`}},
		{"no such quality", nil, append(slices.Clip(hello), piece{ts, msg(0x36, str("a"), "b")}), []string{
			helloText, `{"publish":{"qos":3,"retain":false,"dup":false,"topic":"a","message":"b"}} !invalid_qos_level`,
		}},
		{"no identifier", nil, append(slices.Clip(hello), piece{ts, msg(0x32, str("a"))}), []string{
			helloText, `{"publish":{"qos":1,"retain":false,"dup":false,"topic":"a","message":""}} !missing_msg_id`,
		}},
		{"short", nil, []piece{{ts, msg(0x10, "\x00\x09MQ")}}, []string{" !malformed_traffic"}},
		{"length without end", nil, []piece{{ts, "\x10\xff\xff\xff\xff\x01"}}, []string{" !malformed_traffic", "stop"}},
		{"too long", &settings{10, 5}, append(slices.Clip(hello[1:]), piece{ts, msg(0x30, str("topic"), "0123456789")}, piece{ts, ping}), []string{
			`{"connack":{` + head + `,"session_present":false,"return_code":0}} !missing_connect`,
			`{"publish":{` + head + `,"truncated":true,"skipped_length":19}}`, `{"pingreq":{` + head + `}}`,
		}},
		{"too many", &settings{defaultMaxMessage, 1}, []piece{{tc, ok4}, {ts, want}, {ts, want}}, []string{
			`{"connack":{` + head + `,"session_present":false,"return_code":0}} !missing_connect`,
			`{"subscribe":{"qos":1,"retain":false,"dup":false,"message_id":1,"topics":[{"topic":"t1","qos":1},{"topic":"t2","qos":0}]}} !too_many_transactions`,
			`{"subscribe":{"qos":1,"retain":false,"dup":false,"message_id":1,"topics":[{"topic":"t1","qos":1},{"topic":"t2","qos":0}]}} open`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{1, 7, 1 << 20} {
				if got := feed(newParser(c.opt), n, c.pieces...); !slices.Equal(got, c.want) {
					t.Errorf("cut at %d:\n%s\nwant\n%s", n, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
				}
			}
		})
	}
}

func TestOptions(t *testing.T) {
	p := newParser(nil)
	feed(p, 1<<20, piece{ts, hello4}, piece{tc, ok4}, piece{ts, want}, piece{tc, granted})
	b, _ := appendRecord(nil, p.Txs()[0], nil, &logConfig{limit: 3})
	if s := string(b); strings.Contains(s, `"password":"`) || !strings.Contains(s, `"username":"use[truncated 1 additional bytes]"`) {
		t.Errorf("password shown, or names not cut: %s", s)
	}
	b, _ = appendRecord(nil, p.Txs()[1], nil, &logConfig{limit: 3})
	if s := string(b); !strings.Contains(s, `"topics":[{"topic":"t1","qos":1},{"topic":"t[truncated 1 additional bytes]","qos":0}]`) {
		t.Errorf("topics share no limit: %s", s)
	}
}

func TestFields(t *testing.T) {
	p := newParser(nil)
	feed(p, 1<<20, piece{ts, hello4}, piece{tc, ok4}, piece{ts, want}, piece{tc, granted}, piece{ts, unwant}, piece{tc, unwanted}, piece{ts, say1})
	get := func(tx int, name string) (out []string) {
		i := slices.IndexFunc(fields, func(d field.Def) bool { return d.Name == name })
		d, x := &fields[i], p.Txs()[tx]
		for i := 0; ; i++ {
			switch d.Kind {
			case field.KindBytes:
				if b := d.Bytes(x, ts); b != nil {
					return []string{string(b)}
				}
				return nil
			case field.KindMulti:
				b, ok := d.Multi(x, ts, i)
				if !ok {
					return out
				}
				out = append(out, string(b))
			default:
				v, ok := d.Uint(x, ts, i)
				if !ok {
					return out
				}
				out = append(out, string('0'+rune(v%10)))
			}
		}
	}
	for _, c := range []struct {
		tx   int
		name string
		want []string
	}{
		{0, "mqtt.type", []string{"1", "2"}}, {0, "mqtt.connect.clientid", []string{"me"}}, {0, "mqtt.connect.password", []string{"pw"}},
		{0, "mqtt.connect.willtopic", []string{"t"}}, {0, "mqtt.connect.willmessage", []string{"gone"}}, {0, "mqtt.reason_code", []string{"0"}},
		{1, "mqtt.subscribe.topic", []string{"t1", "t2"}}, {1, "mqtt.reason_code", []string{"1", "8"}}, {1, "mqtt.connect.clientid", nil},
		{2, "mqtt.unsubscribe.topic", []string{"t1"}}, {2, "mqtt.reason_code", nil},
		{3, "mqtt.publish.topic", []string{"a/b"}}, {3, "mqtt.publish.message", []string{"hello"}}, {3, "mqtt.qos", []string{"1"}},
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
	p := newParser(nil)
	feed(p, 1<<20, piece{ts, hello4}, piece{tc, ok4})
	in := proto.Input{Dir: ts, Data: []byte(say1)}
	back := proto.Input{Dir: tc, Data: []byte(ack1)}
	n := testing.AllocsPerRun(200, func() {
		p.Parse(&in)
		p.Parse(&back)
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	})
	if n > 0 {
		t.Errorf("%v allocations for a message and its answer, want 0", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{hello4 + want + say1, hello5 + bye5, ok4 + granted + ack1, msg(0x36, str("a")), "\x10\xff\xff\xff\xff"} {
		f.Add([]byte(s), []byte(ok5+ack1), 3)
	}
	f.Fuzz(func(t *testing.T, client, server []byte, n int) {
		if len(client)+len(server) > 1<<16 {
			t.Skip("too long")
		}
		n = max(n%1000, 1)
		whole := feed(newParser(nil), 1<<20, piece{ts, string(client)}, piece{tc, string(server)})
		cut := feed(newParser(nil), n, piece{ts, string(client)}, piece{tc, string(server)})
		if !slices.Equal(whole, cut) {
			t.Errorf("cut at %d:\n%q\nwhole:\n%q", n, cut, whole)
		}
	})
}
