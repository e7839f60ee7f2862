package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// explainOptions are the flags and words of weir rules explain.
type explainOptions struct {
	engineOptions

	Rule     string   // a rule, or a file of rules; empty: one of those that are loaded
	SID, GID uint32   // which of them
	Captures []string // files, folders
	BPF      string
	JSON     bool
	All      bool // every firing
}

func rulesExplainCommand() *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain [flags] [RULE] CAPTURE...",
		Short: "Say why a rule fires on a capture, or why it does not",
		Long: `Hold a rule against a capture and show what it asks for, gate by gate: how many
packets, flows and transactions have come as far as each, where its contents stood
when it fired, and else which packet or transaction came nearest, the first gate
that failed there, and by how much.

RULE is a rule, or a file of rules; where that has several, --sid names one, and
the others are loaded too: flow bits that they set and what they pass counts.
Without RULE, the rule is one of those of -S, -c, or of the bundled ones.

Exit status: 0 the rule was explained, fired or not; 1 it cannot be used, or the
capture cannot be read; 2 the command line is wrong.`,
		Example: `  weir rules explain 'alert http any any -> any any (http.uri; content:"/admin"; sid:1;)' capture.pcap
  weir rules explain my.rules --sid 2001 capture.pcap
  weir rules explain -c suricata.yaml --sid 2001 --json capture.pcap`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, words []string) error {
			if err := o.words(words); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			return runRulesExplain(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.Uint32Var(&o.SID, "sid", 0, "explain the rule with this `NUMBER`")
	f.Uint32Var(&o.GID, "gid", 1, "and this group `NUMBER`")
	f.StringVar(&o.BPF, "bpf", "", "take only packets that this `FILTER` fits")
	f.BoolVar(&o.All, "all", false, "show every packet on which the rule fired, not the first ones")
	f.BoolVar(&o.JSON, "json", false, "explain as JSON")
	return cmd
}

// words tells the rule from the captures.
func (o *explainOptions) words(words []string) error {
	if isRuleText(words[0]) || strings.HasSuffix(words[0], ".rules") {
		o.Rule, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return usagef("no capture: want weir rules explain RULE CAPTURE")
	}
	for _, w := range words {
		if _, err := os.Stat(w); err != nil {
			return usagef("%s: no such file or folder; a file of rules ends in .rules, a rule has (options)", w)
		}
	}
	o.Captures = words
	if o.Rule == "" && o.SID == 0 {
		return usagef("no rule: give one, a file of rules, or --sid NUMBER")
	}
	return nil
}

// isRuleText reports whether a word is a rule rather than a file.
func isRuleText(word string) bool {
	return strings.ContainsRune(word, '(') && strings.ContainsAny(word, " \t")
}

// check adds to that of the engine's flags.
func (o *explainOptions) check() error {
	if _, err := newFrameFilter(o.BPF, nil); err != nil {
		return usageError{err}
	}
	if o.DisableDetection {
		return usagef("--disable-detection loads no rules: leave it out")
	}
	return o.engineOptions.check()
}
