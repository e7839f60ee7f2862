package websocket

import (
	"encoding/base64"
	"strconv"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

var atDone = [2]uint8{done, done}

var fields = []field.Def{
	field.Uint(field.Field{
		Name: "websocket.opcode", Dir: field.Both, State: atDone, Log: "websocket.opcode", Bits: 8, Enum: opcodeNames,
		Doc: "Kind of a frame.", Syntax: "integer or name", Example: "websocket.opcode:ping;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.opcode), true }),
	field.Uint(field.Field{
		Name: "websocket.mask", Dir: field.Both, State: atDone, Log: "websocket.mask", Bits: 32,
		Doc: "Mask of a frame's payload, which frames of clients have.", Syntax: "integer", Example: "websocket.mask:>0;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.mask), t.masked }),
	field.Uint(field.Field{
		Name: "websocket.flags", Dir: field.Both, State: atDone, Log: "websocket.fin", Bits: 8,
		Flags: []field.EnumName{{Name: "fin", Value: flagFin}, {Name: "comp", Value: flagCompressed}},
		Doc:   "First four bits of a frame, the opcode behind them as 0.", Syntax: "integer or [!]fin|comp[,..]", Example: "websocket.flags:fin,!comp;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.flags), true }),
	field.Bytes(field.Field{
		Name: "websocket.payload", Dir: field.Both, State: atDone, Log: "websocket.payload_base64",
		Doc:     "Payload of a frame without mask and compression; at the last frame of a message, that of the message.",
		Example: `websocket.payload; content:"swordfish";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if len(t.payload) == 0 {
			return nil
		}
		return t.payload
	}),
}

// logging is the options of the record.
type logging struct{ payload, printable bool }

func logOptions(o event.Options) (any, error) {
	return &logging{o.Bool("payload", false), o.Bool("payload-printable", false)}, nil
}

// appendRecord writes the websocket object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, opt any) ([]byte, bool) {
	o, _ := opt.(*logging)
	if o == nil {
		o = &logging{}
	}
	return tx.(*Tx).append(append(b, '{'), *o), true
}

// alertOptions are what an alert type of an eve-log output may say.
type alertOptions interface {
	Bool(key string, def bool) bool
}

// appendAlert writes what an alert shows of a frame. opt may be the options of the
// alert type.
func appendAlert(b []byte, tx proto.Transaction, _ *flow.Flow, opt any) []byte {
	var l logging
	if o, ok := opt.(alertOptions); ok {
		l = logging{o.Bool("websocket-payload", false), o.Bool("websocket-payload-printable", false)}
	}
	return tx.(*Tx).append(event.Open(b, "websocket"), l)
}

// append writes the members and the end of the object.
func (t *Tx) append(b []byte, o logging) []byte {
	b = event.Bool(b, "fin", t.flags&flagFin != 0)
	if t.masked {
		b = event.Uint(b, "mask", uint64(t.mask))
	}
	if name := opcodeName(t.opcode); name != "" {
		b = event.Str(b, "opcode", name)
	} else {
		b = strconv.AppendUint(append(event.Key(b, "opcode"), `"unknown-`...), uint64(t.opcode), 10)
		b = append(b, '"')
	}
	if o.printable {
		b = event.Quote(event.Key(b, "payload_printable"), event.AppendPrintable(nil, t.payload))
	}
	if o.payload {
		b = append(event.Key(b, "payload_base64"), '"')
		b = append(base64.StdEncoding.AppendEncode(b, t.payload), '"')
	}
	return event.Close(b)
}
