package packettest

import "weir/decode/packet"

// Conn makes the packets of a TCP connection. Each is acknowledged by the other
// side with its next, so that Packets can be cut, turned round and left out.
type Conn struct {
	Client, Server         string
	ClientPort, ServerPort uint16
	Packets                [][]byte // IP packets

	seq [2]uint32 // next of client and server
}

// NewConn returns a connection whose handshake has been made.
func NewConn(client string, cport uint16, server string, sport uint16) *Conn {
	c := &Conn{Client: client, Server: server, ClientPort: cport, ServerPort: sport, seq: [2]uint32{1000, 500000}}
	c.segment(0, packet.SYN, []byte{2, 4, 0x05, 0xb4}, nil)
	c.segment(1, packet.SYN|packet.ACK, []byte{2, 4, 0x05, 0xb4}, nil)
	c.segment(0, packet.ACK, nil, nil)
	return c
}

// Request and Response send data in segments of at most n bytes, all of it in
// one if n is 0, which the other side then acknowledges.
func (c *Conn) Request(data string, n int) *Conn { return c.send(0, data, n) }

// Response is as Request, from the server.
func (c *Conn) Response(data string, n int) *Conn { return c.send(1, data, n) }

func (c *Conn) send(from int, data string, n int) *Conn {
	if n == 0 {
		n = len(data)
	}
	for len(data) > 0 {
		k := min(n, len(data))
		c.segment(from, packet.PSH|packet.ACK, nil, []byte(data[:k]))
		data = data[k:]
	}
	c.segment(1-from, packet.ACK, nil, nil)
	return c
}

// At returns a packet with data at an offset, bytes, behind the next one to be
// sent from that side; it does not count as sent.
func (c *Conn) At(server bool, off int32, data string) []byte {
	from := 0
	if server {
		from = 1
	}
	return c.packet(from, packet.PSH|packet.ACK, c.seq[from]+uint32(off), nil, []byte(data))
}

// Sent counts n bytes from that side as sent.
func (c *Conn) Sent(server bool, n int) {
	if server {
		c.seq[1] += uint32(n)
	} else {
		c.seq[0] += uint32(n)
	}
}

// Ack acknowledges, from that side, all that the other has sent.
func (c *Conn) Ack(server bool) *Conn {
	if server {
		c.segment(1, packet.ACK, nil, nil)
	} else {
		c.segment(0, packet.ACK, nil, nil)
	}
	return c
}

// Close ends both directions.
func (c *Conn) Close() *Conn {
	c.segment(0, packet.FIN|packet.ACK, nil, nil)
	c.segment(1, packet.FIN|packet.ACK, nil, nil)
	c.segment(0, packet.ACK, nil, nil)
	return c
}

// Reset ends the connection from that side.
func (c *Conn) Reset(server bool) *Conn {
	if server {
		c.segment(1, packet.RST|packet.ACK, nil, nil)
	} else {
		c.segment(0, packet.RST|packet.ACK, nil, nil)
	}
	return c
}

// segment adds a packet and moves the sequence number on.
func (c *Conn) segment(from int, flags uint8, opts, data []byte) {
	c.Packets = append(c.Packets, c.packet(from, flags, c.seq[from], opts, data))
	c.seq[from] += uint32(len(data))
	if flags&(packet.SYN|packet.FIN) != 0 {
		c.seq[from]++
	}
}

func (c *Conn) packet(from int, flags uint8, seq uint32, opts, data []byte) []byte {
	h, t := IP{Src: c.Client, Dst: c.Server, ID: uint16(len(c.Packets) + 1)}, TCP{SrcPort: c.ClientPort, DstPort: c.ServerPort}
	if from == 1 {
		h.Src, h.Dst = h.Dst, h.Src
		t.SrcPort, t.DstPort = t.DstPort, t.SrcPort
	}
	t.Seq, t.Flags, t.Opts, t.Data = seq, flags, opts, data
	if flags&packet.ACK != 0 {
		t.Ack = c.seq[1-from]
	}
	return h.TCP(t)
}
