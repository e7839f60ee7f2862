package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"weir/cmd/weir/config"
	"weir/decode/capture/pcapfile"
	"weir/detect"
	"weir/rules"
)

// runRulesExplain is weir rules explain behind its command line.
func runRulesExplain(ctx context.Context, o *explainOptions, stdout, stderr io.Writer) error {
	cfg, err := o.load(stderr)
	if err != nil {
		return err
	}
	files, notes, err := pcapfile.List(o.Captures)
	if err != nil {
		return err
	}
	for _, n := range notes {
		fmt.Fprintf(stderr, "weir: passed over: %v\n", n)
	}
	switch {
	case isRuleText(o.Rule):
		o.extra = append(o.extra, ruleText{"rule", []byte(o.Rule)})
		if o.SID == 0 {
			r, err := rules.ParseRule(o.Rule)
			if err != nil {
				return fmt.Errorf("gate 1, rule loads: %w", err)
			}
			o.SID, o.GID = r.SID, r.GID
		}
	case o.Rule != "":
		text, err := os.ReadFile(o.Rule)
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		o.extra = append(o.extra, ruleText{o.Rule, text})
		if err := o.only(text); err != nil {
			return err
		}
	}
	x, err := explainRule(ctx, cfg, &o.engineOptions, o.GID, o.SID, files, o.BPF, stderr)
	if err != nil {
		return err
	}
	if o.JSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(x)
	}
	most := 5
	if o.All {
		most = len(x.Fired)
	}
	return printExplanation(stdout, x, most)
}

// only takes the rule of a file that has one, if --sid names none.
func (o *explainOptions) only(text []byte) error {
	if o.SID != 0 {
		return nil
	}
	n := 0
	for r, err := range rules.All(o.Rule, text) {
		if err == nil {
			o.SID, o.GID = r.SID, r.GID
		}
		n++
	}
	if n != 1 || o.SID == 0 {
		return usagef("%s has %d rules: name one with --sid", o.Rule, n)
	}
	return nil
}

// explainRule holds a rule, with all others that the options load, against
// captures. No output of the configuration is written.
func explainRule(ctx context.Context, cfg *config.Config, o *engineOptions, gid, sid uint32, files []string, bpf string, stderr io.Writer) (*detect.Explanation, error) {
	var ex *detect.Explainer
	var broken *rules.Error
	o.add = func(b *detect.Builder, r *rules.Rule) *rules.Error {
		if r.SID != sid || r.GID != gid || ex != nil {
			return b.Add(r)
		}
		x, err := b.Explain(r)
		if err != nil {
			broken = err
			return err
		}
		ex = x
		return nil
	}
	quiet := *cfg
	quiet.Outputs = nil
	a, err := newAnalysis(&quiet)
	if err != nil {
		return nil, err
	}
	a.warn, a.filter = func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) }, bpf
	if a.rules, err = loadRules(o, &quiet, a.set); err != nil {
		return nil, err
	}
	if ex == nil {
		if broken != nil {
			return nil, fmt.Errorf("gate 1, rule loads: %w", broken)
		}
		for _, e := range a.rules.failed() {
			if e.SID == sid {
				return nil, fmt.Errorf("gate 1, rule loads: %w", e)
			}
		}
		return nil, fmt.Errorf("no rule %d:%d is among those that are loaded", gid, sid)
	}
	a.explain = ex
	dir, err := os.MkdirTemp("", "weir-explain-")
	if err != nil {
		return nil, err
	}
	err = a.run(ctx, files, dir)
	err = errors.Join(err, os.RemoveAll(dir))
	if err == nil && a.stats.FilesBroken == len(files) {
		err = errors.New("no capture could be read")
	}
	if err != nil {
		return nil, err
	}
	return ex.Result(), nil
}

// failed returns the rules that cannot be used; rs may be nil.
func (rs *ruleSet) failed() []*rules.Error {
	if rs == nil {
		return nil
	}
	return rs.errs
}

// printExplanation writes an explanation for a person, with the first firings.
func printExplanation(w io.Writer, x *detect.Explanation, most int) (err error) {
	p := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format, args...)
		}
	}
	switch {
	case x.Alerts > 0:
		p("rule %d:%d fired: alerts on %d packets\n", x.GID, x.SID, x.Alerts)
	case x.Fitted > 0:
		p("rule %d:%d fitted %d times and raised no alert\n", x.GID, x.SID, x.Fitted)
	default:
		p("rule %d:%d did not fire\n", x.GID, x.SID)
	}
	p("%s\n\n", x.Msg)
	p("gate                                   packets    flows      tx  what the rule says\n")
	p("    %-32s %9d %8d %7d\n", "what was inspected", x.Packets, x.Flows, x.Txs)
	for i := range x.Gates {
		g := &x.Gates[i]
		name := g.Kind
		if g.Buffer != "" {
			name += " in " + g.Buffer
			if g.Kind == detect.GateBuffer || g.Kind == detect.GateFrame {
				name = g.Kind + " " + g.Buffer
			}
		}
		mark := "  "
		if x.Nearest != nil && len(x.Nearest.Misses) > 0 && x.Nearest.Misses[0].Gate == i {
			mark = "✗ "
		}
		p("%s%2d %-31s %9d %8d %7d  %s\n", mark, i+1, name, g.Packets, g.Flows, g.Txs, g.Text)
	}
	if x.Passed > 0 {
		p("\n%d packets were not inspected: their flow was passed, bypassed or is encrypted\n", x.Passed)
	}
	for i := range min(most, len(x.Fired)) {
		f := &x.Fired[i]
		p("\n%s", placeLine(&f.Place))
		if !f.Alert {
			p("\n    no alert: %s", f.Why)
		}
		p("\n")
		printMatches(p, x, f.Matches)
	}
	if n := len(x.Fired) - most; n > 0 {
		p("\n%d more\n", n)
	}
	if n := x.Nearest; n != nil {
		p("\nnearest: %s\n", placeLine(&n.Place))
		printMatches(p, x, n.Matches)
		if len(n.Misses) == 0 {
			p("    every gate holds there, but rules of this kind are checked once for a direction of a flow or transaction\n")
		}
		for i, m := range n.Misses {
			too := ""
			if i > 0 {
				too = " too"
			}
			p("    gate %d failed%s: %s\n        %s\n", m.Gate+1, too, x.Gates[m.Gate].Text, m.Why)
			for _, h := range m.Hints {
				p("        hint: %s\n", h)
			}
		}
	}
	return err
}

// printMatches writes where contents stand.
func printMatches(p func(string, ...any), x *detect.Explanation, ms []detect.Match) {
	for _, m := range ms {
		if m.Start < 0 {
			p("    gate %d: ends at %d of %s\n", m.Gate+1, m.End, m.Buffer)
		} else {
			p("    gate %d: %d to %d of %s\n", m.Gate+1, m.Start, m.End, m.Buffer)
		}
	}
}

// placeLine describes a packet in a line.
func placeLine(at *detect.Place) string {
	s := fmt.Sprintf("packet %d", at.Packet)
	if at.Src != "" {
		s += fmt.Sprintf(", %s -> %s", at.Src, at.Dst)
	}
	if at.Dir != "" {
		s += fmt.Sprintf(", %s, flow %d", at.Dir, at.Flow)
	}
	if at.Tx != nil {
		s += fmt.Sprintf(", transaction %d", *at.Tx)
	}
	if at.Frame {
		s += ", in a frame"
	}
	return s
}
