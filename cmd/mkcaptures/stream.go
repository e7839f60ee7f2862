package main

import (
	"fmt"
	"strings"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// conn returns a connection to the web server of the made captures.
func conn() *packettest.Conn {
	return packettest.NewConn("10.0.0.1", 40000, "10.0.0.2", 80)
}

// streamFiles are captures of TCP connections whose segments come as they do
// not on a good day.
func streamFiles() []file {
	name := func(s string) string { return "stream/made-stream-" + s + ".pcap" }
	// shifted sends the request in three segments, in the order given; -1 leaves
	// the rest out.
	shifted := func(order ...int) [][]byte {
		c := conn()
		third := len(request) / 3
		for _, i := range order {
			end := (i + 1) * third
			if i == 2 {
				end = len(request)
			}
			c.Packets = append(c.Packets, c.At(false, int32(i*third), request[i*third:end]))
		}
		c.Sent(false, len(request))
		return c.Ack(true).Response(response, 0).Close().Packets
	}
	overlap := func(second string, off int32) [][]byte {
		c := conn()
		c.Packets = append(c.Packets, c.At(false, 0, request[:20]), c.At(false, off, second), c.At(false, 20, request[20:]))
		c.Sent(false, len(request))
		return c.Ack(true).Response(response, 0).Close().Packets
	}
	midstream := conn().Request(request, 0).Response(response, 0).Close().Packets[3:]
	oneSided := func() (one [][]byte) {
		for _, ip := range conn().Request(request, 0).Response(response, 0).Close().Packets {
			if ip[15] == 1 {
				one = append(one, ip)
			}
		}
		return one
	}
	urgent := conn()
	urgent.Packets = append(urgent.Packets, packettest.IP{Src: urgent.Client, Dst: urgent.Server}.TCP(packettest.TCP{
		SrcPort: urgent.ClientPort, DstPort: urgent.ServerPort, Seq: 1001, Ack: 500001, Flags: packet.ACK | packet.URG, Urgent: 1, Data: []byte("!" + request),
	}))
	urgent.Sent(false, 1+len(request))
	return []file{
		ethernet(name("whole"), conn().Request(request, 0).Response(response, 0).Close().Packets...),
		ethernet(name("out-of-order"), shifted(2, 0, 1)...),
		ethernet(name("backwards"), shifted(2, 1, 0)...),
		ethernet(name("retransmitted"), shifted(0, 1, 1, 0, 2)...),
		ethernet(name("gap"), shifted(0, 2)...),
		ethernet(name("overlap-same"), overlap(request[10:30], 10)...),
		ethernet(name("overlap-different"), overlap(strings.Repeat("x", 20), 10)...),
		ethernet(name("midstream"), midstream...),
		ethernet(name("one-sided"), oneSided()...),
		ethernet(name("reset"), conn().Request(request, 0).Reset(true).Packets...),
		ethernet(name("reset-by-client"), conn().Request(request, 0).Response(response[:30], 0).Reset(false).Packets...),
		ethernet(name("urgent"), urgent.Ack(true).Response(response, 0).Close().Packets...),
	}
}

// Messages of the made captures.
const (
	request = "GET /made/index.html?q=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: weir-made/1.0\r\nAccept: */*\r\n\r\n"
	body    = "<html><body>made by mkcaptures</body></html>\n"
)

var response = fmt.Sprintf("HTTP/1.1 200 OK\r\nServer: made\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(body), body)

// httpFiles are captures of HTTP.
func httpFiles() []file {
	name := func(s string) string { return "http/made-http-" + s + ".pcap" }
	post := "POST /made/form HTTP/1.1\r\nHost: www.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\na=1&b=22&c="
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nmade \r\n0b;x=y\r\nby mkcaptur\r\n3\r\nes\n\r\n0\r\n\r\n"
	return []file{
		ethernet(name("slow"), conn().Request(request, 1).Response(response, 1).Close().Packets...),
		ethernet(name("segments"), conn().Request(request, 7).Response(response, 11).Close().Packets...),
		ethernet(name("pipelined"), conn().Request(request+request+request, 0).Response(response+response+response, 0).Close().Packets...),
		ethernet(name("chunked"), conn().Request(request, 0).Response(chunked, 9).Close().Packets...),
		ethernet(name("post"), conn().Request(post, 0).Response(response, 0).Close().Packets...),
	}
}
