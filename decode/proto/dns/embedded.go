package dns

import (
	"weir/decode/field"
	"weir/decode/proto"
)

// Embedded is a message of DNS that another protocol carries (RFC 8484).
var Embedded = &proto.Embedded{
	Open: func() proto.Transaction {
		t, _ := pool.Get().(*Tx)
		if t == nil {
			t = new(Tx)
		}
		resetTx(t)
		return t
	},
	Close: func(tx proto.Transaction) { pool.Put(tx) },
	Parse: func(tx proto.Transaction, dir field.Dir, b []byte) bool {
		t := tx.(*Tx)
		t.Dirs = dir
		return t.parse(b, false) == nil
	},
	Fields: fields,
	Record: Protocol.Records[0],
}
