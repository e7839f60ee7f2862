package http1

import (
	"bytes"
	"compress/zlib"
	"testing"
)

func TestUnpackSWF(t *testing.T) {
	plain := bytes.Repeat([]byte("action script "), 20)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(plain) // to memory
	w.Close()
	head := []byte("WS\x0a\x20\x01\x00\x00")
	packed := append(append([]byte{'C'}, head...), z.Bytes()...)
	want := append(append([]byte{'F'}, head...), plain...)
	both := swfConfig{deflate: true, lzma: true}
	for _, c := range []struct {
		name     string
		cfg      swfConfig
		in, want []byte
	}{
		{"zlib", both, packed, want},
		{"off", swfConfig{}, packed, packed},
		{"limit", swfConfig{deflate: true, output: 20}, packed, want[:20]},
		{"plain", both, want, want},
		{"no Flash", both, []byte("CWX and some more bytes"), []byte("CWX and some more bytes")},
		{"broken", both, append(append([]byte{'C'}, head...), "no zlib at all"...), append([]byte{'F'}, head...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.cfg.unpackSWF(nil, c.in); !bytes.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
