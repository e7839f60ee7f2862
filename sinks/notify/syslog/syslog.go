// Package syslog sends messages as RFC 5424 says, over UDP (RFC 5426), TCP with octet
// counts (RFC 6587) or TLS (RFC 5425).
package syslog

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"weir/sinks/notify"
)

// Options of a syslog server.
type Options struct {
	Network  string // udp, tcp or tls
	Address  string // HOST:PORT
	TLS      *tls.Config
	Facility int    // 0 to 23
	Hostname string // empty: this host's
	AppName  string // empty: weir
}

// Syslog is a notify.Sender. It belongs to one goroutine.
type Syslog struct {
	o    Options
	conn net.Conn
}

// New checks the options.
func New(o Options) (*Syslog, error) {
	switch o.Network {
	case "udp", "tcp", "tls":
	default:
		return nil, fmt.Errorf("syslog: network %q: want udp, tcp or tls", o.Network)
	}
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		return nil, fmt.Errorf("syslog: address %q: want HOST:PORT", o.Address)
	}
	if o.Facility < 0 || o.Facility > 23 {
		return nil, fmt.Errorf("syslog: facility %d: want 0 to 23", o.Facility)
	}
	if o.Hostname == "" {
		o.Hostname, _ = os.Hostname()
	}
	if o.AppName == "" {
		o.AppName = "weir"
	}
	return &Syslog{o: o}, nil
}

// udpMax is what a message over UDP is cut to, bytes: RFC 5426 section 3.2.
const udpMax = 2048

// Send implements notify.Sender. TCP tells of a closed connection late, so one that
// has been idle is looked at first; even so syslog acknowledges nothing.
func (s *Syslog) Send(ctx context.Context, m *notify.Message) error {
	line := s.format(m)
	if s.o.Network == "udp" {
		if len(line) > udpMax {
			line = strings.ToValidUTF8(line[:udpMax], "")
		}
	} else {
		line = strconv.Itoa(len(line)) + " " + line
	}
	if s.conn != nil && s.gone() {
		s.conn.Close()
		s.conn = nil
	}
	if s.conn == nil {
		if err := s.dial(ctx); err != nil {
			return err
		}
	}
	if end, ok := ctx.Deadline(); ok {
		s.conn.SetWriteDeadline(end)
	}
	if _, err := s.conn.Write([]byte(line)); err != nil {
		s.conn.Close()
		s.conn = nil
		return err
	}
	return nil
}

func (s *Syslog) dial(ctx context.Context) (err error) {
	if s.o.Network == "tls" {
		d := tls.Dialer{Config: s.o.TLS}
		s.conn, err = d.DialContext(ctx, "tcp", s.o.Address)
	} else {
		var d net.Dialer
		s.conn, err = d.DialContext(ctx, s.o.Network, s.o.Address)
	}
	if err != nil {
		s.conn = nil
	}
	return err
}

// gone reports whether the server has closed the connection: it never says anything
// else.
func (s *Syslog) gone() bool {
	if s.o.Network == "udp" {
		return false
	}
	s.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := s.conn.Read(make([]byte, 1))
	e, ok := err.(net.Error)
	return err != nil && !(ok && e.Timeout())
}

// severity maps states and severities to those of RFC 5424 section 6.2.1.
func severity(m *notify.Message) int {
	switch {
	case m.State == notify.Resolved:
		return 6 // informational
	case m.Severity == 1:
		return 2 // critical
	case m.Severity == 2:
		return 4 // warning
	}
	return 5 // notice
}

// enterprise is a number for structured data of our own: 32473 is that for
// documentation (RFC 5612), as Weir has none.
const enterprise = "weir@32473"

// format makes the message of RFC 5424 section 6.
func (s *Syslog) format(m *notify.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<%d>1 %s %s %s %d %s [%s", s.o.Facility*8+severity(m), time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"),
		name(s.o.Hostname, 255), name(s.o.AppName, 48), os.Getpid(), name(string(m.State), 32), enterprise)
	param := func(k, v string) {
		fmt.Fprintf(&b, ` %s="%s"`, k, escape.Replace(notify.Line(v)))
	}
	param("id", m.ID)
	param("rule", m.Rule)
	param("count", strconv.Itoa(m.Count))
	if m.Severity != 0 {
		param("severity", strconv.Itoa(m.Severity))
	}
	for _, g := range m.Group {
		param(g.Name, g.Value)
	}
	b.WriteString("] \ufeff")
	b.WriteString(notify.Line(m.Title))
	return strings.ToValidUTF8(b.String(), "?")
}

// escape is that of RFC 5424 section 6.3.3.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`)

// name makes text a field of the header: printable ASCII, or "-".
func name(text string, most int) string {
	text = strings.Map(func(c rune) rune {
		if c <= 0x20 || c >= 0x7f {
			return -1
		}
		return c
	}, text)
	if text == "" {
		return "-"
	}
	return text[:min(len(text), most)]
}
