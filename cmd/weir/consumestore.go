package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"weir/cmd/weir/config/yaml11"
	"weir/sinks/consume"
	"weir/sinks/store"
)

// defaultStore is the folder of the store if not told otherwise.
const defaultStore = "store"

// retainEvery is how often old days are looked for.
const retainEvery = 10 * time.Minute

func consumeStoreCommand() *cobra.Command {
	var o consumeOptions
	var dir, maxSize, postgres string
	var days int
	cmd := &cobra.Command{
		Use:   "store [flags]",
		Short: "Keep events in SQLite, a file a day, or in PostgreSQL",
		Long: `Keep events in a folder, one SQLite file a day. A message is finished when its
event is on disk, and the sensor is told so (nsq.confirm: store); an event that comes
twice is kept once. Several of these may run side by side. weir events finds events again.

Exit status: 0 ended by a signal; 1 the broker or the folder cannot be used; 2 the
command line is wrong.`,
		Example: `  weir consume store
  weir consume store --store /var/lib/weir/store --days 30 --max-size 20gb
  weir consume store --postgres postgres://weir@db.example/events --days 90
  weir consume store -t alert --lookupd 10.0.0.1:4161`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			size, err := yaml11.Size(maxSize)
			if err != nil {
				return usagef("--max-size %q: want a size such as 20gb", maxSize)
			}
			if days < 0 {
				return usagef("--days %d: want at least 0", days)
			}
			stderr := cmd.ErrOrStderr()
			warn := func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) }
			co, err := o.options("store", warn)
			if err != nil {
				return err
			}
			co.Confirm = true
			age := time.Duration(days) * 24 * time.Hour
			if postgres != "" {
				if size > 0 {
					return usagef("--max-size: PostgreSQL has no limit of size: use --days")
				}
				return storePostgres(cmd.Context(), co, postgres, age, warn)
			}
			s, err := store.Open(store.Options{Dir: dir, MaxAge: age, MaxBytes: int64(size)})
			if err != nil {
				return err
			}
			c, err := consume.New(co, &retaining{Handler: s, retain: func(_ context.Context, now time.Time) (int, error) { return s.Retain(now) }, warn: warn})
			if err != nil {
				return errors.Join(usageError{err}, s.Close())
			}
			return errors.Join(c.Run(cmd.Context()), s.Close())
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&dir, "store", defaultStore, "`FOLDER` of the store")
	f.StringVar(&postgres, "postgres", "", "keep events in the PostgreSQL at this `URL` instead, such as postgres://weir@db/events; the\npassword is that of the variable PGPASSWORD or the file ~/.pgpass")
	f.IntVar(&days, "days", 0, "remove days older than `N`; 0 keeps all")
	f.StringVar(&maxSize, "max-size", "0", "remove the oldest days beyond this `SIZE`; 0 keeps all")
	_ = cmd.MarkFlagDirname("store")
	return cmd
}

// storePostgres keeps events in PostgreSQL until ctx ends.
func storePostgres(ctx context.Context, co consume.Options, url string, age time.Duration, warn func(string, ...any)) error {
	p, err := store.OpenPostgres(ctx, url, age)
	if err != nil {
		return err
	}
	c, err := consume.New(co, &retaining{Handler: p, retain: p.Retain, warn: warn})
	if err != nil {
		return errors.Join(usageError{err}, p.Close())
	}
	return errors.Join(c.Run(ctx), p.Close())
}

// retaining is a store that removes old days between batches.
type retaining struct {
	consume.Handler
	retain func(ctx context.Context, now time.Time) (int, error)
	warn   func(string, ...any)
	next   time.Time
}

// Handle implements consume.Handler.
func (r *retaining) Handle(ctx context.Context, batch []consume.Event) error {
	if err := r.Handler.Handle(ctx, batch); err != nil {
		return err
	}
	if now := time.Now(); now.After(r.next) {
		r.next = now.Add(retainEvery)
		if _, err := r.retain(ctx, now); err != nil {
			r.warn("%v", err) // the events are kept
		}
	}
	return nil
}
