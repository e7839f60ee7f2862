// Package bpf compiles filters in the language of tcpdump (pcap-filter(7)) and
// matches frames with them.
//
// What is left out, each with an error that says so: names of hosts and
// networks (addresses only), gateway, inbound and outbound, protochain, link
// types other than those of linkOf.
//
// As in the kernel's filters, a frame that is too short for what the filter
// looks at is not taken, whatever the rest of the filter says.
package bpf

import (
	"fmt"

	"weir/decode/packet"
)

// Filter is a compiled filter. It may be used by many goroutines.
type Filter struct {
	root *node
	text string
}

// Error is what is wrong with a filter; Col counts from 1, in bytes.
type Error struct {
	Col int
	Msg string
}

// Error returns "column N: text".
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Col, e.Msg) }

// Compile compiles expr for frames of a link type. An empty filter takes all
// frames.
func Compile(expr string, link packet.LinkType) (*Filter, error) {
	l, ok := linkOf(link)
	if !ok {
		return nil, &Error{1, fmt.Sprintf("link type %d cannot be filtered", link)}
	}
	root, err := parse(expr, l)
	if err != nil {
		return nil, err
	}
	return &Filter{root, expr}, nil
}

// String returns the filter as it was written.
func (f *Filter) String() string { return f.text }

// Match reports whether the filter takes a frame: its captured bytes from the
// link header on, and its length on the wire.
func (f *Filter) Match(data []byte, wire uint32) bool {
	if f.root == nil {
		return true
	}
	v := view{data, wire}
	return f.root.eval(&v) == yes
}

// Takes is Match of a frame; the filter must have been compiled for its link
// type.
func (f *Filter) Takes(fr *packet.Frame) bool { return f.Match(fr.Data, fr.Wire) }
