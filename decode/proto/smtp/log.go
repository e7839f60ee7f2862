package smtp

import (
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// options are those of a smtp type of an eve-log output.
type options struct{}

func logOptions(event.Options) (any, error) { return &options{}, nil }

// appendRecord writes the smtp object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	if t.p.hasHelo {
		b = event.Bytes(b, "helo", t.p.helo)
	}
	if t.hasFrom {
		b = event.Bytes(b, "mail_from", t.from)
	}
	if len(t.rcptEnd) > 0 {
		b = event.OpenArray(b, "rcpt_to")
		for i := range t.rcptEnd {
			r, _ := t.recipient(i)
			b = event.ElemBytes(b, r)
		}
		b = event.CloseArray(b)
	}
	return event.Close(b), true
}

// appendExtra writes the email object beside it.
func appendExtra(b []byte, tx proto.Transaction, _ *flow.Flow, opt any) []byte { return b }

// appendAlert writes both objects.
func appendAlert(b []byte, tx proto.Transaction, f *flow.Flow, opt any) []byte {
	b, _ = appendRecord(event.Key(b, "smtp"), tx, f, opt)
	return appendExtra(b, tx, f, opt)
}
