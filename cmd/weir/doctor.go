package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"weir/cmd/weir/config"
)

// doctorOptions are the flags of weir doctor.
type doctorOptions struct {
	engineOptions

	Interfaces []string
	JSON       bool
	NoCanary   bool
}

func doctorCommand() *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [flags]",
		Short: "Say whether this host is fit for a live run, and what to mend",
		Long: `Look at everything that weir run needs: rights, what the kernel can do, interfaces
with their offloads and rings, the clock, the disk, rules, HOME_NET and brokers. Then
send a canary: a short run watches each interface, a datagram that only a rule made for
it fits goes out, and its alert must be in the events within a second.

The canary is sent to the interface's own hardware address and to UDP port 9 (discard)
of its own IP address; nobody else takes it.

Exit status: 0 all is well, or has warnings alone; 1 something is broken; 2 the command
line is wrong.`,
		Example: `  weir doctor
  weir doctor -c suricata.yaml -i eth0
  weir doctor --json --no-canary`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return runDoctor(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&o.Interfaces, "interface", "i", nil, "`INTERFACE`, repeatable; by default those of weir run")
	f.BoolVar(&o.JSON, "json", false, "report as JSON, one object a line")
	f.BoolVar(&o.NoCanary, "no-canary", false, "do not capture and send anything")
	return cmd
}

// State of what was looked at.
type health string

const (
	well   health = "ok"
	warns  health = "warning"
	broken health = "broken"
)

// diagnosis is what was found about one thing.
type diagnosis struct {
	Stage string `json:"stage"`
	State health `json:"state"`
	Found string `json:"found"`
	Mend  string `json:"mend,omitempty"` // the command or setting that mends it
}

// doctor looks at one thing after the other.
type doctor struct {
	o   *doctorOptions
	cfg *config.Config
	say func(d diagnosis) error
	bad bool
	err error // of the output
}

func (d *doctor) note(state health, stage, mend, format string, args ...any) {
	d.bad = d.bad || state == broken
	if state == well {
		mend = ""
	}
	if err := d.say(diagnosis{stage, state, fmt.Sprintf(format, args...), mend}); err != nil && d.err == nil {
		d.err = err
	}
}

// runDoctor is weir doctor behind its command line.
func runDoctor(ctx context.Context, o *doctorOptions, stdout, stderr io.Writer) error {
	d := &doctor{o: o}
	enc := json.NewEncoder(stdout)
	d.say = func(x diagnosis) error {
		if o.JSON {
			return enc.Encode(x)
		}
		t := tabwriter.NewWriter(stdout, 12, 0, 2, ' ', 0)
		fmt.Fprintf(t, "%s\t%-7s\t%s\n", x.Stage, x.State, x.Found)
		if x.Mend != "" {
			fmt.Fprintf(t, "\t%-7s\t-> %s\n", "", x.Mend)
		}
		return t.Flush()
	}
	cfg, err := o.load(stderr)
	if err != nil {
		return err
	}
	d.cfg = cfg
	d.rights()
	d.kernel()
	d.clock()
	d.disk()
	d.rules()
	d.brokers()
	watched, err := taps(&liveOptions{Interfaces: o.Interfaces, Promisc: true}, cfg, 1)
	if err != nil {
		d.note(broken, "interface", "weir run -i NAME", "%v", err)
	}
	if names := tapNames(watched); (&liveOptions{engineOptions: o.engineOptions}).choosesHome() {
		addHome(cfg, ownNets(names))
	}
	for i := range watched {
		if d.link(&watched[i]) && !o.NoCanary {
			d.canary(ctx, watched[i].name)
		}
	}
	switch {
	case d.err != nil:
		return d.err
	case d.bad:
		return errors.New("something is broken")
	}
	return nil
}
