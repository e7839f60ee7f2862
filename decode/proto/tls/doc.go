// Package tls parses the clear part of TLS: records, the handshake up to where
// it is encrypted, alerts, heartbeats, and SSLv2 hellos (RFC 5246, 8446, 6066,
// 6520, 7301, 8701; SSLv2 and SSLv3 after RFC 6101 and its ancestor). DTLS is
// not part of it.
//
// A flow is one transaction. Handshake messages may span records and records
// may come in any cut. What is encrypted is not looked at; the first encrypted
// records end inspection of the flow as the configuration asks
// (encryption-handling).
//
// Limits: a handshake message holds at most maxHandshake bytes, of certificates
// the first maxChain are kept, each list of a hello at most as many entries as
// its two length bytes allow.
package tls
