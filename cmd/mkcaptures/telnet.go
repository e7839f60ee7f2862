package main

import "weir/decode/packet/packettest"

// telnetFiles are captures of remote terminals.
func telnetFiles() []file {
	session := packettest.NewConn("10.0.0.1", 40001, "10.0.0.23", 23).
		Response("\xff\xfd\x18\xff\xfd\x1f", 0).Request("\xff\xfb\x18\xff\xfc\x1f", 0).
		Response("\xff\xfa\x18\x01\xff\xf0", 0).Request("\xff\xfa\x18\x00xterm\xff\xf0", 0).
		Response(crlf("router")+"login: ", 0).Request(crlf("root"), 1).
		Response("Password: ", 0).Request(crlf("xc3511"), 2).
		Response(crlf("welcome")+"# ", 0).Request(crlf("/bin/busybox ECCHI"), 3).
		Response(crlf("ECCHI: applet not found")+"# ", 0).Close()
	return []file{ethernet("telnet/made-telnet-session.pcap", session.Packets...)}
}
