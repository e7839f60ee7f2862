package pgsql

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

type host struct{ proto.Host }

func (host) Upgrade(_, _ string)  {}
func (host) TriggerRaw(field.Dir) {}
func (host) NoInspect(bool)       {}

func newParser() *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Host: host{}}).(*parser)
}

// msg makes a message; kind 0 is one without a type.
func msg(kind byte, parts ...string) string {
	body := strings.Join(parts, "")
	n := string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)))
	if kind == 0 {
		return n + body
	}
	return string([]byte{kind}) + n + body
}

// turn is what one side sends.
type turn struct {
	dir field.Dir
	b   string
}

const ts, tc = field.ToServer, field.ToClient

var (
	startup = msg(0, "\x00\x03\x00\x00user\x00u\x00database\x00d\x00\x00")
	query   = msg('Q', "SELECT 1\x00")
	rows    = msg('T', "\x00\x01") + msg('D', "\x00\x01\x00\x00\x00\x02hi") + msg('C', "SELECT 1\x00") + msg('Z', "I")
)

var conversation = []turn{
	{ts, startup}, {tc, msg('R', "\x00\x00\x00\x03")}, {ts, msg('p', "secret\x00")},
	{tc, msg('R', "\x00\x00\x00\x00") + msg('S', "TimeZone\x00UTC\x00") + msg('K', "\x00\x00\x00\x01\x00\x00\x00\x02") + msg('Z', "I")},
	{ts, query}, {tc, rows}, {ts, msg('X')},
}

const conversationRecords = `{"tx_id":1,"request":{"protocol_version":"3.0","startup_parameters":{"user":"u","optional_parameters":[{"database":"d"}]}},` +
	`"response":{"message":"authentication_cleartext_password"}}
{"tx_id":2,"request":{"password_redacted":true},"response":{"message":"authentication_ok","parameter_status":[{"time_zone":"UTC"}],"process_id":1,"secret_key":2}}
{"tx_id":3,"request":{"simple_query":"SELECT 1"},"response":{"field_count":1,"data_rows":1,"data_size":2,"command_completed":"SELECT 1"}}
{"tx_id":4,"request":{"message":"termination_message"}}`

func records(p *parser) string {
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		out = append(out, string(b))
	}
	return strings.Join(out, "\n")
}

func TestAnyCut(t *testing.T) {
	for n := 1; n < 100; n++ {
		p := newParser()
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

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser()
	p.starting = false
	q, r := []byte(query), []byte(rows)
	var in proto.Input
	once := func() {
		in = proto.Input{Dir: ts, Data: q}
		p.Parse(&in)
		in = proto.Input{Dir: tc, Data: r}
		p.Parse(&in)
		p.Free(p.Txs()[0])
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range conversation {
		f.Add([]byte(x.b), x.dir == tc)
	}
	f.Fuzz(func(t *testing.T, b []byte, server bool) {
		p := newParser()
		p.Parse(&proto.Input{Dir: ts, Data: []byte(startup)})
		dir := ts
		if server {
			dir = tc
		}
		if r := p.Parse(&proto.Input{Dir: dir, Data: b}); r.Consumed > len(b) {
			t.Fatal("took more than there is")
		}
		records(p)
		if len(b) > 0 {
			probe(b, dir, nil)
		}
	})
}
