package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"weir/cmd/weir/config"
	"weir/rules"
)

// finding is one thing wrong with the rules, as --json shows it.
type finding struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	SID    uint32 `json:"sid,omitempty"`
	Error  string `json:"error"`
	Hint   string `json:"hint,omitempty"`
}

// runRulesCheck is weir rules check behind its command line.
func runRulesCheck(_ context.Context, o *checkOptions, stdout, stderr io.Writer) error {
	cfg, err := o.load(stderr)
	if err != nil {
		return err
	}
	good, found, err := checkRules(cfg, o)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(stdout)
	for _, f := range found {
		if o.JSON {
			err = enc.Encode(f)
		} else {
			_, err = fmt.Fprintln(stdout, f)
		}
		if err != nil {
			return err
		}
	}
	if !o.JSON {
		if _, err := fmt.Fprintf(stdout, "%d rules can be used, %d cannot\n", good, len(found)); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		return errors.New("not all rules can be used")
	}
	return nil
}

// String returns the finding for people.
func (f finding) String() string {
	s := f.File
	if f.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", s, f.Line, f.Column)
	}
	if f.SID != 0 {
		s += fmt.Sprintf(": sid %d", f.SID)
	}
	s += ": " + f.Error
	if f.Hint != "" {
		s += " (" + f.Hint + ")"
	}
	return s
}

// checkRules parses the rule files and looks at what can be judged of a rule by
// itself: its form, addresses and ports.
func checkRules(cfg *config.Config, o *checkOptions) (good int, found []finding, err error) {
	files, err := o.ruleFiles(cfg)
	if err != nil {
		return 0, nil, err
	}
	vars := ruleVars(cfg)
	for _, name := range files {
		f, err := rules.ParseFile(name)
		if err != nil {
			found = append(found, finding{File: name, Error: err.Error()})
			continue
		}
		for _, e := range f.Errors {
			found = append(found, finding{e.Pos.File, e.Pos.Line, e.Pos.Col, e.SID, e.Msg, e.Hint})
		}
		for _, r := range f.Rules {
			if bad := checkHeader(r, vars); bad != nil {
				found = append(found, *bad)
			} else {
				good++
			}
		}
	}
	return good, found, nil
}

// checkHeader returns what is wrong with a rule's addresses or ports.
func checkHeader(r *rules.Rule, vars *rules.Vars) *finding {
	for _, a := range []rules.Text{r.Src, r.Dst} {
		if _, err := rules.ParseAddresses(a.S, vars); err != nil {
			return &finding{a.Pos.File, a.Pos.Line, a.Pos.Col, r.SID, err.Error(), ""}
		}
	}
	for _, p := range []rules.Text{r.SrcPort, r.DstPort} {
		if _, err := rules.ParsePorts(p.S, vars); err != nil {
			return &finding{p.Pos.File, p.Pos.Line, p.Pos.Col, r.SID, err.Error(), ""}
		}
	}
	return nil
}

// ruleFiles returns the rule files of a run: those of -S alone, or those of the
// configuration and of -s. Names may be patterns.
func (o *engineOptions) ruleFiles(cfg *config.Config) ([]string, error) {
	if o.DisableDetection {
		return nil, nil
	}
	names := o.Rules
	if len(names) == 0 {
		names = append(append(names, cfg.RuleFiles...), o.AddRules...)
	}
	var all []string
	for _, name := range names {
		found, err := filepath.Glob(name)
		if err != nil {
			return nil, fmt.Errorf("rule file %q: %w", name, err)
		}
		if len(found) == 0 {
			found = []string{name} // opening it says what is wrong
		}
		all = append(all, found...)
	}
	return all, nil
}

// ruleVars returns the variables of the configuration as the rules read them.
func ruleVars(cfg *config.Config) *rules.Vars {
	v := &rules.Vars{Addresses: map[string]string{}, Ports: map[string]string{}}
	for _, a := range cfg.Vars.AddressGroups {
		v.Addresses[a.Name] = a.Value
	}
	for _, p := range cfg.Vars.PortGroups {
		v.Ports[p.Name] = p.Value
	}
	return v
}
