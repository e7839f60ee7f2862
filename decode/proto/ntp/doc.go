// Package ntp parses the network time protocol (RFC 5905), versions 3 and 4.
//
// Each datagram is a transaction of its own direction; up to
// suricata-version 7 requests alone are transactions. Of messages for control and for
// private use the first four bytes alone are read.
package ntp
