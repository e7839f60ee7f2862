package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Query says which events are wanted. Empty fields take everything.
type Query struct {
	From, To time.Time // To is not included
	Types    []string
	SID      int64
	Severity int    // at most: 1 is the worst
	Addr     string // either side
	Host     string // name in HTTP, TLS or DNS; with those below it
	Process  string // path of the program, or its end
	Text     string // anywhere in the event
	Limit    int    // 0: no limit
}

// Row is one event that was found.
type Row struct {
	Time             time.Time
	Type             string
	Src, Dst, Proto  string
	SrcPort, DstPort int
	SID              int64
	Severity         int
	Signature, Host  string
	Process          string
	Raw              string
}

// Find calls each for the events that a query wants, in the order of time, from
// the store in a folder, which may be written to meanwhile.
func Find(ctx context.Context, dir string, q Query, each func(*Row) error) error {
	files, err := dayFiles(dir)
	if err != nil {
		return err
	}
	left := q.Limit
	for _, f := range files {
		if !q.To.IsZero() && !f.day.Before(q.To) || !q.From.IsZero() && !f.day.AddDate(0, 0, 1).After(q.From) {
			continue
		}
		n, err := findDay(ctx, dir, f.name, &q, left, each)
		if err != nil {
			return err
		}
		if q.Limit > 0 {
			if left -= n; left == 0 {
				return nil
			}
		}
	}
	return nil
}

func findDay(ctx context.Context, dir, name string, q *Query, limit int, each func(*Row) error) (n int, err error) {
	d, err := openDay(dir, name, false, "")
	if err != nil {
		return 0, fmt.Errorf("read the store: %w", err)
	}
	db := d.db
	defer db.Close()
	cond, args := q.where(&sqliteDialect)
	if d.text && len([]rune(q.Text)) >= 3 {
		cond += " AND eid IN (SELECT eid FROM text_ids WHERE id IN (SELECT rowid FROM events_text WHERE events_text MATCH ?" + strconv.Itoa(len(args)+1) + "))"
		args = append(args, trigrams(q.Text))
	}
	if limit <= 0 {
		limit = -1
	}
	rows, err := db.QueryContext(ctx, `SELECT time, type, coalesce(src,''), coalesce(sport,0), coalesce(dst,''), coalesce(dport,0),
		coalesce(proto,''), coalesce(sid,0), coalesce(severity,0), coalesce(signature,''), coalesce(host,''), coalesce(process,''), raw
		FROM events`+cond+` ORDER BY time, boot, topic, seq, eid LIMIT `+strconv.Itoa(limit), args...)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Row
		var us int64
		if err := rows.Scan(&us, &r.Type, &r.Src, &r.SrcPort, &r.Dst, &r.DstPort, &r.Proto, &r.SID, &r.Severity, &r.Signature,
			&r.Host, &r.Process, &r.Raw); err != nil {
			return n, fmt.Errorf("read %s: %w", name, err)
		}
		r.Time = time.UnixMicro(us).UTC()
		if err := each(&r); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// trigrams is a condition of the index of text: it has all runs of three letters. What
// it finds need not have them in a row.
func trigrams(text string) string {
	r := []rune(text)
	var all []string
	for i := 0; i+3 <= len(r); i++ {
		all = append(all, `"`+strings.ReplaceAll(string(r[i:i+3]), `"`, `""`)+`"`)
	}
	return strings.Join(all, " AND ")
}
