// Package snmp parses messages of network management: versions 1 (RFC 1157), 2c
// (RFC 1901) and 3 with its user-based security model (RFC 3412, RFC 3414).
//
// Each message is a transaction of its own direction. Of a message are kept who asks
// (community or user), what is asked, and the names of the variables; their values
// are checked and passed over. What is encrypted is known as such alone. The version
// shown is that of the flow's first message: one of another is an event.
package snmp
