// Package smtp sends messages by mail, over TLS unless told otherwise.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	mail "github.com/wneessen/go-mail"

	"weir/sinks/notify"
)

// Security says how the connection is protected.
type Security string

// Securities.
const (
	StartTLS Security = "starttls" // required; the default
	TLS      Security = "tls"      // from the first byte
	None     Security = "none"
)

// Options of a mail server and its mails.
type Options struct {
	Server             string // HOST or HOST:PORT
	Security           Security
	TLS                *tls.Config // nil: the system's authorities
	Username, Password string      // empty: none
	From               string
	To                 []string
}

// Mailer is a notify.Sender.
type Mailer struct {
	o      Options
	client *mail.Client
}

// New checks the options.
func New(o Options) (*Mailer, error) {
	if o.From == "" || len(o.To) == 0 {
		return nil, errors.New("smtp: want who it is from and to whom it goes")
	}
	opts := []mail.Option{mail.WithTimeout(20 * time.Second)}
	port := 587
	switch o.Security {
	case "", StartTLS:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	case TLS:
		port = 465
		opts = append(opts, mail.WithSSL())
	case None:
		port = 25
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("smtp: security %q: want starttls, tls or none", o.Security)
	}
	host := o.Server
	if h, p, err := net.SplitHostPort(o.Server); err == nil {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, fmt.Errorf("smtp: server %q: want HOST or HOST:PORT", o.Server)
		}
		host = h
	}
	opts = append(opts, mail.WithPort(port))
	if o.TLS != nil {
		c := o.TLS.Clone()
		c.ServerName = host
		opts = append(opts, mail.WithTLSConfig(c))
	}
	if o.Username != "" {
		if o.Security == None {
			return nil, errors.New("smtp: a password is not sent in the clear: use starttls or tls")
		}
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(o.Username), mail.WithPassword(o.Password))
	}
	c, err := mail.NewClient(host, opts...)
	if err != nil {
		return nil, fmt.Errorf("smtp: server %q: %w", o.Server, err)
	}
	m := &Mailer{o, c}
	if _, err := m.compose(&notify.Message{ID: "x"}); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	return m, nil
}

// subjectMax bounds the subject, characters.
const subjectMax = 200

func (m *Mailer) compose(n *notify.Message) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(m.o.From); err != nil {
		return nil, fmt.Errorf("from %q: %w", m.o.From, err)
	}
	if err := msg.To(m.o.To...); err != nil {
		return nil, fmt.Errorf("to %q: %w", m.o.To, err)
	}
	subject := []rune(notify.Line(n.Title))
	msg.Subject("weir: " + string(subject[:min(len(subject), subjectMax)]))
	msg.SetDate()
	msg.SetMessageIDWithValue(n.ID + "@weir")
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if n.Severity == 1 {
		msg.SetImportance(mail.ImportanceHigh)
	}
	msg.SetBodyString(mail.TypeTextPlain, n.Text)
	return msg, nil
}

// Send implements notify.Sender.
func (m *Mailer) Send(ctx context.Context, n *notify.Message) error {
	msg, err := m.compose(n)
	if err != nil {
		return err
	}
	return m.client.DialAndSendWithContext(ctx, msg)
}
