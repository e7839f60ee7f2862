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

// dnp3 makes a frame between master 3 and outstation 4; user data has the transport
// header in front and fits into one block.
func dnp3(control byte, user string) string {
	sum := func(b string) string {
		var c uint16
		for i := range len(b) {
			c ^= uint16(b[i])
			for range 8 {
				if c&1 != 0 {
					c = c>>1 ^ 0xa6bc
				} else {
					c >>= 1
				}
			}
		}
		return b + string(binary.LittleEndian.AppendUint16(nil, ^c))
	}
	to := "\x04\x00\x03\x00"
	if control&0x80 == 0 {
		to = "\x03\x00\x04\x00"
	}
	return sum("\x05\x64"+string([]byte{byte(5 + len(user)), control})+to) + sum(user)
}

// scadaFiles are captures of control networks.
func scadaFiles() []file {
	read := packettest.NewConn("10.0.0.1", 40001, "10.0.0.50", 502).
		Request(modbus(1, "\x01\x00\x63\x00\x03"), 0).Response(modbus(1, "\x01\x01\x05"), 0). // coils 100 to 102
		Request(modbus(2, "\x10\x00\x01\x00\x01\x02\x00\x0a"), 0).Response(modbus(2, "\x90\x02"), 0).
		Request(modbus(3, "\x2b\x0e\x01\x00"), 0).Response(modbus(3, "\x2b\x0e\x01\x01\x00\x00\x01\x00\x04Weir"), 0)
	silence := packettest.NewConn("10.0.0.1", 40002, "10.0.0.50", 502).
		Request(modbus(1, "\x08\x00\x04\x00\x00"), 0) // force listen only mode: no answer
	// A poll and its answer, a restart, and a frame whose header is broken.
	restart := dnp3(0xc4, "\xc1\xc2\x0d")
	poll := packettest.NewConn("10.0.0.1", 40003, "10.0.0.51", 20000).
		Request(dnp3(0xc4, "\xc0\xc1\x01\x3c\x02\x06"), 0).
		Response(dnp3(0x44, "\xc0\xc1\x81\x80\x00\x1e\x02\x00\x03\x03\x01\xfe\xff"), 0).
		Request(restart, 0).Response(dnp3(0x44, "\xc1\xc2\x81\x00\x00\x34\x02\x07\x01\x05\x00"), 0).
		Request(restart[:8]+"\x00\x00"+restart[10:], 0)
	return []file{
		ethernet("scada/made-dnp3.pcap", poll.Close().Packets...),
		ethernet("scada/made-modbus.pcap", read.Close().Packets...),
		ethernet("scada/made-modbus-silence.pcap", silence.Close().Packets...),
	}
}
