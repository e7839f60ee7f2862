package snmp

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

// tlv is an element of at most 127 bytes.
func tlv(tag byte, parts ...string) string {
	v := strings.Join(parts, "")
	return string([]byte{tag, byte(len(v))}) + v
}

func num(v byte) string { return tlv(2, string([]byte{v})) }

// sysDescr is the variable 1.3.6.1.2.1.1.1.0.
var sysDescr = variable("\x2b\x06\x01\x02\x01\x01\x01\x00", "\x05\x00")

func variable(oid, value string) string { return tlv(0x30, tlv(6, oid), value) }

// pdu is what is asked or answered.
func pdu(kind, failure byte, variables ...string) string {
	return tlv(0xa0+kind, num(7), num(failure), num(0), tlv(0x30, variables...))
}

// v12 is a message of version 1 (0 on the wire) or 2c (1).
func v12(version byte, community, p string) string {
	return tlv(0x30, num(version), tlv(4, community), p)
}

// v3 is a message of version 3.
func v3(flags, model byte, user, scoped string) string {
	usm := tlv(0x30, tlv(4, "e"), num(0), num(0), tlv(4, user), tlv(4), tlv(4))
	return tlv(0x30, num(3), tlv(0x30, num(1), num(100), tlv(4, string([]byte{flags})), num(model)), tlv(4, usm), scoped)
}

func scoped(p string) string { return tlv(0x30, tlv(4, "e"), tlv(4), p) }

func v1trap(generic byte) string {
	return tlv(0xa4, tlv(6, "\x2b\x06\x01\x04\x01\x84\xf4\x69"), tlv(0x40, "\x0a\x00\x00\x01"), num(generic), num(42), tlv(0x43, "\x05"), tlv(0x30, sysDescr))
}

// get is the commonest message.
var get = v12(0, "public", pdu(getRequest, 0, sysDescr))

func newParser(old bool) *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 17}, Options: &settings{old: old}}).(*parser)
}

// feed gives messages to a parser and returns the last transaction's record and
// events.
func feed(p *parser, messages ...string) string {
	for _, m := range messages {
		p.Parse(&proto.Input{Dir: ts, Data: []byte(m)})
	}
	if len(p.Txs()) == 0 {
		return ""
	}
	tx := p.Txs()[len(p.Txs())-1]
	b, _ := appendRecord(nil, tx, nil, nil)
	for _, e := range tx.Base().Events {
		b = append(b, " !"+events[e].Name...)
	}
	return string(b)
}

const rest = `"vars":["1.3.6.1.2.1.1.1.0"],"community":"public"}`

func TestRecord(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []string
		want     string
	}{
		{"get", []string{get}, `{"version":1,"pdu_type":"get_request",` + rest},
		{"bytes behind", []string{get + "xx"}, `{"version":1,"pdu_type":"get_request",` + rest},
		{"response", []string{v12(1, "public", pdu(response, 0, sysDescr))}, `{"version":2,"pdu_type":"response",` + rest},
		{"error", []string{v12(0, "public", pdu(response, 2, sysDescr))}, `{"version":1,"pdu_type":"response","error":"NoSuchName",` + rest},
		{"error of 2c", []string{v12(1, "public", pdu(response, 6, sysDescr))}, `{"version":2,"pdu_type":"response","error":"ErrorStatus(6)",` + rest},
		{"bulk has no error", []string{v12(1, "public", pdu(getBulkRequest, 3, sysDescr))}, `{"version":2,"pdu_type":"get_bulk_request",` + rest},
		{"no variables", []string{v12(0, "", pdu(setRequest, 0))}, `{"version":1,"pdu_type":"set_request","community":""}`},
		{"odd names", []string{v12(0, "a", pdu(getNextRequest, 0, variable("", "\x05\x00"), variable("\x2b\x86", "\x05\x00"), variable("\x88\x37\x03", "\x05\x00")))},
			`{"version":1,"pdu_type":"get_next_request","vars":["","1.3.6","3.16.55.3"],"community":"a"}`},
		{"trap", []string{v12(0, "public", v1trap(6))},
			`{"version":1,"pdu_type":"trap_v1","trap_type":"enterpriseSpecific","trap_oid":"1.3.6.1.4.1.80489","trap_address":"10.0.0.1",` + rest},
		{"unknown trap", []string{v12(0, "public", v1trap(9))},
			`{"version":1,"pdu_type":"trap_v1","trap_type":"TrapType(9)","trap_oid":"1.3.6.1.4.1.80489","trap_address":"10.0.0.1",` + rest},
		{"version 3", []string{v3(0, 3, "bob", scoped(pdu(report, 0, sysDescr)))}, `{"version":3,"pdu_type":"report","vars":["1.3.6.1.2.1.1.1.0"],"usm":"bob"}`},
		{"encrypted", []string{v3(3, 3, "bob", tlv(4, "secret"))}, `{"version":3,"pdu_type":"encrypted"}`},
		{"other model", []string{v3(0, 1, "bob", scoped(pdu(report, 0, sysDescr)))},
			`{"version":3,"pdu_type":"report","vars":["1.3.6.1.2.1.1.1.0"]} !unknown_security_model`},
		{"mismatch", []string{get, v12(1, "public", pdu(response, 0, sysDescr))}, `{"version":1,"pdu_type":"response",` + rest + " !version_mismatch"},
		{"said to be encrypted", []string{v3(2, 3, "bob", scoped(pdu(report, 0, sysDescr)))}, " !malformed_data"},
		{"community not text", []string{v12(0, "\xff", pdu(getRequest, 0, sysDescr))}, " !malformed_data"},
		{"type of 2c in 1", []string{v12(0, "a", pdu(trapV2, 0, sysDescr))}, " !malformed_data"},
		{"type beyond", []string{v12(1, "a", pdu(9, 0, sysDescr))}, " !malformed_data"},
		{"cut", []string{get, get[:30]}, " !malformed_data"},
		{"value too long", []string{v12(0, "a", pdu(response, 0, variable("\x2b", tlv(2, "\x01\x01\x01\x01\x01"))))}, " !malformed_data"},
		{"no value", []string{v12(0, "a", pdu(response, 0, variable("\x2b", "")))}, " !malformed_data"},
		{"negative id", []string{v12(0, "a", tlv(0xa0, num(0xff), num(0), num(0), tlv(0x30)))}, " !malformed_data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := feed(newParser(false), c.messages...); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestOld(t *testing.T) {
	p := newParser(true)
	feed(p, get, "junk", get)
	if n := len(p.Txs()); n != 2 {
		t.Errorf("%d transactions, want 2", n)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, b string
		want    proto.Verdict
	}{
		{"version 1", get, proto.Yes},
		{"version 3", v3(3, 3, "bob", tlv(4, "secret")), proto.Yes},
		{"cut", get[:20], proto.No},
		{"other version", v12(2, "a", pdu(0, 0)), proto.No},
		{"version alone", tlv(0x30, num(0)), proto.No},
		{"version 3 without a header", tlv(0x30, num(3), tlv(4, "a")), proto.No},
	} {
		if got := probe([]byte(c.b), ts, nil); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestFields(t *testing.T) {
	p := newParser(false)
	feed(p, v12(0, "public", pdu(setRequest, 0)), v12(0, "", pdu(setRequest, 0)), v3(0, 3, "bob", scoped(pdu(report, 0))), v3(3, 3, "bob", tlv(4, "secret")))
	get := func(name string) *field.Def {
		return &fields[slices.IndexFunc(fields, func(d field.Def) bool { return d.Name == name })]
	}
	for i, want := range []struct {
		community, user string
		pdu             uint64
		known           bool
	}{{"public", "", setRequest, true}, {"", "", setRequest, true}, {"", "bob", report, true}, {"", "", 0, false}} {
		tx := p.Txs()[i]
		community, user := get("snmp.community").Bytes(tx, ts), get("snmp.usm").Bytes(tx, ts)
		kind, known := get("snmp.pdu_type").Uint(tx, ts, 0)
		version, ok := get("snmp.version").Uint(tx, ts, 0)
		if string(community) != want.community || string(user) != want.user || kind != want.pdu || known != want.known || version != 1 || !ok {
			t.Errorf("message %d: %q %q %d %v %d %v, want %+v", i, community, user, kind, known, version, ok, want)
		}
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p, in := newParser(false), &proto.Input{Dir: ts, Data: []byte(get)}
	b := make([]byte, 0, 1<<10)
	once := func() {
		p.Parse(in)
		appendRecord(b, p.Txs()[0], nil, nil)
		p.Free(p.Txs()[0])
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkParse(b *testing.B) {
	p, in := newParser(false), &proto.Input{Dir: tc, Data: []byte(get)}
	b.SetBytes(int64(len(get)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(in)
		tx := p.Txs()[0]
		if tx.(*Tx).pdu != getRequest || len(tx.Base().Events) > 0 {
			b.Fatal("not read")
		}
		p.Free(tx)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{get, v12(0, "public", v1trap(6)), v3(0, 3, "bob", scoped(pdu(report, 0, sysDescr))), v3(3, 3, "bob", tlv(4, "secret"))} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newParser(false)
		if got := feed(p, string(b), get); got == "" || len(b) > 0 && len(p.Txs()) != 2 {
			t.Errorf("got %q, %d transactions", got, len(p.Txs()))
		}
		for _, tx := range p.Txs() {
			known := len(tx.(*Tx).Events) == 0 || !tx.(*Tx).HasEvent(evMalformed)
			if known && tx.(*Tx).data != nil && probe(tx.(*Tx).data, ts, nil) != proto.Yes {
				t.Error("a message that is read is not recognised")
			}
			fields[1].Bytes(tx, ts)
			fields[2].Bytes(tx, ts)
		}
	})
}
