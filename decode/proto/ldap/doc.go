// Package ldap parses the directory access protocol (RFC 4511) over TCP and UDP.
//
// A transaction is a request with its responses, by message id; a notice that the
// server sends of itself (section 4.4) is one without a request. Messages are kept
// as they came and read where a rule or a record asks: of a message at most
// maxMessage bytes, of a transaction maxKept. What is longer is passed over, and
// known by its operation alone. Of filters only that for presence is shown;
// controls are passed over.
package ldap
