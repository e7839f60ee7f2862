package ssh

import (
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the ssh object. There is none before any side is known.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	some := false
	for i, name := range [...]string{"client", "server"} {
		s := &t.sides[i]
		if len(s.version) == 0 {
			continue
		}
		some = true
		b = event.Open(b, name)
		b = event.Bytes(b, "proto_version", s.version)
		if len(s.software) > 0 {
			b = event.Bytes(b, "software_version", s.software)
		}
		if t.fingerprinted() && len(s.hash) > 0 {
			b = event.Open(b, "hassh")
			b = event.Bytes(b, "hash", s.hash)
			b = event.Bytes(b, "string", s.hassh)
			b = event.Close(b)
		}
		b = event.Close(b)
	}
	return event.Close(b), some
}
