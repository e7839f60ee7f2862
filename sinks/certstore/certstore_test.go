package certstore

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"weir/decode"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

func TestKeep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	s, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	f := &flow.Flow{Proto: 6, Addr: [2][16]byte{{15: 1}, {15: 2}}, Port: [2]uint16{4000, 443}}
	p := &packet.Packet{Time: 1523912382_235074123, Num: 10, Src: [16]byte{15: 2}, Dst: [16]byte{15: 1}, SrcPort: 443, DstPort: 4000}
	c := proto.Certs{Chain: [][]byte{[]byte("one"), []byte("two")}, Subject: []byte("CN=a"), Issuer: []byte("CN=b"), Fingerprint: []byte("00:11")}
	s.KeepCerts(&decode.Certs{Certs: c, Packet: p, Flow: f})
	s.KeepCerts(&decode.Certs{Certs: c, Client: true, Flow: f, Now: 5e9})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	const rest = "TLS SUBJECT:       CN=a\nTLS ISSUERDN:      CN=b\nTLS FINGERPRINT:   00:11\n"
	for name, want := range map[string]string{
		"1523912382.235074-1.meta": "TIME:              04/16/2018-20:59:42.235074\nPCAP PKT NUM:      10\n" +
			"SRC IP:            0000:0000:0000:0000:0000:0000:0000:0002\nDST IP:            0000:0000:0000:0000:0000:0000:0000:0001\n" +
			"PROTO:             6\nSRC PORT:          443\nDST PORT:          4000\n" + rest,
		"client-5.000000-2.meta": "TIME:              01/01/1970-00:00:05.000000\n" +
			"SRC IP:            0000:0000:0000:0000:0000:0000:0000:0001\nDST IP:            0000:0000:0000:0000:0000:0000:0000:0002\n" +
			"PROTO:             6\nSRC PORT:          4000\nDST PORT:          443\n" + rest,
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "1523912382.235074-1.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two"} {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil || block.Type != "CERTIFICATE" || string(block.Bytes) != want {
			t.Errorf("got %+v, want %q", block, want)
		}
	}
}

func TestNoFolder(t *testing.T) {
	dir := t.TempDir()
	s, err := New(filepath.Join(dir, "certs"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "certs")); err != nil {
		t.Fatal(err)
	}
	s.KeepCerts(&decode.Certs{Certs: proto.Certs{Chain: [][]byte{nil}}, Flow: &flow.Flow{}})
	if s.Close() == nil {
		t.Error("no error, want one for each chain that is missing")
	}
}
