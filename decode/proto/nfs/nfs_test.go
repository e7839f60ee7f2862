package nfs

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

func newParser(transport uint8) *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: transport}, Files: &file.Store{}}).(*parser)
}

const ts, tc = field.ToServer, field.ToClient

func u32(v ...uint32) string {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return string(b)
}

// xdr makes bytes of variable length.
func xdr(s string) string { return u32(uint32(len(s))) + s + strings.Repeat("\x00", -len(s)&3) }

// call makes a call by user 7 of host h; reply its answer with that status.
func call(xid, version, procedure uint32, args string) string {
	return u32(xid, 0, 2, program, version, procedure, authUnix) + xdr(u32(1)+xdr("h")+u32(7, 8, 0)) + u32(0, 0) + args
}

func reply(xid, status uint32, result string) string {
	return u32(xid, 1, 0, 0, 0, 0, status) + result
}

// part is a message of a direction.
type part struct {
	dir field.Dir
	b   string
}

// session looks a file up, reads it in two pieces and writes another.
var session = []part{
	{ts, call(1, 3, v3Lookup, xdr("dirh")+xdr("a.txt"))}, {tc, reply(1, 0, xdr("fh")+u32(0, 0))},
	{ts, call(2, 3, v3Read, xdr("fh")+u32(0, 0, 3))}, {tc, reply(2, 0, u32(0, 3, 0)+xdr("abc"))},
	{ts, call(3, 3, v3Read, xdr("fh")+u32(0, 3, 3))}, {tc, reply(3, 0, u32(0, 2, 1)+xdr("de"))},
	{ts, call(4, 3, v3Write, xdr("wh")+u32(0, 0, 4, 0)+xdr("wxyz"))}, {tc, reply(4, 0, u32(0, 0))},
	{ts, call(5, 3, v3Commit, xdr("wh")+u32(0, 0, 0))}, {tc, reply(5, 70, u32(0, 0))},
	{ts, call(6, 2, v2Rename, strings.Repeat("h", 32)+xdr("x")+strings.Repeat("h", 32)+xdr("y"))},
}

const creds = `"status":"ACCEPTED","auth_type":"UNIX","creds":{"machine_name":"h","uid":7,"gid":8}}`

var want = strings.Join([]string{
	`{"version":3,"procedure":"LOOKUP","filename":"a.txt","hhash":"311737b4","id":1,"file_tx":false,"type":"response","status":"OK"},"rpc":{"xid":1,` + creds,
	`{"version":3,"procedure":"READ","filename":"a.txt","hhash":"311737b4","id":2,"file_tx":true,"type":"response","status":"OK",` +
		`"read":{"first":true,"last":true,"last_xid":3,"chunks":1}},"rpc":{"xid":3,"status":"ACCEPTED","auth_type":"NULL"} a.txt CLOSED 5`,
	`{"version":3,"procedure":"WRITE","filename":"","hhash":"62ce14a4","id":3,"file_tx":true,"type":"response","status":"OK",` +
		`"write":{"first":true,"last":true,"last_xid":4,"chunks":0}},"rpc":{"xid":4,"status":"ACCEPTED","auth_type":"NULL"}  CLOSED 4`,
	`{"version":3,"procedure":"COMMIT","filename":"","hhash":"62ce14a4","id":4,"file_tx":false,"type":"response","status":"ERR_STALE"},"rpc":{"xid":5,` + creds,
	`{"version":2,"procedure":"RENAME","filename":"x","id":5,"file_tx":false,"type":"response","status":"OK","rename":{"from":"x","to":"y"}},"rpc":{"xid":6,` + creds,
}, "\n")

func records(p *parser) string {
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		s := string(appendRPC(b, tx, nil, nil))
		for _, f := range tx.(*Tx).list.Files {
			s += " " + string(f.Name) + " " + f.State.String() + " " + string(rune('0'+f.Size))
		}
		for _, e := range tx.Base().Events {
			s += " " + Protocol.Events[e].Name
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func TestRecords(t *testing.T) {
	p := newParser(17)
	for _, x := range session {
		p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
	}
	if got := records(p); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOdd(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts []part
		want  string
	}{
		{"name cut", []part{{ts, call(1, 3, v3Lookup, xdr("dirh")+u32(9)+"a")}},
			`{"version":3,"procedure":"LOOKUP","filename":"","id":1,"file_tx":false,"type":"response","status":"OK"},"rpc":{"xid":1,` + creds + " malformed_data"},
		{"version 4", []part{{ts, call(1, 4, 1, "")}}, ""},
		{"another program", []part{{ts, u32(1, 0, 2, 100005, 3, 1, 0, 0, 0, 0)}}, ""},
		{"a piece is missing", []part{{ts, call(4, 3, v3Write, xdr("wh")+u32(0, 0, 1, 0)+xdr("w"))}, {ts, call(5, 3, v3Write, xdr("wh")+u32(0, 5, 1, fileSync)+xdr("w"))}},
			`{"version":3,"procedure":"WRITE","filename":"","hhash":"62ce14a4","id":1,"file_tx":true,"type":"response","status":"OK",` +
				`"write":{"first":true,"last":true,"last_xid":5,"chunks":1}},"rpc":{"xid":5,"status":"ACCEPTED","auth_type":"NULL"}  TRUNCATED 6`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser(17)
			for _, x := range c.parts {
				p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
			}
			if got := records(p); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// framed puts the record mark in front.
func framed(b string) string { return u32(uint32(len(b))|1<<31) + b }

// feed gives a message to p in pieces of n bytes.
func feed(p *parser, dir field.Dir, b string, n int) {
	var held []byte
	for c := range slices.Chunk([]byte(b), n) {
		held = append(held, c...)
		r := p.Parse(&proto.Input{Dir: dir, Data: held})
		held = held[r.Consumed:]
	}
}

func TestAnyCut(t *testing.T) {
	for n := 1; n < 150; n++ {
		p := newParser(6)
		for _, x := range session {
			feed(p, x.dir, framed(x.b), n)
		}
		if got := records(p); got != want {
			t.Fatalf("cut to %d:\n%s\nwant\n%s", n, got, want)
		}
	}
}

func TestGap(t *testing.T) {
	p := newParser(6)
	p.Parse(&proto.Input{Dir: ts, Gap: 100})
	feed(p, ts, "rest of a record that nobody can read..", 100)
	feed(p, ts, u32(8)+"fragment", 3) // one of many
	feed(p, ts, framed(session[0].b), 1000)
	if n := len(p.Txs()); n != 1 {
		t.Errorf("%d transactions, want 1", n)
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser(17)
	var msgs [][]byte
	for _, x := range session {
		msgs = append(msgs, []byte(x.b))
	}
	var in proto.Input
	once := func() {
		p.Reset(p.env)
		for i, b := range msgs {
			in = proto.Input{Dir: session[i].dir, Data: b}
			p.Parse(&in)
		}
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	}
	for range 5 {
		once()
	}
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations a session, want none", n)
	}
}

func BenchmarkLookup(b *testing.B) {
	p := newParser(17)
	in := [2]proto.Input{{Dir: ts, Data: []byte(session[0].b)}, {Dir: tc, Data: []byte(session[1].b)}}
	b.SetBytes(int64(len(in[0].Data) + len(in[1].Data)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(&in[0])
		p.Parse(&in[1])
		p.Free(p.Txs()[0])
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range session {
		f.Add([]byte(x.b), x.dir == tc, true)
		f.Add([]byte(framed(x.b)), x.dir == tc, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, reply, udp bool) {
		p, dir := newParser(6), ts
		if udp {
			p = newParser(17)
		}
		if reply {
			dir = tc
		}
		for _, x := range session[:4] {
			if udp {
				p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
			} else {
				feed(p, x.dir, framed(x.b), 50)
			}
		}
		if r := p.Parse(&proto.Input{Dir: dir, Data: b}); r.Consumed > len(b) {
			t.Fatal("took more than there is")
		}
		records(p)
		if len(b) >= 28 {
			probeTCP(b, dir, nil)
		}
	})
}
