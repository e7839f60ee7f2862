package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"weir/sinks/consume"
)

func consumeDeadCommand() *cobra.Command {
	var o brokerOptions
	var requeue, drop, asJSON bool
	var reason, topic string
	cmd := &cobra.Command{
		Use:   "dead [flags]",
		Short: "Show, requeue or drop messages that no consumer could use",
		Long: `Show the messages of the dead topic with the reason that they are there. They stay,
unless told otherwise: --requeue sends them to the topics that they came from, --drop
does away with them. At most 100 that stay are shown at a time.

Exit status: 0 done, also without messages; 1 the broker cannot be reached; 2 the
command line is wrong.`,
		Example: `  weir consume dead
  weir consume dead --reason weir.eid --json
  weir consume dead --requeue --topic weir.alert`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if requeue && drop {
				return usagef("--requeue and --drop: want one of them")
			}
			if err := o.check(); err != nil {
				return err
			}
			if len(o.Lookups) > 0 {
				return usagef("--lookupd: name the nsqd whose dead messages are wanted")
			}
			if len(o.Brokers) == 0 {
				o.Brokers = []string{defaultBroker}
			}
			conn, err := o.connection()
			if err != nil {
				return err
			}
			fate := consume.Keep
			switch {
			case requeue:
				fate = consume.Requeue
			case drop:
				fate = consume.Drop
			}
			out := cmd.OutOrStdout()
			return consume.ReadDead(cmd.Context(), consume.DeadOptions{Brokers: o.Brokers, Connection: conn, Prefix: o.Prefix},
				func(l *consume.Letter) (consume.Fate, error) {
					if !strings.Contains(l.Reason, reason) || topic != "" && l.Topic != topic {
						return consume.Keep, nil
					}
					return fate, writeLetter(out, l, asJSON)
				})
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&requeue, "requeue", false, "send them to where they came from")
	f.BoolVar(&drop, "drop", false, "do away with them")
	f.StringVar(&reason, "reason", "", "only those whose reason contains this `TEXT`")
	f.StringVar(&topic, "topic", "", "only those of this `TOPIC`, with its prefix")
	f.BoolVar(&asJSON, "json", false, "whole messages, one a line")
	return cmd
}

// shownBody is how much of a dead message a person sees, bytes.
const shownBody = 200

func writeLetter(w io.Writer, l *consume.Letter, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(l)
	}
	body := l.Body
	if len(body) > shownBody {
		body = body[:shownBody]
	}
	_, err := fmt.Fprintf(w, "%s %s: %s: %s\n", l.Time, l.Topic, strconv.Quote(l.Reason), strconv.Quote(body))
	return err
}
