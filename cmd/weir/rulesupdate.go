package main

import (
	"time"

	"github.com/spf13/cobra"

	"weir/cmd/weir/config"
	"weir/rules/install"
)

// updateOptions are the flags of weir rules update.
type updateOptions struct {
	Config  config.Options // -c, --set, --include
	Sources []string       // --source; none: those of SourcesFile
	install.FilterFiles
	SourcesFile string // empty: sources.yaml in Output
	Output      string // empty: default-rule-path, or the user's folder for data
	Name        string // of the file in Output
	Save        bool
	DryRun      bool
	Offline     bool
	Rollback    bool
	Verbose     bool
	JSON        bool
	Timeout     time.Duration
	MaxSize     int64   // MB
	MaxBroken   float64 // percent
}

func rulesUpdateCommand() *cobra.Command {
	var o updateOptions
	cmd := &cobra.Command{
		Use:   "update [flags]",
		Short: "Install rules from URLs and files",
		Long: `Put the rules of all sources together, apply the filters, load the result as a
run would and, if it can be used, put it into the place of the set before in one
step. Of rules with one gid:sid the highest revision counts, of equal ones that of
the first source. What changes is shown; the set before is kept for --rollback.

A source is a URL (http, https, file), a file, a folder or a pattern: rules, or
tar.gz and zip archives of them. What has not changed is not downloaded again.
Without --source, those in sources.yaml of the output folder are used:

  sources:
    - source: https://rules.example.com/open/rules.tar.gz
      checksum: true        # verify the MD5 at the URL with .md5
    - source: local.rules

Filters have the syntax of suricata-update; by default they are the files
enable.conf, disable.conf, modify.conf and drop.conf of the output folder. enable
goes before disable. A line names rules by sid or gid:sid, re:EXPRESSION,
group:FILE, filename:PATH or "metadata:KEY VALUE"; in modify.conf two quoted
strings follow: what to replace, and by what.

Proxies are those of the environment (HTTPS_PROXY, NO_PROXY). URLs are shown
without what may be secret in them.

Exit status: 0 done, or nothing to do; 1 nothing was installed, the set before
stays; 2 the command line is wrong.`,
		Example: `  weir rules update --source https://rules.example.com/open/rules.tar.gz --save
  weir rules update --dry-run -v
  weir rules update -c suricata.yaml --disable-conf disable.conf
  weir rules update --rollback`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return runRulesUpdate(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.Sources, "source", nil, "take rules from `URL|FILE`, not from the file of sources")
	f.BoolVar(&o.Save, "save", false, "keep what --source says in the file of sources")
	f.StringVar(&o.SourcesFile, "sources", "", "`FILE` of sources (default sources.yaml in the output folder)")
	f.StringVarP(&o.Output, "output", "o", "", "`FOLDER` of the set (default default-rule-path, or the user's folder for data)")
	f.StringVar(&o.Name, "name", "suricata.rules", "`FILE` in the output folder")
	f.StringVar(&o.Disable, "disable-conf", "", "`FILE` of rules to disable")
	f.StringVar(&o.Enable, "enable-conf", "", "`FILE` of rules to enable")
	f.StringVar(&o.Modify, "modify-conf", "", "`FILE` of changes to rules")
	f.StringVar(&o.Drop, "drop-conf", "", "`FILE` of rules to turn into drop")
	f.StringVarP(&o.Config.File, "config", "c", "", "configuration `FILE` that the set is checked with")
	f.StringArrayVar(&o.Config.Sets, "set", nil, "set one `KEY=VALUE` of the configuration")
	f.StringArrayVar(&o.Config.Includes, "include", nil, "lay a further configuration `FILE` over it")
	f.BoolVar(&o.DryRun, "dry-run", false, "check and show what would change, install nothing")
	f.BoolVar(&o.Offline, "offline", false, "download nothing, use what was downloaded last")
	f.BoolVar(&o.Rollback, "rollback", false, "put the set before into place again")
	f.BoolVarP(&o.Verbose, "verbose", "v", false, "name each rule that changes, and each that cannot be used")
	f.BoolVar(&o.JSON, "json", false, "report as JSON")
	f.DurationVar(&o.Timeout, "timeout", 5*time.Minute, "`TIME` that one download may take")
	f.Int64Var(&o.MaxSize, "max-size", 256, "`MB` that one download or file may have")
	f.Float64Var(&o.MaxBroken, "max-broken", 20, "install nothing if more than so many `PERCENT` of the rules cannot be used")
	for _, flag := range []string{"disable-conf", "enable-conf", "modify-conf", "drop-conf"} {
		_ = cmd.MarkFlagFilename(flag, "conf")
	}
	_ = cmd.MarkFlagFilename("config", "yaml")
	_ = cmd.MarkFlagFilename("sources", "yaml")
	_ = cmd.MarkFlagDirname("output")
	return cmd
}

// check reports flags that do not go together or have no such value.
func (o *updateOptions) check() error {
	switch {
	case o.Rollback && (len(o.Sources) > 0 || o.DryRun || o.Offline || o.Save):
		return usagef("--rollback takes no sources: leave --source, --save, --dry-run and --offline out")
	case o.Save && len(o.Sources) == 0:
		return usagef("--save keeps what --source says: give one")
	case o.Timeout <= 0:
		return usagef("--timeout %v: want more than 0", o.Timeout)
	case o.MaxSize <= 0:
		return usagef("--max-size %d: want at least 1", o.MaxSize)
	case o.MaxBroken < 0 || o.MaxBroken > 100:
		return usagef("--max-broken %v: want 0 to 100", o.MaxBroken)
	case o.Name == "" || o.Name != baseName(o.Name):
		return usagef("--name %q: want the name of a file", o.Name)
	}
	return nil
}
