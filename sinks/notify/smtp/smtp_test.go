package smtp

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"weir/sinks/notify"
)

// serve takes one mail over STARTTLS and returns it.
func serve(t *testing.T, l net.Listener, cert tls.Certificate, got chan<- string) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	r, data, mail := bufio.NewReader(c), false, strings.Builder{}
	fmt.Fprint(c, "220 mail.test ESMTP\r\n")
	secure := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			break
		}
		verb := strings.ToUpper(strings.TrimSpace(line))
		switch {
		case data && verb == ".":
			data = false
			fmt.Fprint(c, "250 taken\r\n")
			got <- mail.String()
		case data:
			mail.WriteString(line)
		case strings.HasPrefix(verb, "EHLO") && secure:
			fmt.Fprint(c, "250-mail.test\r\n250 8BITMIME\r\n")
		case strings.HasPrefix(verb, "EHLO"):
			fmt.Fprint(c, "250-mail.test\r\n250 STARTTLS\r\n")
		case verb == "STARTTLS":
			fmt.Fprint(c, "220 go\r\n")
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
			r, secure = bufio.NewReader(c), true
		case !secure:
			t.Errorf("in the clear: %s", line)
			fmt.Fprint(c, "530 first TLS\r\n")
		case verb == "DATA":
			data = true
			fmt.Fprint(c, "354 go\r\n")
		case verb == "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

func TestSend(t *testing.T) {
	s := httptest.NewUnstartedServer(nil) // for its certificate
	s.StartTLS()
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go serve(t, l, s.TLS.Certificates[0], got)
	m, err := New(Options{Server: l.Addr().String(), TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, From: "weir@mail.test", To: []string{"ops@mail.test"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), &notify.Message{ID: "i1", Title: "bad\r\nBcc: x@y", Text: "more", Severity: 1}); err != nil {
		t.Fatal(err)
	}
	mail := <-got
	for _, want := range []string{"Subject: weir: bad  Bcc: x@y", "To: <ops@mail.test>", "Message-ID: <i1@weir>", "\r\nmore"} {
		if !strings.Contains(mail, want) {
			t.Errorf("%q is not in %s", want, mail)
		}
	}
}

func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"nobody to write to", Options{Server: "a", From: "a@b"}, "to whom"},
		{"security", Options{Server: "a", From: "a@b", To: []string{"a@b"}, Security: "maybe"}, `"maybe"`},
		{"password in the clear", Options{Server: "a", From: "a@b", To: []string{"a@b"}, Security: None, Username: "u"}, "in the clear"},
		{"address", Options{Server: "a", From: "nobody", To: []string{"a@b"}}, `from "nobody"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
