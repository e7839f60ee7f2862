package main

import (
	"github.com/spf13/cobra"
)

// liveOptions are the flags of weir run.
type liveOptions struct {
	engineOptions
	brokerOptions

	Interface string
	Workers   int    // 0: as many as there are processors
	BPF       string // filter; empty takes every packet
	Promisc   bool
	Quiet     bool
	Control   string // socket of weir ctl; "off": none
	HTTP      string // HOST:PORT of metrics and health; empty: none
}

func runCommand() *cobra.Command {
	var o liveOptions
	cmd := &cobra.Command{
		Use:   "run [flags]",
		Short: "Watch an interface",
		Long: `Capture on a network interface and analyse what comes, until interrupted. Without
-i that is the interface of the default route. Events go to the outputs of the
configuration below the log folder, the working directory by default; without a
configuration that is eve.json with records of every type.

Frames are taken from a ring that is shared with the kernel (AF_PACKET,
TPACKET_V3); its size is that of af-packet in the configuration. What the kernel
drops for want of room, and every other loss, is counted in stats records and said
at the end.

SIGHUP and SIGUSR2 load the rules anew, while the old ones go on; connections,
flow bits and thresholds stay. SIGHUP also opens the outputs anew, for logrotate.
SIGINT and SIGTERM end the run: what has been
captured is analysed, flows are ended, outputs are complete.

It needs root, or CAP_NET_RAW.

Exit status: 0 ended by a signal with all outputs complete; 1 an error ended the
run or an output is incomplete; 2 the command line is wrong.`,
		Example: `  weir run
  weir run -i eth0 -S my.rules -l /var/log/weir
  weir run -c suricata.yaml -i eth0 --workers 2
  weir run -i eth0 --bpf 'not port 22'`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return runLive(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.engineOptions.flags(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.Interface, "interface", "i", "", "`INTERFACE`; by default that of the default route")
	f.IntVar(&o.Workers, "workers", 0, "`N` workers; by default one for each processor")
	f.StringVar(&o.BPF, "bpf", "", "take only packets that this `FILTER` fits")
	f.BoolVar(&o.Promisc, "promisc", true, "take frames that are for other hosts too")
	f.StringVar(&o.Control, "control", defaultControl, "`SOCKET` of weir ctl, or off")
	f.StringVar(&o.HTTP, "http", "", "serve /metrics, /healthz and /readyz at `HOST:PORT`")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "say only what is wrong")
	o.brokerOptions.flags(cmd)
	return cmd
}

// check adds to that of the engine's flags.
func (o *liveOptions) check() error {
	if o.Workers < 0 {
		return usagef("--workers %d: want at least 1", o.Workers)
	}
	if _, err := newFrameFilter(o.BPF, nil); err != nil {
		return usageError{err}
	}
	if err := o.brokerOptions.check(); err != nil {
		return err
	}
	return o.engineOptions.check()
}
