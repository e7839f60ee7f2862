package http2

import (
	"strings"
	"testing"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

// note is a message of the protocol that is carried here: any bytes that begin with m.
type note struct {
	proto.Tx
	text []byte
}

// notes carries notes; closed counts those given back.
type notes struct {
	spare          []*note
	opened, closed int
}

func (n *notes) embedded() *proto.Embedded {
	return &proto.Embedded{
		Open: func() proto.Transaction {
			n.opened++
			if k := len(n.spare); k > 0 {
				t := n.spare[k-1]
				n.spare = n.spare[:k-1]
				return t
			}
			return new(note)
		},
		Close: func(tx proto.Transaction) {
			n.closed++
			n.spare = append(n.spare, tx.(*note))
		},
		Parse: func(tx proto.Transaction, _ field.Dir, b []byte) bool {
			t := tx.(*note)
			t.text = append(t.text[:0], b...)
			return len(b) > 0 && b[0] == 'm'
		},
		Fields: []field.Def{
			field.Bytes(field.Field{Name: "note.text", Dir: field.Both}, func(t *note, _ field.Dir) []byte { return t.text }),
		},
		Record: proto.Record{
			Type: "note",
			Append: func(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
				return append(b, tx.(*note).text...), true
			},
			Alert: func(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) []byte {
				return event.Bytes(b, "note", tx.(*note).text)
			},
		},
	}
}

// renamer is a host whose flows can be called by another name.
type renamer struct {
	host
	name   string
	refuse bool
}

func (r *renamer) Rename(name string) bool {
	if !r.refuse {
		r.name = name
	}
	return !r.refuse
}

const dnsType = "application/dns-message"

func TestDNS(t *testing.T) {
	post := frame(frameHeaders, flagEndHeaders, 1, block(":method", "POST", "content-type", dnsType))
	answer := frame(frameHeaders, flagEndHeaders, 1, block(":status", "200", "content-type", dnsType))
	get := func(path string) string {
		return frame(frameHeaders, flagEndHeaders|flagEndStream, 1, block(":method", "GET", ":path", path, "accept", dnsType))
	}
	long := strings.Repeat(frame(frameData, 0, 1, strings.Repeat("m", 16<<10)), 4)
	for _, c := range []struct {
		name            string
		parts           []part
		refuse          bool
		request, answer string // messages, "-" without
		event           string
	}{
		{"post", []part{{ts, preface + post + frame(frameData, 0, 1, "m-") + frame(frameData, flagEndStream, 1, "ask")}, {tc, answer + frame(frameData, flagEndStream, 1, "m-tell")}},
			false, "m-ask", "m-tell", ""},
		{"get", []part{{ts, preface + get("/dns-query?a=b&dns=bS1hc2s&c")}}, false, "m-ask", "-", ""},
		{"get with padding", []part{{ts, preface + get("/dns-query?dns=bS0=")}}, false, "m-", "-", ""},
		{"no message", []part{{ts, preface + get("/dns-query?dns=YWJj")}}, false, "-", "-", ""},
		{"not base64", []part{{ts, preface + get("/dns-query?dns=*")}}, false, "-", "-", ""},
		{"not parsed", []part{{ts, preface + post + frame(frameData, flagEndStream, 1, "m-ask")}}, true, "-", "-", ""},
		{"reset by the client", []part{{ts, preface + get("/?dns=bS1hc2s") + frame(frameReset, 0, 1, "\x00\x00\x00\x08")}, {tc, answer + frame(frameData, flagEndStream, 1, "m-tell")}},
			false, "m-ask", "m-tell", ""},
		{"too long", []part{{ts, preface + post + long + frame(frameData, flagEndStream, 1, "m")}}, false, "-", "-", "dns_request_too_long"},
		{"answer too long", []part{{ts, preface + get("/?dns=bS1hc2s")}, {tc, answer + long}}, false, "m-ask", "-", "dns_response_too_long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, h := &notes{}, &renamer{refuse: c.refuse}
			plain, doh := Protocols(n.embedded())
			p := plain.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Host: h}).(*parser)
			feed(p, c.parts...)
			if want := map[bool]string{false: "doh2", true: ""}[c.refuse]; h.name != want {
				t.Errorf("called %q, want %q", h.name, want)
			}
			tx := p.Txs()[0]
			text := &doh.Fields[len(doh.Fields)-1]
			got := [2]string{"-", "-"}
			for i, dir := range [...]field.Dir{ts, tc} {
				if b := text.Bytes(tx, dir); b != nil {
					got[i] = string(b)
				}
			}
			if got != [2]string{c.request, c.answer} {
				t.Errorf("got %q, want %q %q", got, c.request, c.answer)
			}
			record := &doh.Records[len(doh.Records)-1]
			want := c.answer
			if want == "-" {
				want = c.request
			}
			b, ok := record.Append(nil, tx, nil, nil)
			if ok != (want != "-") || ok && string(b) != want {
				t.Errorf("record %q, %v, want %q", b, ok, want)
			}
			event := ""
			for _, e := range tx.Base().Events {
				event += plain.Events[e].Name
			}
			if event != c.event {
				t.Errorf("event %q, want %q", event, c.event)
			}
			for len(p.Txs()) > 0 {
				p.Free(p.Txs()[0])
			}
			if n.opened != n.closed {
				t.Errorf("%d messages opened, %d closed", n.opened, n.closed)
			}
		})
	}
}

func TestDNSNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	n := &notes{}
	plain, _ := Protocols(n.embedded())
	p := plain.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Host: &renamer{}}).(*parser)
	p.Parse(&proto.Input{Dir: ts, Data: []byte(preface)})
	ask := &proto.Input{Dir: ts, Data: []byte(frame(frameHeaders, flagEndHeaders|flagEndStream, 1, "\x00\x05:path\x0e/?dns=bS1hc2tz\x00\x06accept\x17"+dnsType))}
	tell := &proto.Input{Dir: tc, Data: []byte(frame(frameHeaders, flagEndHeaders, 1, "\x00\x0ccontent-type\x17"+dnsType) + frame(frameData, flagEndStream, 1, "m-tell"))}
	once := func() {
		p.Parse(ask)
		p.Parse(tell)
		tx := p.Txs()[0]
		if m := tx.(*Tx).message(tc); m == nil {
			t.Fatal("no message")
		}
		p.Free(tx)
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
