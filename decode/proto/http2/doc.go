// Package http2 parses HTTP/2 (RFC 9113) with header compression (HPACK, RFC
// 7541).
//
// A stream is a transaction; so is each frame that concerns the connection as a
// whole (stream 0). Header blocks are decoded into name and value pairs. Data
// frames become files, with one content coding undone. Messages of DNS (RFC 8484)
// are parsed by what Protocols is given for them; the first one makes the connection
// one of doh2.
//
// Bounds: the header blocks of a direction of a stream hold 64 KiB of names and
// values in 1,024 pairs, a dynamic table 64 KiB, a frame that must be whole to be
// read 64 KiB; of longer ones nothing is read, with an event.
package http2
