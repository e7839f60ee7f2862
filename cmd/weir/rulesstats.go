package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"weir/decode/proto/all"
	"weir/detect"
	"weir/rules"
)

// statsRulesOptions are the flags of weir rules stats.
type statsRulesOptions struct {
	engineOptions

	JSON bool
	Top  int
}

func rulesStatsCommand() *cobra.Command {
	var o statsRulesOptions
	cmd := &cobra.Command{
		Use:   "stats [flags] [RULES...]",
		Short: "Show what a set of rules uses",
		Long: `Load rules as a run would and count what they use: actions, protocols, keywords, the
lengths of their fast patterns, and the groups in which they are looked at. A group
without patterns costs a check of each rule for each packet or transaction it is
about; what single rules cost on traffic is shown by weir pcap --profile-rules.

Exit status: 0 done; 1 the rules or the configuration cannot be read; 2 the command
line is wrong.`,
		Example: `  weir rules stats -S my.rules
  weir rules stats --top 50 my.rules
  weir rules stats --json -c suricata.yaml`,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.Rules = append(o.Rules, words...)
			if o.Top < 1 {
				return usagef("--top %d: want at least 1", o.Top)
			}
			if err := o.check(); err != nil {
				return err
			}
			return runRulesStats(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.JSON, "json", false, "all of it as one JSON object")
	f.IntVar(&o.Top, "top", 15, "show the `N` most frequent of each kind")
	return cmd
}

// setStats is what a set of rules uses, as --json shows it.
type setStats struct {
	Loaded    int            `json:"loaded"`
	Refused   int            `json:"refused"`
	LoadS     float64        `json:"load_s"`
	Actions   map[string]int `json:"actions"`
	Protocols map[string]int `json:"protocols"`
	Classes   map[string]int `json:"classtypes"`
	Keywords  map[string]int `json:"keywords"`
	// Patterns are rules by the length of their fast pattern; 0: they have none.
	Patterns map[int]int    `json:"fast_patterns"`
	Groups   []detect.Group `json:"groups"`
}

// note counts one rule.
func (s *setStats) note(b *detect.Builder, r *rules.Rule) *rules.Error {
	if err := b.Add(r); err != nil {
		return err
	}
	s.Actions[r.Action.S]++
	s.Protocols[r.Proto.S]++
	seen := map[string]bool{}
	for i := range r.Options {
		o := &r.Options[i]
		if o.Name == "classtype" {
			s.Classes[o.Value]++
		}
		if !seen[o.Name] {
			seen[o.Name] = true
			s.Keywords[o.Name]++
		}
	}
	s.Patterns[len(b.FastPattern(r.GID, r.SID))]++
	return nil
}

// runRulesStats is weir rules stats behind its command line.
func runRulesStats(_ context.Context, o *statsRulesOptions, stdout, stderr io.Writer) error {
	cfg, err := o.load(stderr)
	if err != nil {
		return err
	}
	set, err := all.Set()
	if err != nil {
		return err
	}
	s := &setStats{Actions: map[string]int{}, Protocols: map[string]int{}, Classes: map[string]int{}, Keywords: map[string]int{}, Patterns: map[int]int{}, Groups: []detect.Group{}}
	o.add = s.note
	rs, err := loadRules(&o.engineOptions, cfg, set)
	if err != nil {
		return err
	}
	if err := cfg.Err(); err != nil {
		return err
	}
	if rs != nil {
		s.Loaded, s.Refused, s.LoadS, s.Groups = rs.loaded, len(rs.errs), rs.took.Seconds(), rs.engine.Groups()
	}
	if o.JSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	}
	return s.print(stdout, o.Top)
}

// print writes tables of the most frequent.
func (s *setStats) print(w io.Writer, top int) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%d rules, loaded in %.2f s; %d cannot be used\n", s.Loaded, s.LoadS, s.Refused)
	for _, x := range []struct {
		title  string
		counts map[string]int
	}{{"actions", s.Actions}, {"protocols", s.Protocols}, {"classtypes", s.Classes}, {"keywords", s.Keywords}} {
		names := slices.SortedFunc(maps.Keys(x.counts), func(a, b string) int {
			return cmp.Or(cmp.Compare(x.counts[b], x.counts[a]), cmp.Compare(a, b))
		})
		fmt.Fprintf(t, "\n%s (%d)\n", x.title, len(names))
		for _, name := range names[:min(len(names), top)] {
			fmt.Fprintf(t, "  %s\t%d\n", name, x.counts[name])
		}
	}
	fmt.Fprintf(t, "\nfast patterns\n")
	for _, x := range []struct {
		name   string
		lo, hi int
	}{{"none", 0, 0}, {"1-3 bytes", 1, 3}, {"4-7 bytes", 4, 7}, {"8-15 bytes", 8, 15}, {"16 bytes and more", 16, rules.MaxContent}} {
		n := 0
		for length, count := range s.Patterns {
			if length >= x.lo && length <= x.hi {
				n += count
			}
		}
		fmt.Fprintf(t, "  %s\t%d\n", x.name, n)
	}
	fmt.Fprintf(t, "\ngroups (%d), the largest\trules\tfound by\n", len(s.Groups))
	for _, g := range s.Groups[:min(len(s.Groups), top)] {
		fmt.Fprintf(t, "  %s\t%d\t%s\n", g.Name, g.Rules, g.FoundBy)
	}
	return t.Flush()
}
