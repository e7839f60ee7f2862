package dhcp

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

// message makes a message with these options.
func message(op byte, options ...string) []byte {
	b := []byte{op, 1, 6, 0, 0, 0, 0, 99, 0, 1, 0x80, 0, 10, 0, 0, 7, 10, 0, 0, 9, 10, 0, 0, 8, 10, 0, 0, 6}
	b = append(b, "\x10\x11\x12\x13\x14\x15"...)
	b = append(b, make([]byte, headerLen-4-len(b))...)
	return append(b, "\x63\x82\x53\x63"+strings.Join(options, "")...)
}

func opt(code byte, v string) string { return string([]byte{code, byte(len(v))}) + v }

const ack, end = "\x35\x01\x05", "\xff"

var all = message(bootReply, ack, opt(optClientID, "\x01ab"), opt(optHostname, "h"), "\x00\x00", opt(optLeaseTime, "\x00\x00\x01\x00"),
	opt(optRenewalTime, "\x00\x00\x00\x07"), opt(optRebindingTime, "\x00\x00\x00\x09"), opt(optSubnetMask, "\xff\xff\x00\x00"),
	opt(optRouters, "\x01\x02\x03\x04\x05"), opt(optDNSServers, "\x07\x07\x07\x07\x06\x06\x06\x06"), opt(optParams, "\x01\x03\xc8\x96"),
	opt(optVendorClass, "MSFT"), opt(optRequestedIP, "\x01"), end)

func TestRecord(t *testing.T) {
	const head, ips = `"id":99,"client_mac":"10:11:12:13:14:15","assigned_ip":"10.0.0.9"`, `,"client_ip":"10.0.0.7"`
	const server = ips + `,"relay_ip":"10.0.0.6","next_server_ip":"10.0.0.8"`
	for _, c := range []struct {
		name     string
		b        []byte
		extended bool
		want     string
	}{
		{"all options", all, true, `{"type":"reply",` + head + server + `,"dhcp_type":"ack","client_id":"61:62","hostname":"h","lease_time":256,` +
			`"renewal_time":7,"rebinding_time":9,"subnet_mask":"255.255.0.0","routers":["1.2.3.4"],"dns_servers":["7.7.7.7","6.6.6.6"],` +
			`"params":["subnet_mask","router","tftp_server_ip"],"vendor_class_identifier":"MSFT","requested_ip":""}`},
		{"not extended", all, false, `{"type":"reply",` + head + `,"dhcp_type":"ack","client_id":"61:62","hostname":"h","renewal_time":7}`},
		{"not extended, request", message(bootRequest, opt(optType, "\x03"), end), false, ""},
		{"request", message(bootRequest, opt(optType, "\x03"), end), true, `{"type":"request",` + head + ips + `,"dhcp_type":"request"}`},
		{"other operation and type", message(3, opt(optType, "\x20"), end), true, `{"type":"<unknown>",` + head + ips + `,"dhcp_type":"unknown"}`},
		{"cut in an option", message(bootReply, ack, "\x0c\x20ab"), false, `{"type":"reply",` + head + `,"dhcp_type":"ack"} truncated_options`},
		{"no end", message(bootReply, ack), false, `{"type":"reply",` + head + `,"dhcp_type":"ack"} truncated_options`},
		{"short time", message(bootReply, ack, opt(optLeaseTime, "ab"), end), true, `{"type":"reply",` + head + server + `,"dhcp_type":"ack"} truncated_options`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser()
			p.Parse(&proto.Input{Dir: field.ToClient, Data: c.b})
			tx := p.Txs()[0]
			b, _ := appendRecord(nil, tx, nil, &recordOptions{extended: c.extended})
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

func TestFields(t *testing.T) {
	p := newParser()
	p.Parse(&proto.Input{Dir: field.ToClient, Data: all})
	for i, want := range []uint64{256, 9, 7} {
		if got, ok := fields[i].Uint(p.Txs()[0], field.ToClient, 0); got != want || !ok {
			t.Errorf("%s: got %d, %v, want %d", fields[i].Name, got, ok, want)
		}
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser()
	once := func() {
		p.Parse(&proto.Input{Dir: field.ToClient, Data: all})
		p.Free(p.Txs()[0])
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkMessage(b *testing.B) {
	p := newParser()
	in := proto.Input{Dir: field.ToClient, Data: all}
	b.SetBytes(int64(len(all)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(&in)
		p.Free(p.Txs()[0])
	}
}

func FuzzParse(f *testing.F) {
	f.Add(all)
	f.Add(message(bootRequest, "\x0c\x20"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= headerLen {
			probe(b, field.ToServer, nil)
		}
		p := newParser()
		p.Parse(&proto.Input{Dir: field.ToServer, Data: b})
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
			for _, d := range fields {
				d.Uint(tx, field.ToServer, 0)
			}
		}
	})
}
