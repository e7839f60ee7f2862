package main

import (
	"regexp"

	"github.com/spf13/cobra"
)

// ruleTestOptions are the flags and words of weir rules test.
type ruleTestOptions struct {
	engineOptions

	Paths     []string // case files, rule files, folders
	Run       string   // only cases whose name this fits
	NoExplain bool
	JSON      bool
	Verbose   bool

	run *regexp.Regexp
}

func rulesTestCommand() *cobra.Command {
	var o ruleTestOptions
	cmd := &cobra.Command{
		Use:   "test [flags] PATH...",
		Short: "Run the test cases of rules",
		Long: `Run rules over the traffic of their test cases and compare the alerts with what
the cases expect. What is missing is explained as by weir rules explain.

The cases of my.rules stand beside it in my.test.yaml. A PATH is such a file, a
file of rules, or a folder, all cases below which are run:

  cases:
    - name: path traversal
      traffic:
        - say:
            - request: {uri: /../../etc/passwd}
            - response: {status: 404}
      alerts: [2001]
    - name: benign browsing
      capture: captures/browsing.pcap
      not: [2001]

See docs/rules-test.md for all that a case may say.

Exit status: 0 all cases hold; 1 one does not, or its rules cannot be used; 2 the
command line or a file of cases is wrong, or there are none.`,
		Example: `  weir rules test my.rules
  weir rules test -v rules/
  weir rules test --run 'traversal|jndi' --json my.test.yaml`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, words []string) error {
			o.Paths = words
			if err := o.check(); err != nil {
				return err
			}
			return runRulesTest(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.Config.File, "config", "c", "", "configuration `FILE` of cases that name none")
	f.StringArrayVar(&o.Config.Sets, "set", nil, "set one `KEY=VALUE` of the configuration of all cases")
	f.StringVar(&o.Run, "run", "", "run only cases whose name this `EXPRESSION` fits")
	f.BoolVar(&o.NoExplain, "no-explain", false, "do not explain rules that did not fire")
	f.BoolVar(&o.JSON, "json", false, "report as JSON, one object a case")
	f.BoolVarP(&o.Verbose, "verbose", "v", false, "name cases that hold too, and explain at length")
	_ = cmd.MarkFlagFilename("config", "yaml")
	return cmd
}

// check reports flags that have no such value.
func (o *ruleTestOptions) check() (err error) {
	if o.run, err = regexp.Compile(o.Run); err != nil {
		return usagef("--run %q: %v", o.Run, err)
	}
	return nil
}
