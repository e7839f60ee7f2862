// Package dcerpc parses DCE RPC (The Open Group C706, [MS-RPCE]) over TCP, where
// calls belong to a connection that binds interfaces, and over UDP, where each
// message names its interface.
//
// A transaction is a call: a request and its response, put together from fragments,
// or a bind and its answer. Messages are at most 64 KiB long by their format; of the
// data of a call msrpc.MaxStub bytes are kept by direction, and maxOpen calls wait for
// their end at once. Data that is encrypted is not told from data that is not.
package dcerpc
