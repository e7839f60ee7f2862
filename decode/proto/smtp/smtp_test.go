package smtp

import (
	"fmt"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

// host records what a parser asks of the pipeline.
type host struct{ upgraded bool }

func (h *host) Upgrade(_, _ string)                           { h.upgraded = true }
func (h *host) Expect(proto.Expectation)                      {}
func (h *host) NoInspect(bool)                                {}
func (h *host) NoRawInspect(field.Dir)                        {}
func (h *host) TriggerRaw(field.Dir)                          {}
func (h *host) Frame(field.Dir, uint8, int, int64, *proto.Tx) {}

func newParser(s *settings) (*parser, *host) {
	h := &host{}
	env := &proto.Env{Flow: &flow.Flow{Proto: 6}, Host: h, Files: &file.Store{Hashes: file.SHA256, Window: true}}
	if s != nil {
		env.Options = s
	}
	return Protocol.New(env).(*parser), h
}

// said is bytes of one side.
type said struct {
	dir  field.Dir
	text string
}

// dialogue reads lines that begin with C or S; \n stands for CR LF.
func dialogue(text string) []said {
	var out []said
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		dir := field.ToServer
		if line[0] == 'S' {
			dir = field.ToClient
		}
		out = append(out, said{dir, strings.ReplaceAll(strings.TrimPrefix(line[1:], " "), `\n`, "\r\n")})
	}
	return out
}

// talk feeds a dialogue in pieces of at most cut bytes; it returns false once the
// parser has stopped.
func talk(p *parser, talk []said, cut int) bool {
	var kept [2][]byte
	for _, s := range talk {
		d := s.dir.Index()
		for b := []byte(s.text); len(b) > 0; {
			n := min(cut, len(b))
			kept[d] = append(kept[d], b[:n]...)
			b = b[n:]
			r := p.Parse(&proto.Input{Dir: s.dir, Data: kept[d]})
			kept[d] = append([]byte(nil), kept[d][r.Consumed:]...)
			if r.Status == proto.Stop {
				return false
			}
		}
	}
	return true
}

// show writes the transactions of a parser.
func show(p *parser) string {
	var b strings.Builder
	for _, tx := range p.Txs() {
		t := tx.(*Tx)
		rec, _ := appendRecord(nil, t, nil, nil)
		rec = appendExtra(rec, t, nil, nil)
		fmt.Fprintf(&b, "%d %v %s", t.ID, t.Progress, rec)
		for _, ev := range t.Events {
			b.WriteString(" " + events[ev].Name)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const greet = `
	S 220 mail ESMTP\n
	C EHLO a\n
	S 250-mail\n250-PIPELINING\n250 ok\n
`

func TestEnvelope(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"one mail", greet + `
			C MAIL FROM:<a@b> SIZE=3\n
			S 250 ok\n
			C RCPT TO: <c@d>\nRCPT TO:<e@f>\n
			S 250 ok\n250 ok\n`,
			`0 [0 0] {"helo":"a","mail_from":"<a@b>","rcpt_to":["<c@d>","<e@f>"]}`},
		{"taken back", greet + `
			C MAIL FROM:<a@b>\nRSET\nMAIL FROM:<x@y>\n
			S 250 ok\n250 ok\n`,
			`0 [2 2] {"helo":"a","mail_from":"<a@b>"}
1 [0 0] {"helo":"a","mail_from":"<x@y>"}`},
		{"taken back by a greeting", greet + `
			C MAIL FROM:<a@b>\nEHLO a\nMAIL FROM:<x@y>\n
			S 250 ok\n250 ok\n`,
			`0 [2 2] {"helo":"a","mail_from":"<a@b>"} duplicate_fields
1 [0 0] {"helo":"a","mail_from":"<x@y>"}`},
		{"sender twice", greet + `
			C MAIL FROM:<a@b>\nMAIL FROM:<x@y>\n`,
			`0 [0 0] {"helo":"a","mail_from":"<a@b>"} duplicate_fields`},
		{"chunks", greet + `
			C MAIL FROM:<a@b>\nBDAT 3\nabcBDAT 0 LAST\nMAIL FROM:<x@y>\n
			S 250 ok\n250 ok\n250 ok\n250 ok\n`,
			`0 [2 2] {"helo":"a","mail_from":"<a@b>"}
1 [0 0] {"helo":"a","mail_from":"<x@y>"}`},
		{"wrong chunk", greet + `
			C BDAT 3 FIRST\nMAIL FROM:<a@b>\n`,
			`0 [0 0] {"helo":"a","mail_from":"<a@b>"} invalid_bdat`},
		{"message refused", greet + `
			C DATA\n
			S 503 no\n
			C MAIL FROM:<a@b>\n`,
			`0 [1 0] {"helo":"a","mail_from":"<a@b>"},"email":{"status":"HEADER_READY"} data_command_rejected`},
		{"message after one that was refused", greet + `
			C DATA\n
			S 503 no\n
			C MAIL FROM:<a@b>\nDATA\n
			S 250 ok\n354 go\n
			C From: x\n\nhi\n.\n`,
			`0 [2 1] {"helo":"a","mail_from":"<a@b>"},"email":{"status":"PARSE_DONE","from":"x"} data_command_rejected unparsable_content`},
		{"client speaks first", `
			C EHLO a\n`,
			`0 [0 0] {"helo":"a"} no_server_welcome_message`},
		{"encryption refused", greet + `
			C STARTTLS\n
			S 454 no\n`,
			`0 [0 0] {"helo":"a"} tls_rejected`},
	} {
		for _, cut := range []int{1, 7, 1 << 20} {
			t.Run(fmt.Sprintf("%s/%d", c.name, cut), func(t *testing.T) {
				p, _ := newParser(nil)
				if !talk(p, dialogue(c.in), cut) {
					t.Fatal("parser stopped")
				}
				if got := strings.TrimSpace(show(p)); got != c.want {
					t.Errorf("got\n%s\nwant\n%s", got, c.want)
				}
			})
		}
	}
}

func TestStop(t *testing.T) {
	p, _ := newParser(nil)
	if talk(p, dialogue(greet+`
		C NOOP\n
		S 999 what\n`), 100) {
		t.Error("parser goes on behind an unknown code")
	}
	if !p.txs.Last().HasEvent(evInvalidReply) {
		t.Error("no event")
	}
}

func TestStartTLS(t *testing.T) {
	p, h := newParser(nil)
	talk(p, dialogue(greet+`
		C STARTTLS\n
		S 220 go\n`), 100)
	if !h.upgraded {
		t.Error("flow was not handed over")
	}
}

func TestGreeting(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     proto.Verdict
	}{
		{"mail", "220 mx.example ESMTP ready\r\n", proto.Yes},
		{"ftp", "220 (vsFTPd 3.0.3)\r\n", proto.No},
		{"cut", "220 mx.exa", proto.More},
		{"other code", "2201 SMTP\r\n", proto.No},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := greeting([]byte(c.in), field.ToClient); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

const mail = greet + `
	C MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n
	S 250 ok\n250 ok\n354 go\n
	C From: a <a@b>\nTo: "x, y" <c@d>, e@f\nSubject: s\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nhttp://a.example/b\n--B\nContent-Disposition: attachment; filename=f.txt\n\n..dot\nmore\n--B--\n.\n
	S 250 queued\n
`

func TestMessage(t *testing.T) {
	const email = `,"email":{"status":"PARSE_DONE","from":"a <a@b>","to":["\"x, y\" <c@d>","e@f"],"attachment":["f.txt"],"url":["a.example/b"]}`
	for _, cut := range []int{1, 7, 1 << 20} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			p, _ := newParser(nil)
			if !talk(p, dialogue(mail), cut) {
				t.Fatal("parser stopped")
			}
			want := `0 [2 2] {"helo":"a","mail_from":"<a@b>","rcpt_to":["<c@d>"]}` + email
			if got := strings.TrimSpace(show(p)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			tx := p.txs.At(0)
			if n := len(tx.list.Files); n != 1 {
				t.Fatalf("got %d files, want 1", n)
			}
			f := tx.list.Files[0]
			if b, _, end := f.View(); string(b) != ".dot\r\nmore" || !end || f.State != file.Closed {
				t.Errorf("got file %q, ended %v, state %v", b, end, f.State)
			}
		})
	}
}

func TestRawMessage(t *testing.T) {
	s := defaults
	s.raw = true
	p, _ := newParser(&s)
	talk(p, dialogue(mail), 1<<20)
	files := p.txs.At(0).list.Files
	if len(files) != 1 || string(files[0].Name) != rawName {
		t.Fatalf("got files %v, want one of the whole message", files)
	}
	if b, _, _ := files[0].View(); !strings.HasPrefix(string(b), "From: a") || !strings.HasSuffix(string(b), "--B--\r\n") {
		t.Errorf("got %q", b)
	}
}

// TestHeaderTwice wants the last of several headers of one name.
func TestHeaderTwice(t *testing.T) {
	twice := strings.NewReplacer("C From:", `C From: z <z@b>\nfrom:`, `\nTo:`, `\nTo: q@r\nTO:`).Replace(mail)
	p, _ := newParser(nil)
	talk(p, dialogue(twice), 1<<20)
	if got, want := show(p), `"from":"a <a@b>","to":["\"x, y\" <c@d>","e@f"]`; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant in it\n%s", got, want)
	}
}

// TestVersion7 shows where version 7.0 ends a mail: with its message.
func TestVersion7(t *testing.T) {
	s := defaults
	s.v7, s.mime.V7 = true, true
	p, _ := newParser(&s)
	talk(p, dialogue(strings.ReplaceAll(mail, `S 250 queued\n`, "")), 1<<20)
	if got := p.txs.At(0).Progress; got != [2]uint8{progComplete, progComplete} {
		t.Errorf("got progress %v", got)
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p, _ := newParser(nil)
	said := dialogue(mail)
	data := make([][]byte, len(said))
	for i, s := range said {
		data[i] = []byte(s.text)
	}
	in := &proto.Input{}
	run := func() {
		for i := range said {
			*in = proto.Input{Dir: said[i].dir, Data: data[i]}
			p.Parse(in)
		}
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	}
	run()
	// A new SHA256 state may be made when the pool of files was emptied.
	if n := testing.AllocsPerRun(100, run); n > 0 {
		t.Errorf("a mail allocates %v times, want 0", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, in := range []string{mail, greet + "C BDAT 3 LAST\\nabcRSET\\nQUIT\\n\n", greet + "C STARTTLS\\n\nS 454-a\\n454 b\\n\n"} {
		f.Add([]byte(in), true)
		f.Add([]byte(in), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, v7 bool) {
		s := defaults
		s.v7, s.mime.V7 = v7, v7
		p, _ := newParser(&s)
		dir := field.ToServer
		var kept [2][]byte
		for line := range strings.SplitSeq(string(in), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "S") {
				dir = field.ToClient
			} else {
				dir = field.ToServer
			}
			d := dir.Index()
			kept[d] = append(kept[d], strings.ReplaceAll(strings.TrimLeft(line, "\t CS"), `\n`, "\r\n")...)
			r := p.Parse(&proto.Input{Dir: dir, Data: kept[d]})
			if r.Consumed > len(kept[d]) {
				t.Fatalf("consumed %d of %d bytes", r.Consumed, len(kept[d]))
			}
			kept[d] = kept[d][r.Consumed:]
			if r.Status == proto.Stop {
				break
			}
			for i := range fields {
				exercise(&fields[i], p)
			}
		}
		show(p)
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	})
}

// exercise calls a field's getter on all transactions.
func exercise(d *field.Def, p *parser) {
	for _, tx := range p.Txs() {
		switch d.Kind {
		case field.KindBytes:
			d.Bytes(tx, field.ToServer)
		case field.KindMulti:
			for i := 0; ; i++ {
				if _, ok := d.Multi(tx, field.ToServer, i); !ok {
					break
				}
			}
		case field.KindBody:
			d.Body(tx, field.ToServer, false)
			d.Inspected(tx, field.ToServer)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	p, _ := newParser(nil)
	said := dialogue(mail)
	var size int64
	for _, s := range said {
		size += int64(len(s.text))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	in := &proto.Input{}
	data := make([][]byte, len(said))
	for i, s := range said {
		data[i] = []byte(s.text)
	}
	for b.Loop() {
		for i := range said {
			*in = proto.Input{Dir: said[i].dir, Data: data[i]}
			p.Parse(in)
		}
		for len(p.Txs()) > 0 {
			p.Free(p.Txs()[0])
		}
	}
}
