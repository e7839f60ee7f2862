package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// pcapOptions are the flags and words of weir pcap.
type pcapOptions struct {
	engineOptions
	brokerOptions

	Captures   []string // files, folders, "-"
	BPF        string   // filter; empty takes every packet
	Separate   bool     // each capture with fresh state and a folder of its own below LogDir
	Workers    int      // 0: as many as there are processors, 1 with --runmode single
	StatsJSON  string   // file for the figures of the run; empty writes none
	CPUProfile string
	Profile    bool // what each rule costs
	JSON       bool // the summary as JSON
	Quiet      bool // no progress, no summary
}

func pcapCommand() *cobra.Command {
	var o pcapOptions
	cmd := &cobra.Command{
		Use:   "pcap [flags] CAPTURE... [FILTER WORDS]",
		Short: "Analyse captures",
		Long: `Read captures (pcap, pcapng, also packed with gz or zst), folders of them by
time, or standard input ("-"), as one stream of packets. Events go to the
outputs of the configuration below the log folder, the working directory by
default; without a configuration that is eve.json with records of every type.

With --nsqd or --lookupd events go to NSQ as well, through a spool below the log
folder: what no broker has taken when the run is interrupted goes with the next.

Words behind the captures that are no files are a filter as of tcpdump.

Exit status: 0 everything was read and written; 1 an error ended the run, a
capture is broken or an output is incomplete; 2 the command line is wrong.`,
		Example: `  weir pcap capture.pcap
  weir pcap -c suricata.yaml -S my.rules -l out -k none capture.pcap
  weir pcap --separate -l out day1.pcap day2.pcap
  weir pcap -l out captures/ tcp port 80
  weir pcap -S my.rules -l out --profile-rules capture.pcap
  weir pcap --nsqd 127.0.0.1:4150 capture.pcap
  zcat big.pcap.gz | weir pcap --set stream.midstream=yes -`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, words []string) error {
			if err := o.words(words); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			return runPcap(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	o.engineOptions.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.BPF, "bpf", "", "take only packets that this `FILTER` fits")
	f.BoolVar(&o.Separate, "separate", false, "each capture with fresh state and a folder of its own below the log folder")
	f.IntVar(&o.Workers, "workers", 0, "`N` workers; by default one for each processor")
	f.StringVar(&o.StatsJSON, "stats-json", "", "write the figures of the run to `FILE`")
	f.StringVar(&o.CPUProfile, "cpu-profile", "", "write where processor time goes to `FILE`, for go tool pprof")
	f.BoolVar(&o.Profile, "profile-rules", false, "say at the end which rules were dear, and why; takes time of its own")
	f.BoolVar(&o.JSON, "json", false, "summary as JSON")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "no progress and no summary")
	o.brokerOptions.flags(cmd)
	return cmd
}

// check adds to that of the engine's flags.
func (o *pcapOptions) check() error {
	if o.Workers < 0 {
		return usagef("--workers %d: want at least 1", o.Workers)
	}
	if o.RunMode == "single" && o.Workers > 1 {
		return usagef("--runmode single has one worker: leave --workers out")
	}
	if _, err := newFrameFilter(o.BPF, nil); err != nil {
		return usageError{err}
	}
	if err := o.brokerOptions.check(); err != nil {
		return err
	}
	return o.engineOptions.check()
}

// words tells captures from the words of a filter: those from the first that is
// no file on, but at least one capture comes first.
func (o *pcapOptions) words(words []string) error {
	n := 1
	for n < len(words) && isCapture(words[n]) {
		n++
	}
	if !isCapture(words[0]) {
		return usagef("%s: no such file or folder", words[0])
	}
	o.Captures = words[:n]
	if n == len(words) {
		return nil
	}
	if o.BPF != "" {
		return usagef("--bpf and the words %q are two filters: give one", strings.Join(words[n:], " "))
	}
	o.BPF = strings.Join(words[n:], " ")
	return nil
}

func isCapture(word string) bool {
	if word == "-" {
		return true
	}
	_, err := os.Stat(word)
	return err == nil
}
