package packet_test

import (
	"slices"
	"testing"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// decodeAll returns the packets of a frame, innermost first.
func decodeAll(d *packet.Decoder, link packet.LinkType, b []byte) []*packet.Packet {
	return d.Decode(&packet.Frame{Data: b, Wire: uint32(len(b)), Num: 1, Time: packettest.Start, Link: link})
}

func TestBroken(t *testing.T) {
	seen := map[packet.Event]bool{}
	for _, c := range packettest.Broken() {
		t.Run(c.Name, func(t *testing.T) {
			d := packet.NewDecoder(packet.DefaultOptions())
			var got []packet.Event
			ps := decodeAll(d, c.Link, c.Frame)
			for _, p := range ps {
				got = append(got, p.Events()...)
			}
			if !slices.Equal(got, c.Events) {
				t.Errorf("events %v, want %v", names(got), names(c.Events))
			}
			if last := ps[len(ps)-1]; last.Has(packet.Invalid) != c.Invalid {
				t.Errorf("invalid %v, want %v", !c.Invalid, c.Invalid)
			}
		})
		for _, e := range c.Events {
			seen[e] = true
		}
	}
	// Those of other places: defragmentation, capture from a card, tunnel
	// headers that make the tunnel none; and names that rules know but decoding
	// has no use for.
	for _, e := range elsewhere {
		seen[e] = true
	}
	for e := packet.Event(1); e.IsDecoder(); e++ {
		if !seen[e] {
			t.Errorf("no frame has %s", e.Name())
		}
	}
}

var elsewhere = []packet.Event{
	packet.EvAFPacketTruncPkt, packet.EvIPv4FragPktTooLarge, packet.EvIPv4FragOverlap, packet.EvIPv4FragIgnored,
	packet.EvIPv6FragPktTooLarge, packet.EvIPv6FragOverlap, packet.EvIPv6FragInvalidLength, packet.EvIPv6FragIgnored,
	packet.EvIPv4OptUnknown, packet.EvIPv6ExtHdrDuplEH, packet.EvUDPHLenInvalid, packet.EvPPPWrongType,
	packet.EvGREVersion1MalformedSREHdr, packet.EvVLANUnknownType, packet.EvVNTagUnknownType, packet.EvETagUnknownType,
	packet.EvERSPANHeaderTooSmall, packet.EvERSPANUnsupportedVersion, packet.EvERSPANTooManyVLANLayers,
}

func names(all []packet.Event) []string {
	var s []string
	for _, e := range all {
		s = append(s, e.RuleName())
	}
	return s
}
