package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"weir/cmd/weir/config"
	"weir/sinks/consume"
	"weir/sinks/notify"
	"weir/sinks/notify/exec"
)

func consumeNotifyCommand() *cobra.Command {
	var o consumeOptions
	var co config.Options
	var dir string
	cmd := &cobra.Command{
		Use:   "notify -c CONFIG [flags]",
		Short: "Tell people and programs of events",
		Long: `Tell people and programs of events, as the section notify of the configuration says:
rules who hears of what, receivers how. What has been told and what is still to be
sent is kept in a folder: a restart tells nothing twice, a receiver that is down
gets everything later. docs/notify.md describes the section.

Exit status: 0 ended by a signal; 1 the broker or the folder cannot be used, or the
configuration is wrong; 2 the command line is wrong.`,
		Example: `  weir consume notify -c weir.yaml
  weir consume notify -c weir.yaml --state /var/lib/weir/notify --lookupd 10.0.0.1:4161`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			stderr := cmd.ErrOrStderr()
			warn := func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) }
			cfg, _, err := config.Load(co)
			if err != nil {
				return err
			}
			if len(o.Topics) == 0 {
				o.Topics = []string{"alert", "behavior"}
			}
			options, err := o.options("notify", warn)
			if err != nil {
				return err
			}
			var helper *exec.Helper
			if usesPrograms(cfg.Notify) {
				self, err := os.Executable()
				if err != nil {
					return err
				}
				if helper, err = exec.StartHelper(self, "notify-helper"); err != nil {
					return err
				}
				defer func() { err = errors.Join(err, helper.Close()) }()
			}
			no, err := notifyOptions(cfg, helper)
			if err != nil {
				return err
			}
			if len(no.Rules) == 0 {
				return errors.New("the section notify has no rules: nobody would hear of anything")
			}
			no.Dir, no.Log = dir, warn
			n, err := notify.Open(no)
			if err != nil {
				return err
			}
			c, err := consume.New(options, n)
			if err != nil {
				return errors.Join(usageError{err}, n.Close())
			}
			return errors.Join(c.Run(cmd.Context()), n.Close())
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVarP(&co.File, "config", "c", "", "configuration `FILE`")
	f.StringArrayVar(&co.Sets, "set", nil, "set one `KEY=VALUE` of the configuration")
	f.StringVar(&dir, "state", "notify", "`FOLDER` of what has been told")
	_ = cmd.MarkFlagFilename("config", "yaml")
	_ = cmd.MarkFlagDirname("state")
	return cmd
}

// notifyHelperCommand is the process that starts programs for weir consume notify.
func notifyHelperCommand() *cobra.Command {
	return &cobra.Command{
		Use: "notify-helper", Hidden: true, Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return exec.Serve(os.Stdin, cmd.OutOrStdout()) },
	}
}
