package main

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// blockCommands are weir ctl block, unblock and sample.
func blockCommands(socket *string) []*cobra.Command {
	order := func(cmd *cobra.Command, name string, q url.Values) error {
		if _, err := parsePrefix(q.Get("prefix")); err != nil {
			return usageError{err}
		}
		return askControl(cmd.Context(), *socket, http.MethodPost, "/"+name+"?"+q.Encode(), cmd.OutOrStdout())
	}
	var ttl time.Duration
	block := &cobra.Command{
		Use: "block ADDRESS[/BITS]", Short: "Drop what comes from an address or a network", Args: args(cobra.ExactArgs(1)),
		Long: `Drop what comes from an address or a network, before the host sees it, at the
interfaces that the run watches. The run's configuration must have set bpf.xdp or
bpf.block. The
host's own addresses, its gateways and loopback are never blocked, nor what
bpf.never-block names.`,
		Example: `  weir ctl block 192.0.2.7
  weir ctl block 2001:db8:1::/48 --ttl 10m`,
		RunE: func(cmd *cobra.Command, words []string) error {
			if ttl < 0 {
				return usagef("--ttl %v: want 0 or more", ttl)
			}
			return order(cmd, "block", url.Values{"prefix": words, "ttl": {ttl.String()}})
		},
	}
	block.Flags().DurationVar(&ttl, "ttl", 0, "`TIME` after which it is over; 0 is when it is unblocked, or the run ends")
	unblock := &cobra.Command{
		Use: "unblock ADDRESS[/BITS]", Short: "Take an address or a network out of the block list", Args: args(cobra.ExactArgs(1)),
		Example: "  weir ctl unblock 192.0.2.7",
		RunE: func(cmd *cobra.Command, words []string) error {
			return order(cmd, "unblock", url.Values{"prefix": words})
		},
	}
	var every, count uint32
	var wait time.Duration
	sample := &cobra.Command{
		Use: "sample", Short: "Print some of the packets that come in, as JSON", Args: args(cobra.NoArgs),
		Long: `Print one of every N packets that come in, chosen at random, as the driver has them:
before the host, filters and the block list. Of each the first 128 bytes are taken
apart. The run's configuration must have set bpf.xdp or bpf.block.`,
		Example: "  weir ctl sample --every 1000 --count 20",
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{"every": {fmt.Sprint(every)}, "count": {fmt.Sprint(count)}, "for": {wait.String()}}
			return askControl(cmd.Context(), *socket, http.MethodGet, "/sample?"+q.Encode(), cmd.OutOrStdout())
		},
	}
	sample.Flags().Uint32Var(&every, "every", 1000, "one of `N` packets; 1 is all there is room for")
	sample.Flags().Uint32Var(&count, "count", 10, "end after `N` samples")
	sample.Flags().DurationVar(&wait, "for", 10*time.Second, "end after this `TIME`")
	return []*cobra.Command{block, unblock, sample}
}

// blockedVerb is weir ctl blocked.
func blockedVerb(socket *string) *cobra.Command {
	cmd := ctlVerb("blocked", "Print the block list as JSON", http.MethodGet, socket, func() string { return "" })
	cmd.Aliases = []string{"list"}
	return cmd
}
