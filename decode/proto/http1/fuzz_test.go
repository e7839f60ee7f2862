package http1

import (
	"testing"

	"weir/decode/field"
	"weir/decode/proto"
)

// FuzzParse plays bytes as a connection: each piece begins with a byte that
// says which side sends it, whether bytes are missing before it, and how long
// it is.
func FuzzParse(f *testing.F) {
	for _, c := range conversations {
		var seed []byte
		for i, m := range c.messages {
			for b := []byte(m); len(b) > 0; {
				n := min(len(b), 63)
				seed = append(append(seed, byte(n)|byte(i&1)<<7), b[:n]...)
				b = b[n:]
			}
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		w := dial(t, server(settings{"lzma-enabled": true, "response-body-limit": 1000}))
		for len(in) > 0 {
			head := in[0]
			in = in[1:]
			dir := field.ToServer
			if head&0x80 != 0 {
				dir = field.ToClient
			}
			n := min(int(head&63), len(in))
			if head&64 != 0 && !w.stopped && w.upgraded == "" {
				w.held[dir.Index()] = nil
				w.stopped = w.p.Parse(&proto.Input{Dir: dir, Gap: n + 1}).Status == proto.Stop
				continue
			}
			w.send(dir, in[:n], false)
			in = in[n:]
			if w.p.txs.Len() > 20 {
				w.p.Free(w.p.Txs()[0])
			}
		}
		w.send(field.ToServer, nil, true)
		w.send(field.ToClient, nil, true)
		w.dump()
	})
}

// FuzzNormalPath checks that normalising takes nothing beyond what it was given
// and leaves no dot segments behind.
func FuzzNormalPath(f *testing.F) {
	f.Add("/a/../%2e%2e/%u002e/b")
	f.Add("\\..\\%c0%af")
	f.Fuzz(func(t *testing.T, path string) {
		tx := &Tx{cfg: defaultConfig()}
		got := tx.req.at(tx.normalPath([]byte(path)))
		if len(got) > len(path) {
			t.Errorf("%q: %q is longer", path, got)
		}
		for i := range got {
			if rest := got[i:]; hasPrefix(rest, "/../") || hasPrefix(rest, "/./") {
				t.Errorf("%q: dot segment left in %q", path, got)
			}
		}
	})
}
