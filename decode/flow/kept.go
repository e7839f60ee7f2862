package flow

import (
	"weir/decode/event"
	"weir/decode/packet"
)

// Kept is what the source has kept back of a flow: packets and bytes on the wire that
// each side has sent, and when the last one came, ns since the Unix epoch; 0: none
// came. The sides are A and B of the key, or client and server as said.
type Kept struct {
	Packets, Bytes [2]uint64
	Last           int64
}

// Shuntable reports whether the key tells the packets of the flow at a glance: TCP
// and UDP outside tunnels.
func (f *Flow) Shuntable() bool {
	return (f.Proto == packet.ProtoTCP || f.Proto == packet.ProtoUDP) && f.depth == 0
}

// AddKept adds to the flow what was kept back of it by the sides of its key, and
// returns it by client and server.
func (f *Flow) AddKept(k Kept) Kept {
	if f.Key.A != f.Addr[0] || f.Key.APort != f.Port[0] {
		k.Packets[0], k.Packets[1] = k.Packets[1], k.Packets[0]
		k.Bytes[0], k.Bytes[1] = k.Bytes[1], k.Bytes[0]
	}
	for i := range f.Pkts {
		f.Pkts[i] += k.Packets[i]
		f.Bytes[i] += k.Bytes[i]
		if k.Packets[i] > 0 {
			f.Flags |= [...]Flags{SeenTS, SeenTC}[i]
		}
	}
	f.Last = max(f.Last, k.Last)
	return k
}

// append appends the object bypassed of the record.
func (k *Kept) append(b []byte) []byte {
	b = event.Open(b, "bypassed")
	b = event.Uint(b, "pkts_toserver", k.Packets[0])
	b = event.Uint(b, "pkts_toclient", k.Packets[1])
	b = event.Uint(b, "bytes_toserver", k.Bytes[0])
	b = event.Uint(b, "bytes_toclient", k.Bytes[1])
	return event.Close(b)
}
