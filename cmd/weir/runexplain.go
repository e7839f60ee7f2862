package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

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
			var broken *rules.Error
			switch {
			case errors.As(err, &broken):
				return o.refused(stdout, loadError{broken})
			case err != nil:
				return err
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
	var broken loadError
	if errors.As(err, &broken) {
		return o.refused(stdout, broken)
	}
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

// loadError is the first gate: a rule that cannot be used.
type loadError struct{ rule *rules.Error }

// Error implements error.
func (e loadError) Error() string { return "gate 1, rule loads: " + e.rule.Error() }

// refused explains a rule that cannot be used; it returns the error.
func (o *explainOptions) refused(stdout io.Writer, e loadError) error {
	if !o.JSON {
		return e
	}
	x := detect.Explanation{GID: o.GID, SID: e.rule.SID, Gates: []detect.Gate{{Kind: detect.GateLoads, Text: e.rule.Pos.String()}}}
	x.Nearest = &detect.Near{Misses: []detect.Miss{{Why: e.rule.Msg}}}
	if e.rule.Hint != "" {
		x.Nearest.Misses[0].Hints = []string{e.rule.Hint}
	}
	enc := json.NewEncoder(stdout)
	enc.SetIndent("", "  ")
	return errors.Join(e, enc.Encode(&x))
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
	setBy := map[string][]uint32{}
	o.add = func(b *detect.Builder, r *rules.Rule) *rules.Error {
		noteSetters(setBy, r)
		if r.SID != sid || r.GID != gid {
			return b.Add(r)
		}
		x, err := b.Explain(r)
		if err != nil {
			broken = err
			return err
		}
		ex = x // of several the newest, as in a run
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
			return nil, loadError{broken}
		}
		for _, e := range a.rules.failed() {
			if e.SID == sid {
				return nil, loadError{e}
			}
		}
		return nil, fmt.Errorf("no rule %d:%d is among those that are loaded", gid, sid)
	}
	ex.SetBy(setBy)
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

// noteSetters notes the bits that a rule sets.
func noteSetters(setBy map[string][]uint32, r *rules.Rule) {
	for i := range r.Options {
		o := &r.Options[i]
		if o.Name != "flowbits" && o.Name != "xbits" && o.Name != "hostbits" {
			continue
		}
		words := strings.Split(o.Value, ",")
		if cmd := strings.TrimSpace(words[0]); len(words) < 2 || cmd != "set" && cmd != "toggle" {
			continue
		}
		for name := range strings.SplitSeq(words[1], "|") {
			name = strings.Clone(strings.TrimSpace(name)) // the rule's text is dropped
			setBy[name] = append(setBy[name], r.SID)
		}
	}
}

// failed returns the rules that cannot be used; rs may be nil.
func (rs *ruleSet) failed() []*rules.Error {
	if rs == nil {
		return nil
	}
	return rs.errs
}
