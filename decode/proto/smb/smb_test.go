package smb

import (
	"encoding/binary"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

// host takes what a parser asks of the pipeline.
type host struct{ frames int }

func (h *host) Upgrade(string, string)                        {}
func (h *host) Expect(proto.Expectation)                      {}
func (h *host) NoInspect(bool)                                {}
func (h *host) NoRawInspect(field.Dir)                        {}
func (h *host) TriggerRaw(field.Dir)                          {}
func (h *host) Frame(field.Dir, uint8, int, int64, *proto.Tx) { h.frames++ }

func newParser() *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Host: &host{}, Files: &file.Store{Hashes: file.SHA256}}).(*parser)
}

const ts, tc = field.ToServer, field.ToClient

// part is bytes of one direction, or a gap.
type part struct {
	dir field.Dir
	b   string
	gap int
}

// feed gives parts to p as a stream does, the rest again with what follows.
func feed(p *parser, parts []part) proto.Status {
	var held [2][]byte
	for _, x := range parts {
		d := x.dir.Index()
		if x.gap > 0 {
			p.Parse(&proto.Input{Dir: x.dir, Gap: x.gap})
			continue
		}
		held[d] = append(held[d], x.b...)
		r := p.Parse(&proto.Input{Dir: x.dir, Data: held[d]})
		if r.Status == proto.Stop {
			return r.Status
		}
		held[d] = held[d][r.Consumed:]
	}
	return proto.OK
}

func le16(v int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(v))) }
func le32(v int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(v))) }
func le64(v int) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(v))) }
func zero(n int) string { return strings.Repeat("\x00", n) }

func utf16(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(s[i:i+1] + "\x00")
	}
	return b.String()
}

// nbss puts the length in front of a message.
func nbss(b string) string {
	return string([]byte{0, byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}) + b
}

// v2 makes a message of version 2 of tree 5 and session 9.
func v2(cmd, message, status int, reply bool, body string) string {
	flags := 0
	if reply {
		flags = flags2Response
	}
	return "\xfeSMB" + le16(header2) + le16(1) + le32(status) + le16(cmd) + le16(1) + le32(flags) + le32(0) + le64(message) + le32(0) + le32(5) + le64(9) +
		zero(16) + body
}

// v1 makes a message of version 1 with parameters and data.
func v1(cmd, mid int, reply bool, words, data string) string {
	flags := 0
	if reply {
		flags = flags1Reply
	}
	return "\xffSMB" + string(rune(cmd)) + le32(0) + string([]byte{byte(flags)}) + le16(flags1NTStatus) + zero(12) + le16(3) + le16(1) + le16(2) + le16(mid) +
		string([]byte{byte(len(words) / 2)}) + words + le16(len(data)) + data
}

const fid = "\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00"

// connect2 connects a share of that type.
func connect2(name string, kind byte) []part {
	return []part{
		{ts, nbss(v2(cmd2TreeConnect, 1, 0, false, le16(9)+le16(0)+le16(header2+8)+le16(2*len(name))+utf16(name))), 0},
		{tc, nbss(v2(cmd2TreeConnect, 1, 0, true, le16(16)+string([]byte{kind, 0})+zero(12))), 0},
	}
}

// create2 opens a file.
func create2(name string) []part {
	return []part{
		{ts, nbss(v2(cmd2Create, 2, 0, false, le16(57)+zero(34)+le32(1)+le32(0)+le16(header2+56)+le16(2*len(name))+zero(8)+utf16(name))), 0},
		{tc, nbss(v2(cmd2Create, 2, 0, true, le16(89)+zero(6)+zero(32)+le64(0)+le64(77)+zero(8)+fid+zero(8))), 0},
	}
}

func write2(message, offset int, data string) part {
	return part{ts, nbss(v2(cmd2Write, message, 0, false, le16(49)+le16(header2+48)+le32(len(data))+le64(offset)+fid+zero(16)+data)), 0}
}

func close2() []part {
	return []part{
		{ts, nbss(v2(cmd2Close, 9, 0, false, le16(24)+zero(6)+fid)), 0},
		{tc, nbss(v2(cmd2Close, 9, 0, true, le16(60)+zero(58))), 0},
	}
}

// written is a file of 1000 bytes written in three pieces, the last two of them in
// the wrong order.
func written() []part {
	all := strings.Repeat("0123456789", 100)
	return slices.Concat(connect2(`\\s\d`, shareFile), create2("f.txt"),
		[]part{write2(3, 0, all[:300]), write2(4, 700, all[700:]), write2(5, 300, all[300:700])}, close2())
}

// records are those of all transactions, without what they share.
func records(p *parser) string {
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		s := string(b)
		s = s[strings.Index(s, `"command"`):]
		for _, l := range tx.Base().Files {
			if l != nil {
				for _, f := range l.Files {
					s += " " + string(f.Name) + " " + f.State.String()
				}
			}
		}
		for _, e := range tx.Base().Events {
			s += " " + Protocol.Events[e].Name
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

const (
	tail2    = `,"status":"STATUS_SUCCESS","status_code":"0x0","session_id":9,"tree_id":5`
	tree2    = `"command":"SMB2_COMMAND_TREE_CONNECT"` + tail2 + `,"share":"\\\\s\\d","share_type":"FILE"}`
	created2 = `"command":"SMB2_COMMAND_CREATE"` + tail2 + `,"filename":"f.txt","disposition":"FILE_OPEN","access":"normal",` +
		`"created":0,"accessed":0,"modified":0,"changed":0,"size":77,"fuid":"00000001-0000-0000-0002-000000000000"}`
	closed2 = `"command":"SMB2_COMMAND_CLOSE"` + tail2 + `}`
	write2r = `"command":"SMB2_COMMAND_WRITE","session_id":9,"tree_id":5,"filename":"f.txt","share":"\\\\s\\d","fuid":"00000001-0000-0000-0002-000000000000"}`
)

// rpcBind binds svcctl in context 0, and rpcAck accepts it.
const (
	svcctl  = "\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03"
	ndr     = "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\x00\x00\x00"
	rpcBind = "\x05\x00\x0b\x03\x10\x00\x00\x00\x48\x00\x00\x00\x01\x00\x00\x00" +
		"\xd0\x16\xd0\x16\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x01\x00" + svcctl + "\x02\x00\x00\x00" + ndr
	rpcAck = "\x05\x00\x0c\x03\x10\x00\x00\x00\x3c\x00\x00\x00\x01\x00\x00\x00" +
		"\xd0\x16\xd0\x16\x01\x00\x00\x00\x04\x00135\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" + ndr
)

func TestRecords(t *testing.T) {
	pipe := slices.Concat(connect2(`\\s\IPC$`, sharePipe), create2("svcctl"), []part{
		write2(3, 0, rpcBind),
		{ts, nbss(v2(cmd2Read, 4, 0, false, le16(49)+le16(0)+le32(1024)+le64(0)+fid+zero(16))), 0},
		{tc, nbss(v2(cmd2Read, 4, 0, true, le16(17)+"\x50\x00"+le32(len(rpcAck))+zero(8)+rpcAck)), 0},
	})
	for _, c := range []struct {
		name   string
		parts  []part
		status proto.Status
		want   string
	}{
		{"a file is written", written(), proto.OK, strings.Join([]string{tree2, created2, write2r + " f.txt CLOSED", closed2}, "\n")},
		{"and read", slices.Concat(connect2(`\\s\d`, shareFile), create2("f.txt"), []part{
			{ts, nbss(v2(cmd2Read, 4, 0, false, le16(49)+le16(0)+le32(1024)+le64(0)+fid+zero(16))), 0},
			{tc, nbss(v2(cmd2Read, 4, 0, true, le16(17)+"\x50\x00"+le32(3)+zero(8)+"abc")), 0},
		}, close2()), proto.OK, strings.Join([]string{tree2, created2,
			`"command":"SMB2_COMMAND_READ"` + tail2 + `,"filename":"f.txt","share":"\\\\s\\d","fuid":"00000001-0000-0000-0002-000000000000"} f.txt CLOSED`, closed2}, "\n")},
		{"a piece twice", slices.Concat(connect2(`\\s\d`, shareFile), create2("f.txt"), []part{write2(3, 0, "abcd"), write2(4, 2, "cdef")}), proto.OK,
			strings.Join([]string{tree2, created2, write2r + " f.txt UNKNOWN file_overlap"}, "\n")},
		{"a gap in a file", slices.Concat(connect2(`\\s\d`, shareFile), create2("f.txt"),
			[]part{{ts, write2(3, 0, strings.Repeat("a", 500)).b[:300], 0}, {ts, "", 100}, {ts, strings.Repeat("a", 216), 0}}, close2()), proto.OK,
			strings.Join([]string{tree2, created2, write2r + " f.txt TRUNCATED", closed2}, "\n")},
		{"a gap between messages", []part{{ts, "", 10}, {ts, "xx\x00SMB" + close2()[0].b, 0}, close2()[1]}, proto.OK, closed2},
		{"a bind in a pipe", pipe, proto.OK, strings.Join([]string{
			`"command":"SMB2_COMMAND_TREE_CONNECT"` + tail2 + `,"named_pipe":"\\\\s\\IPC$","share_type":"PIPE"}`,
			strings.Replace(created2, "f.txt", "svcctl", 1),
			`"command":"SMB2_COMMAND_WRITE"` + tail2 + `,"dcerpc":{"request":"BIND","response":"BINDACK","interfaces":[{` +
				`"uuid":"367abb81-9844-35f1-ad32-98f038001003","version":"2.0","service":"svcctl","ack_result":0,"ack_reason":0}],"call_id":1}}`}, "\n")},
		{"version 1", []part{
			{ts, nbss(v1(cmd1Negotiate, 0, false, "", "\x02LANMAN1.0\x00\x02NT LM 0.12\x00")), 0},
			{tc, nbss(v1(cmd1Negotiate, 0, true, le16(1)+zero(32), zero(16))), 0},
			{ts, nbss(v1(cmd1TreeConnect, 1, false, "\xff\x00\x00\x00"+le16(0)+le16(1), "\x00\\\\S\\IPC$\x00IPC\x00")), 0},
			{tc, nbss(v1(cmd1TreeConnect, 1, true, "\xff\x00\x00\x00"+le16(1), "IPC\x00\x00")), 0},
		}, proto.OK, `"command":"SMB1_COMMAND_NEGOTIATE_PROTOCOL","status":"STATUS_SUCCESS","status_code":"0x0","session_id":0,"tree_id":0,` +
			`"client_dialects":["LANMAN1.0","NT LM 0.12"],"server_guid":"00000000-0000-0000-0000-000000000000"}` + "\n" +
			`"command":"SMB1_COMMAND_TREE_CONNECT_ANDX","status":"STATUS_SUCCESS","status_code":"0x0","session_id":2,"tree_id":3,` +
			`"named_pipe":"\\S\\IPC$","service":{"request":"IPC","response":"IPC"}}`},
		{"a response from the client", []part{close2()[0], {ts, close2()[1].b, 0}}, proto.OK,
			`"command":"SMB2_COMMAND_CLOSE","session_id":9,"tree_id":5} response_to_server`},
		{"no such packet", []part{{ts, "\x20abcdefg", 0}}, proto.Stop, ""},
		{"no such message", []part{{ts, "\x00\x00\x00\x04abcd", 0}}, proto.Stop, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser()
			if st := feed(p, c.parts); st != c.status {
				t.Errorf("status %d, want %d", st, c.status)
			}
			if got := records(p); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestAnyCut wants the same transactions and the same file however the bytes are
// cut.
func TestAnyCut(t *testing.T) {
	whole := newParser()
	feed(whole, written())
	sum := whole.Txs()[2].Base().Files[0].Files[0].SHA256
	for n := 1; n < 150; n++ {
		var parts []part
		for _, x := range written() {
			for c := range slices.Chunk([]byte(x.b), n) {
				parts = append(parts, part{x.dir, string(c), 0})
			}
		}
		p := newParser()
		feed(p, parts)
		if got, want := records(p), records(whole); got != want {
			t.Fatalf("cut to %d:\n%s\nwant\n%s", n, got, want)
		}
		if p.Txs()[2].Base().Files[0].Files[0].SHA256 != sum {
			t.Fatalf("cut to %d: another file", n)
		}
	}
}

func TestNTLMSSP(t *testing.T) {
	field := func(n, off int) string { return le16(n) + le16(n) + le32(off) }
	const at = 72
	b := "\x60\x48SPNEGO NTLMSSP\x00" + le32(3) + field(0, at) + field(0, at) + field(4, at) + field(2, at+4) + field(6, at+6) + field(0, at) +
		le32(negotiateUnicode|negotiateVersion) + "\x0a\x00\x5a\x29\x00\x00\x00\x0f" + utf16("DOuPC1")
	var a auth
	if !a.read([]byte(b)) || !a.ntlm || string(a.domain)+" "+string(a.user)+" "+string(a.host)+" "+string(a.version) != "DO u PC1 10.0 build 10586 rev 15" {
		t.Errorf("got %q %q %q %q", a.domain, a.user, a.host, a.version)
	}
	a = auth{}
	if a.read([]byte(b[:len(b)-1])) {
		t.Error("a cut message is taken")
	}
	// AP-REQ: version, type, options, ticket of realm R for cifs/h.
	names := "\x30\x09\x1b\x04cifs\x1b\x01h"
	ticket := "\xa1\x03\x1b\x01R\xa2\x0f\x30\x0d\xa1\x0b" + names
	seq := "\x30" + string(rune(len(ticket))) + ticket
	app := "\x61" + string(rune(len(seq))) + seq
	tick := "\xa3" + string(rune(len(app))) + app
	req := "\x30" + string(rune(len(tick))) + tick
	a = auth{}
	a.read([]byte("\x60\x40n\x01\x6e" + string(rune(len(req))) + req))
	if !a.ticket || string(a.realm) != "R" || string(a.names) != "\x04cifs\x01h" {
		t.Errorf("got %v %q %q", a.ticket, a.realm, a.names)
	}
}

// once takes a parser through parts and gives its transactions back.
func once(p *parser, in *proto.Input, parts []part, b [][]byte) {
	p.Reset(p.env)
	for i, x := range b {
		*in = proto.Input{Dir: parts[i].dir, Data: x}
		p.Parse(in)
	}
	for len(p.Txs()) > 0 {
		p.Free(p.Txs()[0])
	}
}

// plain is a session without pieces that must wait.
func plain() (parts []part, b [][]byte, n int64) {
	parts = slices.Concat(connect2(`\\s\d`, shareFile), create2("f.txt"), []part{write2(3, 0, strings.Repeat("a", 1000))}, close2())
	for _, x := range parts {
		b = append(b, []byte(x.b))
		n += int64(len(x.b))
	}
	return parts, b, n
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser()
	var in proto.Input
	parts, b, _ := plain()
	for range 3 {
		once(p, &in, parts, b)
	}
	if n := testing.AllocsPerRun(100, func() { once(p, &in, parts, b) }); n > 0 {
		t.Errorf("%v allocations a connection, want none", n)
	}
}

func BenchmarkConnection(b *testing.B) {
	p := newParser()
	var in proto.Input
	parts, data, n := plain()
	b.SetBytes(n)
	b.ReportAllocs()
	for b.Loop() {
		once(p, &in, parts, data)
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range written() {
		f.Add([]byte(x.b), uint8(7), false)
	}
	f.Add([]byte(nbss(v1(cmd1TreeConnect, 1, false, "\xff\x00\x00\x00"+le16(0)+le16(1), "\x00\\\\S\\IPC$\x00IPC\x00"))), uint8(99), true)
	f.Fuzz(func(t *testing.T, b []byte, n uint8, both bool) {
		p := newParser()
		r := rand.New(rand.NewSource(int64(n)))
		feed(p, written()[:4])
		for len(b) > 0 {
			k := min(len(b), 1+r.Intn(int(n)+1))
			dir := ts
			if both && r.Intn(2) == 0 {
				dir = tc
			}
			if r.Intn(50) == 0 {
				p.Parse(&proto.Input{Dir: dir, Gap: k})
			}
			if feed(p, []part{{dir, string(b[:k]), 0}}) == proto.Stop {
				break
			}
			b = b[k:]
		}
		for _, tx := range p.Txs() {
			if _, ok := appendRecord(nil, tx, nil, nil); !ok {
				t.Error("no record")
			}
		}
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	})
}
