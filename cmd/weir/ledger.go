package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"weir/sinks/nsq"
	"weir/sinks/spool"
)

func ledgerCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "ledger [FOLDER]",
		Short: "List the events that a spool could not keep",
		Long: `List the ledger of the spool below a log folder: by topic and start of the sensor the
numbers (weir.boot, weir.seq) of events that were not kept, the last of them first seen
at the time shown, and why: their class had used up its share of the quota, the disk
did not take them, or the writer was behind (then they have no numbers, and are counted).

Exit status: 0 done, also without entries; 1 the ledger cannot be read; 2 the command
line is wrong.`,
		Example: "  weir ledger /var/log/weir",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, words []string) error {
			dir := "."
			if len(words) == 1 {
				dir = words[0]
			}
			all, err := spool.Losses(filepath.Join(dir, "spool"))
			if err != nil {
				return err
			}
			names := nsq.TopicNames(nsq.DefaultPrefix)
			for _, l := range all {
				topic := fmt.Sprintf("class %d", l.Class)
				if int(l.Class) < len(names) {
					topic = names[l.Class]
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s %-16s %-13s %10d to %-10d %s\n", l.Time.Format(time.DateTime), l.Boot, topic, l.First, l.Last, l.Reason)
			}
			return nil
		},
	}
}
