package http1

import (
	"fmt"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/proto"
)

// browser is a request as browsers send it.
var browser = get("GET /static/js/main.3f2a.js?v=20240101 HTTP/1.1",
	"Host: www.example.com", "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
	"Accept: */*", "Accept-Language: en-US,en;q=0.5", "Accept-Encoding: gzip, deflate", "Connection: keep-alive",
	"Referer: http://www.example.com/", "Cookie: session=0123456789abcdef; theme=dark")

func benchmark(b *testing.B, request, response string) {
	w := dial(b, server(settings{"response-body-limit": 100 << 10}))
	w.p.env.Files = nil
	b.SetBytes(int64(len(request) + len(response)))
	b.ReportAllocs()
	req := &proto.Input{Dir: field.ToServer, Data: []byte(request)}
	res := []byte(response)
	in := &proto.Input{Dir: field.ToClient}
	for b.Loop() {
		w.p.Parse(req)
		for rest := res; len(rest) > 0; {
			in.Data = rest[:min(1460, len(rest))]
			n := w.p.Parse(in).Consumed
			if n == 0 {
				b.Fatal("nothing consumed")
			}
			rest = rest[n:]
		}
		tx := w.p.Txs()[0].(*Tx)
		if tx.Progress != [2]uint8{progComplete, progComplete} || tx.status != 200 {
			b.Fatalf("got progress %v, status %d", tx.Progress, tx.status)
		}
		bodySeen(tx, field.ToClient)
		w.p.Free(tx)
	}
}

func BenchmarkSmall(b *testing.B) {
	benchmark(b, browser, "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok")
}

func BenchmarkBody(b *testing.B) {
	body := strings.Repeat("0123456789abcdef", 4096)
	benchmark(b, browser, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
}

func BenchmarkGzip(b *testing.B) {
	body := packed(strings.Repeat("<li class=\"item\">some text and more of it</li>\n", 1400))
	benchmark(b, browser, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
}
