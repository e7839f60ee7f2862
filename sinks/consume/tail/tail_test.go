package tail

import (
	"bytes"
	"testing"

	"weir/sinks/consume"
)

const (
	alert = `{"timestamp":"2026-01-02T03:04:05.000000+0000","event_type":"alert","src_ip":"192.0.2.1","src_port":1234,"dest_ip":"2001:db8::1","dest_port":80,"proto":"TCP","alert":{"signature_id":7,"signature":"bad \u001b[2J","severity":1,"action":"allowed"}}`
	dns   = `{"timestamp":"2026-01-02T03:04:06.000000+0000","event_type":"dns","src_ip":"192.0.2.2","dest_ip":"192.0.2.3","proto":"UDP","dns":{"rrname":"a.example"}}`
)

func TestTail(t *testing.T) {
	alertLine := "2026-01-02T03:04:05.000000 alert    192.0.2.1:1234 -> [2001:db8::1]:80 TCP [7] bad .[2J (severity 1, allowed)\n"
	dnsLine := "2026-01-02T03:04:06.000000 dns      192.0.2.2 -> 192.0.2.3 UDP {\"rrname\":\"a.example\"}\n"
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"all", Options{}, alertLine + dnsLine},
		{"sid", Options{SID: 7}, alertLine},
		{"type", Options{Types: []string{"dns"}}, dnsLine},
		{"host", Options{Host: "192.0.2.3"}, dnsLine},
		{"text", Options{Text: "a.example"}, dnsLine},
		{"count", Options{Count: 1}, alertLine},
		{"json", Options{JSON: true, SID: 7}, alert + "\n"},
		{"color", Options{Color: true, Types: []string{"none"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			done := 0
			c.o.Done = func() { done++ }
			tl := New(&b, c.o)
			for _, body := range []string{alert, dns, "rubbish"} {
				if err := tl.Handle(t.Context(), []consume.Event{{Body: []byte(body)}}); err != nil {
					t.Fatal(err)
				}
			}
			if got := b.String(); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if (done == 1) != (c.o.Count > 0) {
				t.Errorf("done was called %d times", done)
			}
		})
	}
}
