package syslog

import (
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"weir/sinks/notify"
)

var message = &notify.Message{
	ID: "i", State: notify.Firing, Rule: "r", Title: "bad\nthing", Severity: 1, Count: 3, Group: []notify.Member{{Name: "host", Value: `a"]\`}},
}

// want is the form of RFC 5424.
var want = regexp.MustCompile(`^<34>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z gate weir \d+ firing \[weir@32473 id="i" rule="r" count="3" severity="1" host="a\\"\\]\\\\"\] \x{feff}bad thing$`)

func TestUDP(t *testing.T) {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := New(Options{Network: "udp", Address: l.LocalAddr().String(), Facility: 4, Hostname: "gate"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, _, err := l.ReadFrom(b)
	if err != nil || !want.Match(b[:n]) {
		t.Errorf("got %q, %v", b[:n], err)
	}
}

// TestTCP: messages have octet counts, and a server that went away is noticed.
func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := New(Options{Network: "tcp", Address: l.Addr().String(), Facility: 4, Hostname: "gate"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c.(*net.TCPConn).CloseWrite()
		var head strings.Builder
		for b := make([]byte, 1); ; head.Write(b) {
			if _, err := c.Read(b); err != nil || b[0] == ' ' {
				break
			}
		}
		n, err := strconv.Atoi(head.String())
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(c, b); err != nil || !want.Match(b) {
			t.Errorf("got %q, %v", b, err)
		}
		c.Close()
	}
}

func TestNewErrors(t *testing.T) {
	for _, o := range []Options{{Network: "fax", Address: "a:1"}, {Network: "udp", Address: "a"}, {Network: "udp", Address: "a:1", Facility: 24}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
