package all

import (
	"encoding/binary"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// known are protocols that are recognised and have no parser yet: flows carry
// their name, and rules on them match payload.
var known = []*proto.Protocol{
	{Name: "irc", Doc: "Internet relay chat (RFC 1459).", Transport: proto.TCP},
	{Name: "jabber", Doc: "XMPP (RFC 6120).", Transport: proto.TCP},
	{Name: "msn", Doc: "MSN messenger.", Transport: proto.TCP},
	{Name: "enip", Doc: "EtherNet/IP.", Transport: proto.TCP | proto.UDP, OffByDefault: true,
		Probes: []proto.Probe{
			{Transport: proto.TCP, Ports: "44818", Min: 24, Func: when(enip)},
			{Transport: proto.UDP, Ports: "44818", Min: 24, Func: when(enip)},
		}},
}

// when makes a probe of a condition.
func when(ok func(b []byte) bool) func([]byte, field.Dir, *flow.Flow) proto.Verdict {
	return func(b []byte, _ field.Dir, _ *flow.Flow) proto.Verdict {
		if ok(b) {
			return proto.Yes
		}
		return proto.No
	}
}

// enip wants a known command of the encapsulation header.
func enip(b []byte) bool {
	switch binary.LittleEndian.Uint16(b) {
	case 0x0000, 0x0004, 0x0063, 0x0064, 0x0065, 0x0066, 0x006f, 0x0070, 0x0072, 0x0073:
		return int(binary.LittleEndian.Uint16(b[2:])) <= len(b)-24
	}
	return false
}
