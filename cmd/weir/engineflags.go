package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/cmd/weir/config"
	"weir/detect"
	"weir/rules"
)

// engineOptions are the flags of every verb that sets the engine up. Names and
// meanings are Suricata's.
type engineOptions struct {
	Config config.Options // -c, --include, --set, -k, -l, --data-dir, --simulate-ips

	Rules            []string // -S: these files alone; rule-files are not read
	AddRules         []string // -s: these besides rule-files
	FirewallRules    string   // --firewall-rules-exclusive
	InitErrorsFatal  bool
	DisableDetection bool
	StrictKeywords   []string // "all", or names of keywords
	RunMode          string   // single, autofp, workers; empty: runmode of the configuration

	// extra are rules besides those of files; with any, the bundled ones are not
	// taken. add, if not nil, is what rules are added by.
	extra []ruleText
	add   func(b *detect.Builder, r *rules.Rule) *rules.Error
	// processes is what rules ask; nil with captures.
	processes detect.Processes
}

// ruleText are rules that stand in no file of the run; positions name it.
type ruleText struct {
	name string
	text []byte
}

// runModes are what --runmode takes.
var runModes = []string{"single", "autofp", "workers"}

func (o *engineOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.Config.File, "config", "c", "", "configuration `FILE`; without one, good defaults")
	f.StringArrayVarP(&o.Rules, "rules", "S", nil, "read rules from this `FILE` alone, not from rule-files")
	f.StringArrayVarP(&o.AddRules, "add-rules", "s", nil, "read rules from this `FILE` too, besides rule-files")
	f.StringVarP(&o.Config.LogDir, "log-dir", "l", "", "`FOLDER` of all outputs")
	f.StringVarP(&o.Config.Checksums, "checksums", "k", "", "verify checksums: `all|none`")
	f.StringArrayVar(&o.Config.Sets, "set", nil, "set one `KEY=VALUE` of the configuration, such as stream.memcap=32mb")
	f.StringArrayVar(&o.Config.Includes, "include", nil, "lay a further configuration `FILE` over it")
	f.StringVar(&o.Config.DataDir, "data-dir", "", "`FOLDER` of data sets and other state")
	f.BoolVar(&o.Config.SimulateIPS, "simulate-ips", false, "take the traffic as inline: drop, reject and replace take effect")
	f.BoolVar(&o.InitErrorsFatal, "init-errors-fatal", false, "a rule or file that does not load ends the run")
	f.BoolVar(&o.DisableDetection, "disable-detection", false, "load no rules")
	f.StringVar(&o.FirewallRules, "firewall-rules-exclusive", "", "firewall rules `FILE`")
	f.StringSliceVar(&o.StrictKeywords, "strict-rule-keywords", nil, "make lenient keywords strict: all, or `NAMES`")
	f.Lookup("strict-rule-keywords").NoOptDefVal = "all"
	f.StringVar(&o.RunMode, "runmode", "", "`single|autofp`: one worker with packets strictly in order, or several")
	for flag, words := range map[string][]string{"runmode": runModes, "checksums": {"all", "none"}} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	for flag, ext := range map[string][]string{"config": {"yaml"}, "include": {"yaml"}, "rules": {"rules"}, "add-rules": {"rules"}} {
		_ = cmd.MarkFlagFilename(flag, ext...)
	}
	for _, flag := range []string{"log-dir", "data-dir"} {
		_ = cmd.MarkFlagDirname(flag)
	}
}

// check reports flags that do not go together or have no such value.
func (o *engineOptions) check() error {
	if len(o.Rules) > 0 && len(o.AddRules) > 0 {
		return usagef("-S and -s cannot be used together: -S says these rules alone")
	}
	if o.DisableDetection && (len(o.Rules) > 0 || len(o.AddRules) > 0) {
		return usagef("--disable-detection loads no rules: leave -S and -s out")
	}
	if o.RunMode != "" && !slices.Contains(runModes, o.RunMode) {
		return usagef("--runmode %q: want %s", o.RunMode, strings.Join(runModes, ", "))
	}
	switch o.Config.Checksums {
	case "", "all", "none":
	default:
		return usagef("-k %q: want all or none", o.Config.Checksums)
	}
	return nil
}

// load reads the configuration and says what is odd about it.
func (o *engineOptions) load(stderr io.Writer) (*config.Config, error) {
	cfg, warnings, err := config.Load(o.Config)
	for _, w := range warnings {
		fmt.Fprintf(stderr, "weir: %v\n", w)
	}
	return cfg, err
}
