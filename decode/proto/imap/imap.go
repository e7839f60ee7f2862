// Package imap recognises IMAP (RFC 9051); it is not parsed.
package imap

import (
	"weir/decode/field"
	"weir/decode/proto"
)

// Protocol is IMAP.
var Protocol = &proto.Protocol{
	Name:      "imap",
	Doc:       "Internet message access (RFC 9051).",
	Transport: proto.TCP,
	Patterns: []proto.Pattern{
		{Transport: proto.TCP, Dir: field.ToServer, Bytes: "1 capability", Nocase: true, Depth: 12},
		{Transport: proto.TCP, Dir: field.ToClient, Bytes: "* OK ", Nocase: true, Depth: 5},
	},
}
