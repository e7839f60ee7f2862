// Package sip parses the Session Initiation Protocol (RFC 3261), over UDP and, since
// version 8, over TCP.
//
// A transaction is one message. Headers are kept up to 64 KiB a message; bodies
// are passed over. Compact names of headers (RFC 3261 section 7.3.3) count as
// their long ones. What a body describes (SDP) is not looked into.
package sip
