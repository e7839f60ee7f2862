package main

import (
	"path/filepath"
	"slices"
	"testing"

	"weir/bpf/fanout"
	"weir/bpf/nstest"
	"weir/bpf/shunt"
	"weir/decode/capture/pcapfile"
	"weir/decode/flow"
	"weir/decode/packet"
)

// TestProgramsAgree holds the programs in the kernel against the decoder, with every
// frame of the captures: all packets of a flow, inside tunnels too, go to one worker;
// and the shunt keeps back the packets whose flow's key is in its map.
func TestProgramsAgree(t *testing.T) {
	s, err := shunt.Open(shunt.Options{VLAN: true})
	if err != nil {
		nstest.NoEBPF(t, err)
	}
	defer s.Close()
	o := packet.DefaultOptions()
	spread, err := fanout.Open(fanout.Options{VXLANPorts: o.VXLANPorts, GENEVEPorts: o.GENEVEPorts})
	if err != nil {
		nstest.NoEBPF(t, err)
	}
	defer spread.Close()
	names, err := filepath.Glob("../../testdata/captures/*/*.pcap")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d captures, %v", len(names), err)
	}
	var kept, inside int
	for _, name := range names {
		// These hold what the programs do not look through, and one flow behind
		// different headers: there the shunt may keep less back.
		odd := slices.Contains([]string{"broken", "link"}, filepath.Base(filepath.Dir(name)))
		dec, flows := packet.NewDecoder(o), flow.NewTable(flow.DefaultOptions())
		hashes := map[flow.Key]uint32{}
		capturedFrames(t, name, func(fr *packet.Frame) {
			hash, err := spread.Hash(fr.Data)
			if fr.Link != packet.LinkEthernet || err != nil {
				return // shorter than what the kernel takes
			}
			all := dec.Decode(fr)
			p := all[0] // the innermost
			f, _ := flows.Get(p)
			if f == nil || p.Proto != packet.ProtoTCP && p.Proto != packet.ProtoUDP {
				return
			}
			if before, ok := hashes[f.Key]; ok && before != hash && !odd {
				t.Errorf("%s: packet %d goes elsewhere than its flow %+v", name, fr.Num, f.Key)
			}
			hashes[f.Key] = hash
			if p.Depth > 0 {
				inside++
				return
			}
			if err := s.Add((*shunt.Key)(&f.Key)); err != nil {
				t.Fatal(err)
			}
			got, err := s.Run(fr.Data)
			if _, ok := s.Remove((*shunt.Key)(&f.Key)); err != nil || !ok {
				t.Fatalf("%s: packet %d: %v", name, fr.Num, err)
			}
			edge := p.Proto == packet.ProtoTCP && p.TCP.Flags&(packet.SYN|packet.FIN|packet.RST) != 0
			plain := p.Version == 4 || p.L3Len == 40 // no extension headers
			if want := plain && !edge; got != want && (got || !odd) {
				t.Errorf("%s: packet %d is kept back: %v, want %v", name, fr.Num, got, want)
			}
			if got {
				kept++
			}
		})
	}
	if kept < 100 || inside < 10 {
		t.Errorf("%d packets kept back and %d in tunnels: too few to say anything", kept, inside)
	}
}

// capturedFrames calls f for each frame of a capture; a broken file ends early.
func capturedFrames(t *testing.T, name string, f func(*packet.Frame)) {
	t.Helper()
	file, err := pcapfile.Open(name)
	if err != nil {
		return // captures of what is no capture
	}
	defer file.Close()
	for err == nil {
		var batch pcapfile.Batch
		err = file.Next(&batch)
		for i := range batch.Frames {
			f(&batch.Frames[i])
		}
		batch.Release()
	}
}
