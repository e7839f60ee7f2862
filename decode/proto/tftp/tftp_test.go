package tftp

import (
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

func newParser() *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 17}}).(*parser)
}

const read = "\x00\x01boot.img\x00OCTET\x00blksize\x001428\x00"

func TestRecord(t *testing.T) {
	for _, c := range []struct{ name, b, want string }{
		{"read with an option", read, `{"packet":"read","file":"boot.img","mode":"octet"}`},
		{"write", "\x00\x02a\x00netascii\x00", `{"packet":"write","file":"a","mode":"netascii"}`},
		{"cut in the mode", "\x00\x02a\x00netascii", ""},
		{"cut in the name", "\x00\x02a", ""},
		{"unknown mode", "\x00\x02a\x00b\x00", ""},
		{"data", "\x00\x03\x00\x01abc\x00octet\x00", ""},
		{"one byte", "\x00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser()
			p.Parse(&proto.Input{Dir: field.ToServer, Data: []byte(c.b)})
			got := ""
			for _, tx := range p.Txs() {
				b, _ := appendRecord(nil, tx, nil, nil)
				got += string(b)
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p, in := newParser(), &proto.Input{Dir: field.ToServer, Data: []byte(read)}
	once := func() {
		p.Parse(in)
		p.Free(p.Txs()[0])
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(read))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 4 {
			probe(b, field.ToServer, nil)
		}
		p := newParser()
		p.Parse(&proto.Input{Dir: field.ToServer, Data: b})
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
		}
	})
}
