package bittorrent

import (
	"net/netip"

	"weir/decode/cursor"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// idLen is the length of the id of a node, bytes.
const idLen = 20

// appendRecord writes the bittorrent_dht object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	m := tx.(*Tx).data
	if len(m) == 0 {
		return b, false
	}
	b = append(b, '{')
	b = event.Hex(b, "transaction_id", findText(m, "t"), "")
	b = appendHex(b, "client_version", m, "v")
	switch string(findText(m, "y")) {
	case "q":
		b = event.Bytes(b, "request_type", findText(m, "q"))
		b = appendRequest(b, find(m, "a"))
	case "r":
		b = appendResponse(b, find(m, "r"))
	case "e":
		b = appendError(b, find(m, "e"))
	}
	return event.Close(b), true
}

// appendHex writes a string of the dictionary m, if it has the key.
func appendHex(b []byte, name string, m []byte, key string) []byte {
	if s := findText(m, key); s != nil {
		b = event.Hex(b, name, s, "")
	}
	return b
}

// appendRequest writes the arguments of a query.
func appendRequest(b, m []byte) []byte {
	b = event.Open(b, "request")
	for _, key := range [...]string{"id", "target", "info_hash", "token"} {
		b = appendHex(b, key, m, key)
	}
	for _, key := range [...]string{"implied_port", "port"} {
		if n, ok := number(find(m, key)); ok {
			b = event.Uint(b, key, n)
		}
	}
	return event.Close(b)
}

// appendResponse writes the values of a response.
func appendResponse(b, m []byte) []byte {
	b = event.Open(b, "response")
	b = appendHex(b, "id", m, "id")
	b = appendNodes(b, "nodes", findText(m, "nodes"), 4)
	b = appendNodes(b, "nodes6", findText(m, "nodes6"), 16)
	b = appendPeers(b, find(m, "values"))
	b = appendHex(b, "token", m, "token")
	return event.Close(b)
}

// appendNodes writes nodes, each an id with an address of n bytes and a port.
func appendNodes(b []byte, key string, v []byte, n int) []byte {
	c := cursor.New(v)
	if c.Len() < idLen+n+2 {
		return b
	}
	b = event.OpenArray(b, key)
	for c.Len() >= idLen+n+2 {
		b = event.OpenElem(b)
		b = event.Hex(b, "id", c.Bytes(idLen), "")
		b = appendPlace(b, &c, n)
		b = event.Close(b)
	}
	return event.CloseArray(b)
}

// appendPlace writes an address of n bytes and a port.
func appendPlace(b []byte, c *cursor.Cursor, n int) []byte {
	a, _ := netip.AddrFromSlice(c.Bytes(n))
	b = event.Addr(b, "ip", a)
	return event.Uint(b, "port", uint64(c.U16()))
}

// appendPeers writes the list of peers that have what was asked for.
func appendPeers(b, list []byte) []byte {
	if len(list) == 0 || list[0] != 'l' {
		return b
	}
	b = event.OpenArray(b, "values")
	for rest := list[1:]; ; {
		s, after, ok := text(rest)
		if !ok {
			break
		}
		if len(s) == 4+2 || len(s) == 16+2 {
			c := cursor.New(s)
			b = event.Close(appendPlace(event.OpenElem(b), &c, len(s)-2))
		}
		rest = after
	}
	return event.CloseArray(b)
}

// appendError writes an error: its number and its message.
func appendError(b, list []byte) []byte {
	b = event.Open(b, "error")
	if len(list) > 0 && list[0] == 'l' {
		if v, rest, ok := value(list[1:], 1); ok {
			n, _ := number(v)
			b = event.Uint(b, "num", n)
			if s, _, ok := text(rest); ok {
				b = event.Bytes(b, "msg", s)
			}
		}
	}
	return event.Close(b)
}
