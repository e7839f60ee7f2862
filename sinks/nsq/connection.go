package nsq

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	gonsq "github.com/nsqio/go-nsq"
)

// Connection says how brokers are spoken to.
type Connection struct {
	TLS         *tls.Config // nil: in the clear
	AuthSecret  string      // empty: none
	Compression string      // "", snappy or deflate
}

// NewTLS reads PEM files: ca the authority of brokers (empty: that of the
// system), cert and key our own (empty: none). Anything below TLS 1.2 is refused.
func NewTLS(ca, cert, key string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("certificate authority: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificate authority: %s: no certificate in PEM form", ca)
		}
	}
	if (cert == "") != (key == "") {
		return nil, errors.New("a client certificate needs both its file and that of its key")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// Config returns the settings of a client named agent.
func (c *Connection) Config(agent string) (*gonsq.Config, error) {
	g := gonsq.NewConfig()
	g.UserAgent = agent
	g.DialTimeout, g.WriteTimeout = 3*time.Second, 10*time.Second
	g.HeartbeatInterval = 15 * time.Second
	g.LookupdPollInterval = 10 * time.Second
	g.AuthSecret = c.AuthSecret
	if c.TLS != nil {
		g.TlsV1, g.TlsConfig = true, c.TLS
	}
	switch c.Compression {
	case "", "none":
	case "snappy":
		g.Snappy = true
	case "deflate":
		g.Deflate = true
	default:
		return nil, fmt.Errorf("compression: value %q: want none, snappy or deflate", c.Compression)
	}
	return g, nil
}

// LogFunc takes what brokers and clients say.
type LogFunc func(format string, args ...any)

// quiet passes on what clients say from warnings up.
type quiet struct{ log LogFunc }

// Output implements the interface that NSQ's packages log to.
func (q quiet) Output(_ int, line string) error {
	if q.log != nil {
		q.log("%s", strings.TrimSpace(line))
	}
	return nil
}

// Logger returns what go-nsq and nsqd take as a logger.
func Logger(log LogFunc) interface{ Output(int, string) error } { return quiet{log} }
