package smtp

import (
	"encoding/hex"
	"strings"

	"weir/decode/field"
)

var fields = []field.Def{
	field.Bytes(field.Field{
		Name: "smtp.helo", Dir: field.ToServer, Growing: true, Log: "smtp.helo",
		Doc: "Name that the client greets with.", Example: `smtp.helo; content:"localhost";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if !t.p.hasHelo {
			return nil
		}
		return t.p.helo
	}),
	field.Bytes(field.Field{
		Name: "smtp.mail_from", Dir: field.ToServer, Growing: true, Log: "smtp.mail_from",
		Doc: "Sender of the envelope.", Example: `smtp.mail_from; content:"@example.com>"; endswith;`,
	}, func(t *Tx, _ field.Dir) []byte {
		if !t.hasFrom {
			return nil
		}
		return t.from
	}),
	field.Multi(field.Field{
		Name: "smtp.rcpt_to", Dir: field.ToServer, Growing: true, Log: "smtp.rcpt_to",
		Doc: "Each recipient of the envelope.", Example: `smtp.rcpt_to; content:"<root@";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.recipient(i) }),
	email("from", "Sender that the message names.", `email.from; content:"toto <toto@gmail.com>";`),
	email("to", "Recipients that the message names.", `email.to; content:"@example.com";`),
	email("cc", "Recipients of copies that the message names.", `email.cc; content:"@example.com";`),
	email("subject", "Subject of the message.", `email.subject; content:"invoice"; nocase;`),
	email("date", "Date that the message names.", `email.date; content:"Fri, 21 Apr 2023";`),
	email("message_id", "Message-ID of the message.", `email.message_id; content:"@example.com>";`),
	email("x_mailer", "X-Mailer of the message.", `email.x_mailer; content:"Outlook";`),
	field.Multi(field.Field{
		Name: "email.received", Dir: field.ToServer, State: atData, Growing: true, Log: "email.received",
		Doc: "Each Received header of the message.", Example: `email.received; content:"by relay.example";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) {
		if t.mail == nil || !t.mail.HeadersDone() {
			return nil, false
		}
		v := t.mail.Header("received", i)
		return v, v != nil
	}),
	field.Multi(field.Field{
		Name: "email.url", Dir: field.ToServer, State: atData, Growing: true, Log: "email.url",
		Doc: "Each address in the texts of the message, in lower case.", Example: `email.url; content:"example.com/"; startswith;`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) {
		if t.mail == nil || i >= t.mail.Links() {
			return nil, false
		}
		return t.mail.Link(i), true
	}),
	field.Bytes(field.Field{
		Name: "email.body_md5", Dir: field.ToServer, State: atData, Growing: true, Log: "email.body_md5",
		Doc: "MD5 of the message's body, in hex; body-md5 must be set.", Example: `email.body_md5; content:"ed00c81b85fa455d60e19f1230977134";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if t.mail == nil {
			return nil
		}
		sum, ok := t.mail.Digest()
		if !ok {
			return nil
		}
		t.digest = hex.AppendEncode(t.digest[:0], sum)
		return t.digest
	}),
	field.Body(field.Field{
		Name: "file.data", Aliases: []string{"file_data"}, Dir: field.ToServer,
		Doc: "Bytes of the files of the message.", Example: `file.data; content:"MZ"; startswith;`,
	}, fileWindow, fileSeen),
}

// atData is where the message has begun.
var atData = [2]uint8{progData, 0}

// email is a field of one header.
func email(name, doc, example string) field.Def {
	header := strings.ReplaceAll(name, "_", "-")
	return field.Bytes(field.Field{
		Name: "email." + name, Dir: field.ToServer, State: atData, Growing: true, Log: "email." + name, Doc: doc, Example: example,
	}, func(t *Tx, _ field.Dir) []byte {
		if t.mail == nil || !t.mail.HeadersDone() {
			return nil
		}
		return t.header(header)
	})
}
