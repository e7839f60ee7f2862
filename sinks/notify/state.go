package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver
)

const schema = `
CREATE TABLE IF NOT EXISTS seen (eid TEXT PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_time ON seen(time);
CREATE TABLE IF NOT EXISTS groups (key TEXT PRIMARY KEY, due INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS groups_due ON groups(due);
CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, receiver TEXT NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox(receiver, due);
CREATE TABLE IF NOT EXISTS sent (receiver TEXT NOT NULL, time INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS sent_time ON sent(receiver, time);
PRAGMA user_version = 1;`

const schemaVersion = 1

// openState opens the file of what is remembered. Times in it are Unix milliseconds.
func openState(dir string) (*sql.DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of notify: %w", err)
	}
	name := filepath.Join(dir, "notify.db")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600) // SQLite would make it readable to all
	if err != nil {
		return nil, err
	}
	f.Close()
	db, err := sql.Open("sqlite", "file:"+name+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	var version int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if version > schemaVersion {
		db.Close()
		return nil, fmt.Errorf("%s: schema %d: this program uses up to %d", name, version, schemaVersion)
	}
	if _, err := db.Exec(schema); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: make tables: %w", name, err)
	}
	return db, nil
}

// group is the state of one group.
type group struct {
	Key       string          `json:"-"`
	Rule      string          `json:"rule"`
	Members   []Member        `json:"members"`
	Title     string          `json:"title"`
	Signature string          `json:"signature"`
	Severity  int             `json:"severity"`
	Count     int             `json:"count"`
	First     time.Time       `json:"first"` // of packets
	Last      time.Time       `json:"last"`
	Began     time.Time       `json:"began"`  // by our clock
	Active    time.Time       `json:"active"` // when the last event came
	Told      time.Time       `json:"told"`   // zero: not yet
	ToldCount int             `json:"told_count"`
	Escalated bool            `json:"escalated"`
	Event     json.RawMessage `json:"event,omitempty"`
}

func loadGroup(ctx context.Context, tx *sql.Tx, key string) (*group, error) {
	var body string
	err := tx.QueryRowContext(ctx, "SELECT body FROM groups WHERE key = ?", key).Scan(&body)
	if err == sql.ErrNoRows {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g := &group{Key: key}
	return g, json.Unmarshal([]byte(body), g)
}

func (g *group) save(ctx context.Context, tx *sql.Tx, due time.Time) error {
	body, err := json.Marshal(g)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO groups VALUES (?,?,?) ON CONFLICT(key) DO UPDATE SET due = excluded.due, body = excluded.body",
		g.Key, due.UnixMilli(), string(body))
	return err
}

// post puts a message in the outbox of receivers.
func post(ctx context.Context, tx *sql.Tx, receivers []string, m *Message, now time.Time) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	for _, r := range receivers {
		if _, err := tx.ExecContext(ctx, "INSERT INTO outbox (receiver, due, attempts, body) VALUES (?,?,0,?)", r, now.UnixMilli(), string(body)); err != nil {
			return err
		}
	}
	return nil
}
