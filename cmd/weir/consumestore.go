package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"weir/cmd/weir/config/yaml11"
	"weir/sinks/consume"
)

// defaultStore is the folder of the store if not told otherwise.
const defaultStore = "store"

func consumeStoreCommand() *cobra.Command {
	var o consumeOptions
	var so storeOptions
	var maxSize string
	cmd := &cobra.Command{
		Use:   "store [flags]",
		Short: "Keep events in SQLite, a file a day, in PostgreSQL or in ClickHouse",
		Long: `Keep events in a folder, one SQLite file a day. A message is finished when its
event is on disk, and the sensor is told so (nsq.confirm: store); an event that comes
twice is kept once. Several of these may run side by side. weir events finds events again.

Exit status: 0 ended by a signal; 1 the broker or the folder cannot be used; 2 the
command line is wrong.`,
		Example: `  weir consume store
  weir consume store --store /var/lib/weir/store --days 30 --max-size 20gb
  weir consume store --postgres postgres://weir@db.example/events --days 90
  weir consume store --clickhouse http://db.example:8123/events --days 90
  weir consume store -t alert --lookupd 10.0.0.1:4161`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			size, err := yaml11.Size(maxSize)
			if err != nil {
				return usagef("--max-size %q: want a size such as 20gb", maxSize)
			}
			if so.days < 0 {
				return usagef("--days %d: want at least 0", so.days)
			}
			stderr := cmd.ErrOrStderr()
			warn := func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) }
			co, err := o.options("store", warn)
			if err != nil {
				return err
			}
			co.Confirm = true
			if size > 0 && so.postgres+so.clickhouse != "" {
				return usagef("--max-size: that is for SQLite: use --days")
			}
			so.size = int64(size)
			so.suit(&co)
			h, err := so.open(cmd.Context(), warn)
			if err != nil {
				return err
			}
			c, err := consume.New(co, h)
			if err != nil {
				return errors.Join(usageError{err}, h.Close())
			}
			return errors.Join(c.Run(cmd.Context()), h.Close())
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&so.dir, "store", defaultStore, "`FOLDER` of the store")
	f.StringVar(&so.postgres, "postgres", "", "keep events in the PostgreSQL at this `URL` instead, such as postgres://weir@db/events; the\npassword is that of the variable PGPASSWORD or the file ~/.pgpass")
	f.StringVar(&so.clickhouse, "clickhouse", "", "keep events in the ClickHouse at this `URL` instead, such as http://db:8123/events; user and\npassword are those of the variables CLICKHOUSE_USER and CLICKHOUSE_PASSWORD")
	f.IntVar(&so.days, "days", 0, "remove days older than `N`; 0 keeps all")
	f.StringVar(&maxSize, "max-size", "0", "remove the oldest days beyond this `SIZE`; 0 keeps all")
	f.BoolVar(&so.text, "full-text", false, "index the text of events for weir events --text, in days that begin")
	_ = cmd.MarkFlagDirname("store")
	return cmd
}
