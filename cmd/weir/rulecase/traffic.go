package rulecase

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// Flow is made traffic between a client and a server.
type Flow struct {
	Proto  string  `yaml:"proto"`  // tcp, udp or icmp; tcp by default
	Client string  `yaml:"client"` // address:port
	Server string  `yaml:"server"`
	Say    []*Turn `yaml:"say"`
	// End is how a TCP connection ends: close, reset or open.
	End string `yaml:"end"`

	client, server netip.AddrPort
}

// Turn is what one side says: a request or a response.
type Turn struct {
	Request  *Data `yaml:"request"`
	Response *Data `yaml:"response"`
	Segment  int   `yaml:"segment"` // bytes of a TCP segment, or of an IP fragment of the datagram; 0: all in one
}

// Data are bytes: text, {hex: "00 01"}, or an HTTP message.
type Data struct {
	Bytes []byte
	http  *message
}

// message is an HTTP/1.1 message; Content-Length is added where there is a body.
type message struct {
	Method  string            `yaml:"method"` // of a request; GET by default
	URI     string            `yaml:"uri"`    // of a request; / by default
	Status  int               `yaml:"status"` // of a response; 200 by default
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"`
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Data) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		var s string
		if err := n.Decode(&s); err != nil {
			return err
		}
		d.Bytes = []byte(s)
		return nil
	}
	if err := known(n, "hex", "method", "uri", "status", "headers", "body"); err != nil {
		return err
	}
	var h struct{ Hex string }
	if err := n.Decode(&h); err != nil {
		return err
	}
	if h.Hex != "" {
		b, err := hex.DecodeString(strings.Join(strings.Fields(h.Hex), ""))
		if err != nil {
			return fmt.Errorf("line %d: hex: %w", n.Line, err)
		}
		d.Bytes = b
		return nil
	}
	d.http = &message{}
	return n.Decode(d.http)
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *Turn) UnmarshalYAML(n *yaml.Node) error {
	type plain Turn
	if err := known(n, "request", "response", "segment"); err != nil {
		return err
	}
	return n.Decode((*plain)(t))
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (f *Flow) UnmarshalYAML(n *yaml.Node) error {
	type plain Flow
	if err := known(n, "proto", "client", "server", "say", "end"); err != nil {
		return err
	}
	return n.Decode((*plain)(f))
}

// Ends of flows that name none (RFC 5737).
const (
	defaultClient = "192.0.2.10:40000"
	defaultServer = "198.51.100.20:80"
)

// maxSegments bounds the packets of one turn.
const maxSegments = 1 << 16

// check reads the flow's ends and reports what makes no sense.
func (f *Flow) check() (err error) {
	if f == nil {
		return errors.New("a flow is empty")
	}
	if f.Proto == "" {
		f.Proto = "tcp"
	}
	if f.client, err = end("client", f.Client, defaultClient); err != nil {
		return err
	}
	if f.server, err = end("server", f.Server, defaultServer); err != nil {
		return err
	}
	if f.client.Addr().Is4() != f.server.Addr().Is4() {
		return fmt.Errorf("client %s and server %s are not of one IP version", f.client, f.server)
	}
	switch {
	case f.Proto != "tcp" && f.Proto != "udp" && f.Proto != "icmp":
		return fmt.Errorf("proto %q: want tcp, udp or icmp", f.Proto)
	case f.Proto == "icmp" && f.client.Addr().Is6():
		return errors.New("proto icmp: want IPv4")
	case f.End != "" && f.Proto != "tcp":
		return errors.New("end: is of tcp")
	case f.End != "" && f.End != "close" && f.End != "reset" && f.End != "open":
		return fmt.Errorf("end %q: want close, reset or open", f.End)
	}
	for _, t := range f.Say {
		if t == nil || (t.Request == nil) == (t.Response == nil) {
			return errors.New("say: want a request or a response in each turn")
		}
		if t.Segment < 0 || f.Proto == "icmp" && t.Segment > 0 {
			return fmt.Errorf("segment %d: want 1 or more bytes, of tcp or udp", t.Segment)
		}
		n := len(t.bytes())
		if f.Proto != "tcp" && n > 65000 {
			return fmt.Errorf("a datagram of %d bytes: want at most 65000", n)
		}
		if t.Segment == 0 && f.Proto == "tcp" && n > 65000 {
			t.Segment = 1460
		}
		if t.Segment > 0 && n/t.Segment > maxSegments {
			return fmt.Errorf("more than %d segments", maxSegments)
		}
	}
	return nil
}

func end(name, s, def string) (netip.AddrPort, error) {
	if s == "" {
		s = def
	}
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return a, fmt.Errorf("%s %q: want address:port", name, s)
	}
	return a, nil
}

// bytes returns what a turn says.
func (t *Turn) bytes() []byte {
	d, request := t.Request, true
	if d == nil {
		d, request = t.Response, false
	}
	if d.http == nil {
		return d.Bytes
	}
	return d.http.bytes(request)
}

// bytes spells the message as RFC 9112 section 2.1 has it.
func (m *message) bytes(request bool) []byte {
	var b []byte
	if request {
		method, uri := m.Method, m.URI
		if method == "" {
			method = "GET"
		}
		if uri == "" {
			uri = "/"
		}
		b = fmt.Appendf(b, "%s %s HTTP/1.1\r\n", method, uri)
	} else {
		status := m.Status
		if status == 0 {
			status = 200
		}
		b = fmt.Appendf(b, "HTTP/1.1 %d %s\r\n", status, "Status")
	}
	has := map[string]bool{}
	for _, k := range slices.Sorted(maps.Keys(m.Headers)) {
		b = fmt.Appendf(b, "%s: %s\r\n", k, m.Headers[k])
		has[strings.ToLower(k)] = true
	}
	if request && !has["host"] {
		b = append(b, "Host: example.com\r\n"...)
	}
	if (m.Body != "" || !request) && !has["content-length"] && !has["transfer-encoding"] {
		b = append(b, "Content-Length: "+strconv.Itoa(len(m.Body))+"\r\n"...)
	}
	return append(append(b, "\r\n"...), m.Body...)
}

// packets returns the IP packets of a flow.
func (f *Flow) packets() [][]byte {
	client, server := f.client.Addr().String(), f.server.Addr().String()
	cp, sp := f.client.Port(), f.server.Port()
	if f.Proto == "tcp" {
		c := packettest.NewConn(client, cp, server, sp)
		for _, t := range f.Say {
			if t.Request != nil {
				c.Request(string(t.bytes()), t.Segment)
			} else {
				c.Response(string(t.bytes()), t.Segment)
			}
		}
		switch f.End {
		case "", "close":
			c.Close()
		case "reset":
			c.Reset(false)
		}
		return c.Packets
	}
	var all [][]byte
	for i, t := range f.Say {
		h, from, to, icmp := packettest.IP{Src: client, Dst: server, ID: uint16(i + 1)}, cp, sp, uint8(8)
		if t.Response != nil {
			h.Src, h.Dst, from, to, icmp = server, client, sp, cp, 0
		}
		var p []byte
		if f.Proto == "udp" {
			p = h.UDP(from, to, t.bytes())
		} else {
			p = h.ICMP(icmp, 0, uint32(cp)<<16|uint32(i/2+1), t.bytes())
		}
		if t.Segment > 0 {
			all = append(all, packettest.Fragments(p, uint32(i+1), (t.Segment+7)/8*8)...)
		} else {
			all = append(all, p)
		}
	}
	return all
}

// Made reports whether the traffic of the case is made, and returns it as a
// capture file.
func (c *Case) Made() (capture []byte, ok bool) {
	if len(c.Traffic) == 0 {
		return nil, false
	}
	var frames [][]byte
	for _, f := range c.Traffic {
		for _, p := range f.packets() {
			frames = append(frames, packettest.EtherIP(p))
		}
	}
	const step = 1e6 // ns between packets
	return packettest.Pcap{Link: packet.LinkEthernet}.File(packettest.Every(step, frames...)), true
}
