package msrpc

import (
	"strconv"

	"weir/decode/event"
)

// Format says what records show of interfaces; it changed with the versions.
type Format uint8

// Formats of suricata-version 7, 8 and 9.
const (
	Format7 Format = 7
	Format8 Format = 8
	Format9 Format = 9
)

// FormatOf returns the format for a suricata-version.
func FormatOf(version string) Format {
	switch {
	case len(version) > 1 && version[:2] == "7.":
		return Format7
	case len(version) > 1 && version[:2] == "8.":
		return Format8
	}
	return Format9
}

// AppendInterfaces appends the interfaces of a call; those of a request only so
// far as they are the one that is called, from version 8 on. What follows the result
// in its upper byte is shown as the reason, as it has always been.
func AppendInterfaces(b []byte, c *Call, f Format, reason bool) []byte {
	if c.Req == Request && f == Format7 && len(c.Interfaces) > 0 && c.Interfaces[0].Result != 0 {
		return b
	}
	b = event.OpenArray(b, "interfaces")
	for i := range c.Interfaces {
		x := &c.Interfaces[i]
		if c.Req == Request && f > Format7 && x.Context != c.Context {
			continue
		}
		b = event.OpenElem(b)
		b = append(x.UUID.Append(append(event.Key(b, "uuid"), '"')), '"')
		b = append(event.Key(b, "version"), '"')
		b = strconv.AppendUint(b, uint64(x.Major), 10)
		b = append(strconv.AppendUint(append(b, '.'), uint64(x.Minor), 10), '"')
		if f == Format9 {
			if s := services[x.UUID]; s != nil {
				b = event.Str(b, "service", s.name)
				if c.Req == Request && int(c.Opnum) < len(s.procedures) && s.procedures[c.Opnum] != "" {
					b = event.Str(b, "procedure", s.procedures[c.Opnum])
				}
			}
		}
		if x.Acked && c.Req != Request {
			b = event.Uint(b, "ack_result", uint64(x.Result&0xff))
			if reason {
				b = event.Uint(b, "ack_reason", uint64(x.Result>>8))
			}
		}
		b = event.Close(b)
	}
	return event.CloseArray(b)
}

// AppendData appends what is known of the data of a direction: 0 the request's,
// 1 the response's.
func (c *Call) AppendData(b []byte, d int, opnum bool) []byte {
	b = event.Open(b, [...]string{"req", "res"}[d])
	if opnum {
		b = event.Uint(b, "opnum", uint64(c.Opnum))
	}
	b = event.Uint(b, "frag_cnt", uint64(c.Frags[d]))
	b = event.Uint(b, "stub_data_size", uint64(len(c.Stub[d])))
	return event.Close(b)
}
