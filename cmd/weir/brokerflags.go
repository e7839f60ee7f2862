package main

import (
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"weir/sinks/nsq"
)

// brokerOptions are the flags of every verb that speaks to brokers elsewhere.
type brokerOptions struct {
	Brokers, Lookups []string
	TLS              bool
	CA, Cert, Key    string
	SecretFile       string
	Compression      string
	Prefix           string

	set func(flag string) bool // whether the command line has it
}

// defaultBroker is where weir nsq and nsqd listen if not told otherwise.
const defaultBroker = "127.0.0.1:4150"

func (o *brokerOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	o.set = f.Changed
	f.StringSliceVar(&o.Brokers, "nsqd", nil, "`HOST:PORT` of nsqd, several with commas")
	f.StringSliceVar(&o.Lookups, "lookupd", nil, "`HOST:PORT` of nsqlookupd's HTTP, which names the nsqd")
	f.StringVar(&o.Prefix, "topic-prefix", nsq.DefaultPrefix, "`NAME` in front of topics: NAME.alert, NAME.flow ..")
	f.StringVar(&o.Compression, "nsq-compression", "none", "between here and brokers: `none|snappy|deflate`")
	f.BoolVar(&o.TLS, "nsq-tls", false, "speak TLS with brokers, 1.2 or later; the flags below say so too")
	f.StringVar(&o.CA, "nsq-tls-ca", "", "`FILE` with the authority of their certificates; by default those of the system")
	f.StringVar(&o.Cert, "nsq-tls-cert", "", "`FILE` with our own certificate")
	f.StringVar(&o.Key, "nsq-tls-key", "", "`FILE` with its key")
	f.StringVar(&o.SecretFile, "nsq-auth-secret-file", "", "`FILE` with the secret that brokers ask for")
}

// check reports addresses and values that cannot be.
func (o *brokerOptions) check() error {
	for flag, all := range map[string][]string{"--nsqd": o.Brokers, "--lookupd": o.Lookups} {
		for _, a := range all {
			if _, _, err := net.SplitHostPort(a); err != nil {
				return usagef("%s %q: want HOST:PORT", flag, a)
			}
		}
	}
	if err := nsq.CheckPrefix(o.Prefix); err != nil {
		return usageError{err}
	}
	_, err := (&nsq.Connection{Compression: o.Compression}).Config("weir")
	if err != nil {
		return usagef("--nsq-%v", err)
	}
	return nil
}

// connection reads the files.
func (o *brokerOptions) connection() (c nsq.Connection, err error) {
	c.Compression = o.Compression
	if o.TLS || o.CA != "" || o.Cert != "" || o.Key != "" {
		if c.TLS, err = nsq.NewTLS(o.CA, o.Cert, o.Key); err != nil {
			return c, err
		}
	}
	if o.SecretFile != "" {
		b, err := os.ReadFile(o.SecretFile)
		if err != nil {
			return c, fmt.Errorf("secret of brokers: %w", err)
		}
		c.AuthSecret = strings.TrimSpace(string(b))
	}
	return c, nil
}
