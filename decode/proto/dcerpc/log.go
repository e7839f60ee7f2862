package dcerpc

import (
	"strconv"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/msrpc"
)

// appendRecord writes the dcerpc object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	if t.HasReq {
		b = event.Str(b, "request", t.Req.String())
		switch t.Req {
		case msrpc.Request:
			if t.format > msrpc.Format7 && len(t.Interfaces) > 0 && !t.datagram {
				b = msrpc.AppendInterfaces(b, &t.Call, t.format, false)
			}
			b = t.AppendData(b, 0, true)
		case msrpc.Bind:
			b = msrpc.AppendInterfaces(b, &t.Call, t.format, false)
		}
	} else {
		b = event.Str(b, "request", "REQUEST_LOST")
	}
	if t.HasRes {
		b = event.Str(b, "response", t.Res.String())
		if t.Res == msrpc.Response {
			b = t.AppendData(b, 1, false)
		}
	} else {
		b = event.Str(b, "response", "UNREPLIED")
	}
	if t.datagram {
		b = append(t.activity.Append(append(event.Key(b, "activityuuid"), '"')), '"')
		b = event.Uint(b, "seqnum", uint64(t.seq))
		b = event.Str(b, "rpc_version", "4.0")
		return event.Close(b), true
	}
	b = event.Uint(b, "call_id", uint64(t.Call.ID))
	b = append(event.Key(b, "rpc_version"), `"5.`...)
	b = append(strconv.AppendUint(b, uint64(t.minor), 10), '"')
	return event.Close(b), true
}
