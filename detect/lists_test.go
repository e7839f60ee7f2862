package detect

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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

// listEngine compiles rules with the files of a folder beside them.
func listEngine(t *testing.T, p *proto.Protocol, pub event.Publisher, files map[string]string, text string) *Worker {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, err := proto.NewSet(p)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder(set, Options{AlertMax: 15, Datasets: Datasets{Memcap: 1 << 20, Dir: dir, AllowWrite: true}})
	for r, err := range rules.All(filepath.Join(dir, "t.rules"), []byte(text)) {
		if err == nil {
			err = b.Add(r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	e, _, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return e.NewWorker(pub, NewShared(1<<20))
}

// fromHost returns a packet of 10.0.0.n.
func fromHost(n byte) *packet.Packet {
	p := &packet.Packet{Proto: packet.ProtoTCP, L4: 1, Version: 4, Dir: field.ToServer, MACs: -1}
	p.Src = [16]byte{10: 0xff, 11: 0xff, 12: 10, 15: n}
	p.Dst = [16]byte{10: 0xff, 11: 0xff, 12: 10, 14: 1, 15: n}
	return p
}

// TestSetsOnPackets shows packets by the last byte of their source to rules on
// sets.
func TestSetsOnPackets(t *testing.T) {
	h := &heard{}
	w := listEngine(t, demo(), h, map[string]string{"list": "10.0.0.3\n", "reps": "10.0.0.4,7\n10.0.0.5,8\n"}, `
alert ip any any -> any any (ip.src; dataset:set,seen,type ip; sid:1;)
alert ip any any -> any any (ip.src; dataset:isset,list,type ip,load list; sid:2;)
alert ip any any -> any any (ip.src; datarep:reps,>,7,type ip,load reps; sid:3;)
alert ip any any -> any any (ip.src; dataset:isset,list; dataset:unset,seen; sid:4;)
alert ip any any -> 10.0.9.9 any (ip.src; dataset:set,never,type ip; sid:5;)
alert ip any any -> any any (ip.src; dataset:isset,never; sid:6;)
`)
	for i, tc := range []struct {
		host byte
		want []uint32
	}{
		{1, []uint32{1}}, {1, nil}, {3, []uint32{1, 2, 4}}, {3, []uint32{1, 2, 4}}, {4, []uint32{1}}, {5, []uint32{1, 3}}, {5, []uint32{3}},
	} {
		h.sids = nil
		w.Inspect(&decode.Inspection{Packet: fromHost(tc.host)})
		slices.Sort(h.sids)
		if !slices.Equal(h.sids, tc.want) {
			t.Errorf("packet %d of host %d: rules %v fire, want %v", i, tc.host, h.sids, tc.want)
		}
	}
}

// shown keeps what alerts show of sets.
type shown struct {
	heard
	contexts []string
}

func (s *shown) Publish(ev *event.Event) {
	var body struct {
		Alert struct{ Context json.RawMessage }
	}
	b := append(ev.Body.AppendEvent([]byte("{"), &event.Output{}), '}')
	if err := json.Unmarshal(b, &body); err != nil {
		s.contexts = append(s.contexts, err.Error())
		return
	}
	s.contexts = append(s.contexts, fmt.Sprint(ev.Alert.SID, " ", string(body.Alert.Context)))
}

// TestContext wants the objects of all sets that a rule has found, of the buffers
// of its transaction as of the packet's.
func TestContext(t *testing.T) {
	p := demo()
	s := &shown{}
	w := listEngine(t, p, s, map[string]string{
		"hosts": `[{"ip":"10.0.0.1","n":1}]`, "words": `{"w":"ask","n":2}`,
	}, `
alert demo any any -> any any (demo.req; dataset:isset,words,type string,load words,format jsonline,value_key w,context_key word; ip.src; dataset:isset,hosts,type ip,load hosts,format json,value_key ip,context_key host,remove_key; sid:1;)
alert demo any any -> any any (demo.req; dataset:isnotset,words; sid:2;)
`)
	f := &flow.Flow{Proto: packet.ProtoTCP, Version: 4}
	for _, req := range []string{"ask", "other"} {
		tx := &demoTx{req: req}
		tx.Progress[0], tx.Moved[0] = 1, true
		w.Inspect(&decode.Inspection{Packet: fromHost(1), Flow: f, Proto: p, Txs: []proto.Transaction{tx}})
	}
	want := []string{`1 {"word":{"w":"ask","n":2},"host":{"n":1}}`, "2 "}
	if !slices.Equal(s.contexts, want) {
		t.Errorf("got %q, want %q", s.contexts, want)
	}
}

// TestListsAllocate wants no allocation where packets are looked up, counted and
// passed over.
func TestListsAllocate(t *testing.T) {
	h := &heard{}
	w := listEngine(t, demo(), h, map[string]string{"list": "10.0.0.3\n"}, `
alert ip any any -> any any (ip.src; dataset:isset,list,type ip,load list; sid:1;)
alert ip any any -> any any (ip.src; dataset:set,seen,type ip; sid:2;)
alert tcp any any -> any any (flags:0; detection_filter:track by_src, count 1000000, seconds 60; sid:3;)
alert tcp any any -> any any (flags:0; hostbits:isset,b; sid:4;)
`)
	in := &decode.Inspection{Packet: fromHost(1)}
	w.Inspect(in)
	if n := testing.AllocsPerRun(100, func() { w.Inspect(in) }); n != 0 {
		t.Errorf("Inspect allocates %v times, want 0", n)
	}
}

// TestTransactionBits wants a bit that the request sets to be there for the
// response, and not for the next transaction.
func TestTransactionBits(t *testing.T) {
	p, h := demo(), &heard{}
	w := listEngine(t, p, h, nil, `
alert demo any any -> any any (demo.res; content:"answer"; xbits:isset,asked,track tx; sid:1;)
alert demo any any -> any any (demo.req; content:"ask"; xbits:set,asked,track tx; noalert; sid:2;)
alert demo any any -> any any (xbits:isset,asked,track tx; sid:3;)
`)
	f := &flow.Flow{Proto: packet.ProtoTCP, Version: 4}
	client, server := fromHost(1), fromHost(1)
	server.Dir = field.ToClient
	for _, tc := range []struct {
		req  string
		want []uint32
	}{{"ask", []uint32{1, 3, 3}}, {"other", nil}} {
		h.sids = nil
		tx := &demoTx{req: tc.req, res: "answer"}
		for _, pk := range []*packet.Packet{client, server} {
			d := pk.Dir.Index()
			tx.Progress[d], tx.Moved[d] = 1, true
			w.Inspect(&decode.Inspection{Packet: pk, Flow: f, Proto: p, Txs: []proto.Transaction{tx}})
		}
		w.EndTx(&tx.Tx)
		slices.Sort(h.sids)
		if !slices.Equal(h.sids, tc.want) {
			t.Errorf("request %s: rules %v fire, want %v", tc.req, h.sids, tc.want)
		}
	}
}

// TestConfigRules switches records of a transaction off, with and without an
// alert.
func TestConfigRules(t *testing.T) {
	for _, tc := range []struct {
		rule  string
		noLog bool
		want  []uint32
	}{
		{`config demo any any -> any any (demo.req; content:"ask"; config:logging disable, type tx, scope tx; sid:1;)`, true, nil},
		{`alert demo any any -> any any (demo.req; content:"ask"; config:logging disable, type tx, scope tx; sid:1;)`, true, []uint32{1}},
		{`alert demo any any -> any any (demo.req; content:"ask"; sid:1;)`, false, []uint32{1}},
		{`config demo any any -> any any (demo.req; content:"other"; config:logging disable, type tx, scope tx; sid:1;)`, false, nil},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			p, h := demo(), &heard{}
			w := listEngine(t, p, h, nil, tc.rule+"\n")
			tx := &demoTx{req: "ask"}
			tx.Progress[0], tx.Moved[0] = 1, true
			w.Inspect(&decode.Inspection{Packet: fromHost(1), Flow: &flow.Flow{Proto: packet.ProtoTCP, Version: 4}, Proto: p, Txs: []proto.Transaction{tx}})
			if tx.NoLog != tc.noLog || !slices.Equal(h.sids, tc.want) {
				t.Errorf("no records %v, rules %v: want %v, %v", tx.NoLog, h.sids, tc.noLog, tc.want)
			}
		})
	}
}
