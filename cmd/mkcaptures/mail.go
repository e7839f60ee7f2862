package main

import (
	"encoding/base64"
	"strings"

	"weir/decode/packet/packettest"
)

// crlf returns lines with their ends.
func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// program is the beginning of an executable for DOS.
const program = "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"

// message is a mail with a text, a link and an attachment.
func message(name, content string) string {
	return crlf(
		`From: "Example, A." <a@example.com>`,
		"To: b@example.net,",
		"\t\"c d\" <c@example.net>",
		"Subject: the report",
		"Message-ID: <1@example.com>",
		"MIME-Version: 1.0",
		`Content-Type: multipart/mixed; boundary="outer"`,
		"",
		"--outer",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: quoted-printable",
		"",
		"See http://www.example.com/re=",
		"port=3Fid=3D1",
		"..",
		"--outer",
		"Content-Type: application/octet-stream",
		`Content-Disposition: attachment; filename="`+name+`"`,
		"Content-Transfer-Encoding: base64",
		"",
		base64.StdEncoding.EncodeToString([]byte(content)),
		"--outer--",
		".")
}

// mailFiles are captures of mail that is sent and fetched.
func mailFiles() []file {
	smtp := func() *packettest.Conn {
		return packettest.NewConn("10.0.0.1", 40001, "10.0.0.25", 25).
			Response(crlf("220 mail.example.net ESMTP ready"), 0).
			Request(crlf("EHLO client.example.com"), 0).
			Response(crlf("250-mail.example.net", "250-PIPELINING", "250-CHUNKING", "250 STARTTLS"), 0)
	}
	envelope := crlf("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.net>", "RCPT TO:<c@example.net>", "DATA")
	agreed := crlf("250 ok", "250 ok", "250 ok", "354 go ahead")
	quit := func(c *packettest.Conn) *packettest.Conn {
		return c.Request(crlf("QUIT"), 0).Response(crlf("221 bye"), 0).Close()
	}
	pop3 := packettest.NewConn("10.0.0.1", 40002, "10.0.0.25", 110).
		Response(crlf("+OK ready"), 0).
		Request(crlf("CAPA"), 0).Response(crlf("+OK", "TOP", "USER", "."), 0).
		Request(crlf("USER a"), 0).Response(crlf("+OK"), 0).
		Request(crlf("PASS secret"), 0).Response(crlf("-ERR no"), 0).
		Request(crlf("QUIT"), 0).Response(crlf("+OK bye"), 0).Close()
	return []file{
		ethernet("mail/made-smtp-attachment.pcap", quit(smtp().Request(envelope, 0).Response(agreed, 0).
			Request(message("report.exe", program), 0).Response(crlf("250 queued"), 0)).Packets...),
		ethernet("mail/made-smtp-slow.pcap", quit(smtp().Request(envelope, 7).Response(agreed, 7).
			Request(message("report.txt", "a harmless text"), 50).Response(crlf("250 queued"), 3)).Packets...),
		ethernet("mail/made-smtp-chunks.pcap", quit(smtp().
			Request(crlf("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.net>", "BDAT 12")+"Subject: x\r\n"+crlf("BDAT 6 LAST")+"\r\nhi\r\n", 0).
			Response(crlf("250 ok", "250 ok", "250 ok", "250 queued"), 0)).Packets...),
		ethernet("mail/made-smtp-refused.pcap", quit(smtp().Request(crlf("DATA"), 0).Response(crlf("503 no recipients"), 0)).Packets...),
		ethernet("mail/made-pop3.pcap", pop3.Packets...),
	}
}
