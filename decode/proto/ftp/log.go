package ftp

import (
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the ftp object of a transaction.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	if t.command >= 0 {
		b = event.Str(b, "command", commands[t.command])
		if args := t.args(); len(args) > 0 {
			b = event.Bytes(b, "command_data", args)
			b = event.Bool(b, "command_truncated", t.cut)
		}
	}
	coded := false
	for i := range t.replies {
		if r := &t.replies[i]; r.code != [3]byte{} {
			if !coded {
				b, coded = event.OpenArray(b, "completion_code"), true
			}
			b = event.ElemBytes(b, r.code[:])
		}
	}
	if coded {
		b = event.CloseArray(b)
	}
	if len(t.replies) > 0 {
		b = event.OpenArray(b, "reply")
		for i := range t.replies {
			b = event.ElemBytes(b, t.text[t.replies[i].off:t.replies[i].end])
		}
		b = event.CloseArray(b)
	}
	if t.port != 0 {
		b = event.Uint(b, "dynamic_port", uint64(t.port))
	}
	if t.is("PORT") || t.is("EPRT") {
		b = event.Str(b, "mode", t.mode())
	}
	received := "no"
	if t.replied {
		received = "yes"
	}
	b = event.Str(b, "reply_received", received)
	b = event.Bool(b, "reply_truncated", t.replyCut)
	return event.Close(b), true
}

// mode says who opens the data connection.
func (t *Tx) mode() string {
	if t.active {
		return "active"
	}
	return "passive"
}
