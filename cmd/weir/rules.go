package main

import (
	"github.com/spf13/cobra"
)

// checkOptions are the flags of weir rules check.
type checkOptions struct {
	engineOptions

	JSON bool
}

func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Work with rules",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, words []string) error {
			if len(words) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, words[0])
		},
	}
	cmd.AddCommand(rulesCheckCommand(), rulesExplainCommand(), rulesFmtCommand(), rulesTestCommand(), rulesKeywordsCommand(), rulesLintCommand(), rulesStatsCommand(), rulesUpdateCommand())
	return cmd
}

func rulesCheckCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check [flags] [RULES...]",
		Short: "Say whether configuration and rules can be used",
		Long: `Load the configuration and the rules as a run would and report each rule that
cannot be used with file, line, column and reason. Files given as words are as
with -S: they alone are read.

Exit status: 0 all rules can be used; 1 a rule or the configuration cannot;
2 the command line is wrong.`,
		Example: `  weir rules check -S my.rules
  weir rules check -c suricata.yaml
  weir rules check --json my.rules other.rules`,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.Rules = append(o.Rules, words...)
			if err := o.check(); err != nil {
				return err
			}
			return runRulesCheck(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.JSON, "json", false, "report as JSON, one object a line")
	return cmd
}
