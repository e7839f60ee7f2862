// Package store keeps events in SQLite, one file a day, and finds them again.
//
// A day's file is named events-2006-01-02.db after the day of the events in UTC. It
// has a row for each event: its id, which makes writing twice harmless, the columns
// that are asked for, and the event as it came. Retention removes whole files.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"weir/sinks/consume"
)

// Options of a store.
type Options struct {
	Dir      string
	MaxAge   time.Duration // days older than it are removed; 0: none
	MaxBytes int64         // of all files; the oldest days are removed; 0: no limit
	FullText bool          // new days have an index of text, about as large as the events
}

// schema is version 1 of a day's file. A row takes the id as its key, so that there
// is no second index.
const schema = `
CREATE TABLE IF NOT EXISTS events (
	eid TEXT PRIMARY KEY, time INTEGER NOT NULL, type TEXT NOT NULL,
	src TEXT, sport INTEGER, dst TEXT, dport INTEGER, proto TEXT, app TEXT, flow INTEGER,
	sid INTEGER, severity INTEGER, signature TEXT, host TEXT, process TEXT,
	sensor TEXT, boot TEXT, topic TEXT, seq INTEGER, raw TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_time ON events(time);
CREATE INDEX IF NOT EXISTS events_sid ON events(sid, time) WHERE sid IS NOT NULL;
PRAGMA user_version = 1;`

// textSchema is the index of text, which a day's file has from its begin or never:
// three letters each, so that it finds parts of words.
const textSchema = `
CREATE TABLE text_ids (id INTEGER PRIMARY KEY, eid TEXT NOT NULL);
CREATE VIRTUAL TABLE events_text USING fts5(raw, content='', detail='none', tokenize='trigram case_sensitive 1');`

// schemaVersion is the highest that this program uses.
const schemaVersion = 1

// maxOpen bounds the day files open for writing.
const maxOpen = 4

// Store is a consume.Handler. It belongs to one goroutine; several processes may
// write to one folder.
type Store struct {
	o    Options
	days []*day // the last used at the end
}

type day struct {
	name string
	db   *sql.DB
	text bool // it has an index of text
}

// Open opens the store in a folder, made if need be.
func Open(o Options) (*Store, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the store: %w", err)
	}
	return &Store{o: o}, nil
}

// openDay opens a day's file; tables are made with those of more in a new one.
func openDay(dir, name string, write bool, more string) (*day, error) {
	file := filepath.Join(dir, name)
	query := "?_pragma=busy_timeout(10000)&mode=ro"
	if write {
		// Made here, for its mode: SQLite would make it readable to all.
		f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		f.Close()
		query = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	}
	db, err := sql.Open("sqlite", "file:"+file+query)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	var version int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if version > schemaVersion {
		db.Close()
		return nil, fmt.Errorf("%s: schema %d: this program uses up to %d", file, version, schemaVersion)
	}
	if write && version < schemaVersion {
		if err := makeTables(db, more); err != nil {
			db.Close()
			return nil, fmt.Errorf("%s: make tables: %w", file, err)
		}
	}
	d := &day{name: name, db: db}
	if err := db.QueryRow("SELECT count(*) > 0 FROM sqlite_master WHERE name = 'events_text'").Scan(&d.text); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return d, nil
}

// makeTables makes them, unless another process just has.
func makeTables(db *sql.DB, more string) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil || version > 0 {
		return err
	}
	if _, err := tx.Exec(schema + more); err != nil {
		return err
	}
	return tx.Commit()
}

// day returns the file of a day, by its name, for writing.
func (s *Store) day(name string) (*day, error) {
	if i := slices.IndexFunc(s.days, func(d *day) bool { return d.name == name }); i >= 0 {
		d := s.days[i]
		s.days = append(slices.Delete(s.days, i, i+1), d)
		return d, nil
	}
	more := ""
	if s.o.FullText {
		more = textSchema
	}
	d, err := openDay(s.o.Dir, name, true, more)
	if err != nil {
		return nil, err
	}
	if len(s.days) == maxOpen {
		if err := s.days[0].db.Close(); err != nil {
			return nil, err
		}
		s.days = slices.Delete(s.days, 0, 1)
	}
	s.days = append(s.days, d)
	return d, nil
}

// row is what columns are made of.
type row struct {
	Timestamp string `json:"timestamp"`
	Type      string `json:"event_type"`
	Src       string `json:"src_ip"`
	SrcPort   uint16 `json:"src_port"`
	Dst       string `json:"dest_ip"`
	DstPort   uint16 `json:"dest_port"`
	Proto     string `json:"proto"`
	App       string `json:"app_proto"`
	Flow      int64  `json:"flow_id"`
	Alert     struct {
		SID       int64  `json:"signature_id"`
		Severity  int    `json:"severity"`
		Signature string `json:"signature"`
	} `json:"alert"`
	HTTP struct {
		Host string `json:"hostname"`
	} `json:"http"`
	TLS struct {
		SNI string `json:"sni"`
	} `json:"tls"`
	DNS struct {
		Name    string `json:"rrname"`
		Queries []struct {
			Name string `json:"rrname"`
		} `json:"queries"`
	} `json:"dns"`
	Weir struct {
		Process struct {
			Exe string `json:"exe"`
		} `json:"process"`
	} `json:"weir"`

	time time.Time
}

// timeForm is that of EVE's time stamps.
const timeForm = "2006-01-02T15:04:05.999999-0700"

// parse reads what columns need. Members of another form than expected stay
// empty; the raw event has them.
func parse(body []byte) (r row) {
	_ = json.Unmarshal(body, &r)
	t, err := time.Parse(timeForm, r.Timestamp)
	if err != nil {
		t = time.Unix(0, 0)
	}
	r.time = t.UTC()
	return r
}

// host is the name that an event is about, if it has one.
func (r *row) host() string {
	name := cmp.Or(r.HTTP.Host, r.TLS.SNI, r.DNS.Name)
	if name == "" && len(r.DNS.Queries) > 0 {
		name = r.DNS.Queries[0].Name
	}
	return name
}

const insert = `INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`

// Handle implements consume.Handler: the batch is committed and synced when it
// returns. A batch of several days is committed day by day; should one fail, those
// before are written again, to no effect.
func (s *Store) Handle(ctx context.Context, batch []consume.Event) error {
	rows, byDay := make([]row, len(batch)), map[string][]int{}
	for i := range batch {
		rows[i] = parse(batch[i].Body)
		name := fileName(rows[i].time)
		byDay[name] = append(byDay[name], i)
	}
	for name, indices := range byDay {
		if err := s.write(ctx, name, batch, rows, indices); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	return nil
}

func (s *Store) write(ctx context.Context, name string, batch []consume.Event, rows []row, indices []int) error {
	d, err := s.day(name)
	if err != nil {
		return err
	}
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	st, err := tx.PrepareContext(ctx, insert)
	if err != nil {
		return err
	}
	for _, i := range indices {
		e, r := &batch[i], &rows[i]
		result, err := st.ExecContext(ctx, e.EID, r.time.UnixMicro(), r.Type, null(r.Src), null(r.SrcPort), null(r.Dst), null(r.DstPort),
			null(r.Proto), null(r.App), null(r.Flow), null(r.Alert.SID), null(r.Alert.Severity), null(r.Alert.Signature), null(r.host()),
			null(r.Weir.Process.Exe), e.Sensor, e.Boot, e.Topic, int64(e.Seq), string(e.Body))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); !d.text || n == 0 || err != nil {
			continue
		}
		if err := indexText(ctx, tx, e); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// indexText adds an event to the index of text.
func indexText(ctx context.Context, tx *sql.Tx, e *consume.Event) error {
	result, err := tx.ExecContext(ctx, "INSERT INTO text_ids (eid) VALUES (?)", e.EID)
	if err != nil {
		return err
	}
	id, err := result.LastInsertId()
	if err == nil {
		_, err = tx.ExecContext(ctx, "INSERT INTO events_text (rowid, raw) VALUES (?, ?)", id, string(e.Body))
	}
	return err
}

// null is v, or NULL for a value that is not there.
func null[T comparable](v T) any {
	var none T
	if v == none {
		return nil
	}
	return v
}

const (
	namePrefix = "events-"
	nameSuffix = ".db"
)

func fileName(t time.Time) string { return namePrefix + t.UTC().Format(time.DateOnly) + nameSuffix }

// dayFile is a day's file in a folder.
type dayFile struct {
	name string
	day  time.Time
	size int64 // with its journal
}

// dayFiles lists a folder, the oldest day first.
func dayFiles(dir string) (all []dayFile, err error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	for _, e := range names {
		text, ok := strings.CutPrefix(e.Name(), namePrefix)
		text, is := strings.CutSuffix(text, nameSuffix)
		d, err := time.Parse(time.DateOnly, text)
		if !ok || !is || err != nil {
			continue
		}
		f := dayFile{name: e.Name(), day: d}
		for _, part := range parts {
			if st, err := os.Stat(filepath.Join(dir, e.Name()+part)); err == nil {
				f.size += st.Size()
			}
		}
		all = append(all, f)
	}
	return all, nil
}

// parts are the files of a data base.
var parts = []string{"", "-wal", "-shm"}

// Retain removes the days that are too old or too much, never the newest, and
// returns how many.
func (s *Store) Retain(now time.Time) (n int, err error) {
	all, err := dayFiles(s.o.Dir)
	if err != nil {
		return 0, err
	}
	var total int64
	for _, f := range all {
		total += f.size
	}
	for ; n < len(all)-1; n++ {
		f := all[n]
		old := s.o.MaxAge > 0 && now.Sub(f.day.AddDate(0, 0, 1)) > s.o.MaxAge
		if much := s.o.MaxBytes > 0 && total > s.o.MaxBytes; !old && !much {
			break
		}
		if i := slices.IndexFunc(s.days, func(d *day) bool { return d.name == f.name }); i >= 0 {
			s.days[i].db.Close()
			s.days = slices.Delete(s.days, i, i+1)
		}
		for _, part := range parts {
			if err := os.Remove(filepath.Join(s.o.Dir, f.name+part)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return n, fmt.Errorf("remove old events: %w", err)
			}
		}
		total -= f.size
	}
	return n, nil
}

// Close closes the files.
func (s *Store) Close() error {
	var errs []error
	for _, d := range s.days {
		errs = append(errs, d.db.Close())
	}
	s.days = nil
	return errors.Join(errs...)
}
