package quic

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"weir/decode/buffer"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

// host notes whether inspection goes on.
type host struct{ ended, bypass bool }

func (h *host) Upgrade(string, string)                        {}
func (h *host) Expect(proto.Expectation)                      {}
func (h *host) NoInspect(bypass bool)                         { h.ended, h.bypass = true, bypass }
func (h *host) NoRawInspect(field.Dir)                        {}
func (h *host) TriggerRaw(field.Dir)                          {}
func (h *host) Frame(field.Dir, uint8, int, int64, *proto.Tx) {}

func newParser() (*parser, *host) {
	h := &host{}
	return Protocol.New(&proto.Env{Buffers: &buffer.Pool{}, Flow: &flow.Flow{Proto: 17}, Host: h}).(*parser), h
}

const ts, tc = field.ToServer, field.ToClient

var id = []byte("\x83\x94\xc8\xf0\x3e\x51\x57\x08")

// TestKeys has the values of RFC 9001 appendix A.1 and RFC 9369 appendix A.1.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		salt []byte
		v2   bool
		iv   [2]string
	}{
		{"version 1", salt1, false, [2]string{"fa044b2f42a3fd3b46fb255c", "0ac1493ca1905853b0bba03e"}},
		{"version 2", salt2, true, [2]string{"91f73e2351d8fa91660e909f", ""}},
	} {
		k := newKeys(c.salt, id, c.v2)
		for i, want := range c.iv {
			if got := hex.EncodeToString(k.dirs[i].iv[:]); want != "" && got != want {
				t.Errorf("%s: direction %d: iv %s, want %s", c.name, i, got, want)
			}
		}
	}
}

// initial makes an Initial packet of version 1 with these frames.
func initial(d int, number byte, frames string) []byte {
	k := newKeys(salt1, id, false)
	frames += strings.Repeat("\x00", 40) // padding
	b := append([]byte{0xc0, 0, 0, 0, 1, byte(len(id))}, id...)
	b = append(b, 0, 0) // source, token
	b = binary.BigEndian.AppendUint16(b, uint16(0x4000|1+len(frames)+16))
	at := len(b)
	b = append(b, number)
	nonce := k.dirs[d].iv
	nonce[11] ^= number
	x := &k.dirs[d]
	if err := x.ready(); err != nil {
		panic(err)
	}
	b = x.packet.Seal(b, nonce[:], []byte(frames), slices.Clone(b))
	var mask [16]byte
	x.header.Encrypt(mask[:], b[at+4:at+20])
	b[0] ^= mask[0] & 0x0f
	b[at] ^= mask[1]
	return b
}

// crypto makes a CRYPTO frame.
func crypto(off int, b string) string {
	return string([]byte{frameCrypto, 0x40 | byte(off>>8), byte(off), 0x40 | byte(len(b)>>8), byte(len(b))}) + b
}

// clientHello and serverHello are messages with type and length.
func clientHello() string {
	ext := "\x00\x00\x00\x0c\x00\x0a\x00\x00\x07a.quick" + // server_name
		"\x00\x10\x00\x05\x00\x03\x02h3" + // alpn
		"\x00\x2b\x00\x03\x02\x03\x04" // supported_versions
	b := "\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00" + string([]byte{0, byte(len(ext))}) + ext
	return string([]byte{1, 0, 0, byte(len(b))}) + b
}

func serverHello() string {
	ext := "\x00\x2b\x00\x02\x03\x04"
	b := "\x03\x03" + strings.Repeat("r", 32) + "\x00\x13\x01\x00" + string([]byte{0, byte(len(ext))}) + ext
	return string([]byte{2, 0, 0, byte(len(b))}) + b
}

const (
	clientRecord = `{"version":"1","sni":"a.quick","ja3":{"hash":"HASH","string":"771,4865,0-16-43,,"},"extensions":[` +
		`{"name":"server_name","type":0,"values":["a.quick"]},{"name":"alpn","type":16,"values":["h3"]},{"name":"supported_versions","type":43,"values":["Tls13"]}]}`
	serverRecord = `{"version":"1","ja3s":{"hash":"HASH","string":"771,4865,43"},"extensions":[{"name":"supported_versions","type":43,"values":["Tls13"]}]}`
)

// records are those of all transactions, without digests.
func records(p *parser) string {
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		s := string(b)
		if i := strings.Index(s, `"hash":"`); i >= 0 {
			s = s[:i+8] + "HASH" + s[i+8+32:]
		}
		for _, e := range tx.Base().Events {
			s += " " + Protocol.Events[e].Name
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

// datagram is one of a direction.
type datagram struct {
	dir field.Dir
	b   []byte
}

func TestRecords(t *testing.T) {
	client := clientRecord
	hello := clientHello()
	chlo := "\x0dabcdefghQ043\x01" + strings.Repeat("h", 12) + "CHLO\x02\x00\x00\x00SNI\x00\x03\x00\x00\x00UAID\x05\x00\x00\x00a.bUA"
	for _, c := range []struct {
		name  string
		in    []datagram
		want  string
		ended bool
	}{
		{"both hellos", []datagram{{ts, initial(0, 0, crypto(0, hello))}, {tc, initial(1, 0, "\x02\x00\x00\x00\x00"+crypto(0, serverHello()))}, {ts, initial(0, 9, "\x01")}},
			client + "\n" + serverRecord, true},
		{"in two packets, the second part first", []datagram{{ts, initial(0, 0, crypto(50, hello[50:]))}, {ts, initial(0, 1, crypto(0, hello[:50])+"\x01")}},
			`{"version":"1"}` + "\n" + client, false},
		{"wrong keys", []datagram{{ts, initial(1, 0, "\x01")}}, `{"version":"1"} failed_decrypt`, false},
		{"a frame that may not be there", []datagram{{ts, initial(0, 0, "\x0a")}}, `{"version":"1"} error_on_data`, false},
		{"another message", []datagram{{ts, initial(0, 0, crypto(0, "\x08\x00\x00\x01a"))}}, `{"version":"1"} error_on_data`, false},
		{"far too long", []datagram{{ts, initial(0, 0, "\x06\x80\x01\x00\x00\x01a")}}, `{"version":"1"} crypto_frag_too_long`, false},
		{"another version", []datagram{{ts, []byte("\xc0\x1a\x2a\x3a\x4a\x00\x00\x00\x00\x00\x00\x00")}}, `{"version":"1a2a3a4a"}`, false},
		{"negotiation", []datagram{{tc, []byte("\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")}}, `{"version":"0"}`, false},
		{"Google's", []datagram{{ts, []byte(chlo)}},
			`{"version":"Q043","sni":"a.b","ua":"UA","cyu":[{"hash":"HASH","string":"43,SNI-UAID"}]}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, h := newParser()
			for _, d := range c.in {
				p.Parse(&proto.Input{Dir: d.dir, Data: d.b})
			}
			if got := records(p); got != c.want || h.ended != c.ended {
				t.Errorf("got\n%s, ended %v\nwant\n%s, %v", got, h.ended, c.want, c.ended)
			}
		})
	}
}

func TestAssembly(t *testing.T) {
	msg := "\x01\x00\x00\x0aabcdefghij"
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 2, 1, 3}} {
		var a assembly
		for _, i := range order {
			if a.message() != nil && len(a.have) > 1 {
				t.Errorf("%v: whole too early", order)
			}
			from := max(4*i-1, 0)
			a.add(uint64(from), []byte(msg[from:min(4*i+4, len(msg))]))
		}
		if string(a.message()) != msg {
			t.Errorf("%v: got %q", order, a.message())
		}
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p, _ := newParser()
	b := initial(0, 1, "\x01")
	var in proto.Input
	once := func() {
		in = proto.Input{Dir: ts, Data: b}
		p.Parse(&in)
		p.Free(p.Txs()[0])
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations a packet, want none", n)
	}
}

func BenchmarkInitial(b *testing.B) {
	p, _ := newParser()
	data := initial(0, 1, "\x01")
	in := proto.Input{Dir: ts, Data: data}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(&in)
		p.Free(p.Txs()[0])
	}
}

func FuzzParse(f *testing.F) {
	f.Add(initial(0, 0, crypto(0, clientHello())), "\x01", false)
	f.Add([]byte("\x0dabcdefghQ043\x01"+strings.Repeat("h", 12)+"CHLO\x01\x00\x00\x00SNI\x00\x03\x00\x00\x00a.b"), crypto(0, serverHello()), true)
	f.Fuzz(func(t *testing.T, b []byte, frames string, server bool) {
		p, _ := newParser()
		p.Parse(&proto.Input{Dir: ts, Data: b})
		if len(frames) < 1000 {
			p.Parse(&proto.Input{Dir: ts, Data: initial(0, 1, frames)})
			if server {
				p.Parse(&proto.Input{Dir: tc, Data: initial(1, 1, frames)})
			}
		}
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
		}
		if len(b) >= 12 {
			probe(b, ts, nil)
		}
	})
}
