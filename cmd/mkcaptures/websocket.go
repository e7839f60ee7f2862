package main

import (
	"encoding/binary"

	"weir/decode/packet/packettest"
)

// upgradeRequest is how HTTP/1 hands a connection over to WebSocket (RFC 6455 section 1.2).
var upgradeRequest = crlf("GET /chat HTTP/1.1", "Host: www.example.com", "Upgrade: websocket", "Connection: Upgrade",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "")

var upgradeResponse = crlf("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "")

// said is a frame of a server with less than 64 KiB; first holds flags and opcode.
func said(first byte, payload string) string {
	if len(payload) < 126 {
		return string([]byte{first, byte(len(payload))}) + payload
	}
	return string(binary.BigEndian.AppendUint16([]byte{first, 126}, uint16(len(payload)))) + payload
}

// asked is a frame of a client with less than 126 bytes, under the mask 0x37fa213d.
func asked(first byte, payload string) string {
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b := append([]byte{first, 0x80 | byte(len(payload))}, mask[:]...)
	for i := range payload {
		b = append(b, payload[i]^mask[i&3])
	}
	return string(b)
}

// websocketFiles are captures of WebSocket.
func websocketFiles() []file {
	open := func() *packettest.Conn {
		return packettest.NewConn("10.0.0.1", 40001, "10.0.0.80", 80).Request(upgradeRequest, 0).Response(upgradeResponse, 0)
	}
	// "Hello" under permessage-deflate (RFC 7692 section 7.2.3.1).
	const packed = "\xf2\x48\xcd\xc9\xc9\x07\x00"
	return []file{
		ethernet("websocket/made-websocket-text.pcap", open().Request(asked(0x81, "hello"), 0).Response(said(0x81, "hello yourself"), 0).
			Request(asked(0x88, "\x03\xe8"), 0).Response(said(0x88, "\x03\xe8"), 0).Close().Packets...),
		ethernet("websocket/made-websocket-fragments.pcap", open().
			Response(said(0x01, "powershell -Enc")+said(0x89, "ping")+said(0x80, "odedCommand aGk="), 9).Request(asked(0x8a, "ping"), 3).Close().Packets...),
		ethernet("websocket/made-websocket-deflate.pcap", open().Response(said(0xc1, packed), 0).Close().Packets...),
	}
}
