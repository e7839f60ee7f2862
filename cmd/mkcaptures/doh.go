package main

import (
	"encoding/base64"

	"weir/decode/packet/packettest"
)

// http2Frame is a frame of a stream (RFC 9113 section 4.1) of less than 256 bytes.
func http2Frame(kind, flags, stream byte, payload string) string {
	return string([]byte{0, 0, byte(len(payload)), kind, flags, 0, 0, 0, stream}) + payload
}

// http2Headers is a header block of names and values in turn, without compression (RFC
// 7541 section 6.2.2).
func http2Headers(pairs ...string) (b string) {
	for i := 0; i < len(pairs); i += 2 {
		name, value := pairs[i], pairs[i+1]
		b += string([]byte{0, byte(len(name))}) + name + string([]byte{byte(len(value))}) + value
	}
	return b
}

// dohFiles are captures of DNS over HTTP/2 (RFC 8484).
func dohFiles() []file {
	const data, headers, settings, endStream, endHeaders, dnsType, name = 0, 1, 4, 1, 4, "application/dns-message", "www.example.com"
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	open := func() *packettest.Conn {
		return packettest.NewConn("10.0.0.1", 40001, "10.0.0.80", 80).Request(preface+http2Frame(settings, 0, 0, ""), 0).Response(http2Frame(settings, 0, 0, ""), 0)
	}
	told := http2Frame(headers, endHeaders, 1, http2Headers(":status", "200", "content-type", dnsType)) + http2Frame(data, endStream, 1, answer(0, name))
	get := http2Headers(":method", "GET", ":authority", "dns.example.net", "accept", dnsType,
		":path", "/dns-query?dns="+base64.RawURLEncoding.EncodeToString([]byte(query(0, name))))
	post := http2Headers(":method", "POST", ":authority", "dns.example.net", ":path", "/dns-query", "content-type", dnsType)
	return []file{
		ethernet("dns/made-dns-http2-get.pcap", open().Request(http2Frame(headers, endHeaders|endStream, 1, get), 0).Response(told, 0).Close().Packets...),
		ethernet("dns/made-dns-http2-post.pcap",
			open().Request(http2Frame(headers, endHeaders, 1, post)+http2Frame(data, endStream, 1, query(0, name)), 11).Response(told, 7).Close().Packets...),
	}
}
