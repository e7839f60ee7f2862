// Weir watches network traffic and says what is wrong with it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run runs one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(stderr, "weir: %s\n", strings.TrimSuffix(line, "\n"))
		}
		if errors.As(err, new(usageError)) {
			fmt.Fprintf(stderr, "Try '%s --help'.\n", cmd.CommandPath())
		}
	}
	return exitStatus(err)
}

// verbs are the commands, in the order of the help.
var verbs = []func() *cobra.Command{
	runCommand,
	ctlCommand,
	doctorCommand,
	pcapCommand,
	rulesCommand,
	inspectCommand,
	nsqCommand,
	consumeCommand,
	notifyHelperCommand,
	eventsCommand,
	ledgerCommand,
	docsCommand,
	versionCommand,
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "weir",
		Short: "Watch network traffic and say what is wrong with it",
		Long: `Weir decodes network traffic down to application transactions, runs
Suricata-compatible rules over it and writes EVE JSON.

Exit status: 0 done; 1 an error ended the run or an output is incomplete;
2 the command line is wrong; 130 interrupted, outputs are complete up to there.`,
		Example: `  weir run                            watch the interface of the default route
  weir doctor                         whether this host is fit for it
  weir pcap capture.pcap              what is in a capture and what is wrong with it
  weir rules check -S my.rules        whether rules can be used
  weir inspect capture.pcap           packets layer by layer`,
		Args:          cobra.ArbitraryArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().SortFlags = false
	keepOrder()
	for _, verb := range verbs {
		root.AddCommand(verb())
	}
	return root
}

// keepOrder lists commands as they were added. The setting is the library's for
// all commands.
var keepOrder = sync.OnceFunc(func() { cobra.EnableCommandSorting = false })

// unknownCommand names the commands that word is close to.
func unknownCommand(cmd *cobra.Command, word string) error {
	cmd.SuggestionsMinimumDistance = 2
	if s := cmd.SuggestionsFor(word); len(s) > 0 {
		return usagef("%s has no command %q; did you mean %s?", cmd.CommandPath(), word, strings.Join(s, " or "))
	}
	return usagef("%s has no command %q", cmd.CommandPath(), word)
}

// args makes a check of the number of words a usage error.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, words []string) error {
		if err := check(cmd, words); err != nil {
			return usageError{err}
		}
		return nil
	}
}
