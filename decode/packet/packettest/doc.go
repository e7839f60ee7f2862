// Package packettest makes frames and capture files by code, for tests and for
// the captures of testdata: headers in the order in which they stand in the
// frame, innermost first in the calls.
//
//	packettest.Ether(packettest.IPv4,
//		packettest.IP{Src: "10.0.0.1", Dst: "10.0.0.2"}.UDP(1024, 53, query))
//
// Lengths and checksums are filled in. What is to be wrong is changed
// afterwards, or made with Wrap, which takes any bytes. Everything is a function
// of its arguments, so that files come out the same each time.
package packettest
