package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"weir/cmd/weir/config"
	"weir/decode/proto/all"
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
func runRulesCheck(_ context.Context, o *checkOptions, stdout, stderr io.Writer) (err error) {
	cfg, err := o.load(stderr)
	if err != nil {
		return err
	}
	set, err := all.Set()
	if err != nil {
		return err
	}
	said := openEngineLog(cfg, func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) })
	defer func() { said.end(err) }()
	rs, err := loadRules(&o.engineOptions, cfg, set)
	if err != nil {
		return err
	}
	if rs == nil {
		rs = &ruleSet{}
	}
	said.ruleErrors(rs.errs)
	if err := cfg.Err(); err != nil {
		return err
	}
	enc := json.NewEncoder(stdout)
	for _, e := range rs.errs {
		f := finding{e.Pos.File, e.Pos.Line, e.Pos.Col, e.SID, e.Msg, e.Hint}
		if o.JSON {
			err = enc.Encode(f)
		} else {
			_, err = fmt.Fprintln(stdout, e)
		}
		if err != nil {
			return err
		}
	}
	if !o.JSON {
		if _, err := fmt.Fprintf(stdout, "%d rules can be used, %d cannot\n", rs.loaded, len(rs.errs)); err != nil {
			return err
		}
	}
	if len(rs.errs) > 0 {
		return errors.New("not all rules can be used")
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
		if _, err := os.Stat(name); err == nil {
			all = append(all, name) // a name with [ in it need not be a pattern
			continue
		}
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
