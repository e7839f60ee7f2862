// Package rdp parses how a connection of the remote desktop protocol begins
// ([MS-RDPBCGR] section 1.3.1.1): the negotiation, and the exchange of settings if it
// is not encrypted.
//
// Each message is a transaction of its own direction. What comes behind the settings,
// and all of TLS, is not parsed.
package rdp
