package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"weir/sinks/nsq"
)

func nsqCommand() *cobra.Command {
	var o nsq.BrokerOptions
	var noLookup, noAdmin bool
	cmd := &cobra.Command{
		Use:   "nsq [flags]",
		Short: "Run the message broker alone",
		Long: `Run nsqd, nsqlookupd and nsqadmin in one process, with the topics and channels of
Weir: all that a small site needs. Everything listens on loopback unless told
otherwise; nsqd and nsqadmin ask nobody who he is, so keep them there.

Exit status: 0 ended by a signal; 1 something could not start; 2 the command line
is wrong.`,
		Example: `  weir nsq --data-path /var/lib/weir/nsqd
  weir nsq --tcp-address 10.0.0.1:4150 --no-admin
  weir nsq --tcp-address :4150 --tls-cert nsqd.pem --tls-key nsqd-key.pem --tls-client-ca ca.pem`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := nsq.CheckPrefix(o.Prefix); err != nil {
				return usageError{err}
			}
			if (o.TLSCert == "") != (o.TLSKey == "") || o.TLSClientCA != "" && o.TLSCert == "" {
				return usagef("--tls-cert and --tls-key belong together, and --tls-client-ca to them")
			}
			o.Lookup, o.Admin, o.Channels = !noLookup, !noAdmin, nsq.StandingChannels
			stderr := cmd.ErrOrStderr()
			o.Log = func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) }
			return runNSQ(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Dir, "data-path", "nsqd", "`FOLDER` of messages that are not in memory")
	f.StringVar(&o.TCP, "tcp-address", defaultBroker, "`HOST:PORT` where nsqd takes clients")
	f.StringVar(&o.HTTP, "http-address", "127.0.0.1:4151", "`HOST:PORT` of nsqd's HTTP")
	f.StringVar(&o.LookupTCP, "lookupd-tcp-address", "127.0.0.1:4160", "`HOST:PORT` where nsqlookupd takes nsqd")
	f.StringVar(&o.LookupHTTP, "lookupd-http-address", "127.0.0.1:4161", "`HOST:PORT` where nsqlookupd answers consumers")
	f.StringVar(&o.AdminHTTP, "admin-http-address", "127.0.0.1:4171", "`HOST:PORT` of nsqadmin's pages")
	f.Int64Var(&o.MemQueue, "mem-queue-size", 10000, "`N` messages of a channel are held in memory")
	f.StringVar(&o.TLSCert, "tls-cert", "", "`FILE` with the certificate of nsqd: clients have to speak TLS, 1.2 or later")
	f.StringVar(&o.TLSKey, "tls-key", "", "`FILE` with its key")
	f.StringVar(&o.TLSClientCA, "tls-client-ca", "", "`FILE` with an authority: clients need a certificate of it")
	f.StringVar(&o.AuthHTTP, "auth-http-address", "", "`HOST:PORT` that nsqd asks what a client with its secret may do")
	f.StringVar(&o.Prefix, "topic-prefix", nsq.DefaultPrefix, "`NAME` in front of topics")
	f.BoolVar(&noLookup, "no-lookupd", false, "leave nsqlookupd out")
	f.BoolVar(&noAdmin, "no-admin", false, "leave nsqadmin out")
	_ = cmd.MarkFlagDirname("data-path")
	return cmd
}

// runNSQ is weir nsq.
func runNSQ(ctx context.Context, o nsq.BrokerOptions, stdout io.Writer) error {
	b, err := nsq.StartBroker(o)
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Fprintf(stdout, "nsqd: clients %s, http://%s\n", b.TCP(), b.HTTP())
	if a := b.LookupHTTP(); a != "" {
		fmt.Fprintf(stdout, "nsqlookupd: http://%s\n", a)
	}
	if a := b.AdminHTTP(); a != "" {
		fmt.Fprintf(stdout, "nsqadmin: http://%s\n", a)
	}
	<-ctx.Done()
	return nil
}
