package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	ctls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"weir/decode/buffer"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// host takes what the parser asks of the pipeline.
type host struct{ quiet bool }

func (*host) Upgrade(string, string)                        {}
func (*host) Expect(proto.Expectation)                      {}
func (h *host) NoInspect(bool)                              { h.quiet = true }
func (h *host) NoRawInspect(field.Dir)                      { h.quiet = true }
func (*host) TriggerRaw(field.Dir)                          {}
func (*host) Frame(field.Dir, uint8, int, int64, *proto.Tx) {}
func newParser(s *settings) *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Options: s, Host: &host{}}).(*parser)
}

// chunk is what one side sent at once.
type chunk struct {
	dir field.Dir
	b   []byte
}

// tap records what passes through a connection.
type tap struct {
	net.Conn
	dir field.Dir
	mu  *sync.Mutex
	out *[]chunk
}

func (t tap) Write(b []byte) (int, error) {
	t.mu.Lock()
	*t.out = append(*t.out, chunk{t.dir, append([]byte(nil), b...)})
	t.mu.Unlock()
	return t.Conn.Write(b)
}

// session records a real session of Go's own TLS.
func session(t testing.TB, version uint16) []chunk {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(0x123456),
		Subject:      pkix.Name{CommonName: "server.example", Organization: []string{"Weir Test"}, Country: []string{"CH"}},
		NotBefore:    time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		NotAfter:     time.Date(2060, 1, 2, 3, 4, 5, 0, time.UTC),
		DNSNames:     []string{"server.example", "www.server.example"},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert := ctls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	a, b := net.Pipe()
	var mu sync.Mutex
	var out []chunk
	server := ctls.Server(tap{b, field.ToClient, &mu, &out}, &ctls.Config{Certificates: []ctls.Certificate{cert}, MaxVersion: version, NextProtos: []string{"h2"}})
	client := ctls.Client(tap{a, field.ToServer, &mu, &out}, &ctls.Config{InsecureSkipVerify: true, ServerName: "server.example", MaxVersion: version, NextProtos: []string{"h2", "http/1.1"}})
	done := make(chan error, 1)
	go func() {
		buf := make([]byte, 5)
		_, err := io.ReadFull(server, buf)
		if err == nil {
			_, err = server.Write(buf)
		}
		done <- err
	}()
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(client, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return out
}

// feed gives the chunks in pieces of n bytes, as the pipeline would: what is not
// consumed comes again.
func feed(p *parser, chunks []chunk, n int) {
	var held [2][]byte
	for _, c := range chunks {
		for b := c.b; len(b) > 0; {
			k := min(n, len(b))
			i := c.dir.Index()
			held[i] = append(held[i], b[:k]...)
			b = b[k:]
			r := p.Parse(&proto.Input{Dir: c.dir, Data: held[i]})
			held[i] = held[i][r.Consumed:]
		}
	}
}

func TestSession(t *testing.T) {
	for _, c := range []struct {
		name    string
		version uint16
		want    string
		cert    bool
	}{
		{"1.2", ctls.VersionTLS12, "TLS 1.2", true},
		{"1.3", ctls.VersionTLS13, "TLS 1.3", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			chunks := session(t, c.version)
			var first string
			for _, n := range []int{1 << 20, 1, 7} {
				p := newParser(&settings{ja3: on})
				feed(p, chunks, n)
				tx := p.Txs()[0].(*Tx)
				b, ok := appendRecord(nil, tx, nil, newOptions(true))
				if !ok {
					t.Fatal("no record")
				}
				var got struct {
					Subject, SNI, Version, Serial, NotBefore, NotAfter string
					SubjectAltName                                     []string
					JA3                                                struct{ Hash string }
				}
				if err := json.Unmarshal(b, &got); err != nil {
					t.Fatalf("%s: %v", b, err)
				}
				if first == "" {
					first = string(b)
				} else if first != string(b) {
					t.Errorf("in pieces of %d: got %s, want %s", n, b, first)
				}
				if got.SNI != "server.example" || got.Version != c.want || len(got.JA3.Hash) != 32 {
					t.Errorf("got %s", b)
				}
				if c.cert && (got.Subject != "C=CH, O=Weir Test, CN=server.example" || got.Serial != "12:34:56" ||
					got.NotBefore != "2020-01-02T03:04:05" || got.NotAfter != "2060-01-02T03:04:05" || len(got.SubjectAltName) != 2) {
					t.Errorf("got %s", b)
				}
				if !p.done || tx.Progress != stateFinished {
					t.Errorf("progress %v, want %v", tx.Progress, stateFinished)
				}
				if len(tx.Events) > 0 {
					t.Errorf("event %s", events[tx.Events[0]].Name)
				}
			}
		})
	}
}

func TestEvents(t *testing.T) {
	for _, c := range []struct{ name, b, want string }{
		{"record type", "\x16\x03\x01\x00\x00\x50\x03\x01\x00\x00", "invalid_record_type"},
		{"record version", "\x16\x05\x01\x00\x01\x00", "invalid_record_version"},
		{"record length", "\x16\x03\x01\xff\xff\x00", "invalid_record_length"},
		{"heartbeat", "\x18\x03\x02\x00\x03\x01\x40\x00", "overflow_heartbeat_message"},
		{"handshake type", "\x16\x03\x01\x00\x04\x63\x00\x00\x00", "invalid_handshake_message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser(nil)
			p.Parse(&proto.Input{Dir: field.ToServer, Data: []byte(c.b)})
			for _, e := range p.tx.Events {
				if events[e].Name == c.want {
					return
				}
			}
			t.Errorf("no event %s among %v", c.want, p.tx.Events)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		for _, c := range session(f, v) {
			f.Add(c.b, c.dir == field.ToServer)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, toServer bool) {
		dir := field.ToClient
		if toServer {
			dir = field.ToServer
		}
		p := newParser(&settings{ja3: on, ja4: on})
		if r := p.Parse(&proto.Input{Dir: dir, Data: b}); r.Consumed > len(b) {
			t.Fatalf("consumed %d of %d", r.Consumed, len(b))
		}
		tx := p.tx
		if out, ok := appendRecord(nil, tx, nil, nil); ok && !json.Valid(out) {
			t.Errorf("not JSON: %s", out)
		}
		for i := range fields {
			d := &fields[i]
			switch d.Kind {
			case field.KindBytes:
				d.Bytes(tx, dir)
			case field.KindMulti:
				for j := 0; ; j++ {
					if _, ok := d.Multi(tx, dir, j); !ok {
						break
					}
				}
			case field.KindUint:
				d.Uint(tx, dir, 0)
			}
		}
	})
}

func BenchmarkHandshake(b *testing.B) {
	chunks := session(b, ctls.VersionTLS12)
	n := 0
	for _, c := range chunks {
		n += len(c.b)
	}
	p := newParser(nil)
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		p.Reset(p.env)
		for _, c := range chunks {
			p.Parse(&proto.Input{Dir: c.dir, Data: c.b})
		}
	}
}

// TestChains reads the same certificates twice: sessions of one worker share
// them, and what another worker has seen is its own.
func TestChains(t *testing.T) {
	var o settings
	var one, two buffer.Pool
	message := []byte("\x00\x00\x08\x00\x00\x05\x30\x03\x02\x01\x01")
	a, b := o.chain(&one, message), o.chain(&one, slices.Clone(message))
	if a != b || len(a.certs) != 1 || len(a.certs[0]) != 5 {
		t.Errorf("two chains of %d certificates, want one of one", len(a.certs))
	}
	message[10]++
	if c := o.chain(&one, message); c == a || a.certs[0][4] != 1 {
		t.Error("another certificate is taken for it")
	}
	if c := o.chain(&two, a.message); c == a {
		t.Error("two workers share a chain")
	}
	if c := o.chain(nil, []byte("\x00\x00\x09\x00\x00\x09\x30")); !slices.Contains(c.events, evCertInvalidLength) {
		t.Errorf("events %v, want %d", c.events, evCertInvalidLength)
	}
}
