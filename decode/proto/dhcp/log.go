package dhcp

import (
	"encoding/binary"
	"net/netip"

	"weir/decode/cursor"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// recordOptions are those of a dhcp type of an eve-log output.
type recordOptions struct{ extended bool }

// appendRecord writes the dhcp object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, opt any) ([]byte, bool) {
	t := tx.(*Tx)
	o, _ := opt.(*recordOptions)
	extended := o == nil || o.extended // alerts show all
	if !extended && !t.is(typeAck) {
		return b, false
	}
	c := cursor.New(t.data)
	op := c.U8()
	c.Skip(1) // kind of hardware
	hlen := int(c.U8())
	c.Skip(1) // hops
	id := c.U32()
	c.Skip(4) // seconds, flags
	client, yours, server, relay := c.Bytes(4), c.Bytes(4), c.Bytes(4), c.Bytes(4)
	hardware := c.Bytes(16)
	b = append(b, '{')
	switch op {
	case bootRequest:
		b = event.Str(b, "type", "request")
	case bootReply:
		b = event.Str(b, "type", "reply")
	default:
		b = event.Str(b, "type", "<unknown>")
	}
	b = event.Uint(b, "id", uint64(id))
	b = event.Hex(b, "client_mac", hardware[:min(hlen, len(hardware))], ":")
	b = address(b, "assigned_ip", yours)
	if extended {
		b = address(b, "client_ip", client)
		if op == bootReply {
			b = address(b, "relay_ip", relay)
			b = address(b, "next_server_ip", server)
		}
	}
	for o := t.options(); o.next(); {
		b = appendOption(b, o.code, o.value, extended)
	}
	return event.Close(b), true
}

// appendOption writes an option.
func appendOption(b []byte, code uint8, v []byte, extended bool) []byte {
	switch code {
	case optType:
		if len(v) > 0 {
			b = event.Str(b, "dhcp_type", typeName(v[0]))
		}
		return b
	case optClientID:
		return event.Hex(b, "client_id", v[1:], ":")
	case optHostname:
		if len(v) > 0 {
			b = event.Bytes(b, "hostname", v)
		}
		return b
	case optRenewalTime:
		return event.Uint(b, "renewal_time", uint64(binary.BigEndian.Uint32(v)))
	}
	if !extended {
		return b
	}
	switch code {
	case optRequestedIP:
		return address(b, "requested_ip", v)
	case optLeaseTime:
		return event.Uint(b, "lease_time", uint64(binary.BigEndian.Uint32(v)))
	case optRebindingTime:
		return event.Uint(b, "rebinding_time", uint64(binary.BigEndian.Uint32(v)))
	case optSubnetMask:
		return address(b, "subnet_mask", v)
	case optRouters:
		return addresses(b, "routers", v)
	case optDNSServers:
		return addresses(b, "dns_servers", v)
	case optVendorClass:
		if len(v) > 0 {
			b = event.Bytes(b, "vendor_class_identifier", v)
		}
	case optParams:
		b = event.OpenArray(b, "params")
		for _, p := range v {
			if name := paramName(p); name != "" {
				b = event.ElemStr(b, name)
			}
		}
		b = event.CloseArray(b)
	}
	return b
}

// address writes an address, an empty string if v is none.
func address(b []byte, key string, v []byte) []byte {
	if len(v) != 4 {
		return event.Str(b, key, "")
	}
	return event.Addr(b, key, netip.AddrFrom4([4]byte(v)))
}

// addresses writes a list of addresses; what is left of v behind the last is not
// shown.
func addresses(b []byte, key string, v []byte) []byte {
	b = event.OpenArray(b, key)
	for ; len(v) >= 4; v = v[4:] {
		var buf [18]byte
		s := netip.AddrFrom4([4]byte(v[:4])).AppendTo(buf[:0])
		b = event.ElemBytes(b, s)
	}
	return event.CloseArray(b)
}

// typeName names a type of message (RFC 2132 section 9.6).
func typeName(n uint8) string {
	switch n {
	case 1:
		return "discover"
	case 2:
		return "offer"
	case 3:
		return "request"
	case 4:
		return "decline"
	case typeAck:
		return "ack"
	case 6:
		return "nak"
	case 7:
		return "release"
	case 8:
		return "inform"
	}
	return "unknown"
}

// paramName names an option that a client may ask for; empty if it is not shown.
func paramName(code uint8) string {
	switch code {
	case optSubnetMask:
		return "subnet_mask"
	case optRouters:
		return "router"
	case optDNSServers:
		return "dns_server"
	case 15:
		return "domain"
	case 35:
		return "arp_timeout"
	case 42:
		return "ntp_server"
	case 66:
		return "tftp_server_name"
	case 150:
		return "tftp_server_ip"
	}
	return ""
}
