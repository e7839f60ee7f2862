package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"weir/sinks/consume"
)

// postgresSchema is version 1. The table is partitioned by the day of the events, so
// that retention drops tables; a key must have the column of the partition.
const postgresSchema = `
CREATE TABLE IF NOT EXISTS weir_schema (version integer NOT NULL);
CREATE TABLE IF NOT EXISTS events (
	eid text NOT NULL, time timestamptz NOT NULL, type text NOT NULL,
	src inet, sport integer, dst inet, dport integer, proto text, app text, flow bigint,
	sid bigint, severity integer, signature text, host text, process text,
	sensor text, boot text, topic text, seq bigint, raw text NOT NULL,
	PRIMARY KEY (eid, time)
) PARTITION BY RANGE (time);
CREATE INDEX IF NOT EXISTS events_time ON events (time);
CREATE INDEX IF NOT EXISTS events_sid ON events (sid, time) WHERE sid IS NOT NULL;
INSERT INTO weir_schema SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM weir_schema);`

// postgresColumns are those of events, in the order of COPY.
var postgresColumns = []string{
	"eid", "time", "type", "src", "sport", "dst", "dport", "proto", "app", "flow", "sid", "severity", "signature", "host", "process",
	"sensor", "boot", "topic", "seq", "raw",
}

// migrationLock is the advisory lock under which tables are made: several stores may
// start at once.
const migrationLock = 0x77656972

// Postgres is a consume.Handler that keeps events in PostgreSQL, a partition a day. It
// belongs to one goroutine; several processes may write to one data base.
type Postgres struct {
	url    string
	maxAge time.Duration
	conn   *pgx.Conn       // nil after an error
	days   map[string]bool // partitions that are there
}

// OpenPostgres connects to the data base at a URL or key=value text and makes the
// tables. Partitions older than maxAge are dropped by Retain; 0 keeps all.
func OpenPostgres(ctx context.Context, url string, maxAge time.Duration) (*Postgres, error) {
	p := &Postgres{url: url, maxAge: maxAge}
	return p, p.connect(ctx)
}

func (p *Postgres) connect(ctx context.Context) error {
	if p.conn != nil {
		return nil
	}
	conn, err := pgx.Connect(ctx, p.url)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, postgresSchema); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRow(ctx, "SELECT max(version) FROM weir_schema").Scan(&version); err != nil {
			return err
		}
		if version > schemaVersion {
			return fmt.Errorf("schema %d: this program uses up to %d", version, schemaVersion)
		}
		return nil
	})
	if err == nil {
		_, err = conn.Exec(ctx, "CREATE TEMPORARY TABLE incoming (LIKE events)")
	}
	if err != nil {
		return errors.Join(fmt.Errorf("store: make tables: %w", err), conn.Close(ctx))
	}
	p.conn, p.days = conn, map[string]bool{}
	return nil
}

// Handle implements consume.Handler: the batch is committed when it returns. It goes
// into a table of this connection first, as COPY knows no conflicts.
func (p *Postgres) Handle(ctx context.Context, batch []consume.Event) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	err := p.write(ctx, batch)
	if err != nil {
		// The connection may be what is wrong.
		err = errors.Join(fmt.Errorf("store: %w", err), p.Close())
	}
	return err
}

func (p *Postgres) write(ctx context.Context, batch []consume.Event) error {
	rows := make([][]any, len(batch))
	for i := range batch {
		e, r := &batch[i], parse(batch[i].Body)
		if err := p.partition(ctx, r.time); err != nil {
			return err
		}
		rows[i] = []any{e.EID, r.time, r.Type, null(r.Src), port(r.SrcPort), null(r.Dst), port(r.DstPort), null(r.Proto), null(r.App), null(r.Flow),
			null(r.Alert.SID), null(r.Alert.Severity), null(r.Alert.Signature), null(r.host()), null(r.Weir.Process.Exe),
			e.Sensor, e.Boot, e.Topic, int64(e.Seq), string(e.Body)}
	}
	return pgx.BeginFunc(ctx, p.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "TRUNCATE incoming"); err != nil {
			return err
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"incoming"}, postgresColumns, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO events SELECT * FROM incoming ON CONFLICT DO NOTHING")
		return err
	})
}

// port is n, or NULL for 0.
func port(n uint16) any {
	if n == 0 {
		return nil
	}
	return int32(n)
}

const partitionPrefix = "events_"

// partition makes the table of a day.
func (p *Postgres) partition(ctx context.Context, t time.Time) error {
	from := t.UTC().Truncate(24 * time.Hour)
	name := partitionPrefix + from.Format("20060102")
	if p.days[name] {
		return nil
	}
	err := pgx.BeginFunc(ctx, p.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s PARTITION OF events FOR VALUES FROM ('%s') TO ('%s')",
			name, from.Format(time.RFC3339), from.AddDate(0, 0, 1).Format(time.RFC3339)))
		return err
	})
	if err != nil {
		return fmt.Errorf("make partition %s: %w", name, err)
	}
	p.days[name] = true
	return nil
}

// Retain drops the days that are too old and returns how many.
func (p *Postgres) Retain(ctx context.Context, now time.Time) (n int, err error) {
	if p.maxAge == 0 {
		return 0, nil
	}
	if err := p.connect(ctx); err != nil {
		return 0, err
	}
	rows, err := p.conn.Query(ctx, "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass")
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	for _, name := range names {
		day, err := time.Parse(partitionPrefix+"20060102", name)
		if err != nil || now.Sub(day.AddDate(0, 0, 1)) <= p.maxAge {
			continue
		}
		if _, err := p.conn.Exec(ctx, "DROP TABLE "+pgx.Identifier{name}.Sanitize()); err != nil {
			return n, fmt.Errorf("store: remove old events: %w", err)
		}
		delete(p.days, name)
		n++
	}
	return n, nil
}

// Close closes the connection.
func (p *Postgres) Close() error {
	if p.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := p.conn.Close(ctx)
	p.conn = nil
	return err
}

// FindPostgres is Find for the PostgreSQL at a URL or key=value text.
func FindPostgres(ctx context.Context, url string, q Query, each func(*Row) error) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	cond, args := q.where(&postgresDialect)
	text := `SELECT time, type, coalesce(host(src),''), coalesce(sport,0), coalesce(host(dst),''), coalesce(dport,0),
		coalesce(proto,''), coalesce(sid,0), coalesce(severity,0), coalesce(signature,''), coalesce(host,''), coalesce(process,''), raw
		FROM events` + cond + " ORDER BY time, boot, topic, seq, eid"
	if q.Limit > 0 {
		text += " LIMIT " + strconv.Itoa(q.Limit)
	}
	rows, err := conn.Query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Row
		if err := rows.Scan(&r.Time, &r.Type, &r.Src, &r.SrcPort, &r.Dst, &r.DstPort, &r.Proto, &r.SID, &r.Severity, &r.Signature,
			&r.Host, &r.Process, &r.Raw); err != nil {
			return fmt.Errorf("read the store: %w", err)
		}
		r.Time = r.Time.UTC()
		if err := each(&r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	return nil
}
