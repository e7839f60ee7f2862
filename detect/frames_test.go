package detect

import (
	"slices"
	"testing"

	"weir/decode"
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/rules"
)

// heard notes the rules that fire.
type heard struct{ sids []uint32 }

func (*heard) At(uint64, uint64) {}

func (h *heard) Publish(ev *event.Event) {
	if ev.Type == "alert" {
		h.sids = append(h.sids, ev.Alert.SID)
	}
}

func (*heard) Wants(string) bool { return true }

// demoTx is a transaction of a request and a response.
type demoTx struct {
	proto.Tx
	req, res string
}

func (t *demoTx) Base() *proto.Tx { return &t.Tx }

// demo is a protocol with one frame and one buffer for each direction.
func demo() *proto.Protocol {
	return &proto.Protocol{
		Name: "demo", Transport: proto.TCP, Frames: []string{"pdu", "other"}, Done: [2]uint8{1, 1},
		Fields: []field.Def{
			field.Bytes(field.Field{Name: "demo.req", Dir: field.ToServer}, func(t *demoTx, _ field.Dir) []byte { return []byte(t.req) }),
			field.Bytes(field.Field{Name: "demo.res", Dir: field.ToClient}, func(t *demoTx, _ field.Dir) []byte { return []byte(t.res) }),
		},
	}
}

// engineOf compiles rules and returns a worker, and what it tells.
func engineOf(t *testing.T, p *proto.Protocol, text string) (*Worker, *heard) {
	t.Helper()
	set, err := proto.NewSet(p)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder(set, Options{Vars: &rules.Vars{}, AlertMax: 15})
	for r, err := range rules.All("test.rules", []byte(text)) {
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	e, _, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	h := &heard{}
	return e.NewWorker(h, NewShared(16<<20)), h
}

// TestFrames shows frames to rules on them: each rule fires once on a frame.
func TestFrames(t *testing.T) {
	p := demo()
	w, h := engineOf(t, p, `
alert tcp any any -> any any (frame:demo.pdu; content:"hello"; startswith; sid:1;)
alert demo any any -> any any (frame:pdu; content:"world"; endswith; sid:2;)
alert demo any any -> any any (frame:pdu; strip_whitespace; content:"helloworld"; sid:3;)
alert demo any any -> any any (frame:other; content:"hello"; sid:4;)
alert demo any any -> any any (frame:pdu; bsize:11; content:"hello"; sid:5;)
`)
	if any, stream := w.WantsFrames(); !any || stream {
		t.Error("the rules want no frames")
	}
	f := &flow.Flow{Proto: packet.ProtoTCP, Version: 4}
	pk := &packet.Packet{Proto: packet.ProtoTCP, L4: 1, Version: 4, Dir: field.ToServer, MACs: -1}
	var fired []uint32
	look := func(data string, end bool, want ...uint32) {
		t.Helper()
		h.sids = nil
		w.Inspect(&decode.Inspection{
			Packet: pk, Flow: f, Proto: p, Frames: []decode.Frame{{Proto: p, Data: []byte(data), End: end, Fired: &fired}},
		})
		slices.Sort(h.sids)
		if !slices.Equal(h.sids, want) {
			t.Errorf("%q: rules %v fire, want %v", data, h.sids, want)
		}
	}
	look("hell", false)
	look("hello ", false, 1)
	look("hello world", true, 2, 3, 5)
	look("hello world", true)
}

// TestWholeTransaction looks for a request and its response in one rule: it
// fires once, when both were seen, by the addresses of the request.
func TestWholeTransaction(t *testing.T) {
	for _, tt := range []struct {
		name     string
		req, res string
		want     []uint32
	}{
		{"both", "ask", "answer", []uint32{1, 2}},
		{"request only", "ask", "nothing", nil},
		{"response only", "nothing", "answer", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := demo()
			w, h := engineOf(t, p, `
alert demo 192.0.2.1 any => 192.0.2.2 any (demo.req; content:"ask"; demo.res; content:"answer"; fast_pattern; sid:1;)
alert demo any any => any 80 (demo.req; content:"ask"; fast_pattern; demo.res; content:"answer"; sid:2;)
alert demo 192.0.2.2 any => any any (demo.req; content:"ask"; sid:3;)
`)
			client := packet.Packet{Proto: packet.ProtoTCP, L4: 1, Version: 4, Dir: field.ToServer, MACs: -1, SrcPort: 1024, DstPort: 80}
			client.Src = [16]byte{10: 0xff, 11: 0xff, 12: 192, 14: 2, 15: 1}
			client.Dst = [16]byte{10: 0xff, 11: 0xff, 12: 192, 14: 2, 15: 2}
			server := client
			server.Dir, server.Src, server.Dst, server.SrcPort, server.DstPort = field.ToClient, client.Dst, client.Src, 80, 1024
			f := &flow.Flow{Proto: packet.ProtoTCP, Version: 4}
			tx := &demoTx{req: tt.req, res: tt.res}
			for i, pk := range []*packet.Packet{&client, &server, &client} {
				d := pk.Dir.Index()
				tx.Progress[d] = 1
				tx.Moved[d] = i < 2
				w.Inspect(&decode.Inspection{Packet: pk, Flow: f, Proto: p, Txs: []proto.Transaction{tx}})
			}
			slices.Sort(h.sids)
			if !slices.Equal(h.sids, tt.want) {
				t.Errorf("rules %v fire, want %v", h.sids, tt.want)
			}
		})
	}
}

// demoSet is a set of the demo protocol alone.
func demoSet(t *testing.T) *proto.Set {
	t.Helper()
	set, err := proto.NewSet(demo())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// addRules gives rules to a builder.
func addRules(t *testing.T, b *Builder, text string) {
	t.Helper()
	for r, err := range rules.All("test.rules", []byte(text)) {
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
}
