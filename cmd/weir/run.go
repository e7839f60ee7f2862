package main

import (
	"time"

	"github.com/spf13/cobra"
)

// liveOptions are the flags of weir run.
type liveOptions struct {
	engineOptions
	brokerOptions

	Interfaces []string
	Workers    int    // of each interface; 0: as many as there are processors
	BPF        string // filter; empty takes every packet
	Snaplen    int    // bytes of a packet; 0: all
	Promisc    bool
	Quiet      bool
	Control    string // socket of weir ctl; "off": none
	HTTP       string // HOST:PORT of metrics and health; empty: none

	flush time.Duration // how often outputs are brought up to date; 0: flushEvery
}

func runCommand() *cobra.Command {
	var o liveOptions
	cmd := &cobra.Command{
		Use:   "run [flags]",
		Short: "Watch interfaces",
		Long: `Capture on network interfaces and analyse what comes, until interrupted. Without
-i those are the interfaces of af-packet in the configuration, else the one of the
default route. Events go to the outputs of the configuration below the log folder,
the working directory by default; without a configuration that is eve.json with
records of every type.

Without a configuration they also go through a spool on disk to NSQ's brokers and a
store, all in this process and below the log folder: weir events asks the store, weir
consume tail shows what comes. --set nsq.mode=off does without; --nsqd names brokers
elsewhere. docs/consumers.md has the rest.

Each worker takes frames from a ring of its own that it shares with the kernel
(AF_PACKET, TPACKET_V3); its size is that of af-packet in the configuration. The
workers of an interface share its traffic by pair of addresses. What the kernel
drops for want of room, and every other loss, is counted in stats records and said
at the end.

An error of the program at a packet costs that packet's flow only: the packet and
the stack are kept in the log folder, and it is counted.

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
  weir run -i eth0 --bpf 'not port 22'
  weir run -i eth0 -i eth1 --workers 1`,
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
	f.StringArrayVarP(&o.Interfaces, "interface", "i", nil, "`INTERFACE`, repeatable; by default that of the default route")
	f.IntVar(&o.Workers, "workers", 0, "`N` workers for each interface; by default one for each processor")
	f.IntVar(&o.Snaplen, "snaplen", 0, "take the first `BYTES` of each packet; 0 is all")
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
	if o.Snaplen < 0 {
		return usagef("--snaplen %d: want at least 0", o.Snaplen)
	}
	if _, err := newFrameFilter(o.BPF, nil); err != nil {
		return usageError{err}
	}
	if err := o.brokerOptions.check(); err != nil {
		return err
	}
	return o.engineOptions.check()
}
