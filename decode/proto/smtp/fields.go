package smtp

import "weir/decode/field"

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
}
