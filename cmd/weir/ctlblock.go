package main

import (
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// blockCommands are weir ctl block and unblock.
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
interfaces that the run watches. The run's configuration must have set bpf.block. The
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
	return []*cobra.Command{block, unblock}
}
