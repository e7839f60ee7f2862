package rdp

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"weir/decode/cursor"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// Types of blocks of settings of the client.
const (
	blockCore     = 0xc001
	blockChannels = 0xc003
)

// appendRecord writes the rdp object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	b = event.Uint(b, "tx_id", t.ID+1)
	switch t.kind {
	case initialRequest:
		b = event.Str(b, "event_type", "initial_request")
		if len(t.data) > 0 {
			b = event.Bytes(b, "cookie", t.data)
		}
	case initialResponse:
		b = event.Str(b, "event_type", "initial_response")
		b = appendNegotiation(b, t.data)
	case connectRequest:
		b = event.Str(b, "event_type", "connect_request")
		if v := t.block(blockCore); v != nil {
			b = appendClient(event.Open(b, "client"), v)
			b = event.Close(b)
		}
		if v := t.block(blockChannels); v != nil {
			b = appendChannels(b, v)
		}
	case connectResponse:
		b = event.Str(b, "event_type", "connect_response")
	}
	return event.Close(b), true
}

// appendNegotiation writes the answer of the server ([MS-RDPBCGR] sections 2.2.1.2.1
// and 2.2.1.2.2).
func appendNegotiation(b, v []byte) []byte {
	const response, failure = 2, 3
	c := cursor.New(v)
	kind, flags := c.U8(), c.U8()
	c.Skip(2) // length
	n := c.LE32()
	if c.Short() {
		return b
	}
	switch kind {
	case response:
		if flags != 0 {
			b = appendFlags(b, "server_supports", uint32(flags), serverFlags[:])
		}
		if name := protocols[n]; name != "" {
			b = event.Str(b, "protocol", name)
		}
	case failure:
		b = event.Uint(b, "error_code", uint64(n))
	}
	return b
}

// serverFlags are what a server says that it can do, by bit.
var serverFlags = [...]string{0: "extended_client_data", 1: "dynvc_gfx", 3: "restricted_admin", 4: "redirected_authentication"}

// protocols are those that the server may choose.
var protocols = map[uint32]string{0: "rdp", 1: "ssl", 2: "hybrid", 4: "rdstls", 8: "hybrid_ex"}

// capabilities are those of the client, by bit ([MS-RDPBCGR] section 2.2.1.3.2).
var capabilities = [...]string{"support_errinfo_pdf", "want_32bpp_session", "support_statusinfo_pdf", "strong_asymmetric_keys",
	5: "valid_connection_type", 6: "support_monitor_layout_pdf", 7: "support_netchar_autodetect", 8: "support_dynvc_gfx_protocol",
	9: "support_dynamic_time_zone", 10: "support_heartbeat_pdu"}

// appendFlags writes the names of the bits that are set.
func appendFlags(b []byte, key string, v uint32, names []string) []byte {
	b = event.OpenArray(b, key)
	for i, name := range names {
		if v>>i&1 != 0 && name != "" {
			b = event.ElemStr(b, name)
		}
	}
	return event.CloseArray(b)
}

// appendClient writes the core settings of a client.
func appendClient(b, v []byte) []byte {
	c := cursor.New(v)
	b = appendName(b, "version", c.LE32(), versions)
	b = event.Uint(b, "desktop_width", uint64(c.LE16()))
	b = event.Uint(b, "desktop_height", uint64(c.LE16()))
	c.Skip(4) // colours as of old, sequence
	layout, build := c.LE32(), c.LE32()
	name := c.Bytes(32)
	keyboard, subtype, keys := c.LE32(), c.LE32(), c.LE32()
	c.Skip(64) // input method
	if c.Short() {
		return b
	}
	c.Skip(2) // colours as of old
	product, serial, depth := c.LE16(), c.LE32(), c.LE16()
	c.Skip(2) // depths that it can do
	flags := c.LE16()
	optional := !c.Short()
	if optional {
		b = event.Uint(b, "color_depth", uint64(depth))
	}
	b = appendName(b, "keyboard_layout", layout, layouts)
	b = appendName(b, "build", build, builds)
	b = appendWide(b, "client_name", name)
	b = appendName(b, "keyboard_type", keyboard, keyboards)
	if subtype != 0 {
		b = event.Uint(b, "keyboard_subtype", uint64(subtype))
	}
	b = event.Uint(b, "function_keys", uint64(keys))
	if !optional {
		return b
	}
	b = event.Uint(b, "product_id", uint64(product))
	if serial != 0 {
		b = event.Uint(b, "serial_number", uint64(serial))
	}
	if flags != 0 {
		b = appendFlags(b, "capabilities", uint32(flags), capabilities[:])
	}
	if id := c.Bytes(64); id != nil {
		b = appendWide(b, "id", id)
	}
	return b
}

// appendName writes the name of a value, or its number.
func appendName(b []byte, key string, v uint32, names map[uint32]string) []byte {
	if name := names[v]; name != "" {
		return event.Str(b, key, name)
	}
	return event.Str(b, key, "0x"+strconv.FormatUint(uint64(v), 16))
}

// appendWide writes text of 16-bit characters, little endian, that ends with a zero; an
// empty one is left out.
func appendWide(b []byte, key string, v []byte) []byte {
	var buf [128]byte
	s := buf[:0]
	for c := cursor.New(v); c.Len() >= 2; {
		r := rune(c.LE16())
		if r == 0 {
			break
		}
		if utf16.IsSurrogate(r) {
			r = utf16.DecodeRune(r, rune(c.LE16()))
		}
		s = utf8.AppendRune(s, r)
	}
	if len(s) == 0 {
		return b
	}
	return event.Bytes(b, key, s)
}

// appendChannels writes the names of the channels that the client asks for
// ([MS-RDPBCGR] section 2.2.1.3.4).
func appendChannels(b, v []byte) []byte {
	c := cursor.New(v)
	n := c.LE32()
	b = event.OpenArray(b, "channels")
	for ; n > 0 && c.Len() >= 12; n-- {
		name, _, _ := bytes.Cut(c.Bytes(8), []byte{0})
		c.Skip(4) // options
		b = event.ElemBytes(b, name)
	}
	return event.CloseArray(b)
}

// versions are those of clients.
var versions = map[uint32]string{0x80001: "v4", 0x80004: "v5", 0x80005: "v10.0", 0x80006: "v10.1", 0x80007: "v10.2", 0x80008: "v10.3",
	0x80009: "v10.4", 0x8000a: "v10.5", 0x8000b: "v10.6", 0x8000c: "v10.7"}

// builds are systems of clients.
var builds = map[uint32]string{2195: "Windows 2000", 2600: "Windows XP", 3790: "Windows Server 2003", 6000: "Windows Vista",
	6001: "Windows Vista SP1", 6002: "Windows Vista SP2", 7600: "Windows 7", 7601: "Windows 7 SP1", 9200: "Windows 8",
	9600: "Windows 8.1"}

// keyboards are kinds of keyboards.
var keyboards = map[uint32]string{1: "xt", 2: "ico", 3: "at", 4: "enhanced", 5: "1050", 6: "9140", 7: "jp"}

// layouts are those of keyboards that are met most ([MS-LCID] section 2.2); others
// are shown by number.
var layouts = map[uint32]string{0x404: "zh-TW", 0x405: "cs-CZ", 0x406: "da-DK", 0x407: "de-DE", 0x408: "el-GR", 0x409: "en-US",
	0x40a: "es-ES", 0x40b: "fi-FI", 0x40c: "fr-FR", 0x40d: "he-IL", 0x40e: "hu-HU", 0x410: "it-IT", 0x411: "ja-JP", 0x412: "ko-KR",
	0x413: "nl-NL", 0x414: "nb-NO", 0x415: "pl-PL", 0x416: "pt-BR", 0x418: "ro-RO", 0x419: "ru-RU", 0x41d: "sv-SE", 0x41f: "tr-TR",
	0x422: "uk-UA", 0x804: "zh-CN", 0x807: "de-CH", 0x809: "en-GB", 0x816: "pt-PT", 0xc07: "de-AT", 0xc09: "en-AU", 0xc0c: "fr-CA"}
