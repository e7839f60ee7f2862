package ike

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

const ts, tc = field.ToServer, field.ToClient

func newParser(lists bool) *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 17}, Options: &settings{lists: lists}}).(*parser)
}

// head makes a message.
func head(next, version, exchange, flags byte, body string) string {
	b := append([]byte("\x01\x01\x01\x01\x01\x01\x01\x01\x02\x02\x02\x02\x02\x02\x02\x02"), next, version, exchange, flags, 0, 0, 0, 0)
	return string(binary.BigEndian.AppendUint32(b, uint32(headerLen+len(body)))) + body
}

// part makes a payload, a proposal or a transform.
func part(next byte, body string) string {
	return string(binary.BigEndian.AppendUint16([]byte{next, 0}, uint16(4+len(body)))) + body
}

// short makes an attribute of two bytes.
func short(class, v uint16) string {
	return string(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, 0x8000|class), v))
}

// assoc1 makes a security association of version 1 of transforms with these
// attributes.
func assoc1(next byte, transforms ...string) string {
	all := ""
	for _, a := range transforms {
		all += part(3, "\x01\x01\x00\x00"+a)
	}
	return part(next, "\x00\x00\x00\x01\x00\x00\x00\x01"+part(0, "\x01\x01\x00\x01"+all))
}

// assoc2 makes one of version 2 of pairs of kind and value.
func assoc2(next, protocol byte, pairs ...byte) string {
	all := ""
	for ; len(pairs) > 1; pairs = pairs[2:] {
		all += part(3, string([]byte{pairs[0], 0, 0, pairs[1]}))
	}
	return part(next, part(0, string([]byte{1, protocol, 0, 1})+all))
}

var (
	aes    = short(1, 7) + short(2, 2) + "\x00\x0c\x00\x04\x00\x01\x51\x80"
	begin1 = head(1, 0x10, 2, 0, assoc1(13, aes)+part(0, "ab"))
	keys1  = head(4, 0x10, 2, 0, part(10, "key")+part(0, "once"))
	dark1  = head(5, 0x10, 2, 1, "xxxx")
	begin2 = head(33, 0x20, 34, 8, assoc2(34, 1, 1, 12, 2, 2, 4, 5)+part(40, "\x00\x0e\x00\x00key")+part(0, "once"))
	reply2 = head(33, 0x20, 34, 0x20, assoc2(41, 1, 1, 20, 2, 5, 4, 14)+part(0, "\x00\x00\x40\x06"))
	dark2  = head(46, 0x20, 35, 8, part(33, "xx"))
)

// records returns the records and events of what p holds.
func records(p *parser) string {
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		s := strings.TrimPrefix(string(b), `{`)
		if _, rest, ok := strings.Cut(s, `"message_id":0,`); ok {
			s = rest
		}
		for _, e := range tx.Base().Events {
			s += " " + events[e].Name
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

type turn struct {
	dir field.Dir
	b   string
}

const flat = `"alg_enc":"EncAesCbc","alg_enc_raw":7,"alg_hash":"HashSha","alg_hash_raw":2,"sa_life_duration":"Unknown","sa_life_duration_raw":86400`
const listed = `"attributes":[{"key":"alg_enc","value":"EncAesCbc","raw":7},{"key":"alg_hash","value":"HashSha","raw":2},{"key":"sa_life_duration","value":"Unknown","raw":86400}]`

func TestRecords(t *testing.T) {
	for _, c := range []struct {
		name  string
		lists bool
		turns []turn
		want  string
	}{
		{"version 1 begins", false, []turn{{ts, begin1}}, `"exchange_type":2,"payload":["SecurityAssociation","VendorID","Proposal","Transform"],` +
			`"ikev1":{"doi":1,"encrypted_payloads":false,"client":{"proposals":[{` + flat + `}]},"server":{},"vendor_ids":["6162"]}}`},
		{"version 1 answered", true, []turn{{tc, begin1}}, `"exchange_type":2,` + listed + `,"payload":["SecurityAssociation","VendorID","Proposal","Transform"],` +
			`"ikev1":{"doi":1,"encrypted_payloads":false,"client":{},"server":{},"vendor_ids":["6162"]}}`},
		{"version 1 keys", true, []turn{{ts, keys1}}, `"exchange_type":2,"payload":["KeyExchange","Nonce"],"ikev1":{"encrypted_payloads":false,` +
			`"client":{"key_exchange_payload":"6b6579","key_exchange_payload_length":3,"nonce_payload":"6f6e6365","nonce_payload_length":4},"server":{}}}`},
		{"version 1 encrypted", true, []turn{{ts, dark1}}, `"exchange_type":2,"payload":["Identification"],"ikev1":{"encrypted_payloads":true}}`},
		{"version 1 two chosen", false, []turn{{tc, head(1, 0x10, 2, 0, assoc1(0, short(1, 7), short(1, 5)))}},
			`"exchange_type":2,"alg_enc":"EncAesCbc","alg_enc_raw":7,"server_proposals":[{"alg_enc":"EncAesCbc","alg_enc_raw":7},` +
				`{"alg_enc":"EncTripleDesCbc","alg_enc_raw":5}],"payload":["SecurityAssociation","Proposal","Transform"],` +
				`"ikev1":{"doi":1,"encrypted_payloads":false,"client":{},"server":{}}} multiple_server_proposal`},
		{"version 2 begins", true, []turn{{ts, begin2}}, `"exchange_type":34,"role":"initiator","payload":["SecurityAssociation","KeyExchange","Nonce","NoNextPayload"],` +
			`"ikev2":{"errors":0}} weak_crypto_prf weak_crypto_dh weak_crypto_no_auth`},
		{"version 2 answered, behind a marker", true, []turn{{tc, "\x00\x00\x00\x00" + reply2}}, `"exchange_type":34,"role":"responder","alg_enc":"ENCR_AES_GCM_16",` +
			`"alg_auth":"NONE","alg_prf":"PRF_HMAC_SHA2_256","alg_dh":"Modp2048","alg_esn":"NoESN","payload":["SecurityAssociation","Notify","NoNextPayload"],` +
			`"ikev2":{"errors":0,"notify":["COOKIE"]}}`},
		{"version 2 encrypted", true, []turn{{ts, dark2}}, `"exchange_type":35,"role":"initiator","payload":["EncryptedAndAuthenticated"],"ikev2":{"errors":0}}`},
		{"version 2 cut", true, []turn{{ts, begin2[:50]}}, `"exchange_type":34,"role":"initiator","payload":[],"ikev2":{"errors":0}}`},
		{"reserved cipher for the header alone", true, []turn{{ts, head(33, 0x20, 34, 8, assoc2(0, 2, 1, 0, 9, 9))}},
			`"exchange_type":34,"role":"initiator","payload":["SecurityAssociation","NoNextPayload"],"ikev2":{"errors":0}} ` +
				`invalid_proposal unknown_proposal weak_crypto_no_dh no_encryption weak_crypto_no_auth`},
		{"no header", true, []turn{{ts, "abcd"}}, " malformed_data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser(c.lists)
			for _, x := range c.turns {
				p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
			}
			if got := records(p); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestChosen(t *testing.T) {
	p := newParser(true)
	for _, x := range []turn{{tc, begin1}, {ts, keys1}, {tc, reply2}} {
		p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
	}
	for _, c := range []struct {
		arg  string
		want []bool
	}{
		{"alg_enc=7", []bool{true, false, false}},
		{"alg_hash!=2", []bool{false, false, false}},
		{"sa_life_duration>=86400", []bool{true, false, false}},
		{"alg_dh>13", []bool{false, false, true}},
		{"alg_dh<14", []bool{false, false, false}},
	} {
		match, err := compileChosen(c.arg)
		if err != nil {
			t.Fatal(err)
		}
		var got []bool
		for _, tx := range p.Txs() {
			got = append(got, match(tx.(*Tx), tc))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.arg, got, c.want)
		}
	}
	for _, arg := range []string{"alg_enc", "alg_x=1", "alg_enc=x", "alg_enc!1"} {
		if _, err := compileChosen(arg); err == nil {
			t.Errorf("%s: no error", arg)
		}
	}
}

func TestVendor(t *testing.T) {
	p := newParser(true)
	p.Parse(&proto.Input{Dir: ts, Data: []byte(head(13, 0x10, 2, 0, part(13, "ab")+part(0, "c")))})
	tx := p.Txs()[0].(*Tx)
	for i, want := range []string{"6162", "63"} {
		if got, ok := tx.vendor(i); string(got) != want || !ok {
			t.Errorf("vendor %d: got %s, want %s", i, got, want)
		}
	}
	if _, ok := tx.vendor(2); ok {
		t.Error("a third vendor ID")
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser(true)
	var bytes [][]byte
	for _, m := range []string{begin1, keys1, dark1, begin2, reply2} {
		bytes = append(bytes, []byte(m))
	}
	var in proto.Input
	once := func() {
		for i, b := range bytes {
			in = proto.Input{Dir: field.Dir(1 + i&1), Data: b}
			p.Parse(&in)
			tx := p.Txs()[0].(*Tx)
			tx.vendor(0)
			p.Free(tx)
		}
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range []string{begin1, keys1, dark1, begin2, reply2, dark2} {
		f.Add([]byte(m), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, server bool) {
		dir := ts
		if server {
			dir = tc
		}
		probe(b, dir, nil)
		p := newParser(server)
		p.Parse(&proto.Input{Dir: dir, Data: b})
		for _, tx := range p.Txs() {
			x := tx.(*Tx)
			appendRecord(nil, tx, nil, nil)
			for i := 0; ; i++ {
				if _, ok := x.vendor(i); !ok {
					break
				}
			}
			x.key()
			x.nonce()
			x.spi(8)
		}
	})
}
