package detect

import (
	"fmt"
	"strings"
	"testing"

	"weir/decode"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
)

// taggedPackets notes which packets are recorded.
type taggedPackets struct {
	heard
	packets []uint64
}

func (h *taggedPackets) Publish(ev *event.Event) {
	if ev.Type == "packet" {
		h.packets = append(h.packets, ev.Num)
	}
}

// TestTags sends fifteen packets of a flow, 46 bytes each, half a second apart;
// the options decide which of them match.
func TestTags(t *testing.T) {
	const once = "threshold:type threshold,track by_src,count 15,seconds 100; "
	for _, tc := range []struct{ name, options, want string }{
		{"session", "detection_filter:track by_src,count 10,seconds 100; tag:session;", "12 13 14 15"},
		{"packets from one match on", "threshold:type threshold,track by_src,count 8,seconds 100; tag:host,3,packets,src;", "9 10"},
		{"silent matches begin it anew, ten times in all", "threshold:type limit,track by_src,count 1,seconds 100; tag:session,3,packets;", "2 3 4 5 6 7 8 9 10 11 12 15"},
		{"of rules without alerts too", "noalert; tag:session,3,packets;", "2 3 4 5 6 7 8 9 10 11 12 15"},
		{"seconds", "threshold:type threshold,track by_src,count 8,seconds 100; tag:host,2,seconds,dst;", "9 10 11 12"},
		{"bytes", "threshold:type threshold,track by_src,count 8,seconds 100; tag:session,138,bytes;", "9 10"},
		{"none of the packet that matches", once + "tag:session;", ""},
		{"two tags of a rule", "threshold:type threshold,track by_src,count 8,seconds 100; tag:session,2,packets; tag:host,4,packets,src;", "9 10 11"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := &taggedPackets{}
			w := listEngine(t, demo(), h, nil, "alert ip any any -> any any (ttl:0; "+tc.options+" sid:1;)\n")
			f := &flow.Flow{Proto: packet.ProtoTCP, Version: 4}
			for i := range 15 {
				p := fromHost(1)
				p.Num, p.Size, p.Time = uint64(i+1), 46, 10e9+int64(i)*5e8
				w.Inspect(&decode.Inspection{Packet: p, Flow: f})
			}
			if got := strings.Trim(fmt.Sprint(h.packets), "[]"); got != tc.want {
				t.Errorf("packets %s, want %s", got, tc.want)
			}
		})
	}
}
