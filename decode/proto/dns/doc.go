// Package dns parses DNS over UDP and TCP (RFC 1035; EDNS0 RFC 6891; SSHFP RFC
// 4255; SRV RFC 2782; SVCB and HTTPS RFC 9460 by name only).
//
// Every message is a transaction of one direction: a question and its answer
// are two. Names are kept in presentation form, labels joined by dots, bytes as
// they came.
//
// Limits: a name holds at most maxName bytes, maxLabels labels and maxJumps
// compression pointers; a message at most maxRecords records are kept of; a
// flow has at most maxOpen transactions waiting.
package dns
