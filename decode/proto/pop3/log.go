package pop3

import (
	"bytes"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the pop3 object of a transaction.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	if t.asked {
		b = event.Open(b, "request")
		b = event.Bytes(b, "command", t.command())
		b = event.OpenArray(b, "args")
		n := 0
		for a := range bytes.SplitSeq(t.args(), []byte{' '}) {
			if n == maxArgs {
				break
			}
			if len(a) > 0 {
				b = event.ElemBytes(b, a)
				n++
			}
		}
		b = event.Close(event.CloseArray(b))
	}
	if t.answered {
		b = event.Open(b, "response")
		b = event.Bool(b, "success", t.success)
		b = event.Str(b, "status", t.status)
		b = event.Bytes(b, "header", t.text[:t.header])
		b = event.OpenArray(b, "data")
		start := t.header
		for _, end := range t.ends {
			b = event.ElemBytes(b, t.text[start:end])
			start = end
		}
		b = event.Close(event.CloseArray(b))
	}
	return event.Close(b), true
}
