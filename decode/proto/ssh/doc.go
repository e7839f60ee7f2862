// Package ssh parses what Secure Shell says in the clear: the identification
// lines (RFC 4253 section 4.2) and the records up to the new keys (sections 6 and
// 7). Of the key exchange it makes the fingerprints HASSH and HASSHServer.
//
// A connection is one transaction. An identification line is looked at up to 256
// bytes, a key exchange message up to 64 KiB; what is longer is passed over, with
// an event.
package ssh
