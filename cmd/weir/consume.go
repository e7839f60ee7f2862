package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"weir/sinks/consume"
	"weir/sinks/consume/tail"
)

func consumeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "consume",
		Short: "Take events from NSQ",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, words []string) error {
			if len(words) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, words[0])
		},
	}
	cmd.AddCommand(consumeStoreCommand(), consumeTailCommand(), consumeNotifyCommand(), consumeArchiveCommand(), consumeDeadCommand())
	return cmd
}

// consumeOptions are the flags of every consumer.
type consumeOptions struct {
	brokerOptions

	Topics []string
}

func (o *consumeOptions) flags(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	o.brokerOptions.flags(cmd)
	cmd.Flags().StringSliceVarP(&o.Topics, "topic", "t", nil, "only these topics, without prefix: `alert,flow,app,file,anomaly,behavior,stats`")
}

// options returns those of a consumer on a channel.
func (o *consumeOptions) options(channel string, warn func(string, ...any)) (consume.Options, error) {
	if err := o.check(); err != nil {
		return consume.Options{}, err
	}
	if len(o.Brokers)+len(o.Lookups) == 0 {
		o.Brokers = []string{defaultBroker}
	}
	conn, err := o.connection()
	return consume.Options{
		Brokers: o.Brokers, Lookups: o.Lookups, Connection: conn, Prefix: o.Prefix, Topics: o.Topics, Channel: channel, Log: warn,
	}, err
}

func consumeTailCommand() *cobra.Command {
	var o consumeOptions
	var t tail.Options
	var color string
	cmd := &cobra.Command{
		Use:   "tail [flags]",
		Short: "Show events as they come",
		Long: `Show events as they come, on a channel of its own that goes away at the end:
nobody else misses one for it, and those before are not shown.

Exit status: 0 ended, by a signal or after --count events; 1 the broker cannot be
reached; 2 the command line is wrong.`,
		Example: `  weir consume tail
  weir consume tail -t alert --sid 2100498
  weir consume tail --host 192.0.2.1 --json | jq .dns
  weir consume tail --lookupd 10.0.0.1:4161 --text evil.example`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch color {
			case "auto":
				f, ok := cmd.OutOrStdout().(*os.File)
				t.Color = ok && terminal(f) && os.Getenv("NO_COLOR") == ""
			case "always", "never":
				t.Color = color == "always"
			default:
				return usagef("--color %q: want auto, always or never", color)
			}
			stderr := cmd.ErrOrStderr()
			co, err := o.options("tail-"+strings.ToLower(rand.Text()[:8])+"#ephemeral",
				func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) })
			if err != nil {
				return err
			}
			ctx, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			t.Done = cancel
			c, err := consume.New(co, tail.New(cmd.OutOrStdout(), t))
			if err != nil {
				return usageError{err}
			}
			return c.Run(ctx)
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&t.Types, "type", nil, "only these event `TYPES`, such as dns,http")
	f.Uint64Var(&t.SID, "sid", 0, "only alerts of the rule with this `NUMBER`")
	f.StringVar(&t.Host, "host", "", "only events from or to this `ADDRESS`")
	f.StringVar(&t.Text, "text", "", "only events that contain this `TEXT`")
	f.IntVarP(&t.Count, "count", "n", 0, "end after `N` events")
	f.BoolVar(&t.JSON, "json", false, "whole events, one a line")
	f.StringVar(&color, "color", "auto", "`auto|always|never`")
	return cmd
}
