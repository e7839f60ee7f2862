// Package pop3 reads POP3 (RFC 1939, 2449, 2595).
//
// A command and its response are one transaction, as is the greeting of the
// server. Of responses of several lines the first 128 KiB are kept. What a client
// says within an authentication exchange (RFC 5034) is passed over. STLS hands the
// flow over.
//
// Version 7.0 does not know the protocol.
package pop3
