package http1

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

var update = flag.Bool("update", false, "rewrite golden files")

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// get is a request with these header lines.
func get(line string, headers ...string) string {
	return line + "\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
}

func packed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // to memory
	w.Close()
	return b.String()
}

// conversations are connections that must read the same however they are cut.
var conversations = []struct {
	name     string
	messages []string
}{
	{"plain", []string{get("GET /a?b=c#d HTTP/1.1", "Host: Example.com:8080", "User-Agent: x", "Cookie: a=b"), ok}},
	{"pipelined", []string{get("GET /1 HTTP/1.1", "Host: h") + get("GET /2 HTTP/1.1", "Host: h"), ok + "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx"}},
	{"keep alive", []string{get("GET /1 HTTP/1.1", "Host: h"), ok, get("GET /2 HTTP/1.1", "Host: h"), ok}},
	{"post", []string{get("POST /p HTTP/1.1", "Host: h", "Content-Length: 5") + "hello", ok}},
	{"chunked both ways", []string{
		get("POST /p HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	}},
	{"until close", []string{get("GET / HTTP/1.0"), "HTTP/1.0 200 OK\r\nServer: s\r\n\r\nall the rest"}},
	{"gzip", []string{get("GET / HTTP/1.1", "Host: h"), fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(packed("hello")), packed("hello"))}},
	{"gzip that is none", []string{get("GET / HTTP/1.1", "Host: h"), "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\nplain text"}},
	{"folded headers", []string{get("GET / HTTP/1.1", "Host: h", "X: a", "  b", "\tc"), "HTTP/1.1 200 OK\r\nA: b\r\n c: d\r\nContent-Length: 0\r\n\r\n"}},
	{"repeated headers", []string{get("GET / HTTP/1.1", "Host: h", "X: 1", "x: 2", "Cookie: a", "Cookie: b"), ok}},
	{"line feeds", []string{"GET / HTTP/1.1\nHost: h\n\n", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx"}},
	{"continue", []string{
		get("POST / HTTP/1.1", "Host: h", "Expect: 100-continue", "Content-Length: 2"),
		"HTTP/1.1 100 Continue\r\n\r\n", "ab", ok,
	}},
	{"not modified", []string{get("GET / HTTP/1.1", "Host: h"), "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"}},
	{"head", []string{get("HEAD / HTTP/1.1", "Host: h"), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"}},
	{"multipart", []string{
		get("POST /up HTTP/1.1", "Host: h", "Content-Type: multipart/form-data; boundary=B", "Content-Length: 96") +
			"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nline one\r\nline two\r\n--B--\r\n12", ok,
	}},
	{"proxy", []string{get("GET http://User@HOST.com:81/p;q?r HTTP/1.1", "Host: other"), ok}},
	{"connect", []string{get("CONNECT h:443 HTTP/1.1", "Host: h"), "HTTP/1.1 200 OK\r\n\r\n", "\x16\x03\x01"}},
	{"web socket", []string{get("GET /ws HTTP/1.1", "Host: h", "Upgrade: websocket"), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00"}},
	{"bad headers", []string{get("GET / HTTP/1.1", "Host: h", "nocolon", ": empty", "a b: c"), "HTTP/1.1 200 OK\r\nnocolon\r\nContent-Length: 0\r\n\r\n"}},
	{"empty lines in front", []string{"\r\n\r\n" + get("GET / HTTP/1.1", "Host: h"), "\r\n" + ok}},
	{"range", []string{get("GET /f HTTP/1.1", "Host: h"), "HTTP/1.1 206 Partial\r\nContent-Range: bytes 2-4/9\r\nContent-Length: 3\r\n\r\nabc"}},
}

func TestGolden(t *testing.T) {
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			w := dial(t, settings{})
			w.talk(1<<20, c.messages...)
			got := w.dump()
			path := filepath.Join("testdata", strings.ReplaceAll(c.name, " ", "_")+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			whole := dial(t, settings{})
			whole.talk(1<<20, c.messages...)
			want := whole.dump()
			for _, cut := range []int{1, 2, 3, 7, 13} {
				w := dial(t, settings{})
				w.talk(cut, c.messages...)
				if got := w.dump(); got != want {
					t.Errorf("cut at %d: got\n%swhole\n%s", cut, got, want)
				}
				if w.upgraded != whole.upgraded {
					t.Errorf("cut at %d: upgraded %q, whole %q", cut, w.upgraded, whole.upgraded)
				}
			}
		})
	}
}

func TestEvents(t *testing.T) {
	h := "Host: h"
	for _, c := range []struct {
		name, request, response, want string
	}{
		{"none", get("GET / HTTP/1.1", h), ok, ""},
		{"no host", get("GET / HTTP/1.1"), ok, "missing_host_header missing_host_header"},
		{"no host, 1.0", get("GET / HTTP/1.0"), ok, ""},
		{"two hosts", get("GET http://a/ HTTP/1.1", "Host: b"), ok, "host_header_ambiguous host_header_ambiguous"},
		{"bad host", get("GET / HTTP/1.1", "Host: a b"), ok, "request_header_host_invalid request_header_host_invalid"},
		{"tab behind the method", get("GET\t/ HTTP/1.1", h), ok, "method_delim_non_compliant"},
		{"tab behind the URI", get("GET /\tHTTP/1.1", h), ok, "uri_delim_non_compliant"},
		{"space in front", get(" GET / HTTP/1.1", h), ok, "request_line_leading_whitespace"},
		{"version missing", get("GET /", h), ok, "request_line_missing_protocol"},
		{"colon missing", get("GET / HTTP/1.1", h, "x"), ok, "request_field_missing_colon"},
		{"name is no token", get("GET / HTTP/1.1", h, "a(: b"), ok, "request_header_invalid"},
		{"first header folded", get("GET / HTTP/1.1", " x: y", h), ok, "invalid_request_field_folding"},
		{"unknown authorization", get("GET / HTTP/1.1", h, "Authorization: foo"), ok, "request_auth_unrecognized"},
		{"lengths that differ", get("POST / HTTP/1.1", h, "Content-Length: 1", "Content-Length: 2") + "a", ok, "request_header_repetition duplicate_content_length_field_in_request"},
		{"length is no number", get("POST / HTTP/1.1", h, "Content-Length: x"), "", "invalid_content_length_field_in_request"},
		{"transfer coding unknown", get("POST / HTTP/1.1", h, "Transfer-Encoding: x"), "", "invalid_transfer_encoding_value_in_request"},
		{"chunk length is no number", get("POST / HTTP/1.1", h, "Transfer-Encoding: chunked") + "zz\r\n", "", "invalid_request_chunk_len"},
		{"unexpected body", get("POST / HTTP/1.1", h) + "a=b\r\n", ok, "request_body_unexpected"},
		{"bad status", get("GET / HTTP/1.1", h), "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", "response_invalid_status"},
		{"bad version", get("GET / HTTP/1.1", h), "HTTP/3.3 200 OK\r\nContent-Length: 0\r\n\r\n", "response_invalid_protocol"},
		{"chunked in 1.0", get("GET / HTTP/1.1", h), "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "response_chunked_old_proto"},
		{"more than chunked", get("GET / HTTP/1.1", h), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n", "response_abnormal_transfer_encoding"},
		{"response chunk length", get("GET / HTTP/1.1", h), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n", "invalid_response_chunk_len"},
		{"response length", get("GET / HTTP/1.1", h), "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "invalid_content_length_field_in_response"},
		{"byte ranges", get("GET / HTTP/1.1", h), "HTTP/1.1 206 OK\r\nContent-Type: multipart/byteranges\r\n\r\n", "response_multipart_byteranges"},
		{"unknown coding", get("GET / HTTP/1.1", h), "HTTP/1.1 200 OK\r\nContent-Encoding: foo\r\nContent-Length: 0\r\n\r\n", "abnormal_ce_header"},
		{"too many codings", get("GET / HTTP/1.1", h), "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip\r\nContent-Length: 0\r\n\r\n", "too_many_encoding_layers"},
		{"continue twice", get("GET / HTTP/1.1", h), "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n", "100_continue_already_seen"},
		{"range out of size", get("GET / HTTP/1.1", h), "HTTP/1.1 206 OK\r\nContent-Range: bytes 5-9/3\r\nContent-Length: 1\r\n\r\nx", "range_invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := dial(t, settings{})
			w.talk(1<<20, c.request, c.response)
			if got := w.tx(0).eventNames(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestUnmatchedResponse(t *testing.T) {
	w := dial(t, settings{})
	w.send(field.ToClient, []byte(ok), false)
	tx := w.tx(0)
	if got, want := tx.eventNames(), "unable_to_match_response_to_request"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
	if string(tx.URI()) != unseenURI || tx.Progress != [2]uint8{progComplete, progComplete} {
		t.Errorf("got URI %q, progress %v", tx.URI(), tx.Progress)
	}
}

func TestGap(t *testing.T) {
	request := get("GET /f HTTP/1.1", "Host: h")
	for _, c := range []struct {
		name     string
		before   string
		gap      int
		after    string
		statuses []int
		wire     uint64 // of the first body
	}{
		{"in a body", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab", 2, "ef" + ok, []int{200, 200}, 6},
		{"to the end of a body", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab", 4, ok, []int{200, 200}, 6},
		{"a whole response", "", 40, ok, []int{200, 0}, 2},
		{"beyond a body", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab", 44, ok, []int{200, 200}, 6},
		{"in a header", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX: a\r\n", 4, "\r\nabcdef", []int{200, 0}, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := dial(t, settings{})
			w.send(field.ToServer, []byte(request+request), false)
			w.send(field.ToClient, []byte(c.before), false)
			if r := w.p.Parse(&proto.Input{Dir: field.ToClient, Gap: c.gap}); r.Status == proto.Stop {
				t.Fatal("gap ends the connection")
			}
			w.send(field.ToClient, []byte(c.after), false)
			for i, want := range c.statuses {
				if got := w.tx(i).Status(); got != want {
					t.Errorf("transaction %d: got status %d, want %d", i, got, want)
				}
			}
			if got := w.tx(0).res.wire; got != c.wire {
				t.Errorf("got a body of %d bytes, want %d", got, c.wire)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name     string
		settings settings
		cut      int
		request  string
		want     string
	}{
		{"line in pieces", settings{"meta-field-limit": 100}, 50, get("GET /"+long+" HTTP/1.1", "Host: h"), "request_field_too_long"},
		{"headers", settings{"headers-limit": 2}, 1000, get("GET / HTTP/1.0", "A: 1", "B: 2", "C: 3"), "request_too_many_headers"},
		{"file name", settings{}, 1 << 20, get("PUT /"+strings.Repeat("x", 5000)+" HTTP/1.0", "Content-Length: 1") + "x", "file_name_too_long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := dial(t, server(c.settings))
			w.talk(c.cut, c.request)
			if got := w.tx(0).eventNames(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCompressionBomb(t *testing.T) {
	bomb := packed(packed(strings.Repeat("\x00", 16<<20)))
	w := dial(t, server(settings{"response-body-limit": 4096}))
	w.talk(1460, get("GET / HTTP/1.1", "Host: h"),
		fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n%s", len(bomb), bomb))
	tx := w.tx(0)
	if got, want := tx.eventNames(), "compression_bomb"; got != want {
		t.Errorf("got events %q, want %q", got, want)
	}
	if tx.res.entity > 2<<20 {
		t.Errorf("decompressed %d bytes", tx.res.entity)
	}
}

// TestNoAllocations plays a connection that is kept alive.
func TestNoAllocations(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector empties pools")
	}
	w := dial(t, settings{})
	w.p.env.Files = nil
	request := &proto.Input{Dir: field.ToServer, Data: []byte(get("GET /a/b?c=d HTTP/1.1", "Host: h", "User-Agent: x", "Accept: */*"))}
	response := &proto.Input{Dir: field.ToClient, Data: []byte(ok)}
	round := func() {
		w.p.Parse(request)
		w.p.Parse(response)
		w.p.Free(w.p.Txs()[0])
	}
	for range 10 {
		round()
	}
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("a transaction allocates %v times, want 0", n)
	}
}
