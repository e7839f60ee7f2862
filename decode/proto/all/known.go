package all

import "weir/decode/proto"

// known are protocols that have no parser: rules may name them.
var known = []*proto.Protocol{
	{Name: "irc", Doc: "Internet relay chat (RFC 1459).", Transport: proto.TCP},
	{Name: "jabber", Doc: "XMPP (RFC 6120).", Transport: proto.TCP},
	{Name: "msn", Doc: "MSN messenger.", Transport: proto.TCP},
}
