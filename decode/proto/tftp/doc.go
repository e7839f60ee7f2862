// Package tftp parses requests of the trivial file transfer protocol (RFC 1350).
//
// A read or write request is a transaction. The data goes over a flow with ports of
// its own and is not parsed; options (RFC 2347) are passed over.
package tftp
