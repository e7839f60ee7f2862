package pop3

import (
	"fmt"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

type host struct {
	proto.Host
	upgraded bool
}

func (h *host) Upgrade(_, _ string) { h.upgraded = true }

func newParser() (*parser, *host) {
	h := &host{}
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Host: h}).(*parser), h
}

// talk feeds lines that begin with C or S, \n stands for CR LF, in pieces of at
// most cut bytes.
func talk(p *parser, text string, cut int) (ok bool) {
	var kept [2][]byte
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if len(line) < 2 {
			continue
		}
		dir := field.ToServer
		if line[0] == 'S' {
			dir = field.ToClient
		}
		d := dir.Index()
		for b := []byte(strings.ReplaceAll(line[2:], `\n`, "\r\n")); len(b) > 0; {
			n := min(cut, len(b))
			kept[d] = append(kept[d], b[:n]...)
			b = b[n:]
			r := p.Parse(&proto.Input{Dir: dir, Data: kept[d]})
			kept[d] = append([]byte(nil), kept[d][min(r.Consumed, len(kept[d])):]...)
			if r.Status == proto.Stop {
				return false
			}
		}
	}
	return true
}

func show(p *parser) string {
	var b strings.Builder
	for _, tx := range p.Txs() {
		t := tx.(*Tx)
		rec, _ := appendRecord(nil, t, nil, nil)
		fmt.Fprintf(&b, "%v %s", t.Progress, rec)
		for _, ev := range t.Events {
			b.WriteString(" " + Protocol.Events[ev].Name)
		}
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

func TestParse(t *testing.T) {
	const answer = `"success":true,"status":"OK"`
	for _, c := range []struct{ name, in, want string }{
		{"greeting", `S +OK ready\n`, `[1 1] {"response":{` + answer + `,"header":"ready","data":[]}}`},
		{"command", `C USER a b\n
			S -ERR no\n`, `[1 1] {"request":{"command":"USER","args":["a","b"]},"response":{"success":false,"status":"ERR","header":"no","data":[]}}`},
		{"several lines", `C LIST\n
			S +OK\n1 2\n..3\n.\n`, `[1 1] {"request":{"command":"LIST","args":[]},"response":{` + answer + `,"header":"","data":["1 2",".3"]}}`},
		{"one line", `C LIST 1\n
			S +OK 1 2\n`, `[1 1] {"request":{"command":"LIST","args":["1"]},"response":{` + answer + `,"header":"1 2","data":[]}}`},
		{"no end", `C RETR 1\n
			S +OK\nx\n`, `[1 0] {"request":{"command":"RETR","args":["1"]},"response":{` + answer + `,"header":"","data":["x"]}}`},
		{"pipelined", `C NOOP\nSTAT\n
			S +OK a\n+OK b\n`, `[1 1] {"request":{"command":"NOOP","args":[]},"response":{` + answer + `,"header":"a","data":[]}}
[1 1] {"request":{"command":"STAT","args":[]},"response":{` + answer + `,"header":"b","data":[]}}`},
		{"authentication", `C AUTH PLAIN\n
			S + \n
			C AGEAYg==\n
			S +OK in\n`, `[1 1] {"request":{"command":"AUTH","args":["PLAIN"]},"response":{` + answer + `,"header":"in","data":[]}}`},
		{"unknown", `C FOO\n`, `[1 0] {"request":{"command":"FOO","args":[]}} unknown_command`},
		{"unasked", `S +OK a\n+OK b\n`, `[1 1] {"response":{` + answer + `,"header":"a","data":[]}}
[1 1] {"response":{` + answer + `,"header":"b","data":[]}} reply_without_request`},
	} {
		for _, cut := range []int{1, 5, 1 << 20} {
			t.Run(fmt.Sprintf("%s/%d", c.name, cut), func(t *testing.T) {
				p, _ := newParser()
				if !talk(p, c.in, cut) {
					t.Fatal("parser stopped")
				}
				if got := show(p); got != c.want {
					t.Errorf("got\n%s\nwant\n%s", got, c.want)
				}
			})
		}
	}
}

func TestSTLS(t *testing.T) {
	p, h := newParser()
	talk(p, `C STLS\n
		S +OK go\n`, 100)
	if !h.upgraded {
		t.Error("flow was not handed over")
	}
}

func TestOther(t *testing.T) {
	p, _ := newParser()
	if talk(p, `S 220 ftp\n`, 100) {
		t.Error("parser goes on with another protocol")
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector drops pooled transactions")
	}
	p, _ := newParser()
	c, s := []byte("LIST\r\n"), []byte("+OK\r\n1 2\r\n2 3\r\n.\r\n")
	in := &proto.Input{}
	run := func() {
		*in = proto.Input{Dir: field.ToServer, Data: c}
		p.Parse(in)
		*in = proto.Input{Dir: field.ToClient, Data: s}
		p.Parse(in)
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("a command allocates %v times, want 0", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("C LIST\\n\nS +OK\\n1 2\\n.\\n"))
	f.Add([]byte("S +OK\\n\nC AUTH X\\n\nS + \\n\nC abc\\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, _ := newParser()
		talk(p, string(in), 3)
		show(p)
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	})
}
