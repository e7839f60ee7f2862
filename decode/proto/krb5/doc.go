// Package krb5 parses the messages between clients and the key distribution centre
// of Kerberos version 5 (RFC 4120) over UDP and TCP.
//
// A transaction is one message, in its direction. Names, realm and the types of
// encryption are read; what is encrypted is passed over. Over TCP a message has its
// length in front (section 7.2.2) and at most maxMessage bytes.
package krb5
