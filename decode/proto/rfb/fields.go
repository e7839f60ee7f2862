package rfb

import (
	"encoding/binary"
	"encoding/hex"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

var atDone = [2]uint8{done, done}

// resultNames are the results of security as rules name them.
var resultNames = []field.EnumName{
	{Name: "ok", Value: resultOK}, {Name: "fail", Value: resultFail}, {Name: "toomany", Value: resultTooMany}, {Name: "unknown", Value: resultUnknown},
}

var fields = []field.Def{
	field.Bytes(field.Field{
		Name: "rfb.name", Dir: field.ToClient, State: atDone, Log: "rfb.framebuffer.name",
		Doc: "Name of the desktop.", Example: `rfb.name; content:"QEMU";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if !t.screen {
			return nil
		}
		if t.name == nil {
			return []byte{}
		}
		return t.name
	}),
	field.Uint(field.Field{
		Name: "rfb.secresult", Dir: field.ToClient, State: atDone, Bits: 32, Enum: resultNames, Log: "rfb.authentication.security_result",
		Doc: "Result of security.", Syntax: "integer, or ok|fail|toomany|unknown", Example: "rfb.secresult:fail;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.result), t.judged }),
	field.Uint(field.Field{
		Name: "rfb.sectype", Dir: field.ToServer, State: atDone, Bits: 32, Log: "rfb.authentication.security_type",
		Doc: "Security type.", Syntax: "integer", Example: "rfb.sectype:>2;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.security), t.chosen }),
}

// results are the results of security as records name them.
var results = [...]string{resultOK: "OK", resultFail: "FAIL", resultTooMany: "TOOMANY"}

// appendRecord writes the rfb object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	for i, key := range [...]string{"client_protocol_version", "server_protocol_version"} {
		if v := &t.versions[i]; v.known {
			b = event.Open(b, key)
			b = event.Bytes(b, "major", v.major[:])
			b = event.Bytes(b, "minor", v.minor[:])
			b = event.Close(b)
		}
	}
	b = event.Open(b, "authentication")
	if t.chosen {
		b = event.Uint(b, "security_type", uint64(t.security))
	}
	if t.answered > 0 {
		b = event.Open(b, "vnc")
		b = event.Str(b, "challenge", hex.EncodeToString(t.challenge[:]))
		if t.answered > 1 {
			b = event.Str(b, "response", hex.EncodeToString(t.response[:]))
		}
		b = event.Close(b)
	}
	if t.judged && t.result < resultUnknown {
		b = event.Str(b, "security_result", results[t.result])
	} else if t.judged {
		b = event.Str(b, "security_result", "UNKNOWN")
	}
	b = event.Close(b)
	if len(t.reason) > 0 {
		b = event.Bytes(b, "server_security_failure_reason", t.reason)
	}
	if t.asked {
		b = event.Bool(b, "screen_shared", t.shared)
	}
	if t.screen {
		b = t.framebuffer(b)
	}
	return event.Close(b), true
}

// framebuffer writes what ServerInit says (RFC 6143 section 7.4 for the format).
func (t *Tx) framebuffer(b []byte) []byte {
	f := &t.format
	b = event.Open(b, "framebuffer")
	b = event.Uint(b, "width", uint64(t.width))
	b = event.Uint(b, "height", uint64(t.height))
	b = event.Bytes(b, "name", t.name)
	b = event.Open(b, "pixel_format")
	b = event.Uint(b, "bits_per_pixel", uint64(f[0]))
	b = event.Uint(b, "depth", uint64(f[1]))
	b = event.Bool(b, "big_endian", f[2] != 0)
	b = event.Bool(b, "true_color", f[3] != 0)
	for i, colour := range [...]string{"red", "green", "blue"} {
		b = event.Uint(b, colour+"_max", uint64(binary.BigEndian.Uint16(f[4+2*i:])))
	}
	for i, colour := range [...]string{"red", "green", "blue"} {
		b = event.Uint(b, colour+"_shift", uint64(f[10+i]))
	}
	return event.Close(event.Close(b))
}
