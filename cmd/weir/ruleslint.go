package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"weir/decode/proto/all"
	"weir/detect"
)

// lintOptions are the flags of weir rules lint.
type lintOptions struct {
	engineOptions

	JSON bool
	Off  []string // lints that are not looked for
	Only []string // lints that alone are looked for
}

func rulesLintCommand() *cobra.Command {
	var o lintOptions
	cmd := &cobra.Command{
		Use:   "lint [flags] [RULES...]",
		Short: "Find what makes rules slow, blind or hard to read",
		Long: `Load rules as a run would, and report habits that can be used but should not. What
cannot be used is weir rules check's to say, and left out here. A finding has a
name, by which it can be switched off.

` + lintManual() + `
Exit status: 0 nothing was found; 1 something was, or the rules cannot be read;
2 the command line is wrong.`,
		Example: `  weir rules lint my.rules
  weir rules lint --off no-rev,legacy-modifier my.rules
  weir rules lint --only bit-never-set --json -c suricata.yaml`,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.Rules = append(o.Rules, words...)
			if err := o.check(); err != nil {
				return err
			}
			return runRulesLint(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.JSON, "json", false, "report as JSON, one object a line")
	f.StringSliceVar(&o.Off, "off", nil, "do not look for these `NAMES`")
	f.StringSliceVar(&o.Only, "only", nil, "look for these `NAMES` alone")
	return cmd
}

// lintManual lists the lints.
func lintManual() string {
	var b strings.Builder
	for _, l := range detect.Lints {
		fmt.Fprintf(&b, "  %-18s %s\n", l.Name, l.Doc)
	}
	return b.String()
}

// check adds to that of the engine's flags.
func (o *lintOptions) check() error {
	for _, x := range []struct {
		flag  string
		names []string
	}{{"--off", o.Off}, {"--only", o.Only}} {
		for _, name := range x.names {
			if !slices.ContainsFunc(detect.Lints, func(l detect.Lint) bool { return l.Name == name }) {
				return usagef("%s %s: want one of those that weir rules lint --help lists", x.flag, name)
			}
		}
	}
	return o.engineOptions.check()
}

// off returns the lints that are not looked for.
func (o *lintOptions) off() []string {
	off := slices.Clone(o.Off)
	if len(o.Only) == 0 {
		return off
	}
	for _, l := range detect.Lints {
		if !slices.Contains(o.Only, l.Name) {
			off = append(off, l.Name)
		}
	}
	return off
}

// lintFinding is a finding as --json shows it.
type lintFinding struct {
	finding
	Lint string `json:"lint"`
}

// runRulesLint is weir rules lint behind its command line.
func runRulesLint(_ context.Context, o *lintOptions, stdout, stderr io.Writer) error {
	cfg, err := o.load(stderr)
	if err != nil {
		return err
	}
	set, err := all.Set()
	if err != nil {
		return err
	}
	l := detect.NewLinter(o.off())
	o.add = l.Add
	rs, err := loadRules(&o.engineOptions, cfg, set)
	if err != nil {
		return err
	}
	if err := cfg.Err(); err != nil {
		return err
	}
	l.Done()
	enc := json.NewEncoder(stdout)
	counts := map[string]int{}
	for i := range l.Findings {
		f := &l.Findings[i]
		counts[f.Lint]++
		if o.JSON {
			err = enc.Encode(lintFinding{finding{f.Pos.File, f.Pos.Line, f.Pos.Col, f.SID, f.Msg, f.Hint}, f.Lint})
		} else {
			_, err = fmt.Fprintf(stdout, "%v: sid %d: %s: %s (%s)\n", f.Pos, f.SID, f.Lint, f.Msg, f.Hint)
		}
		if err != nil {
			return err
		}
	}
	if o.JSON {
		return foundSome(l)
	}
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, x := range detect.Lints {
		if counts[x.Name] > 0 {
			fmt.Fprintf(t, "%d\t%s\t%s\n", counts[x.Name], x.Name, x.Doc)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	loaded, refused := 0, 0
	if rs != nil {
		loaded, refused = rs.loaded, len(rs.errs)
	}
	if _, err := fmt.Fprintf(stdout, "%d rules looked at, %d findings; %d cannot be used (weir rules check says why)\n", loaded, len(l.Findings), refused); err != nil {
		return err
	}
	return foundSome(l)
}

func foundSome(l *detect.Linter) error {
	if len(l.Findings) > 0 {
		return errors.New("rules could be better")
	}
	return nil
}
