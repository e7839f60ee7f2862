package main

import (
	"encoding/binary"

	"weir/decode/packet/packettest"
)

// modbus makes a message of unit 1.
func modbus(id uint16, pdu string) string {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = binary.BigEndian.AppendUint32(b, uint32(len(pdu)+1))
	return string(append(append(b, 1), pdu...))
}

// scadaFiles are captures of control networks.
func scadaFiles() []file {
	read := packettest.NewConn("10.0.0.1", 40001, "10.0.0.50", 502).
		Request(modbus(1, "\x01\x00\x63\x00\x03"), 0).Response(modbus(1, "\x01\x01\x05"), 0). // coils 100 to 102
		Request(modbus(2, "\x10\x00\x01\x00\x01\x02\x00\x0a"), 0).Response(modbus(2, "\x90\x02"), 0).
		Request(modbus(3, "\x2b\x0e\x01\x00"), 0).Response(modbus(3, "\x2b\x0e\x01\x01\x00\x00\x01\x00\x04Weir"), 0)
	silence := packettest.NewConn("10.0.0.1", 40002, "10.0.0.50", 502).
		Request(modbus(1, "\x08\x00\x04\x00\x00"), 0) // force listen only mode: no answer
	return []file{
		ethernet("scada/made-modbus.pcap", read.Close().Packets...),
		ethernet("scada/made-modbus-silence.pcap", silence.Close().Packets...),
	}
}
