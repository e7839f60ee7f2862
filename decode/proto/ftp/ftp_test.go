package ftp

import (
	"net/netip"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

// host notes what a parser asks of the pipeline.
type host struct {
	expected []proto.Expectation
	upgrade  string
}

func (h *host) Upgrade(name, expect string)                   { h.upgrade = expect }
func (h *host) Expect(e proto.Expectation)                    { h.expected = append(h.expected, e) }
func (h *host) NoInspect(bool)                                {}
func (h *host) NoRawInspect(field.Dir)                        {}
func (h *host) TriggerRaw(field.Dir)                          {}
func (h *host) Frame(field.Dir, uint8, int, int64, *proto.Tx) {}

func newParser(h *host, opt *settings) *parser {
	f := &flow.Flow{Proto: 6}
	f.Addr[0] = netip.MustParseAddr("192.0.2.1").As16()
	f.Addr[1] = netip.MustParseAddr("192.0.2.2").As16()
	env := &proto.Env{Flow: f, Host: h}
	if opt != nil {
		env.Options = opt
	}
	return Protocol.New(env).(*parser)
}

// talk feeds lines: "> " goes to the server, "< " to the client.
func talk(p *parser, lines ...string) {
	for _, l := range lines {
		dir := field.ToServer
		if l[0] == '<' {
			dir = field.ToClient
		}
		p.Parse(&proto.Input{Dir: dir, Data: []byte(l[2:] + "\r\n")})
	}
}

func TestRecords(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"greeting", []string{"< 220 ready"}, []string{
			`{"completion_code":["220"],"reply":["ready"],"reply_received":"yes","reply_truncated":false}`}},
		{"greeting of several lines", []string{"< 220-welcome", "< 220 ready"}, []string{
			`{"completion_code":["220","220"],"reply":["welcome","ready"],"reply_received":"yes","reply_truncated":false}`}},
		{"command with data", []string{"> user foo", "< 331 password"}, []string{
			`{"command":"USER","command_data":"foo","command_truncated":false,"completion_code":["331"],"reply":["password"],"reply_received":"yes","reply_truncated":false}`}},
		{"without a reply", []string{"> SYST"}, []string{
			`{"command":"SYST","reply_received":"no","reply_truncated":false}`}},
		{"command that is not known", []string{"> FEAT", "< 211-Extensions:", "<  EPRT", "< 211 End."}, []string{
			`{"completion_code":["211","211"],"reply":["Extensions:"," EPRT","End."],"reply_received":"yes","reply_truncated":false}`}},
		{"preliminary reply", []string{"> RETR a", "< 150 Opening", "< 226 Done"}, []string{
			`{"command":"RETR","command_data":"a","command_truncated":false,"completion_code":["150","226"],"reply":["Opening","Done"],"reply_received":"yes","reply_truncated":false}`}},
		{"pipelined", []string{"> SYST", "> PWD", "< 215 UNIX", "< 257 /"}, []string{
			`{"command":"SYST","completion_code":["215"],"reply":["UNIX"],"reply_received":"yes","reply_truncated":false}`,
			`{"command":"PWD","completion_code":["257"],"reply":["/"],"reply_received":"yes","reply_truncated":false}`}},
		{"active", []string{"> PORT 192,0,2,1,234,10", "< 200 ok"}, []string{
			`{"command":"PORT","command_data":"192,0,2,1,234,10","command_truncated":false,"completion_code":["200"],"reply":["ok"],"dynamic_port":59914,"mode":"active","reply_received":"yes","reply_truncated":false}`}},
		{"passive", []string{"> EPSV", "< 229 Extended Passive mode OK (|||63988|)"}, []string{
			`{"command":"EPSV","completion_code":["229"],"reply":["Extended Passive mode OK (|||63988|)"],"dynamic_port":63988,"reply_received":"yes","reply_truncated":false}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser(&host{}, nil)
			talk(p, c.lines...)
			if len(p.Txs()) != len(c.want) {
				t.Fatalf("%d transactions, want %d", len(p.Txs()), len(c.want))
			}
			for i, tx := range p.Txs() {
				got, _ := appendRecord(nil, tx, nil, nil)
				if string(got) != c.want[i] {
					t.Errorf("transaction %d:\n got %s\nwant %s", i, got, c.want[i])
				}
			}
		})
	}
}

func TestDataConnections(t *testing.T) {
	client := netip.MustParseAddr("192.0.2.1").As16()
	server := netip.MustParseAddr("192.0.2.2").As16()
	for _, c := range []struct {
		name  string
		lines []string
		want  proto.Expectation
		tr    transfer
	}{
		{"PASV", []string{"> PASV", "< 227 Entering (192,0,2,2,4,1)", "> RETR a.txt"},
			proto.Expectation{Client: client, Server: server, Port: 1025}, transfer{[]byte("a.txt"), "RETR", false}},
		{"EPSV", []string{"> EPSV", "< 229 ok (|||2000|)", "> STOR b"},
			proto.Expectation{Client: client, Server: server, Port: 2000}, transfer{[]byte("b"), "STOR", false}},
		{"PORT", []string{"> PORT 192,0,2,1,4,1", "< 200 ok", "> RETR a"},
			proto.Expectation{Client: server, Server: client, Port: 1025}, transfer{[]byte("a"), "RETR", true}},
		{"EPRT", []string{"> EPRT |1|192.0.2.1|5000|", "< 200 ok", "> NLST"},
			proto.Expectation{Client: server, Server: client, Port: 5000}, transfer{nil, "NLST", true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &host{}
			talk(newParser(h, nil), c.lines...)
			if len(h.expected) != 1 {
				t.Fatalf("%d expectations, want 1", len(h.expected))
			}
			e := h.expected[0]
			tr := e.Data.(*transfer)
			if e.Client != c.want.Client || e.Server != c.want.Server || e.Port != c.want.Port || e.Proto != "ftp-data" {
				t.Errorf("expectation %+v, want %+v", e, c.want)
			}
			if string(tr.name) != string(c.tr.name) || tr.command != c.tr.command || tr.active != c.tr.active {
				t.Errorf("transfer %+v, want %+v", tr, c.tr)
			}
		})
	}
	t.Run("nothing agreed on", func(t *testing.T) {
		h := &host{}
		talk(newParser(h, nil), "> RETR a", "> PORT 1,2,3", "> RETR b", "> PORT 1,2,3,4,5,999", "> RETR c")
		if len(h.expected) != 0 {
			t.Errorf("%d expectations, want none", len(h.expected))
		}
	})
}

func TestOddities(t *testing.T) {
	h := &host{}
	p := newParser(h, &settings{maxLine: 16, maxTx: 2})
	talk(p, "> RETR "+strings.Repeat("a", 40), "< 500 "+strings.Repeat("b", 40))
	tx := p.txs.At(0)
	if !tx.HasEvent(evRequestTooLong) || !tx.HasEvent(evResponseTooLong) || len(tx.line) != 16 || !tx.cut || !tx.replyCut {
		t.Errorf("events %v, line of %d bytes", tx.Events, len(tx.line))
	}
	talk(p, "> PWD", "> PWD")
	if p.over {
		t.Error("parser stops at max-tx transactions")
	}
	talk(p, "> PWD")
	if !p.txs.At(1).HasEvent(evTooMany) || !p.over {
		t.Error("no event for too many transactions, or no end of parsing")
	}
	p = newParser(h, &settings{maxLine: 100, maxTx: 2})
	p.Parse(&proto.Input{Dir: field.ToClient, Data: []byte("one \r\n \r\ntwo\r\n")})
	p.Parse(&proto.Input{Dir: field.ToClient, Data: []byte("three\r\n")})
	if n := p.txs.Len(); n != 2 || string(p.txs.At(0).text) != "onetwo" {
		t.Errorf("%d replies, the first %q; want lines without a code in one as they come", n, p.txs.At(0).text)
	}
	p = newParser(h, nil)
	talk(p, "> PORT 10,9,8,7,0,80")
	if !p.txs.At(0).bounced {
		t.Error("a PORT command that names another host is not seen")
	}
	talk(p, "< 200 ok", "> AUTH TLS", "< 234 go ahead")
	if h.upgrade != "tls" {
		t.Errorf("upgrade to %q, want tls", h.upgrade)
	}
}

// TestCutAnywhere feeds a conversation in two pieces, cut at each byte.
func TestCutAnywhere(t *testing.T) {
	const say = "USER foo\r\nPASS bar\r\nQUIT\r\n"
	for cut := 1; cut < len(say); cut++ {
		p := newParser(&host{}, nil)
		b := []byte(say)
		n := p.Parse(&proto.Input{Dir: field.ToServer, Data: b[:cut]}).Consumed
		p.Parse(&proto.Input{Dir: field.ToServer, Data: b[n:]})
		if p.txs.Len() != 3 || string(p.txs.At(1).line) != "PASS bar" {
			t.Errorf("cut at %d: %d transactions", cut, p.txs.Len())
		}
	}
}

func TestNoAllocation(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector empties pools")
	}
	p := newParser(&host{}, nil)
	req := &proto.Input{Dir: field.ToServer, Data: []byte("USER foo\r\n")}
	res := &proto.Input{Dir: field.ToClient, Data: []byte("331 password\r\n")}
	run := func() {
		p.Parse(req)
		p.Parse(res)
		p.Free(p.Txs()[0])
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("a command and its reply allocate %v times, want 0", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("USER foo\r\nPORT 1,2,3,4,5,6\r\nRETR a\r\n"), []byte("220-a\r\n220 b\r\n227 (1,2,3,4,5,6)\r\n229 (|||1|)\r\n"), 3)
	f.Fuzz(func(t *testing.T, req, res []byte, cut int) {
		p := newParser(&host{}, &settings{maxLine: 64, maxTx: 8})
		for _, c := range []struct {
			dir field.Dir
			b   []byte
		}{{field.ToServer, req}, {field.ToClient, res}} {
			for b := c.b; len(b) > 0; {
				n := min(max(cut%16, 1), len(b))
				for {
					r := p.Parse(&proto.Input{Dir: c.dir, Data: b[:n], End: n == len(b)})
					if r.Consumed > n {
						t.Fatalf("consumed %d of %d bytes", r.Consumed, n)
					}
					if r.Consumed > 0 || n == len(b) {
						b = b[r.Consumed:]
						break
					}
					n = min(2*n, len(b))
				}
				if n >= len(b) && len(b) > 0 {
					r := p.Parse(&proto.Input{Dir: c.dir, Data: b, End: true})
					b = b[r.Consumed:]
				}
			}
		}
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
		}
	})
}

// BenchmarkCommand is a command with its reply.
func BenchmarkCommand(b *testing.B) {
	p := newParser(&host{}, nil)
	req := &proto.Input{Dir: field.ToServer, Data: []byte("USER anonymous\r\n")}
	res := &proto.Input{Dir: field.ToClient, Data: []byte("331 Please specify the password.\r\n")}
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(req)
		p.Parse(res)
		p.Free(p.Txs()[0])
	}
}
