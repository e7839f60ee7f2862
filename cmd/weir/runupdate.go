package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"weir/cmd/weir/config"
	"weir/decode/proto"
	"weir/decode/proto/all"
	"weir/rules"
	"weir/rules/install"
)

// baseName is the last part of a path; "" for one that is no name.
func baseName(name string) string {
	if b := filepath.Base(name); b != "." && b != ".." && b != string(filepath.Separator) {
		return b
	}
	return ""
}

// runRulesUpdate is weir rules update behind its command line.
func runRulesUpdate(ctx context.Context, o *updateOptions, stdout, stderr io.Writer) error {
	cfg, warnings, err := config.Load(o.Config)
	for _, w := range warnings {
		fmt.Fprintf(stderr, "weir: %v\n", w)
	}
	if err != nil {
		return err
	}
	dir, err := o.folder(cfg)
	if err != nil {
		return err
	}
	var res *install.Result
	if o.Rollback {
		res, err = install.Rollback(dir, o.Name)
	} else {
		res, err = o.run(ctx, cfg, dir, stderr)
	}
	if res == nil || res.Diff == nil {
		return err
	}
	return errors.Join(o.report(res, stdout), err)
}

// run installs the sources' rules.
func (o *updateOptions) run(ctx context.Context, cfg *config.Config, dir string, stderr io.Writer) (*install.Result, error) {
	warn := func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) }
	sources, err := o.sources(dir)
	if err != nil {
		return nil, err
	}
	filters, err := install.ReadFilters(o.filterFiles(dir))
	if err != nil {
		return nil, err
	}
	set, err := all.Set()
	if err != nil {
		return nil, err
	}
	boundCtx, stop := context.WithCancel(ctx)
	defer stop()
	boundHeap(boundCtx, heapSlack)
	u := &install.Options{
		Dir: dir, Name: o.Name, Sources: sources, Filters: filters, Offline: o.Offline, DryRun: o.DryRun,
		Timeout: o.Timeout, MaxSize: o.MaxSize << 20, MaxBroken: o.MaxBroken, Agent: "weir/" + version, Warn: warn,
		Check: o.checker(cfg, set),
	}
	if f, ok := stderr.(*os.File); ok && terminal(f) {
		u.Progress = func(source string, done, total int64) {
			if total > 0 {
				fmt.Fprintf(f, "\r\x1b[K%s: %.1f of %.1f MB", source, float64(done)/1e6, float64(total)/1e6)
			} else {
				fmt.Fprintf(f, "\r\x1b[K%s: %.1f MB", source, float64(done)/1e6)
			}
		}
		defer fmt.Fprint(f, "\r\x1b[K")
	}
	return install.Run(ctx, u)
}

// checker loads a rule file with the configuration, as a run would.
func (o *updateOptions) checker(cfg *config.Config, set *proto.Set) func(context.Context, string) (int, []*rules.Error, error) {
	return func(_ context.Context, name string) (int, []*rules.Error, error) {
		rs, err := loadRules(&engineOptions{Config: o.Config, Rules: []string{name}}, cfg, set)
		if err != nil {
			return 0, nil, err
		}
		if err := cfg.Err(); err != nil {
			return 0, nil, err
		}
		return rs.loaded, rs.errs, nil
	}
}

// folder returns the folder of the set.
func (o *updateOptions) folder(cfg *config.Config) (string, error) {
	if dir := cmp.Or(o.Output, string(cfg.DefaultRulePath)); dir != "" {
		return dir, nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib/weir/rules", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "weir", "rules"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usagef("--output: %v", err)
	}
	return filepath.Join(home, ".local", "share", "weir", "rules"), nil
}

// sources returns those of the command line, which it saves if that is asked for,
// or those of the file.
func (o *updateOptions) sources(dir string) ([]install.Source, error) {
	name := cmp.Or(o.SourcesFile, filepath.Join(dir, "sources.yaml"))
	var all []install.Source
	for _, s := range o.Sources {
		all = append(all, install.Source{Location: s})
	}
	if len(all) == 0 {
		all, err := install.ReadSources(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usagef("no sources: give --source URL|FILE, or write %s", name)
		}
		return all, err
	}
	if o.Save {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return nil, err
		}
		return all, install.SaveSources(name, all)
	}
	return all, nil
}

// filterFiles returns the files named, else those in the output folder.
func (o *updateOptions) filterFiles(dir string) install.FilterFiles {
	f := o.FilterFiles
	for name, to := range map[string]*string{"disable.conf": &f.Disable, "enable.conf": &f.Enable, "modify.conf": &f.Modify, "drop.conf": &f.Drop} {
		if *to != "" {
			continue
		}
		if file := filepath.Join(dir, name); isCapture(file) {
			*to = file
		}
	}
	return f
}

// updateReport is what --json shows.
type updateReport struct {
	File      string          `json:"file"`
	Installed bool            `json:"installed"`
	Rules     int             `json:"rules"`
	Enabled   int             `json:"enabled"`
	Broken    []finding       `json:"broken,omitempty"`
	Applied   install.Applied `json:"filters"`
	Diff      *install.Diff   `json:"diff"`
}

// report says what has happened.
func (o *updateOptions) report(res *install.Result, w io.Writer) error {
	if o.JSON {
		r := updateReport{res.File, res.Installed, res.Rules, res.Enabled, nil, res.Applied, res.Diff}
		for _, e := range res.Broken {
			r.Broken = append(r.Broken, finding{e.Pos.File, e.Pos.Line, e.Pos.Col, e.SID, e.Msg, e.Hint})
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(&r)
	}
	if o.Verbose {
		for _, e := range res.Broken {
			fmt.Fprintln(w, e)
		}
	}
	if err := res.Diff.Print(w, o.Verbose); err != nil {
		return err
	}
	if a := res.Applied; a != (install.Applied{}) {
		fmt.Fprintf(w, "filters: %d disabled, %d enabled, %d modified, %d turned into drop\n", a.Disabled, a.Enabled, a.Modified, a.Dropped)
	}
	fmt.Fprintf(w, "%d rules, %d enabled", res.Rules, res.Enabled)
	if n := len(res.Broken); n > 0 {
		fmt.Fprintf(w, ", %d of them cannot be used", n)
		if !o.Verbose {
			fmt.Fprint(w, " (-v names them)")
		}
	}
	what := "stays as it is"
	if res.Installed {
		what = "installed"
	}
	_, err := fmt.Fprintf(w, "; %s %s\n", res.File, what)
	return err
}
