package eve

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"weir/decode/event"
)

func newRedactor(t testing.TB, r Redact) *redactor {
	t.Helper()
	c, err := r.compile()
	if err != nil {
		t.Fatal(err)
	}
	return &redactor{redaction: c}
}

var secrets = Redact{
	Headers: []string{"Authorization", "Cookie:", "User-Agent", "From"}, Params: []string{"token", "user[pw]"},
	Patterns: []string{`\b[0-9]{16}\b`, `(?i)pin: ([0-9]+)`},
}

func TestRedact(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct{ name, in, want string }{
		{"nothing to take out", `{"a":"b","n":1,"http":{"url":"/?q=1"}}`, `{"a":"b","n":1,"http":{"url":"/?q=1"}}`},
		{"member that is a header", `{"http":{"cookie":"s=1","length":5}}`, `{"http":{"cookie":"[redacted]","length":5}}`},
		{"member named otherwise", `{"http":{"http_user_agent":"me"}}`, `{"http":{"http_user_agent":"[redacted]"}}`},
		{"list of values", `{"email":{"from":["a\"b","c"],"to":["d"]}}`, `{"email":{"from":["[redacted]","[redacted]"],"to":["d"]}}`},
		{"list of headers", `{"request_headers":[{"name":"authorization","value":"Basic eDp5"},{"name":"accept","value":"*/*"}]}`,
			`{"request_headers":[{"name":"authorization","value":"[redacted]"},{"name":"accept","value":"*/*"}]}`},
		{"name of another object", `{"a":{"name":"cookie"},"b":{"value":"stays"}}`, `{"a":{"name":"cookie"},"b":{"value":"stays"}}`},
		{"headers in text", `{"payload_printable":"GET / HTTP/1.1\r\nCOOKIE: a=b\r\n  more\r\nHost: x\r\n\r\nAuthorization: last"}`,
			`{"payload_printable":"GET / HTTP/1.1\r\nCOOKIE: [redacted]\r\nHost: x\r\n\r\nAuthorization: [redacted]"}`},
		{"parameter of a query", `{"url":"/x?a=1&token=s3cret&b=2#f","http_refer":"http://h/?TOKEN=abc"}`,
			`{"url":"/x?a=1&token=[redacted]&b=2#f","http_refer":"http://h/?TOKEN=[redacted]"}`},
		{"part of a name", `{"url":"/?mytoken=1&token=&x=token"}`, `{"url":"/?mytoken=1&token=&x=token"}`},
		{"form", `{"http_request_body_printable":"user[pw]=geheim&ok=1"}`, `{"http_request_body_printable":"user[pw]=[redacted]&ok=1"}`},
		{"pattern", `{"x":"card 4111111111111111 of"}`, `{"x":"card [redacted] of"}`},
		{"group of a pattern", `{"x":"PIN: 1234!"}`, `{"x":"PIN: [redacted]!"}`},
		{"bytes keep their length", `{"payload":"` + b64([]byte("\x00\x01\nCookie: abc\r\nX: 4111111111111111")) + `"}`,
			`{"payload":"` + b64([]byte("\x00\x01\nCookie: XXX\r\nX: XXXXXXXXXXXXXXXX")) + `"}`},
		{"no base64", `{"payload":"token=1"}`, `{"payload":"token=1"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRedactor(t, secrets)
			for range 2 { // nothing stays from one to the next
				if got := string(r.line([]byte(c.in))); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
			}
		})
	}
}

func TestRedactErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		r    Redact
		want string
	}{
		{"header", Redact{Headers: []string{"a b"}}, `redact: header "a b": want its name`},
		{"parameter", Redact{Params: []string{"a=b"}}, `redact: parameter "a=b": want its name`},
		{"pattern", Redact{Patterns: []string{"("}}, "missing closing )"},
		{"pattern of nothing", Redact{Patterns: []string{"x*"}}, "it matches nothing, so everywhere"},
	} {
		if _, err := c.r.compile(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// TestRedactLane: neither files nor recorders get what is taken out.
func TestRedactLane(t *testing.T) {
	var got []string
	out := output("", "dns")
	out.Record = func(int) Recorder { return recorded{&got} }
	s, err := New(&Options{Dir: t.TempDir(), Outputs: []Output{output("eve.json", "dns"), out}, Compile: types, Redact: secrets})
	if err != nil {
		t.Fatal(err)
	}
	l := s.Lanes(1)[0]
	for range 2 {
		l.Publish(&event.Event{Type: "dns", Body: text("?token=s3cret")})
	}
	l.Close()
	name := s.files[0].name
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got = append(got, strings.Split(strings.TrimSpace(read(t, name)), "\n")...)
	for _, line := range got {
		if strings.Contains(line, "s3cret") || !strings.Contains(line, "?token=[redacted]") {
			t.Errorf("got %s", line)
		}
	}
	if len(got) != 4 {
		t.Errorf("%d lines, want 4", len(got))
	}
}

type recorded struct{ lines *[]string }

func (r recorded) Record(_ *event.Event, line []byte) { *r.lines = append(*r.lines, string(line)) }
func (recorded) Flush()                               {}
func (recorded) Close()                               {}

// FuzzRedact: what comes out is JSON if what goes in is, and cleaning it again changes
// nothing but values that look like what was taken out.
func FuzzRedact(f *testing.F) {
	f.Add([]byte("GET /?token=1 HTTP/1.1\r\nCookie: x\r\n\r\n"))
	f.Add([]byte("\\\"token=\\u0000\n Cookie:"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newRedactor(t, secrets)
		line := append(event.Bytes(event.Bytes([]byte{'{'}, "payload_printable", event.AppendPrintable(nil, b)), "text", b), '}')
		if !json.Valid(line) {
			return
		}
		if out := r.line(line); !json.Valid(out) {
			t.Errorf("%s became %s", line, out)
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	r := newRedactor(b, secrets)
	line := []byte(`{"timestamp":"2026-01-02T03:04:05.000006+0000","flow_id":1,"event_type":"http","src_ip":"192.0.2.1","src_port":1234,"dest_ip":"192.0.2.2","dest_port":80,"proto":"TCP",` +
		`"http":{"hostname":"www.example","url":"/x?a=1&token=s3cret","http_user_agent":"curl/8","cookie":"abc","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":5}}`)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		r.line(line)
	}
}
