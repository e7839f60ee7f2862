package rulecase

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/decode/capture/pcapfile"
)

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "a.test.yaml: is empty"},
		{"no cases", "rules: a.rules", "no cases"},
		{"unknown key", "cases: []\nrule: a", "line 2: field rule not found"},
		{"unknown key of a case", "cases:\n  - name: a\n    pcap: x", `line 3: key "pcap": want name, capture`},
		{"no name", "cases:\n  - capture: x", `want a name`},
		{"twice", "cases:\n  - {name: a, capture: x}\n  - {name: a, capture: x}", `line 3: case "a": is there twice`},
		{"no traffic", "cases:\n  - {name: a}", "want either capture or traffic"},
		{"both", "cases:\n  - {name: a, capture: x, traffic: [{}]}", "want either capture or traffic"},
		{"no sid", "cases:\n  - {name: a, capture: x, alerts: [{count: 1}]}", "want the sid of a rule"},
		{"sid that is none", "cases:\n  - {name: a, capture: x, alerts: [b]}", "cannot unmarshal"},
		{"protocol", "cases:\n  - {name: a, traffic: [{proto: sctp}]}", `proto "sctp": want tcp, udp or icmp`},
		{"address", "cases:\n  - {name: a, traffic: [{client: 10.0.0.1}]}", `client "10.0.0.1": want address:port`},
		{"versions", "cases:\n  - {name: a, traffic: [{client: '[2001:db8::1]:1'}]}", "not of one IP version"},
		{"hexadecimal", "cases:\n  - {name: a, traffic: [{say: [{request: {hex: 0g}}]}]}", "hex: encoding/hex: invalid byte"},
		{"turn of none", "cases:\n  - {name: a, traffic: [{say: [{segment: 3}]}]}", "want a request or a response"},
		{"end", "cases:\n  - {name: a, traffic: [{end: later}]}", `end "later": want close, reset or open`},
		{"datagram", "cases:\n  - {name: a, traffic: [{proto: udp, say: [{request: '" + strings.Repeat("x", 65001) + "'}]}]}", "want at most 65000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("a.test.yaml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestParsePaths(t *testing.T) {
	f, err := Parse("d/a.test.yaml", []byte("config: c.yaml\ncases:\n  - {name: a, capture: [x.pcap, /y.pcap], alerts: [1, {sid: 2, count: 0}]}"))
	if err != nil {
		t.Fatal(err)
	}
	c := f.Cases[0]
	if f.Rules[0] != "d/a.rules" || f.Config != "d/c.yaml" || c.Captures[0] != "d/x.pcap" || c.Captures[1] != "/y.pcap" || c.Alerts[0].SID != 1 || *c.Alerts[1].Count != 0 {
		t.Errorf("got %+v %+v", f, c)
	}
}

// TestMade wants the traffic that is spelled out in frames of a capture.
func TestMade(t *testing.T) {
	for _, c := range []struct {
		name, traffic string
		packets       int
		holds         string
	}{
		{"connection", "{say: [{request: ping}, {response: pong}]}", 3 + 2 + 2 + 3, "ping"},
		{"left open", "{end: open, say: [{request: ping}]}", 3 + 2, "ping"},
		{"reset", "{end: reset, say: [{request: ping}]}", 3 + 2 + 1, "ping"},
		{"segments", "{end: open, say: [{request: abcdefgh, segment: 3}]}", 3 + 3 + 1, "def"},
		{"HTTP", "{end: open, say: [{request: {uri: /x, headers: {A: b}, body: '12'}}]}", 3 + 2, "GET /x HTTP/1.1\r\nA: b\r\nHost: example.com\r\nContent-Length: 2\r\n\r\n12"},
		{"HTTP response", "{end: open, say: [{response: {status: 301}}]}", 3 + 2, "HTTP/1.1 301 Status\r\nContent-Length: 0\r\n\r\n"},
		{"datagrams", "{proto: udp, say: [{request: {hex: 00 ff}}, {response: 'a'}]}", 2, "\x00\xff"},
		{"fragments", "{proto: udp, say: [{request: '0123456789abcdefghij', segment: 16}]}", 2, "01234567"},
		{"echo", "{proto: icmp, say: [{request: a}, {response: a}]}", 2, "a"},
		{"IPv6", "{proto: udp, client: '[2001:db8::1]:9', server: '[2001:db8::2]:53', say: [{request: a}]}", 1, "a"},
		{"long request", "{end: open, say: [{request: '" + strings.Repeat("x", 70000) + "'}]}", 3 + 48 + 1, "xxx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse("a.test.yaml", []byte("cases:\n  - {name: a, traffic: ["+c.traffic+"]}"))
			if err != nil {
				t.Fatal(err)
			}
			b, ok := f.Cases[0].Made()
			if n := packetsOf(t, b); !ok || n != c.packets || !bytes.Contains(b, []byte(c.holds)) {
				t.Errorf("%d packets, want %d with %q", n, c.packets, c.holds)
			}
		})
	}
}

// packetsOf counts the packets of a capture.
func packetsOf(t *testing.T, capture []byte) (n int) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.pcap")
	if err := os.WriteFile(name, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := pcapfile.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		var b pcapfile.Batch
		err := f.Next(&b)
		n += len(b.Frames)
		b.Release()
		if err != nil {
			return n
		}
	}
}

func TestCheck(t *testing.T) {
	const eve = `{"event_type":"flow"}
{"event_type":"alert","pcap_cnt":4,"src_ip":"192.0.2.1","alert":{"gid":1,"signature_id":7,"severity":3,"metadata":{"a":["x","y"]}}}
{"event_type":"alert","pcap_cnt":9,"src_ip":"192.0.2.2","alert":{"gid":1,"signature_id":7,"severity":1}}
`
	got, err := Alerts([]byte(eve))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, want, says string }{
		{"fires", "alerts: [7]", ""},
		{"fires so often", "alerts: [{sid: 7, count: 2, pcap_cnt: [9, 4]}]", ""},
		{"fields", "alerts: [{sid: 7, fields: {alert.severity: 3, src_ip: 192.0.2.1, alert.metadata.a.1: 'y'}}]", ""},
		{"never", "alerts: [7, {sid: 8, count: 0}]", ""},
		{"others may", "others: true", ""},
		{"did not fire", "alerts: [7, 8]", "rule 8 did not fire"},
		{"other group", "alerts: [{sid: 7, gid: 3}]", "rule 7 did not fire"},
		{"too often", "alerts: [{sid: 7, count: 1}]", "rule 7: 2 alerts, at packet 4 9: want 1"},
		{"elsewhere", "alerts: [{sid: 7, pcap_cnt: [4, 5]}]", "rule 7: pcap_cnt\n  - [4 5]\n  + [4 9]"},
		{"other values", "alerts: [{sid: 7, fields: {alert.severity: 3, src_ip: 192.0.2.2, nope: 1}}]", "  - nope: 1\n  + nope is not there"},
		{"must not", "not: [7]", "rule 7 fired 2 times, at packet 4 9: want none"},
		{"not named", "alerts: [{sid: 8, count: 0}]", "rule 7 () fired 2 times, at packet 4 9: the case does not name it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse("a.test.yaml", []byte("cases:\n  - {name: a, capture: x, "+c.want+"}"))
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, x := range f.Cases[0].Check(got) {
				said = append(said, x.Text)
			}
			if all := strings.Join(said, "\n"); (c.says == "") != (all == "") || !strings.Contains(all, c.says) {
				t.Errorf("got %q, want %q", all, c.says)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("cases:\n  - {name: a, traffic: [{say: [{request: {uri: /x}}, {response: {hex: 00}, segment: 3}]}], alerts: [1, {sid: 2}]}")
	f.Add("rules: [a, b]\nvars: {HOME_NET: 10.0.0.0/8}\ncases:\n  - {name: a, capture: x, not: [3]}")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("a.test.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, c := range file.Cases {
			if b, ok := c.Made(); ok == (len(c.Captures) > 0) || ok && len(b) < 24 {
				t.Errorf("case %q: %d bytes of capture, made %v", c.Name, len(b), ok)
			}
			c.Check(nil)
		}
	})
}
