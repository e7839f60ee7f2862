package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/sinks/archive"
	"weir/sinks/store"
)

func eventsCommand() *cobra.Command {
	var q store.Query
	var from, to, format string
	var in eventSource
	cmd := &cobra.Command{
		Use:   "events [flags]",
		Short: "Find events in a store or an archive",
		Long: `Find events that weir run or weir consume has kept, in the order of time: in the folder
of a store, in PostgreSQL, in ClickHouse, or in an archive. Times are 2026-01-02, 2026-01-02T15:04 or 2026-01-02T15:04:05, in UTC, or how long ago: 90m, 12h.

Exit status: 0 done, also without events; 1 the store cannot be read; 2 the command
line is wrong.`,
		Example: `  weir events --from 24h --type alert --severity 1
  weir events --sid 2100498 --format json | jq .payload_printable
  weir events --host evil.example --from 2026-01-02 --to 2026-01-03 --format csv
  weir events --process curl --text '"status":404'
  weir events --postgres postgres://weir@db.example/events --sid 2100498
  weir events --archive archive --from 2026-01-02 --format parquet > day.parquet`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			now := time.Now()
			if q.From, err = parseWhen(from, now); err != nil {
				return usagef("--from %v", err)
			}
			if q.To, err = parseWhen(to, now); err != nil {
				return usagef("--to %v", err)
			}
			stdout := cmd.OutOrStdout()
			if f, ok := stdout.(*os.File); ok && format == "parquet" && terminal(f) {
				return usagef("--format parquet: that is not for a terminal: send it to a file")
			}
			out, err := newRows(format, stdout)
			if err != nil {
				return err
			}
			if err := in.find(cmd.Context(), q, out.add); err != nil {
				return err
			}
			return out.end()
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&in.dir, "store", defaultStore, "`FOLDER` of the store")
	f.StringVar(&in.postgres, "postgres", "", "the PostgreSQL at this `URL` instead")
	f.StringVar(&in.clickhouse, "clickhouse", "", "the ClickHouse at this `URL` instead")
	f.StringVar(&in.archive, "archive", "", "the archive in this `FOLDER` instead")
	f.StringVar(&from, "from", "", "not before this `TIME`")
	f.StringVar(&to, "to", "", "before this `TIME`")
	f.StringSliceVar(&q.Types, "type", nil, "only these event `TYPES`, such as alert,dns")
	f.Int64Var(&q.SID, "sid", 0, "only alerts of the rule with this `NUMBER`")
	f.IntVar(&q.Severity, "severity", 0, "only alerts as bad as `N` or worse; 1 is the worst")
	f.StringVar(&q.Addr, "addr", "", "only events from or to this `ADDRESS`")
	f.StringVar(&q.Host, "host", "", "only events about this `NAME` or names below it, in HTTP, TLS or DNS")
	f.StringVar(&q.Process, "process", "", "only events of this `PROGRAM`")
	f.StringVar(&q.Text, "text", "", "only events that contain this `TEXT`")
	f.IntVarP(&q.Limit, "limit", "n", 0, "at most `N`, the earliest")
	f.StringVarP(&format, "format", "f", "table", "`table|json|csv|parquet`")
	_ = cmd.MarkFlagDirname("store")
	_ = cmd.MarkFlagDirname("archive")
	cmd.MarkFlagsMutuallyExclusive("store", "postgres", "clickhouse", "archive")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "json", "csv", "parquet"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// eventSource is where events are looked for.
type eventSource struct{ dir, postgres, clickhouse, archive string }

func (s *eventSource) find(ctx context.Context, q store.Query, each func(*store.Row) error) error {
	switch {
	case s.postgres != "":
		return store.FindPostgres(ctx, s.postgres, q, each)
	case s.clickhouse != "":
		return store.FindClickHouse(ctx, s.clickhouse, q, each)
	case s.archive != "":
		return archive.Find(ctx, s.archive, q, each)
	}
	if _, err := os.Stat(s.dir); err != nil {
		return fmt.Errorf("no store: %w", err)
	}
	return store.Find(ctx, s.dir, q, each)
}

// parseWhen reads a time, or how long ago it is; empty is the zero time.
func parseWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, form := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q: want a time such as 2026-01-02T15:04, or how long ago, such as 12h", text)
}

// rows writes what was found.
type rows struct {
	add func(*store.Row) error
	end func() error
}

func newRows(format string, w io.Writer) (r rows, err error) {
	r.end = func() error { return nil }
	switch format {
	case "json":
		r.add = func(e *store.Row) error {
			_, err := fmt.Fprintln(w, e.Raw)
			return err
		}
	case "csv":
		c := csv.NewWriter(w)
		if err := c.Write([]string{"time", "type", "src", "src_port", "dest", "dest_port", "proto", "sid", "severity", "signature", "host", "process"}); err != nil {
			return r, err
		}
		r.add = func(e *store.Row) error {
			return c.Write([]string{e.Time.Format(time.RFC3339Nano), e.Type, e.Src, number(int64(e.SrcPort)), e.Dst, number(int64(e.DstPort)), e.Proto,
				number(e.SID), number(int64(e.Severity)), e.Signature, e.Host, e.Process})
		}
		r.end = func() error {
			c.Flush()
			return c.Error()
		}
	case "table":
		r.add = func(e *store.Row) error {
			_, err := fmt.Fprintln(w, tableLine(e))
			return err
		}
	case "parquet":
		p := archive.NewParquet(w)
		r.add = func(e *store.Row) error { return p.Add([]byte(e.Raw)) }
		r.end = p.Close
	default:
		return r, usagef("--format %q: want table, json, csv or parquet", format)
	}
	return r, nil
}

// number is n, or nothing for 0.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// tableLine is one event for a person. What strangers sent is made harmless to
// the terminal.
func tableLine(e *store.Row) string {
	about := e.Host
	if e.SID != 0 {
		about = fmt.Sprintf("[%d] %s (severity %d)", e.SID, e.Signature, e.Severity)
	}
	if e.Process != "" {
		about += " " + e.Process
	}
	line := fmt.Sprintf("%s %-8s %-45s %-5s %s", e.Time.Format("2006-01-02T15:04:05.000000"), e.Type,
		endpoint(e.Src, e.SrcPort)+" -> "+endpoint(e.Dst, e.DstPort), e.Proto, about)
	return strings.TrimRight(strings.Map(func(c rune) rune {
		if c < 0x20 || c >= 0x7f && c < 0xa0 {
			return '.'
		}
		return c
	}, line), " ")
}

func endpoint(addr string, port int) string {
	switch {
	case port == 0:
		return addr
	case strings.Contains(addr, ":"):
		return "[" + addr + "]:" + strconv.Itoa(port)
	}
	return addr + ":" + strconv.Itoa(port)
}
