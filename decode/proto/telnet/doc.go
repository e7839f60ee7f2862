// Package telnet takes a session of Telnet (RFC 854) apart into frames: commands, and
// lines of text.
//
// Until the server asks for the user, and again until it asks for the password, what
// it says is one frame up to that question; else each line is one. There are no
// transactions and no records. A line is looked at in whole up to maxLine bytes.
package telnet
