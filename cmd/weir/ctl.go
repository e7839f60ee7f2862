package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func ctlCommand() *cobra.Command {
	var socket string
	cmd := &cobra.Command{
		Use:   "ctl COMMAND",
		Short: "Ask or command a running sensor",
		Long: `Speak with the weir run of this host, over a unix socket that only the user who
started it can open.

Exit status: 0 done; 1 nobody answers, or it could not be done; 2 the command line
is wrong.`,
		Example: `  weir ctl stats
  weir ctl flows --limit 20
  weir ctl block 192.0.2.7 --ttl 1h
  weir ctl reload`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&socket, "socket", defaultControl, "control `SOCKET` of the run")
	limit := defaultFlows
	flows := ctlVerb("flows", "Print open flows as JSON", http.MethodGet, &socket, func() string { return fmt.Sprintf("?limit=%d", limit) })
	flows.Flags().IntVar(&limit, "limit", limit, "print `N` flows at most")
	none := func() string { return "" }
	cmd.AddCommand(blockCommands(&socket)...)
	cmd.AddCommand(
		ctlVerb("stats", "Print all counters as JSON", http.MethodGet, &socket, none), flows,
		ctlVerb("reload", "Load the rules anew; those before stay in force where that fails", http.MethodPost, &socket, none),
		blockedVerb(&socket),
		ctlVerb("metrics", "Print all counters as Prometheus reads them", http.MethodGet, &socket, none),
		ctlVerb("stop", "End the run; what was captured is analysed and written", http.MethodPost, &socket, none))
	return cmd
}

// ctlVerb makes the command of one question or order.
func ctlVerb(name, short, method string, socket *string, query func() string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: args(cobra.NoArgs), Example: "  weir ctl " + name,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return askControl(cmd.Context(), *socket, method, "/"+name+query(), cmd.OutOrStdout())
		},
	}
}

// askControl sends one request to a run and writes out its answer.
func askControl(ctx context.Context, socket, method, path string, stdout io.Writer) error {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, method, "http://weir"+path, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody answers at %s: is weir run going?", socket)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s belongs to another user", socket)
	case err != nil:
		return fmt.Errorf("ask the run: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // what there is of it
		return errors.New(strings.TrimSpace(string(text)))
	}
	if _, err := io.Copy(stdout, resp.Body); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}
