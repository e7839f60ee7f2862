// Package ike parses the key exchange of IPsec, versions 1 (RFC 2408, 2409) and 2
// (RFC 7296), over UDP and behind the marker for ports that NAT changes (RFC 3948).
//
// Each datagram is a transaction of its own direction. The message is kept as it came;
// its payloads are read up to the first that is encrypted. What the server chose, and
// the keys and nonces of version 1, are remembered for the flow, each up to
// maxRemembered bytes.
package ike
