package ntp

import "weir/decode/field"

var atDone = [2]uint8{done, done}

var fields = []field.Def{
	field.Uint(field.Field{
		Name: "ntp.mode", Dir: field.Both, State: atDone, Log: "ntp.mode", Bits: 8,
		Doc: "Mode of the sender.", Syntax: "integer or name", Example: "ntp.mode:client;",
		Enum: []field.EnumName{
			{Name: "reserved", Value: 0}, {Name: "symmetric_active", Value: modeActive}, {Name: "symmetric_passive", Value: 2},
			{Name: "client", Value: modeClient}, {Name: "server", Value: 4}, {Name: "broadcast", Value: 5},
			{Name: "control", Value: modeControl}, {Name: "private", Value: modePrivate},
		},
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.mode), t.valid }),
	field.Uint(field.Field{
		Name: "ntp.version", Dir: field.Both, State: atDone, Log: "ntp.version", Bits: 8,
		Doc: "Version of the protocol.", Syntax: "integer", Example: "ntp.version:<4;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.version), t.valid }),
	field.Uint(field.Field{
		Name: "ntp.stratum", Dir: field.Both, State: atDone, Log: "ntp.stratum", Bits: 8,
		Doc: "Stratum of the sender's clock.", Syntax: "integer", Example: "ntp.stratum:>15;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.stratum), t.whole }),
	field.Bytes(field.Field{
		Name: "ntp.reference_id", Dir: field.Both, State: atDone, Log: "ntp.reference_id",
		Doc: "Reference of the sender's clock, four bytes.", Example: `ntp.reference_id; content:"RATE";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if !t.whole {
			return nil
		}
		return t.reference[:]
	}),
}
