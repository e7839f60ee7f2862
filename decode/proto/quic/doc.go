// Package quic parses what of QUIC is readable on the way: the Initial packets of
// versions 1 and 2 and of the drafts (RFC 9000, 9001, 9369), whose keys follow from the
// first connection ID, with the hello messages of TLS in them; and the client hello of
// Google's older versions, which is in the clear.
//
// A transaction is one such packet, in its direction. When both hellos are known the
// rest is encrypted and is not looked at. Of the handshake maxCrypto bytes are put
// together by direction. Keys are made once a connection.
package quic
