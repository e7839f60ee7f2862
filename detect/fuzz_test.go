package detect

import (
	"maps"
	"slices"
	"testing"
	"time"

	"weir/decode"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/decode/proto/all"
	"weir/rules"
)

// FuzzCompile compiles any text that is rules and shows packets and a
// transaction to what comes of it: a rule is refused with its place, or can be
// run, and neither takes long.
func FuzzCompile(f *testing.F) {
	p := demo()
	whole, err := all.Set()
	if err != nil {
		f.Fatal(err)
	}
	set, err := proto.NewSet(append([]*proto.Protocol{p}, whole.All()...)...)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(keywordCases)) {
		c := keywordCases[name]
		f.Add("alert ip any any -> any any (" + c.fires + " sid:1;)\nalert ip any any -> any any (" + c.not + " sid:2;)")
	}
	for _, tc := range hostileRules {
		if len(tc.options) < 4096 {
			f.Add("alert ip any any -> any any (" + tc.options + " sid:1;)")
		}
	}
	f.Add(`drop demo $A [$P,!80] => !$A any (demo.req; content:"a"; nocase; bsize:<9; demo.res; url_decode; pcre:"/a(?=b)/i"; sid:1;)`)
	for _, pr := range whole.All() {
		for i := range pr.Fields {
			if d := &pr.Fields[i]; d.Example != "" {
				f.Add("alert " + pr.Name + " any any -> any any (" + d.Example + " sid:1;)")
			}
		}
	}
	vars := &rules.Vars{Addresses: map[string]string{"A": "[192.0.2.0/24,!192.0.2.2]"}, Ports: map[string]string{"P": "[80,1000:2000]"}}
	f.Fuzz(func(t *testing.T, text string) {
		start := processorTime()
		b := NewBuilder(set, Options{Vars: vars, AlertMax: 15, KeepRaw: true, KeepReferences: true, MaxFlowbits: 64, PCRELimit: 1 << 14})
		n := 0
		for r, err := range rules.All("f", []byte(text)) {
			if n++; err == nil {
				err = b.Add(r)
			}
			if err != nil && (err.Pos.File != "f" || err.Pos.Line < 1 || err.Pos.Col < 1 || err.Msg == "") {
				t.Fatalf("%v: no place or no reason", err)
			}
		}
		e, rep, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		if rep.Loaded > n {
			t.Fatalf("%d of %d rules loaded", rep.Loaded, n)
		}
		w := e.NewWorker(&heard{}, NewShared(1<<20))
		showFrames(w, p)
		if d := processorTime() - start; d > slower*10*time.Second {
			t.Fatalf("took %v", d)
		}
	})
}

// showFrames shows packets to a worker, and a transaction and a frame of p.
func showFrames(w *Worker, p *proto.Protocol) {
	frames := testFrames()
	d := packet.NewDecoder(packet.Options{})
	for i, name := range slices.Sorted(maps.Keys(frames)) {
		for _, pk := range slices.Clone(d.Decode(&packet.Frame{Data: frames[name], Time: int64(i+1) * 1e9, Wire: uint32(len(frames[name])), Link: packet.LinkEthernet})) {
			in := &decode.Inspection{Packet: pk, Opening: true}
			if pk.Version != 0 {
				in.Flow = &flow.Flow{Proto: pk.Proto, Start: 1e9, Last: int64(i+1) * 1e9}
			}
			pk.Dir = 1 + pk.Dir&1
			if name == "tcp" {
				in.Proto = p
				in.Txs = []proto.Transaction{&demoTx{Tx: proto.Tx{Progress: [2]uint8{1, 1}, Moved: [2]bool{true, true}}, req: "GET /a aGVsbG8=", res: "200 aab"}}
				in.Frames = []decode.Frame{{Proto: p, Data: []byte("GET /a"), End: true, Fired: new([]uint32)}}
			}
			w.Inspect(in)
		}
	}
}
