package decode

import (
	"slices"
	"testing"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// TestChecksums checks from how many wrong checksums on they are not verified.
func TestChecksums(t *testing.T) {
	h := packettest.IP{Src: "192.0.2.1", Dst: "192.0.2.2"}
	good := packettest.EtherIP(h.UDP(1, 2, []byte("data")))
	bad := slices.Clone(good)
	bad[len(bad)-1] ^= 1
	for _, c := range []struct {
		name string
		bad  int // of the first packets
		off  bool
	}{{"none", 0, false}, {"a tenth", checksumSample / checksumRatio, false}, {"more", checksumSample/checksumRatio + 1, true}} {
		sums := newChecksums(&Options{ChecksumAuto: true, Packet: packet.Options{Checksums: true}})
		w := &worker{dec: packet.NewDecoder(packet.Options{Checksums: true}), checksums: sums}
		wrong := func(num uint64) bool {
			if w.checksums != nil {
				w.settleChecksums(num)
			}
			p := w.dec.Decode(&packet.Frame{Data: bad, Wire: uint32(len(bad)), Link: packet.LinkEthernet})[0]
			return p.Has(packet.BadChecksum)
		}
		for i := range checksumSample {
			f := packet.Frame{Data: good, Wire: uint32(len(good)), Link: packet.LinkEthernet}
			if i < c.bad {
				f.Data = bad
			}
			sums.look(&f, uint64(i+1))
		}
		if !wrong(checksumSample) {
			t.Errorf("%s: the sample itself is not verified", c.name)
		}
		if got := wrong(checksumSample + 1); got == c.off {
			t.Errorf("%s: verified %v behind the sample, want %v", c.name, got, !c.off)
		}
	}
	if newChecksums(&Options{ChecksumAuto: true}) != nil {
		t.Error("checksums that are not verified are looked at")
	}
}
