// Package smtp reads mail transfer (RFC 5321) and the messages it carries.
//
// A transaction is one mail: the envelope (MAIL, RCPT), the message of DATA or
// the chunks of BDAT (RFC 3030), and the reply that takes or refuses it.
// Commands wait in a queue for their replies, so that pipelined ones (RFC 2920)
// meet the right transaction. STARTTLS (RFC 3207) hands the flow over.
//
// The message of DATA is taken apart as MIME: the header, the files of its parts,
// addresses of links in its text. Chunks of BDAT are passed over. Limits: 4096
// bytes of a command or a line of a reply, 1024 commands without a reply, 1000
// recipients and files; those of messages stand in package mime.
//
// Version 7.0 counts a mail as over with the last line of its message, and a
// mail that is taken back ends with the reply; the settings choose it.
package smtp
