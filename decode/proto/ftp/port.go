package ftp

import (
	"bytes"
	"net/netip"
	"strconv"

	"weir/decode/field"
	"weir/decode/proto"
)

// dataPort is where the next data connection goes.
type dataPort struct {
	active bool // the server connects
	port   uint16
}

// offered reads the address of a PORT or EPRT command.
func (p *parser) offered(t *Tx) {
	var addr netip.Addr
	var port uint16
	var ok bool
	if t.is("PORT") {
		addr, port, ok = sixNumbers(t.args())
	} else {
		addr, port, ok = extended(t.args())
	}
	if !ok {
		return
	}
	client, _, _, _ := p.env.Flow.Tuple(field.ToServer)
	t.bounced = addr.IsValid() && addr != client.Unmap()
	p.data = dataPort{active: true, port: port}
}

// agreed notes that the server takes what PORT or EPRT has offered.
func (p *parser) agreed(t *Tx) {
	if !p.data.active || p.data.port == 0 {
		return
	}
	t.active, t.port = true, p.data.port
	t.Touch(field.Both)
}

// passive reads the port that the server listens on.
func (p *parser) passive(t *Tx, line []byte) {
	i, j := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if i < 0 || j < i {
		return
	}
	inside := line[i+1 : j]
	var port uint16
	var ok bool
	if t.is("PASV") {
		_, port, ok = sixNumbers(inside)
	} else {
		_, port, ok = extended(inside)
	}
	if ok {
		t.port = port
		p.data = dataPort{port: port}
		t.Touch(field.Both)
	}
}

// transfer announces the data connection of RETR or STOR.
func (p *parser) transfer(t *Tx) {
	if p.data.port == 0 {
		return
	}
	f := p.env.Flow
	e := proto.Expectation{
		Client: f.Addr[0], Server: f.Addr[1], Port: p.data.port, Proto: Data.Name, Dir: field.Both,
		Data: &transfer{name: bytes.Clone(t.args()), command: commands[t.command], active: p.data.active},
	}
	if p.data.active {
		e.Client, e.Server = e.Server, e.Client
	}
	p.data = dataPort{}
	p.env.Host.Expect(e)
}

// sixNumbers reads h1,h2,h3,h4,p1,p2 (RFC 959 section 5.3.2).
func sixNumbers(b []byte) (addr netip.Addr, port uint16, ok bool) {
	var n [6]byte
	i := 0
	for part := range bytes.SplitSeq(bytes.TrimSpace(b), []byte{','}) {
		v, err := strconv.ParseUint(string(bytes.TrimSpace(part)), 10, 8)
		if err != nil || i == len(n) {
			return addr, 0, false
		}
		n[i] = byte(v)
		i++
	}
	if i != len(n) {
		return addr, 0, false
	}
	return netip.AddrFrom4([4]byte(n[:4])), uint16(n[4])<<8 | uint16(n[5]), true
}

// extended reads |family|address|port| with any delimiter; family and address
// may be empty (RFC 2428 sections 2 and 3).
func extended(b []byte) (addr netip.Addr, port uint16, ok bool) {
	b = bytes.TrimSpace(b)
	if len(b) < 5 {
		return addr, 0, false
	}
	parts := bytes.Split(b[1:], b[:1])
	if len(parts) < 3 {
		return addr, 0, false
	}
	n, err := strconv.ParseUint(string(parts[2]), 10, 16)
	if err != nil {
		return addr, 0, false
	}
	if len(parts[1]) > 0 {
		if addr, err = netip.ParseAddr(string(parts[1])); err != nil {
			return addr, 0, false
		}
	}
	return addr.Unmap(), uint16(n), true
}
