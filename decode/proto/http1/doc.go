// Package http1 parses HTTP/0.9, 1.0 and 1.1 (RFC 9110, RFC 9112) the way
// servers and browsers do, which is more than the RFCs allow: what a reader of
// rules wants to see is what the other end will act on.
//
// Both directions are parsed independently; a response belongs to the request
// of the same number. Heads are read line by line: what is not a whole line is
// left to the pipeline, which gives it again with more behind it. Bodies go
// through their transfer and content codings as they come and are kept as far
// as inspection needs them.
//
// Where software differs (path separators, decoding of URIs, what ends a line),
// the server's personality decides; settings may differ by server address.
//
// Limits: bytes of one line (meta-field-limit), headers of a message
// (headers-limit), open transactions (max-tx), inspected body bytes
// (request-body-limit, response-body-limit), encoding layers, LZMA dictionary,
// decompressed bytes by ratio and in all.
//
// Memory: a transaction keeps its head in one arena per direction and spans
// into it; transactions and arenas are used again.
package http1
