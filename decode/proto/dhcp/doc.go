// Package dhcp parses host configuration over IPv4 (RFC 2131, 2132).
//
// Each datagram is a transaction of its own direction. The message is kept as it
// came, and its options are read where a rule or a record asks; a list ends with the
// option 255, and one that ends without is an event. Options that the fields for names
// hold (option 52) are not read.
package dhcp
