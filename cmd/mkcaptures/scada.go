package main

import (
	"encoding/binary"
	"strings"

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

// enip makes a message of a session.
func enip(command uint16, data string) string {
	b := binary.LittleEndian.AppendUint16(nil, command)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(data)))
	b = binary.LittleEndian.AppendUint32(b, 7)
	return string(append(b, "\x00\x00\x00\x00context.\x00\x00\x00\x00"...)) + data
}

// cip makes a message with a CIP message that is not connected.
func cip(message string) string {
	items := "\x02\x00\x00\x00\x00\x00\xb2\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(message))))
	return enip(0x6f, "\x00\x00\x00\x00\x0a\x00"+items+message)
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
	// A controller is asked what it is, and reset.
	identity := "\x01\x00" + strings.Repeat("\x00", 16) + "\x01\x00\x0e\x00\x36\x00\x14\x0b\x60\x00\x78\x56\x34\x12\x04Weir\x03"
	controller := packettest.NewConn("10.0.0.1", 40004, "10.0.0.52", 44818).
		Request(enip(0x65, "\x01\x00\x00\x00"), 0).Response(enip(0x65, "\x01\x00\x00\x00"), 0).
		Request(enip(0x63, ""), 0).Response(enip(0x63, "\x01\x00\x0c\x00"+string([]byte{byte(len(identity)), 0})+identity), 0).
		Request(cip("\x0e\x03\x20\xf6\x24\x01\x30\x06"), 0).Response(cip("\x8e\x00\x14\x00"), 0).
		Request(cip("\x05\x02\x20\x01\x24\x01"), 0).Response(cip("\x85\x00\x00\x00"), 0)
	return []file{
		ethernet("scada/made-enip.pcap", controller.Close().Packets...),
		ethernet("scada/made-dnp3.pcap", poll.Close().Packets...),
		ethernet("scada/made-modbus.pcap", read.Close().Packets...),
		ethernet("scada/made-modbus-silence.pcap", silence.Close().Packets...),
	}
}
