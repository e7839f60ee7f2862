package smtp

import (
	"fmt"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/proto"
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
			`0 [1 0] {"helo":"a","mail_from":"<a@b>"} data_command_rejected`},
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
