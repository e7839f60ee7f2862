package store

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"weir/sinks/consume"
)

// clickhouseSchema is version 1. Rows of the same key are one: written twice, an event
// is found once (SELECT .. FINAL), and kept once after the next merge. The key begins
// with the time in µs, which queries ask for.
var clickhouseSchema = []string{
	`CREATE TABLE IF NOT EXISTS weir_schema (version UInt32) ENGINE = ReplacingMergeTree() ORDER BY version`,
	`CREATE TABLE IF NOT EXISTS events (
	eid String, time Int64, type String, src String, sport UInt16, dst String, dport UInt16, proto String, app String, flow Int64,
	sid Int64, severity Int32, signature String, host String, process String, sensor String, boot String, topic String, seq UInt64, raw String
) ENGINE = ReplacingMergeTree() PARTITION BY toYYYYMMDD(toDateTime(intDiv(time, 1000000), 'UTC')) ORDER BY (time, eid)`,
}

// ClickHouse is a consume.Handler that keeps events in ClickHouse by its HTTP
// interface, a partition a day. Several processes may write to one data base.
type ClickHouse struct {
	url    string // with the data base
	maxAge time.Duration
	client *http.Client
}

// ClickHouseBatch and ClickHouseLinger suit its parts: each batch is one, and many
// small ones are refused.
const (
	ClickHouseBatch  = 1000
	ClickHouseLinger = time.Second
)

// Rows as JSONEachRow has them.
type clickhouseRow struct {
	EID       string `json:"eid"`
	Time      int64  `json:"time"`
	Type      string `json:"type"`
	Src       string `json:"src"`
	SrcPort   uint16 `json:"sport"`
	Dst       string `json:"dst"`
	DstPort   uint16 `json:"dport"`
	Proto     string `json:"proto"`
	App       string `json:"app"`
	Flow      int64  `json:"flow"`
	SID       int64  `json:"sid"`
	Severity  int    `json:"severity"`
	Signature string `json:"signature"`
	Host      string `json:"host"`
	Process   string `json:"process"`
	Sensor    string `json:"sensor"`
	Boot      string `json:"boot"`
	Topic     string `json:"topic"`
	Seq       uint64 `json:"seq"`
	Raw       string `json:"raw"`
}

// newClickHouse reads a URL such as http://db:8123/events.
func newClickHouse(text string, maxAge time.Duration) (*ClickHouse, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("store: ClickHouse at %q: want a URL such as http://db:8123/events", text)
	}
	if u.User != nil {
		return nil, errors.New("store: ClickHouse: user and password belong in CLICKHOUSE_USER and CLICKHOUSE_PASSWORD, not in the URL")
	}
	q := url.Values{"database": {cmp.Or(strings.Trim(u.Path, "/"), "default")}, "output_format_json_quote_64bit_integers": {"0"}}
	u.Path, u.RawQuery = "/", q.Encode()
	return &ClickHouse{url: u.String(), maxAge: maxAge, client: &http.Client{Timeout: 5 * time.Minute}}, nil
}

// OpenClickHouse makes the tables in the data base at a URL, which must exist.
// Partitions older than maxAge are dropped by Retain; 0 keeps all.
func OpenClickHouse(ctx context.Context, url string, maxAge time.Duration) (*ClickHouse, error) {
	c, err := newClickHouse(url, maxAge)
	if err != nil {
		return nil, err
	}
	for _, text := range clickhouseSchema {
		if _, err := c.query(ctx, text); err != nil {
			return nil, err
		}
	}
	text, err := c.query(ctx, "SELECT max(version) FROM weir_schema")
	if err != nil {
		return nil, err
	}
	switch version, err := strconv.Atoi(strings.TrimSpace(text)); {
	case err != nil:
		return nil, fmt.Errorf("store: ClickHouse: schema %q: want a number", text)
	case version > schemaVersion:
		return nil, fmt.Errorf("store: ClickHouse: schema %d: this program uses up to %d", version, schemaVersion)
	case version == 0:
		if _, err := c.query(ctx, "INSERT INTO weir_schema VALUES (1)"); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// do sends a statement, with the data of an INSERT in body, and returns the answer.
func (c *ClickHouse) do(ctx context.Context, statement string, body io.Reader) (io.ReadCloser, error) {
	to := c.url
	if body != nil {
		to += "&query=" + url.QueryEscape(statement)
	} else {
		body = strings.NewReader(statement)
	}
	req, err := http.NewRequestWithContext(ctx, "POST", to, body)
	if err != nil {
		return nil, err
	}
	if user := os.Getenv("CLICKHOUSE_USER"); user != "" {
		req.Header.Set("X-ClickHouse-User", user)
		req.Header.Set("X-ClickHouse-Key", os.Getenv("CLICKHOUSE_PASSWORD"))
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("store: ClickHouse: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		return nil, fmt.Errorf("store: ClickHouse: %s: %s", resp.Status, bytes.TrimSpace(text))
	}
	return resp.Body, nil
}

func (c *ClickHouse) query(ctx context.Context, statement string) (string, error) {
	in, err := c.do(ctx, statement, nil)
	if err != nil {
		return "", err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, 1<<20))
	return string(text), err
}

// Handle implements consume.Handler: ClickHouse has written the batch when it returns.
func (c *ClickHouse) Handle(ctx context.Context, batch []consume.Event) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for i := range batch {
		e, r := &batch[i], parse(batch[i].Body)
		if err := enc.Encode(&clickhouseRow{
			e.EID, r.time.UnixMicro(), r.Type, r.Src, r.SrcPort, r.Dst, r.DstPort, r.Proto, r.App, r.Flow,
			r.Alert.SID, r.Alert.Severity, r.Alert.Signature, r.host(), r.Weir.Process.Exe, e.Sensor, e.Boot, e.Topic, e.Seq, string(e.Body),
		}); err != nil {
			return err
		}
	}
	in, err := c.do(ctx, "INSERT INTO events FORMAT JSONEachRow", &b)
	if err != nil {
		return err
	}
	return in.Close()
}

// Retain drops the days that are too old and returns how many.
func (c *ClickHouse) Retain(ctx context.Context, now time.Time) (n int, err error) {
	if c.maxAge == 0 {
		return 0, nil
	}
	names, err := c.query(ctx, "SELECT DISTINCT partition FROM system.parts WHERE active AND database = currentDatabase() AND table = 'events'")
	if err != nil {
		return 0, err
	}
	for name := range strings.FieldsSeq(names) {
		day, err := time.Parse("20060102", name)
		if err != nil || now.Sub(day.AddDate(0, 0, 1)) <= c.maxAge {
			continue
		}
		if _, err := c.query(ctx, "ALTER TABLE events DROP PARTITION "+name); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Close implements what stores have in common.
func (c *ClickHouse) Close() error {
	c.client.CloseIdleConnections()
	return nil
}

// FindClickHouse is Find for the ClickHouse at a URL.
func FindClickHouse(ctx context.Context, url string, q Query, each func(*Row) error) error {
	c, err := newClickHouse(url, 0)
	if err != nil {
		return err
	}
	cond, _ := q.where(&clickhouseDialect)
	text := "SELECT time, type, src, sport, dst, dport, proto, sid, severity, signature, host, process, raw FROM events FINAL" +
		cond + " ORDER BY time, boot, topic, seq, eid"
	if q.Limit > 0 {
		text += " LIMIT " + strconv.Itoa(q.Limit)
	}
	in, err := c.do(ctx, text+" FORMAT JSONEachRow", nil)
	if err != nil {
		return err
	}
	defer in.Close()
	dec := json.NewDecoder(bufio.NewReaderSize(in, 1<<16))
	for {
		var r clickhouseRow
		if err := dec.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the store: %w", err)
		}
		if err := each(&Row{
			Time: time.UnixMicro(r.Time).UTC(), Type: r.Type, Src: r.Src, SrcPort: int(r.SrcPort), Dst: r.Dst, DstPort: int(r.DstPort), Proto: r.Proto,
			SID: r.SID, Severity: r.Severity, Signature: r.Signature, Host: r.Host, Process: r.Process, Raw: r.Raw,
		}); err != nil {
			return err
		}
	}
}
