package main

import (
	"strings"

	"weir/decode/packet/packettest"
)

// element returns an element of ASN.1 of at most 127 bytes (X.690 section 8.1).
func element(tag byte, parts ...string) string {
	v := strings.Join(parts, "")
	return string([]byte{tag, byte(len(v))}) + v
}

// number returns an integer of one byte.
func number(v byte) string { return element(2, string([]byte{v})) }

// snmp returns a message of version 2c about the variable 1.3.6.1.2.1.1.5.0, the
// system's name; kind is what is asked (RFC 3416 section 3).
func snmp(community string, kind byte, value string) string {
	variable := element(0x30, element(6, "\x2b\x06\x01\x02\x01\x01\x05\x00"), value)
	return element(0x30, number(1), element(4, community), element(0xa0+kind, number(7), number(0), number(0), element(0x30, variable)))
}

// snmpFiles are captures of network management.
func snmpFiles() []file {
	const get, response, set = 0, 2, 3
	client := packettest.IP{Src: "10.0.0.1", Dst: "10.0.0.161"}
	server := packettest.IP{Src: client.Dst, Dst: client.Src}
	ask := func(b string) []byte { return client.UDP(40000, 161, []byte(b)) }
	answer := func(b string) []byte { return server.UDP(161, 40000, []byte(b)) }
	name := element(4, "router")
	header := element(0x30, number(1), number(100), element(4, "\x00"), number(1))
	return []file{
		ethernet("snmp/made-snmp-get.pcap", ask(snmp("public", get, "\x05\x00")), answer(snmp("public", response, name))),
		ethernet("snmp/made-snmp-set.pcap", ask(snmp("private", set, name)), answer(snmp("private", response, name))),
		ethernet("snmp/made-snmp-odd.pcap",
			ask(element(0x30, number(3), header, element(4, "x"), element(0x30, element(4, "e"), element(4),
				element(0xa0, number(7), number(0), number(0), element(0x30))))),
			ask(snmp("public", get, "\x05\x00")), ask(snmp("public", get, "\x05\x00")[:20])),
	}
}
