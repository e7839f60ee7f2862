// Weir watches network traffic and says what is wrong with it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"weir/cmd/weir/config"
	"weir/decode/capture/pcapfile"
)

var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{Use: "weir", Short: "network traffic detection", SilenceUsage: true, SilenceErrors: true, Version: version}
	root.AddCommand(pcapCommand())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "weir:", err)
		os.Exit(1)
	}
}

func pcapCommand() *cobra.Command {
	var o config.Options
	var rules, statsFile, runmode string
	var separate, noDetect, initFatal bool
	var workers int
	c := &cobra.Command{
		Use: "pcap FILE|DIR|-...", Short: "analyse captures", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, warnings, err := config.Load(o)
			if err != nil {
				return err
			}
			warn := func(format string, args ...any) { fmt.Fprintf(os.Stderr, "weir: "+format+"\n", args...) }
			for _, w := range warnings {
				warn("%v", w)
			}
			a, err := newAnalysis(cfg)
			if err != nil {
				return err
			}
			a.warn, a.workers = warn, max(workers, 1)
			files, notes, err := pcapfile.List(args)
			if err != nil {
				return err
			}
			for _, n := range notes {
				warn("%v", n)
			}
			if separate {
				err = a.separate(cmd.Context(), files, cfg.DefaultLogDir)
			} else {
				err = a.run(cmd.Context(), files, cfg.DefaultLogDir)
			}
			a.stats.PeakRSSBytes = peakRSS()
			if statsFile != "" {
				b, _ := json.MarshalIndent(&a.stats, "", "  ")
				if werr := os.WriteFile(statsFile, append(b, '\n'), 0o644); werr != nil {
					return werr
				}
			}
			return err
		},
	}
	f := c.Flags()
	f.StringVarP(&o.File, "config", "c", "", "configuration")
	f.StringVarP(&rules, "rules", "S", "", "rule file")
	f.StringVarP(&o.LogDir, "log-dir", "l", "", "log folder")
	f.StringVarP(&o.Checksums, "checksums", "k", "", "all or none")
	f.StringArrayVar(&o.Sets, "set", nil, "key=value")
	f.StringArrayVar(&o.Includes, "include", nil, "further file")
	f.StringVar(&o.DataDir, "data-dir", "", "data folder")
	f.BoolVar(&o.SimulateIPS, "simulate-ips", false, "inline")
	f.BoolVar(&initFatal, "init-errors-fatal", false, "")
	f.BoolVar(&noDetect, "disable-detection", false, "")
	f.StringVar(&runmode, "runmode", "", "single or autofp")
	f.BoolVar(&separate, "separate", false, "each file alone")
	f.IntVar(&workers, "workers", 1, "workers")
	f.StringVar(&statsFile, "stats-json", "", "statistics")
	return c
}
