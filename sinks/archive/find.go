package archive

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"weir/sinks/store"
)

// Find calls each for the events that a query wants, in the order of time, from the
// finished files of an archive. It holds what it has found of one hour. An event that
// is in two files is found once for each hour.
func Find(ctx context.Context, dir string, q store.Query, each func(*store.Row) error) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("no archive: %w", err)
	}
	all, err := readManifest(dir)
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b Entry) int { return cmp.Compare(a.Hour, b.Hour) })
	left := q.Limit
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Hour == all[0].Hour {
			n++
		}
		hour := all[:n]
		all = all[n:]
		t, err := time.Parse(hourForm, hour[0].Hour)
		if err == nil && (!q.To.IsZero() && !t.Before(q.To) || !q.From.IsZero() && !t.Add(time.Hour).After(q.From)) {
			continue
		}
		rows, err := findHour(ctx, dir, hour, &q)
		if err != nil {
			return err
		}
		if q.Limit > 0 {
			rows = rows[:min(left, len(rows))]
		}
		for i := range rows {
			if err := each(&rows[i]); err != nil {
				return err
			}
		}
		if left -= len(rows); q.Limit > 0 && left == 0 {
			return nil
		}
	}
	return nil
}

// findHour returns what a query wants of the files of one hour.
func findHour(ctx context.Context, dir string, hour []Entry, q *store.Query) (found []store.Row, err error) {
	seen := map[string]bool{}
	for _, e := range hour {
		name := filepath.Join(dir, filepath.FromSlash(e.File))
		err := readFile(name, func(line []byte) error {
			r := store.RowOf(line)
			if q.Matches(&r) && !seen[r.Raw] {
				seen[r.Raw] = true
				found = append(found, r)
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	slices.SortFunc(found, func(a, b store.Row) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Raw, b.Raw))
	})
	return found, nil
}

// readFile calls each for the events of a finished file.
func readFile(name string, each func(line []byte) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if strings.HasSuffix(name, ".parquet") {
		return readParquet(f, each)
	}
	dec, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer dec.Close()
	in := bufio.NewScanner(dec)
	in.Buffer(make([]byte, 64<<10), maxLine)
	for in.Scan() {
		if err := each(in.Bytes()); err != nil {
			return err
		}
	}
	return in.Err()
}

// rawRow is what is read of a row: the event has the rest.
type rawRow struct {
	Raw string `parquet:"raw"`
}

func readParquet(f *os.File, each func(line []byte) error) error {
	r := parquet.NewGenericReader[rawRow](f)
	defer r.Close()
	rows := make([]rawRow, 128)
	for {
		n, err := r.Read(rows)
		for i := range rows[:n] {
			if err := each([]byte(rows[i].Raw)); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
