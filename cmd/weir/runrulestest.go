package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weir/cmd/weir/config"
	"weir/cmd/weir/rulecase"
	"weir/decode/capture/pcapfile"
	"weir/detect"
)

// caseResult is what became of a case, as --json shows it.
type caseResult struct {
	File     string             `json:"file"`
	Case     string             `json:"case"`
	OK       bool               `json:"ok"`
	Error    string             `json:"error,omitempty"` // it could not be run
	Failures []rulecase.Failure `json:"failures,omitempty"`
	// Explained are the rules that did not fire.
	Explained []*detect.Explanation `json:"explained,omitempty"`
}

// runRulesTest is weir rules test behind its command line.
func runRulesTest(ctx context.Context, o *ruleTestOptions, stdout, stderr io.Writer) error {
	files, err := caseFiles(o.Paths)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "weir-test-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	total := 0
	for _, f := range files {
		f.Cases = slices.DeleteFunc(f.Cases, func(c *rulecase.Case) bool { return !o.run.MatchString(c.Name) })
		total += len(f.Cases)
	}
	if total == 0 {
		return usagef("no case has a name that --run %q fits", o.Run)
	}
	t := &caseRunner{o: o, dir: dir, stdout: stdout}
	if f, ok := stderr.(*os.File); ok && !o.JSON && !o.Verbose && total > 1 && terminal(f) {
		t.progress = func() { fmt.Fprintf(f, "\r\x1b[K%d of %d cases, %d failed", t.done, total, t.failed) }
		defer fmt.Fprint(f, "\r\x1b[K")
	}
	for _, f := range files {
		if err := t.file(ctx, f); err != nil {
			return err
		}
	}
	if !o.JSON {
		if _, err := fmt.Fprintf(stdout, "%d cases hold, %d do not\n", t.done-t.failed, t.failed); err != nil {
			return err
		}
	}
	if t.failed > 0 {
		return fmt.Errorf("%d of %d cases do not hold", t.failed, t.done)
	}
	return nil
}

// caseFiles reads the files of cases that words name.
func caseFiles(words []string) ([]*rulecase.File, error) {
	var names []string
	for _, w := range words {
		st, err := os.Stat(w)
		switch {
		case err != nil:
			return nil, usageError{err}
		case !st.IsDir():
			if !strings.HasSuffix(w, rulecase.Suffix) {
				w = strings.TrimSuffix(w, filepath.Ext(w)) + rulecase.Suffix
			}
			names = append(names, w)
			continue
		}
		found := len(names)
		err = filepath.WalkDir(w, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, rulecase.Suffix) {
				names = append(names, path)
			}
			return err
		})
		if err != nil {
			return nil, usageError{err}
		}
		if len(names) == found {
			return nil, usagef("%s: no *%s below it", w, rulecase.Suffix)
		}
	}
	var files []*rulecase.File
	for _, name := range names {
		f, err := rulecase.Read(name)
		if err != nil {
			return nil, usageError{err}
		}
		files = append(files, f)
	}
	return files, nil
}

// caseRunner runs cases and reports what became of them.
type caseRunner struct {
	o            *ruleTestOptions
	dir          string // of made captures and records
	stdout       io.Writer
	progress     func() // may be nil
	done, failed int
}

// file runs the cases of a file. An error ends the run.
func (t *caseRunner) file(ctx context.Context, f *rulecase.File) error {
	var a *analysis // with the rules of the file, for cases that set nothing
	for _, c := range f.Cases {
		r := caseResult{File: f.Name, Case: c.Name}
		var err error
		if a == nil || len(c.Set) > 0 {
			var own *analysis
			if own, err = t.load(f, c); err == nil && len(c.Set) == 0 {
				a = own
			}
			if err == nil {
				err = t.run(ctx, own, f, c, &r)
			}
		} else if a.rules != nil {
			if err = a.rules.engine.ResetSets(); err == nil {
				err = t.run(ctx, a, f, c, &r)
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.Error = err.Error()
		}
		r.OK = r.Error == "" && len(r.Failures) == 0
		if t.done++; !r.OK {
			t.failed++
		}
		if err := t.report(&r); err != nil {
			return err
		}
		if t.progress != nil {
			t.progress()
		}
	}
	return nil
}

// options returns those of the engine for a case.
func (t *caseRunner) options(f *rulecase.File, c *rulecase.Case) engineOptions {
	o := t.o.engineOptions
	o.Rules, o.Config.Sets = f.Rules, nil
	if f.Config != "" {
		o.Config.File = f.Config
	}
	classes := filepath.Join(filepath.Dir(f.Name), "classification.config")
	if _, err := os.Stat(classes); err == nil && o.Config.File == "" {
		o.Config.Sets = append(o.Config.Sets, "classification-file="+classes)
	}
	o.Config.Sets = append(o.Config.Sets, f.Set...)
	for name, v := range f.Vars {
		kind := "address-groups"
		if strings.HasSuffix(name, "_PORTS") || strings.HasSuffix(name, "_PORT") || strings.Trim(v, "[]!,: 0123456789") == "" {
			kind = "port-groups"
		}
		o.Config.Sets = append(o.Config.Sets, "vars."+kind+"."+name+"="+v)
	}
	o.Config.Sets = append(append(o.Config.Sets, t.o.Config.Sets...), c.Set...)
	o.Config.DataDir = t.dir
	return o
}

// load reads configuration and rules of a case; all rules must be usable.
func (t *caseRunner) load(f *rulecase.File, c *rulecase.Case) (*analysis, error) {
	o := t.options(f, c)
	cfg, _, err := config.Load(o.Config)
	if err != nil {
		return nil, err
	}
	cfg.Outputs = slices.Clone(cfg.Outputs)
	a, err := newAnalysis(cfg)
	if err != nil {
		return nil, err
	}
	a.warn = func(string, ...any) {}
	if a.rules, err = loadRules(&o, cfg, a.set); err != nil {
		return nil, err
	}
	if errs := a.rules.failed(); len(errs) > 0 {
		return nil, fmt.Errorf("%d rules cannot be used; the first: %w", len(errs), errs[0])
	}
	return a, nil
}

// run runs one case.
func (t *caseRunner) run(ctx context.Context, a *analysis, f *rulecase.File, c *rulecase.Case, r *caseResult) error {
	dir, err := os.MkdirTemp(t.dir, "case-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	captures := []string(c.Captures)
	if b, ok := c.Made(); ok {
		name := filepath.Join(dir, "made.pcap")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			return err
		}
		captures = []string{name}
	}
	files, _, err := pcapfile.List(captures)
	if err != nil {
		return err
	}
	var broken []string
	a.warn = func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	before := a.stats.FilesBroken
	if err := a.run(ctx, files, dir); err != nil {
		return err
	}
	if a.stats.FilesBroken > before {
		return errors.New(strings.Join(broken, "; "))
	}
	eve, err := os.ReadFile(filepath.Join(dir, "eve.json"))
	if err != nil {
		return fmt.Errorf("the configuration writes no eve.json: %w", err)
	}
	got, err := rulecase.Alerts(eve)
	if err != nil {
		return err
	}
	r.Failures = c.Check(got)
	for _, fail := range r.Failures {
		if !fail.Missing || t.o.NoExplain {
			continue
		}
		o := t.options(f, c)
		x, err := explainRule(ctx, a.cfg, &o, cmp.Or(fail.GID, 1), fail.SID, files, "", io.Discard)
		if err != nil {
			return fmt.Errorf("%s; explain: %w", fail.Text, err)
		}
		r.Explained = append(r.Explained, x)
	}
	return nil
}

// report shows what became of a case.
func (t *caseRunner) report(r *caseResult) error {
	if t.o.JSON {
		enc := json.NewEncoder(t.stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(r)
	}
	var b bytes.Buffer
	switch {
	case r.OK && !t.o.Verbose:
		return nil
	case r.OK:
		fmt.Fprintf(&b, "ok    %s: %s\n", r.File, r.Case)
	default:
		fmt.Fprintf(&b, "FAIL  %s: %s\n", r.File, r.Case)
	}
	indented := func(text string) {
		for line := range strings.Lines(text) {
			fmt.Fprintf(&b, "      %s", line)
		}
		b.WriteByte('\n')
	}
	if r.Error != "" {
		indented(r.Error)
	}
	for _, f := range r.Failures {
		indented(f.Text)
		for _, x := range r.Explained {
			if x.SID != f.SID || !f.Missing {
				continue
			}
			var text bytes.Buffer
			err := printExplanation(&text, x, 1)
			if !t.o.Verbose {
				text.Reset()
				err = printNearest(&text, x)
			}
			if err != nil {
				return err
			}
			indented("  " + strings.ReplaceAll(strings.Trim(text.String(), "\n"), "\n", "\n  "))
		}
	}
	_, err := t.stdout.Write(b.Bytes())
	return err
}
