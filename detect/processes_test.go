package detect

import (
	"testing"

	"weir/decode"
	"weir/decode/packet"
)

// TestProcesses asks for the process behind a packet.
func TestProcesses(t *testing.T) {
	known := func(p *packet.Packet) (Process, bool) {
		return Process{Comm: "nc", Exe: "/tmp/x/nc", Container: "4f00", UID: 1000}, p.Proto == packet.ProtoUDP
	}
	frames := testFrames()
	for _, c := range []struct {
		rule, frame string
		ask         Processes
		fires       bool
	}{
		{`process.comm; content:"nc"; startswith; endswith;`, "udp", known, true},
		{`process.comm; content:"c"; startswith;`, "udp", known, false},
		{`process.exe; content:"/tmp/"; startswith;`, "udp", known, true},
		{`process.exe; content:"/tmp/"; startswith;`, "tcp", known, false},
		{`process.exe; content:"/tmp/"; startswith;`, "udp", nil, false},
		{`process.uid:>999;`, "udp", known, true},
		{`process.uid:0;`, "udp", known, false},
		{`process.uid:>999;`, "udp", nil, false},
		{`container.id; content:"4f";`, "udp", known, true},
	} {
		b := NewBuilder(demoSet(t), Options{AlertMax: 15, Processes: c.ask})
		addRules(t, b, `alert ip any any -> any any (`+c.rule+` sid:1;)`)
		e, _, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		h := &heard{}
		w := e.NewWorker(h, NewShared(1<<20))
		frame := frames[c.frame]
		ps := packet.NewDecoder(packet.Options{}).Decode(&packet.Frame{Data: frame, Time: 20e9, Wire: uint32(len(frame)), Link: packet.LinkEthernet})
		p := ps[len(ps)-1]
		p.Dir = 1
		w.Inspect(&decode.Inspection{Packet: p, Opening: true})
		if (len(h.sids) > 0) != c.fires {
			t.Errorf("%s on %s: fires %v, want %v", c.rule, c.frame, len(h.sids) > 0, c.fires)
		}
	}
}
