package main

import (
	"strings"

	"weir/decode/packet/packettest"
)

// dnsName returns a name as messages hold it (RFC 1035 section 3.1).
func dnsName(s string) string {
	var b strings.Builder
	for label := range strings.SplitSeq(s, ".") {
		b.WriteByte(byte(len(label)))
		b.WriteString(label)
	}
	b.WriteByte(0)
	return b.String()
}

// query returns a query of one question for addresses.
func query(id byte, name string) string {
	return "\x00" + string(rune(id)) + "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + dnsName(name) + "\x00\x01\x00\x01"
}

// answer returns the answer to query.
func answer(id byte, name string) string {
	return "\x00" + string(rune(id)) + "\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + dnsName(name) + "\x00\x01\x00\x01" +
		"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x02"
}

// framed returns messages as TCP carries them (RFC 7766 section 8).
func framed(messages ...string) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(string([]byte{byte(len(m) >> 8), byte(len(m))}) + m)
	}
	return b.String()
}

// dnsFiles are captures of DNS over UDP and TCP.
func dnsFiles() []file {
	client := packettest.IP{Src: "10.0.0.1", Dst: "10.0.0.53"}
	server := packettest.IP{Src: client.Dst, Dst: client.Src}
	const a, b = "www.example.com", "mail.example.com"
	tcp := func(n int) [][]byte {
		return packettest.NewConn(client.Src, 40001, client.Dst, 53).
			Request(framed(query(1, a), query(2, b)), n).Response(framed(answer(1, a), answer(2, b)), n).Close().Packets
	}
	return []file{
		ethernet("dns/made-dns-udp.pcap",
			client.UDP(40000, 53, []byte(query(1, a))), server.UDP(53, 40000, []byte(answer(1, a))),
			client.UDP(40000, 53, []byte(query(2, b))), server.UDP(53, 40000, []byte(answer(2, b)))),
		ethernet("dns/made-dns-udp-cut.pcap", client.UDP(40000, 53, []byte(query(1, a)[:20])), server.UDP(53, 40000, []byte(answer(1, a)[:40]))),
		ethernet("dns/made-dns-tcp.pcap", tcp(0)...),
		ethernet("dns/made-dns-tcp-slow.pcap", tcp(1)...),
	}
}
