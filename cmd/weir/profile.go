package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"weir/detect"
)

// costKeys are what the table of --profile-rules can be sorted by, under the
// names of profiling.rules.sort.
var costKeys = map[string]func(r *detect.RuleCost) uint64{
	"ticks":             func(r *detect.RuleCost) uint64 { return r.Ticks },
	"avgticks":          func(r *detect.RuleCost) uint64 { return r.Avg },
	"avgticks_match":    func(r *detect.RuleCost) uint64 { return r.AvgMatch },
	"avgticks_no_match": func(r *detect.RuleCost) uint64 { return r.AvgNoMatch },
	"maxticks":          func(r *detect.RuleCost) uint64 { return r.Max },
	"checks":            func(r *detect.RuleCost) uint64 { return r.Checks },
	"matches":           func(r *detect.RuleCost) uint64 { return r.Matches },
}

// costReport is the file of --profile-rules.
type costReport struct {
	Unit  string            `json:"ticks"`
	Sort  string            `json:"sort"`
	Rules []detect.RuleCost `json:"rules"`
}

// writeCosts writes what the rules have cost: all to the file, the dearest to w.
func (a *analysis) writeCosts(w io.Writer) error {
	c := &a.cfg.Profiling
	key := costKeys[c.Sort]
	all := a.costs.Rules()
	slices.SortStableFunc(all, func(x, y detect.RuleCost) int { return cmp.Compare(key(&y), key(&x)) })
	name := c.Filename
	if !filepath.IsAbs(name) {
		name = filepath.Join(a.cfg.DefaultLogDir, name)
	}
	if err := writeJSON(name, &costReport{"ns", c.Sort, all}); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	shown := all
	if c.Limit > 0 {
		shown = all[:min(len(all), int(c.Limit))]
	}
	fmt.Fprintf(out, "%d rules were checked; the first %d by %s, times in microseconds (all: %s)\n", len(all), len(shown), c.Sort, name)
	fmt.Fprintf(out, "%12s %10s %9s %11s %6s %9s %9s  %s\n", "gid:sid", "checks", "matches", "total", "%", "avg", "max", "why")
	us := func(ns uint64) string { return fmt.Sprintf("%.1f", float64(ns)/1e3) }
	for i := range shown {
		r := &shown[i]
		why := strings.Join(r.Why, "; ")
		fmt.Fprintf(out, "%12s %10d %9d %11s %6.1f %9s %9s  %s\n",
			fmt.Sprintf("%d:%d", r.GID, r.SID), r.Checks, r.Matches, us(r.Ticks), r.Percent, us(r.Avg), us(r.Max), cmp.Or(why, "-"))
	}
	return out.Flush()
}
